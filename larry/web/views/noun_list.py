"""The list of the nouns of one sort: found, filtered, sorted, in pages; or all of it as CSV or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import mark_safe

from larry.core.document import Json
from larry.nouns.field import Field, FieldKind, Noun
from larry.nouns.table import NOUNS
from larry.queries.listing import ADDRESS, Listing, ListingRequest, get_listing, list_sorts
from larry.web.export import EXPORTS, export
from larry.web.frame import Frame, read_frame
from larry.web.list_pages import PAGE_SIZE, make_pages
from larry.web.listing_address import Asking, read_asking
from larry.web.noun_cell import list_columns
from larry.web.noun_row import Column, write_head, write_row
from larry.web.offer import is_offered
from larry.web.page import look_only, make_page, make_piece

MOST_NAMES = 20


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
    items, query = listing.items, frame.asked.query
    are_described = any(item.values["description"] for item in items)
    heads = _list_heads(spec, asking, list_sorts(noun, reader, at), are_described=are_described)
    chooses = is_offered(f"{asking.path}-/bulk", frame.visitor.rights)
    rows = [write_row(item, query, has_box=chooses, is_described=are_described) for item in items]
    values = {
        "noun": spec,
        "asking": asking,
        "path": asking.path,
        "heads": mark_safe("".join([write_head(each, query) for each in heads])),  # noqa: S308  # escaped
        "rows": mark_safe("".join(rows)),  # noqa: S308  # every part of a row is escaped
        "pages": make_pages(listing.first, len(items), listing.total, lambda number: asking.on_page(number).href()),
        "filters": tuple(_make_filters(spec, asking)),
        "csv": asking.on_page(1).href(format="csv"),
        "json": asking.on_page(1).href(format="json"),
        "new": f"{asking.path}-/new",
        "import": f"{asking.path}-/import",
        "bulk": f"{asking.path}-/bulk",
        "chooses": chooses,
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
