"""Pages of a long list: which part is shown, and how to get to the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from larry.web.address import AS_OF

PAGE = "page"
PAGE_SIZE = 50
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Pages:
    """Which of how many are shown, and where the others are; ``first`` counts from 1."""

    first: int
    last: int
    total: int
    before: str
    after: str


def make_pages(begin: int, shown: int, total: int, href: Callable[[int], str]) -> Pages:
    """The part from ``begin`` (counted from 0) of a list of ``total``; ``href`` is the address of a page by number."""
    number, last = begin // PAGE_SIZE + 1, begin + shown
    before = href(number - 1) if number > 1 else ""
    return Pages(begin + 1 if shown else 0, last, total, before, href(number + 1) if last < total else "")


def read_begin(request: HttpRequest) -> int:
    """Where the page begins that is asked for; an odd number is the first page."""
    text = request.GET.get(PAGE, "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 1
    return (max(number, 1) - 1) * PAGE_SIZE


def page_href(request: HttpRequest) -> Callable[[int], str]:
    """The same list on another page; the moment is left to whoever shows the link."""

    return lambda number: list_href(request, **{PAGE: str(number)})


def list_href(request: HttpRequest, **words: str) -> str:
    """The same list asked with other words, an empty one left out; the moment is left to whoever shows the link."""
    query = request.GET.copy()
    for word, text in {AS_OF: "", **words}.items():
        query.pop(word, None)
        if text:
            query[word] = text
    return f"{request.path}?{query.urlencode()}"
