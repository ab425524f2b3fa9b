"""A visitor is whoever asks for a page: the name that activity records, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from larry.actions.author import Author
from larry.outside import clock
from larry.queries.reader import Reader


@dataclass(frozen=True, slots=True)
class Visitor:
    name: str
    is_signed_in: bool = False

    @property
    def reader(self) -> Reader:
        return Reader(self.name)

    def author(self, reason: str) -> Author:
        """The visitor as somebody who acts, now."""
        return Author(self.name, reason, clock.now())


def read_visitor(request: HttpRequest) -> Visitor:
    """Who asks. Costs no SQL."""
    del request
    return Visitor("anybody")
