"""Lists of what no spec describes (people, what programs show, whom to tell): found, sorted, in pages, or as a file.

These are few, and read whole by one query; what an address asks of them is done here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from larry.core.document import Json
from larry.core.key import fold
from larry.web.export import EXPORTS, export
from larry.web.list_pages import PAGE_SIZE, Pages, make_pages, page_href, read_begin
from larry.web.page import make_page

ANY = "all"
LONGEST_SEARCH = 200

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class RowColumn(Generic[_Row]):
    """A column by which rows are sorted; texts without regard to case, what is None last."""

    name: str
    label: str
    by: Callable[[_Row], Any]
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class RowFilter(Generic[_Row]):
    """One word of the address, and what of a row it is to be; ``usual`` is asked where nothing is said."""

    name: str
    label: str
    options: tuple[str, ...]
    of: Callable[[_Row], str]
    usual: str = ANY


@dataclass(frozen=True, slots=True)
class RowKind(Generic[_Row]):
    """A list: ``plural`` also names its file; all words of a search are to be in ``words`` of a row. By the first
    column it is sorted where nothing is said; ``kept`` are other words of the address that its links keep."""

    plural: str
    columns: tuple[RowColumn[_Row], ...]
    words: Callable[[_Row], str]
    document: Callable[[_Row], dict[str, Json]]
    filters: tuple[RowFilter[_Row], ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: ``href`` sorts by it, ``order`` is how it is sorted now."""

    label: str
    href: str
    order: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class FilterChoice:
    name: str
    label: str
    chosen: str
    options: tuple[tuple[str, str, bool], ...]
    """(option, address, whether it is asked)"""


@dataclass(frozen=True, slots=True)
class RowList(Generic[_Row]):
    """What `row_list_*.html` show of a list."""

    plural: str
    rows: Sequence[_Row]
    sought: str
    sort: str
    heads: tuple[Head, ...]
    filters: tuple[FilterChoice, ...]
    kept: tuple[tuple[str, str], ...]
    pages: Pages
    is_narrowed: bool
    csv: str
    json: str


def answer_row_list(
    request: HttpRequest,
    rows: Iterable[_Row],
    kind: RowKind[_Row],
    template: str,
    values: Mapping[str, Any],
    *,
    title: str,
) -> HttpResponse:
    """The page of a list, or all that is found as CSV or JSON. No SQL."""
    asked = {each.name: _read_choice(request, each) for each in kind.filters}
    sought = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    words = fold(sought).split()
    found = [
        row
        for row in rows
        if all(asked[each.name] in (ANY, each.of(row)) for each in kind.filters)
        and all(word in fold(kind.words(row)) for word in words)
    ]
    sort = request.GET.get("sort", "")
    by = {each.name: each.by for each in kind.columns}.get(sort.removeprefix("-"))
    sort = sort if by else kind.columns[0].name
    found.sort(key=lambda row: _sort_key((by or kind.columns[0].by)(row)), reverse=sort.startswith("-"))
    if request.GET.get("format", "") in EXPORTS:
        return export([kind.document(row) for row in found], kind.plural, request.GET["format"])
    begin = min(read_begin(request), max(len(found) - 1, 0) // PAGE_SIZE * PAGE_SIZE)
    shown = found[begin : begin + PAGE_SIZE]
    listed = RowList(
        plural=kind.plural,
        rows=shown,
        sought=sought,
        sort=request.GET.get("sort", "") and sort,
        heads=tuple(_make_head(request, kind, each, sort) for each in kind.columns),
        filters=tuple(_make_choice(request, kind, each, asked[each.name]) for each in kind.filters),
        kept=tuple((name, request.GET[name]) for name in kind.kept if request.GET.get(name)),
        pages=make_pages(begin, len(shown), len(found), page_href(request)),
        is_narrowed=bool(sought) or any(asked[each.name] != each.usual for each in kind.filters),
        csv=_href(request, kind, format="csv"),
        json=_href(request, kind, format="json"),
    )
    return make_page(request, template, {"list": listed, **values}, title=title)


def _read_choice(request: HttpRequest, each: RowFilter[_Row]) -> str:
    said = request.GET.get(each.name, "")
    return said if said in (*each.options, ANY) else each.usual


def _sort_key(value: Any) -> tuple[bool, Any]:
    return value is None, fold(value) if isinstance(value, str) else 0 if value is None else value


def _make_head(request: HttpRequest, kind: RowKind[_Row], column: RowColumn[_Row], sort: str) -> Head:
    order = {column.name: "ascending", f"-{column.name}": "descending"}.get(sort, "")
    href = _href(request, kind, sort=f"-{column.name}" if order == "ascending" else column.name)
    return Head(column.label, href, order, column.is_number)


def _make_choice(request: HttpRequest, kind: RowKind[_Row], each: RowFilter[_Row], chosen: str) -> FilterChoice:
    options = tuple(
        (option, _href(request, kind, **{each.name: option}), option == chosen)
        for option in dict.fromkeys((*each.options, ANY))
    )
    return FilterChoice(each.name, each.label, chosen, options)


def _href(request: HttpRequest, kind: RowKind[_Row], **more: str) -> str:
    """The first page of the same list, asked with other words; the moment is left to whoever shows the link."""
    known = ("q", "sort", *(each.name for each in kind.filters), *kind.kept)
    words = {name: request.GET[name] for name in known if request.GET.get(name)} | more
    return f"{request.path}?{urlencode(words)}" if words else request.path
