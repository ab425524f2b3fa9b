"""Listings: one page of the nouns of one sort, found, narrowed and sorted by the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Expression, F, OrderBy, Q, QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Collate, Lower

from larry.core.key import fold
from larry.nouns.field import Noun
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.queries.moment import Moment
from larry.queries.noun import load_items
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.statement import Prepared
from larry.queries.view import read_view
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.grade import Grade
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.mention import mentions, says
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.service import Service

ADDRESS = "address"
"""What nouns that belong to another are sorted by unless asked otherwise: whose they are, then their key."""

MOST_WORDS = 8
MOST_IN_ONE_STATEMENT = 5000
"""Ids in one statement; where there are more, all nouns of the sort are read, and those not asked for left out."""

_Rows: TypeAlias = "QuerySet[Any]"


@dataclass(frozen=True, slots=True)
class ListingRequest:
    """Which nouns of a sort: ``filters`` by the names of its spec, ``search`` words that all are found, ``sort`` one of
    `list_sorts`, from ``first`` on as many as ``most`` (None: all).
    """

    noun: str
    filters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    search: str = ""
    sort: str = ""
    descending: bool = False
    first: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found, and how many there are in all; of a page beyond the last one the last page, from ``first`` on."""

    items: tuple[Item, ...]
    total: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Nouns that follow one another in a listing, how many there are in all, and after which row more follow (None:
    no more)."""

    items: tuple[Item, ...]
    total: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Related:
    """Nouns that refer to one: of which sort, by which of its filters, the first few, and how many in all."""

    noun: str
    filter: str
    first: tuple[tuple[str, str], ...]
    total: int


def list_sorts(noun: str, reader: Reader, at: Moment) -> tuple[str, ...]:
    """What a listing may be sorted by, the usual one first. No SQL."""
    del reader, at
    spec = NOUNS[noun]
    return ((ADDRESS, *spec.sorts) if spec.parent else spec.sorts) if noun != "host" else spec.sorts


def get_listing(request: ListingRequest, reader: Reader, at: Moment) -> Listing:
    """One page of nouns; 3 to 7 SQL statements, whatever there is."""
    asked = _Asked(
        request.noun, tuple(request.filters.items()), request.search, request.sort, request.descending, reader, at
    )
    with read_view():
        ((total,),) = _write_total(asked).ask() or ((0,),)
        first = request.first if request.first < total else _last_page(total, request.most)
        until = None if request.most is None else first + request.most
        told = _write_part(asked, first, until).ask()
        places = {"/".join(parts): (place, id_) for place, (id_, *parts) in enumerate(told)}
        ids = [id_ for _, id_ in places.values()]
        found = load_items(request.noun, ids if len(ids) <= MOST_IN_ONE_STATEMENT else None, reader, at)
    items = sorted((item for item in found if item.address in places), key=lambda item: places[item.address])
    return Listing(tuple(items), total, first)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a request the statements of its listing depend on, and who reads."""

    noun: str
    filters: tuple[tuple[str, str], ...]
    search: str
    sort: str
    descending: bool
    reader: Reader
    at: Moment = field(compare=False)

    @property
    def request(self) -> ListingRequest:
        return ListingRequest(self.noun, dict(self.filters), self.search, self.sort, self.descending)


@lru_cache(maxsize=256)
def _write_total(asked: _Asked) -> Prepared:
    return Prepared.count_of(_narrow(asked.request, asked.reader))


@lru_cache(maxsize=256)
def _write_part(asked: _Asked, first: int, until: int | None) -> Prepared:
    """Ids and addresses in order; neither depends on the moment."""
    ordered = _narrow(asked.request, asked.reader).order_by(*_order(asked.request, asked.reader, asked.at))
    return Prepared.of(ordered.values_list("id", *_ADDRESSES[asked.noun])[first:until])


def get_stretch(request: ListingRequest, after: int | None, reader: Reader, at: Moment) -> Stretch:
    """As many nouns as ``request.most`` after a row, wherever that stands now: nothing comes twice or is left out
    because something else comes or goes. 3 to 8 SQL statements. Raises `NotFound` for a row that there is not.
    """
    with read_view():
        rows = _narrow(request, reader)
        total = rows.count()
        order = _order(request, reader, at)
        if after is not None:
            rows = _follow(rows, request, order, after, reader)
        found = list(rows.order_by(*order).values_list("id", flat=True)[: (request.most or total) + 1])
        ids = found[: request.most]
        by_place = {id_: place for place, id_ in enumerate(ids)}
        places = {"/".join(parts): by_place[id_] for id_, *parts in _addresses(request.noun, ids, reader)}
        items = load_items(request.noun, ids, reader, at) if ids else ()
    last = ids[-1] if len(found) > len(ids) else None
    return Stretch(tuple(sorted(items, key=lambda item: places[item.address])), total, last)


def _addresses(noun: str, ids: list[int], reader: Reader) -> Iterable[tuple[Any, ...]]:
    rows = restrict(reader, _MODELS[noun]._default_manager.filter(id__in=ids))
    return rows.values_list("id", *_ADDRESSES[noun])


def _follow(rows: _Rows, request: ListingRequest, order: tuple[OrderBy, ...], after: int, reader: Reader) -> _Rows:
    """Those that stand after a row: equal in the first words of the order, beyond it in the next; nulls stand last."""
    words = {f"order_{place}": by.expression for place, by in enumerate(order)}
    mark = restrict(reader, _MODELS[request.noun]._default_manager.annotate(**words).filter(id=after)).values_list(
        *words
    )
    said = mark.first()
    if said is None:
        raise NotFound("the list ended at something that is no longer there: begin again without a cursor")
    beyond, alike = Q(pk__in=[]), Q()
    for (word, value), by in zip(zip(words, said, strict=True), order, strict=True):
        if value is None:
            alike &= Q(**{f"{word}__isnull": True})
            continue
        after_it = Q(**{f"{word}__lt" if by.descending else f"{word}__gt": value})
        beyond |= alike & (after_it | Q(**{f"{word}__isnull": True}))
        alike &= Q(**{word: value})
    ordered: _Rows = rows.alias(**words)
    return ordered.filter(beyond)


def list_related(noun: str, address: str, reader: Reader, at: Moment, *, most: int = 12) -> tuple[Related, ...]:
    """Every sort of nouns that refer to one, or belong to it; 2 SQL statements for each sort."""
    found: list[Related] = []
    with read_view():
        for other, word in _list_referring(noun):
            request = ListingRequest(other.name, MappingProxyType({word: address}))
            rows = _narrow(request, reader)
            column = _ADDRESSES[other.name]
            ordered = rows.order_by(*_order(request, reader, at)).values_list(*column, "name")[:most]
            first = tuple(("/".join(parts), name) for *parts, name in ordered)
            found.append(Related(other.name, word, first, rows.count() if len(first) == most else len(first)))
    return tuple(found)


def _list_referring(noun: str) -> Iterable[tuple[Noun, str]]:
    """By which filters of which sorts a noun is asked for; nearest kin first."""
    for other in reversed(tuple(NOUNS.values())):
        for word in other.filters:
            field = other.by_name.get(word)
            if word == noun or (field is not None and field.target == noun):
                yield other, word


def _narrow(request: ListingRequest, reader: Reader) -> _Rows:
    rows: _Rows = restrict(reader, _MODELS[request.noun]._default_manager.filter(retired_at=None))
    for word in NOUNS[request.noun].filters:
        value = request.filters.get(word, "").strip()
        if value:
            rows = _FILTERS[word](rows, value)
            if word == "template" and not reader.sees_everything:
                # Nobody finds out by asking which template of others theirs follow.
                rows = rows.filter(template__in=restrict(reader, Instance.objects.all()))
    if "addresses" in NOUNS[request.noun].search:
        rows = rows.alias(addresses_text=Cast("addresses", TextField()))
    for part in request.search.split()[:MOST_WORDS]:
        rows = rows.filter(_mentions(request.noun, part))
    return rows


def _mentions(noun: str, part: str) -> Q:
    wanted = Q()
    for column in NOUNS[noun].search:
        if column == "name":
            wanted |= Q(name_folded__contains=fold(part))
        elif column == "addresses":
            wanted |= Q(addresses_text__contains=part.lower())
        else:
            wanted |= mentions(column, part)
    if noun == "instance":
        wanted |= Q(path__contains=part.lower())
    return wanted


def _order(request: ListingRequest, reader: Reader, at: Moment) -> tuple[OrderBy, ...]:
    sorts = list_sorts(request.noun, reader, at)
    sort = request.sort if request.sort in sorts else sorts[0]
    words = (*_SORTS.get((request.noun, sort), (sort,)), "name_folded")
    return (*(_order_by(word, descending=request.descending) for word in dict.fromkeys(words)), OrderBy(F("id")))


def _order_by(word: str, *, descending: bool) -> OrderBy:
    """Texts without regard to case, sorted alike by every database, whatever language it was told. Those that are
    folded already stand as they are, so that an index has their order."""
    if word in _FOLDED:
        return OrderBy(_binary(F(word)), descending=descending)
    by = _binary(Lower(word)) if word in _TEXTS else F(word)
    return OrderBy(by, descending=descending, nulls_last=True)


def _binary(text: Expression | F) -> Expression | F:
    return Collate(text, "C") if connection.vendor == "postgresql" else text


def _last_page(total: int, most: int | None) -> int:
    return 0 if not most or not total else (total - 1) // most * most


def _by_key(column: str) -> Callable[[_Rows, str], _Rows]:
    return lambda rows, value: rows.filter(**{column: value.lower()})


def _by_text(column: str) -> Callable[[_Rows, str], _Rows]:
    return lambda rows, value: rows.filter(says(column, value))


def _by_edge(kind: str) -> Callable[[_Rows, str], _Rows]:
    return lambda rows, value: rows.filter(edges__kind=kind, edges__target__key=value.lower())


def _by_app(rows: _Rows, value: str) -> _Rows:
    """An app by its path, or by its key alone."""
    customer, slash, key = value.lower().rpartition("/")
    return rows.filter(app__key=key, app__customer__key=customer) if slash else rows.filter(app__key=key)


def _by_label(rows: _Rows, value: str) -> _Rows:
    """``site=fra`` for what a label says, ``site`` for that there is one. A label is a value here, never a look-up."""
    name, equals, said = (part.strip() for part in value.partition("="))
    told: _Rows = rows.alias(label=Cast(KeyTextTransform(name, "labels"), TextField()))
    return told.filter(label=said) if equals else told.filter(label__isnull=False)


_FILTERS: Mapping[str, Callable[[_Rows, str], _Rows]] = MappingProxyType(
    {
        "customer": _by_key("customer__key"),
        "app": _by_app,
        "service_level": _by_text("service_level"),
        "requires": _by_key("requirements__service__key"),
        "template": _by_key("template__path"),
        "sharing": _by_key("sharing"),
        "category": _by_text("category"),
        "needs": _by_edge("needs"),
        "audits": _by_edge("audits"),
        "roles": _by_key("roles__key"),
        "pools": _by_key("pools__key"),
        "grade": _by_key("grade__key"),
        "labels": _by_label,
    }
)
"""How each filter of a spec narrows; a filter of one name means the same for every noun that has it."""

_SORTS: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("app", ADDRESS): ("customer__key", "key"),
        ("instance", ADDRESS): ("path",),
        ("host", "grade"): ("grade__rank", "grade__key"),
        **{(noun, "name"): ("name_folded",) for noun in NOUNS},
    }
)
"""The columns of each sort whose name is not that of its column."""

_TEXTS = frozenset({"grade__key", "service_level"})
_FOLDED = frozenset({"name_folded", "key", "path", "customer__key"})
"""Texts that are stored without capitals, and never are null."""

_ADDRESSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"app": ("customer__key", "key"), "instance": ("path",), "host": ("name",)}
    | dict.fromkeys(("role", "grade", "pool", "service", "customer"), ("key",))
)
"""The columns whose values make an address."""

_MODELS: Mapping[str, type[Any]] = MappingProxyType(
    {
        "role": Role,
        "grade": Grade,
        "pool": Pool,
        "service": Service,
        "customer": Customer,
        "app": App,
        "instance": Instance,
        "host": Host,
    }
)
