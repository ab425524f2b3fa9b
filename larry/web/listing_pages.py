"""Pages of a long list: which one is shown, and how to get to the others."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

PAGE = "page"
SIZE = 50


@dataclass(frozen=True, slots=True)
class ListPages:
    """``begin`` counts from 0, ``first`` and ``last`` from 1; ``earlier`` and ``later`` are addresses, or nothing."""

    begin: int
    first: int
    last: int
    total: int
    earlier: str
    later: str


def read_begin(request: HttpRequest) -> int:
    """Where the page begins that is asked for; an odd number is the first page."""
    text = request.GET.get(PAGE, "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    return (max(number, 1) - 1) * SIZE


def list_pages(request: HttpRequest, begin: int, shown: int, total: int) -> ListPages:
    """The part that is shown of a list of ``total``."""

    def to(number: int) -> str:
        query = request.GET.copy()
        query[PAGE] = str(number)
        return f"{request.path}?{query.urlencode()}"

    number = begin // SIZE + 1
    later = to(number + 1) if begin + shown < total else ""
    return ListPages(begin, begin + 1, begin + shown, total, to(number - 1) if number > 1 else "", later)
