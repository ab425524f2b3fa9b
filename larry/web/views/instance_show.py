"""The first page of an instance: what every noun shows, beneath where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from larry.queries.instance import Standing
from larry.queries.noun import get_item
from larry.web.frame import Frame
from larry.web.instance_page import InstancePage, answer_instance_page
from larry.web.noun_page import show_noun
from larry.web.page import look_only


@look_only
def answer_instance(request: HttpRequest, noun: str, address: str) -> HttpResponse:
    """The page as of the moment asked for; 404 for what there is not. About 25 SQL statements."""
    del noun
    return answer_instance_page(request, address, _PAGE)


def _fill(request: HttpRequest, standing: Standing, frame: Frame) -> Mapping[str, Any]:
    del request
    return show_noun(get_item("instance", standing.path, frame.visitor.reader, frame.asked.at), frame)


_PAGE = InstancePage("instance", "", "instance_show.html", _fill)
