"""The page of one noun."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from larry.queries.noun import get_item
from larry.queries.reader import NotFound
from larry.web.frame import read_frame
from larry.web.noun_page import list_crumbs, show_noun
from larry.web.page import look_only, make_page, make_problem

LONGEST_ADDRESS = 300


@look_only
def answer_noun(request: HttpRequest, noun: str, address: str) -> HttpResponse:
    """The page as of the moment asked for; 404 for what there is not. About 14 SQL statements."""
    frame = read_frame(request)
    if len(address) > LONGEST_ADDRESS or not address.isprintable():
        return make_problem(request, 404, f"There is no {noun} of such a name.")
    try:
        item = get_item(noun, address, frame.visitor.reader, frame.asked.at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    values = show_noun(item, frame)
    return make_page(request, "noun_show.html", values, title=values["name"], crumbs=list_crumbs(item))
