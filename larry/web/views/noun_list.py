"""The list of the nouns of one sort: found, filtered, sorted, in pages; or all of it as CSV or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from larry.core.document import Json
from larry.nouns.field import Field, FieldKind, Noun
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.queries.listing import ADDRESS, Listing, ListingRequest, get_listing, list_sorts
from larry.web.address import at_moment, noun_path
from larry.web.export import EXPORTS, export
from larry.web.frame import Frame, read_frame
from larry.web.list_pages import PAGE_SIZE, make_pages
from larry.web.listing_address import Asking, read_asking
from larry.web.noun_cell import Cell, list_columns, make_cell, write_cell
from larry.web.page import look_only, make_page, make_piece

MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; ``href`` sorts by it, ``order`` is ascending or descending when it is what sorts now."""

    label: str
    href: str = ""
    order: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    address: str
    name: str
    href: str
    cells: tuple[SafeString, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class FilterField:
    """One filter: a choice where there are few values, else a field that completes what is typed."""

    name: str
    label: str
    value: str
    choices: tuple[Choice, ...] = ()
    names: str = ""


@look_only
def answer_noun_list(request: HttpRequest, noun: str) -> HttpResponse:
    """The list as its address asks; an address that asks with empty words goes to the same without them."""
    spec = NOUNS[noun]
    frame = read_frame(request)
    reader, at = frame.visitor.reader, frame.asked.at
    asking = read_asking(spec, reverse(spec.plural), request.GET)
    form = request.GET.get("format", "")
    if form in EXPORTS:
        return _export(get_listing(asking.everything(), reader, at), spec, form)
    is_piece = "HX-Request" in request.headers
    if not is_piece and "" in request.GET.values():
        return HttpResponseRedirect(asking.href(**({"as_of": frame.asked.text} if frame.asked.text else {})))
    listing = get_listing(asking.request, reader, at)
    asking = asking.on_page(listing.first // PAGE_SIZE + 1)
    rows = tuple(_make_row(item, frame.asked.query) for item in listing.items)
    are_described = any(row.description for row in rows)
    values = {
        "noun": spec,
        "asking": asking,
        "path": asking.path,
        "columns": _list_heads(spec, asking, list_sorts(noun, reader, at), are_described=are_described),
        "rows": rows,
        "are_described": are_described,
        "pages": make_pages(listing.first, len(rows), listing.total, lambda number: asking.on_page(number).href()),
        "filters": tuple(_make_filters(spec, asking)),
        "csv": asking.on_page(1).href(format="csv"),
        "json": asking.on_page(1).href(format="json"),
        "new": f"{asking.path}-/new",
        "import": f"{asking.path}-/import",
        "bulk": f"{asking.path}-/bulk",
    }
    response = make_page(request, "noun_list.html", values, title=spec.plural.capitalize())
    if is_piece:
        response.headers["HX-Push-Url"] = asking.href(**({"as_of": frame.asked.text} if frame.asked.text else {}))
    return response


@look_only
def answer_noun_names(request: HttpRequest, noun: str) -> HttpResponse:
    """Options that complete what is typed, which is the one word of the query; 4 to 7 SQL statements."""
    frame: Frame = read_frame(request)
    typed = next((str(value) for name, value in request.GET.items() if name != "as_of"), "")
    asked = ListingRequest(noun, search=typed[:100], most=MOST_NAMES)
    found = get_listing(asked, frame.visitor.reader, frame.asked.at).items
    choices = tuple(Choice(item.address, str(item.values["name"])) for item in found)
    return make_piece(request, "options.html", {"choices": choices})


def _make_row(item: Item, query: str) -> Row:
    """A noun that belongs to another is known by its path, any other by its name, with its key where that differs."""
    spec = NOUNS[item.noun]
    name, key = str(item.values["name"]), str(item.values["key"])
    beside = () if item.noun == "host" else (Cell(name if spec.parent else key),)
    columns = list_columns(spec)
    cells = (*beside, *(make_cell(field, item.values[field.name]) for field in columns))
    labels = (*(("Name",) if spec.parent else ("Key",)) * len(beside), *(field.label.capitalize() for field in columns))
    href, description = noun_path(spec.plural, item.address), str(item.values["description"])
    written = tuple(write_cell(cell, query, label) for cell, label in zip(cells, labels, strict=True))
    return Row(item.address, item.address if spec.parent else name, at_moment(href, query), written, description)


def _list_heads(noun: Noun, asking: Asking, sorts: tuple[str, ...], *, are_described: bool) -> tuple[Column, ...]:
    usual = sorts[0]

    def head(label: str, sort: str, *, is_number: bool = False) -> Column:
        if sort not in sorts:
            return Column(label, is_number=is_number)
        order = "" if (asking.sort or usual) != sort else "descending" if asking.descending else "ascending"
        return Column(label, asking.sorted_by(sort, usual).href(), order, is_number)

    first = head(noun.name, ADDRESS if noun.parent else "name")
    beside = () if noun.name == "host" else (head("name", "name") if noun.parent else head("key", "key"),)
    fields = (head(field.label, field.name, is_number=_is_number(field)) for field in list_columns(noun))
    return (first, *beside, *fields, *((Column("description"),) if are_described else ()))


def _is_number(field: Field) -> bool:
    return field.kind in {FieldKind.INTEGER, FieldKind.VALUES, FieldKind.DECLARATIONS, FieldKind.JSON_MAP}


def _make_filters(noun: Noun, asking: Asking) -> Iterable[FilterField]:
    for word in noun.filters:
        field, value = noun.by_name.get(word), asking.filters.get(word, "")
        label = field.label if field else word
        if field is not None and field.kind is FieldKind.CHOICE:
            yield FilterField(word, label, value, tuple(Choice(c, c, c == value) for c in field.choices))
            continue
        target = field.target if field is not None else word
        if target is None:
            yield FilterField(word, label, value)
        else:
            yield FilterField(word, label, value, names=f"{reverse(NOUNS[target].plural)}-/names")


def _export(listing: Listing, noun: Noun, form: str) -> HttpResponse:
    """Exactly what the list holds, all pages of it, as `larry list` prints it."""
    documents: list[dict[str, Json]] = [{"noun": i.noun, "address": i.address, **i.values} for i in listing.items]
    return export(documents, noun.plural, form)
