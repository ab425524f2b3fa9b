"""What every page of one noun shows: facts, what refers to it, its interval map, what was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from larry.core.picture import BoxKind
from larry.nouns.item import Item, find_parent_address
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, ActivityRow, list_activity
from larry.queries.interval_map import MAP_KINDS, get_interval_map
from larry.queries.listing import Related, list_related
from larry.queries.moment import Moment
from larry.queries.reader import Reader
from larry.web.address import noun_path
from larry.web.frame import Crumb, Frame
from larry.web.interval_picture import draw_map
from larry.web.noun_cell import Tag, make_facts

MOST_LANES = 24
MOST_ACTIVITY = 12


@dataclass(frozen=True, slots=True)
class RelatedLine:
    """Nouns of one sort that refer to this one: ``href`` is the list of all of them."""

    label: str
    about: str
    tags: tuple[Tag, ...]
    total: int
    href: str
    new: str


def list_crumbs(item: Item) -> tuple[Crumb, ...]:
    """The way to a noun: the list of its sort, and whose it is."""
    spec = NOUNS[item.noun]
    crumbs = [Crumb(spec.plural.capitalize(), reverse(spec.plural))]
    parent, address = spec.parent, find_parent_address(item.address)
    owners: list[Crumb] = []
    while parent is not None and address:
        owners.append(Crumb(address.rpartition("/")[2], noun_path(NOUNS[parent].plural, address)))
        parent, address = NOUNS[parent].parent, find_parent_address(address)
    return (*crumbs, *reversed(owners))


def show_noun(item: Item, frame: Frame) -> Mapping[str, Any]:
    """The values of `noun_show.html` and of its parts; about 12 SQL statements, whatever there is."""
    reader, at, spec = frame.visitor.reader, frame.asked.at, NOUNS[item.noun]
    interval_map = get_interval_map(item.noun, item.address, reader, at, most=MOST_LANES)
    path = noun_path(spec.plural, item.address)
    return {
        "noun": spec,
        "item": item,
        "name": str(item.values["name"]),
        "description": str(item.values["description"]),
        "facts": make_facts(item),
        "related": list_related_lines(item, reader, at),
        "map": draw_map(interval_map, frame),
        "activity": _list_activity(item, frame),
        "pictures": tuple(
            (label, reverse(route, args=[item.noun, item.address]))
            for label, route, kinds in (("Graph", "graph", set(BoxKind)), ("Over time", "timeline", set(MAP_KINDS)))
            if item.noun in kinds
        ),
        "edit": f"{path}/edit",
        "rename": f"{path}/key",
        "retire": f"{path}/retire",
    }


def list_related_lines(item: Item, reader: Reader, at: Moment) -> tuple[RelatedLine, ...]:
    """What refers to a noun or belongs to it, by sort; 2 SQL statements for each sort."""
    return tuple(_make_line(item, related) for related in list_related(item.noun, item.address, reader, at))


def _list_activity(item: Item, frame: Frame) -> tuple[ActivityRow, ...]:
    """What was done to it; to what belongs to it, too, where a rollout is one line."""
    own = ActivityFilter(noun=item.noun, address=item.address)
    which = {
        "customer": ActivityFilter(customer=item.address, whole=True),
        "app": ActivityFilter(app=item.address, whole=True),
        "instance": ActivityFilter(instance=item.address, whole=True),
    }.get(item.noun, own)
    return list_activity(frame.visitor.reader, frame.asked.at, which, limit=MOST_ACTIVITY)


def _make_line(item: Item, related: Related) -> RelatedLine:
    other = NOUNS[related.noun]
    field = other.by_name.get(related.filter)
    label = other.plural if field is None else _WORDS.get((related.noun, related.filter), other.plural)
    query = urlencode({related.filter: item.address})
    new = f"{reverse(other.plural)}-/new?{query}" if other.parent == item.noun else ""
    tags = tuple(Tag(address, noun_path(other.plural, address)) for address, _ in related.first)
    return RelatedLine(label, other.description, tags, related.total, f"{reverse(other.plural)}?{query}", new)


_WORDS = {
    ("instance", "requires"): "instances that require it",
    ("instance", "template"): "instances that follow it",
    ("service", "needs"): "services that need it",
    ("service", "audits"): "services that audit it",
}
