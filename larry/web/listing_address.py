"""The address of a list keeps everything that was asked: filters, search, sort and page; so it can be kept and sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlencode

from django.http import QueryDict

from larry.nouns.field import Noun
from larry.queries.listing import ListingRequest
from larry.web.list_pages import PAGE_SIZE

FARTHEST_PAGE = 1_000_000
LONGEST_WORD = 500


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of a list, as it stands in its address. ``page`` counts from 1."""

    path: str
    noun: str
    filters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    search: str = ""
    sort: str = ""
    descending: bool = False
    page: int = 1

    @property
    def is_narrowed(self) -> bool:
        return bool(self.filters or self.search)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What narrows, without sort and page."""
        return [*((("q", self.search),) if self.search else ()), *self.filters.items()]

    @property
    def request(self) -> ListingRequest:
        first = (self.page - 1) * PAGE_SIZE
        return ListingRequest(self.noun, self.filters, self.search, self.sort, self.descending, first, PAGE_SIZE)

    def everything(self) -> ListingRequest:
        """The same without pages."""
        return replace(self.request, first=0, most=None)

    def href(self, **more: str) -> str:
        """The address; ``more`` are words of other forms of the same list."""
        pairs = self.pairs
        if self.sort:
            pairs.append(("sort", f"{'-' if self.descending else ''}{self.sort}"))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        pairs += more.items()
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def sorted_by(self, sort: str, usual: str) -> Asking:
        """The first page sorted so; the other way round when it already is."""
        is_so = (self.sort or usual) == sort
        return replace(self, sort=sort, descending=is_so and not self.descending, page=1)

    def on_page(self, page: int) -> Asking:
        return replace(self, page=page)


def read_asking(noun: Noun, path: str, query: QueryDict) -> Asking:
    """What an address asks; what no list knows is passed over."""
    said = {word: query.get(word, "").strip()[:LONGEST_WORD] for word in (*noun.filters, "q")}
    sort = query.get("sort", "")
    page = query.get("page", "")
    is_page = page.isascii() and page.isdigit() and len(page) < 8
    return Asking(
        path,
        noun.name,
        MappingProxyType({word: said[word] for word in noun.filters if said[word]}),
        said["q"],
        sort.lstrip("-") if sort.lstrip("-").isidentifier() else "",
        sort.startswith("-"),
        min(max(int(page), 1), FARTHEST_PAGE) if is_page else 1,
    )
