"""Rows that send single services of an instance, and auditors that wait for a person, to hosts of their own.

A row is two inputs, ``place.NUMBER.service`` and ``place.NUMBER.host``; one without anything in it states nothing, so
emptying a row takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from larry.core.deployable import FrozenService, Snapshot
from larry.core.service_graph import WhereKind
from larry.web.plan_form import CannotRead

MOST_PLACES = 1000

_PART = re.compile(r"place\.([0-9]{1,4})\.(service|host)", re.ASCII)


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One row as it was typed."""

    number: int
    service: str
    host: str


@dataclass(frozen=True, slots=True)
class PlaceGroup:
    """Services that can be chosen, under a heading of their own."""

    label: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceRows:
    """What `place_rows.html` shows: rows with an empty one at the end, and what they choose from."""

    rows: tuple[PlaceRow, ...]
    groups: tuple[PlaceGroup, ...]


def make_place_rows(sent: Mapping[str, Any], snapshot: Snapshot | None) -> PlaceRows:
    """The rows that were sent and an empty one, with the services of the snapshot; what was chosen before and is not
    among them stays to be chosen, so that nothing that was typed is lost. No SQL.
    """
    rows = _list_rows(sent)
    services = snapshot.services if snapshot is not None else ()
    waiting = tuple(service.key for service in services if _waits_for_a_person(service))
    others = tuple(service.key for service in services if service.key not in waiting)
    known = {*waiting, *others, ""}
    strange = tuple(dict.fromkeys(row.service for row in rows if row.service not in known))
    word = "not a service of this instance" if snapshot is not None else "chosen before"
    groups = (
        PlaceGroup("auditors that wait for a person", waiting),
        PlaceGroup("services", others),
        PlaceGroup(word, strange),
    )
    return PlaceRows((*rows, PlaceRow(len(rows), "", "")), tuple(group for group in groups if group.services))


def _waits_for_a_person(service: FrozenService) -> bool:
    return any(audit.where.kind is WhereKind.MANUAL for audit in service.audits)


def read_places(sent: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The host of each service that is to be elsewhere; None where none is. Raises `CannotRead`."""
    places: dict[str, str] = {}
    for row in _list_rows(sent):
        if not row.service:
            raise CannotRead("place", f"which service goes to {row.host}? Choose one beside it, or empty the row")
        if not row.host:
            raise CannotRead("place", f"where does {row.service} go? Name a host beside it, or choose no service")
        if places.get(row.service, row.host) != row.host:
            raise CannotRead("place", f"choose one host for {row.service}: {places[row.service]} or {row.host}")
        places[row.service] = row.host
    return places or None


def _list_rows(sent: Mapping[str, Any]) -> tuple[PlaceRow, ...]:
    """Rows with anything in them, by their numbers, numbered anew."""
    found: dict[int, dict[str, str]] = {}
    for name, text in sent.items():
        part = _PART.fullmatch(name)
        if part is not None and str(text).strip():
            found.setdefault(int(part[1]), {})[part[2]] = str(text).strip()
    return tuple(_number_rows(found[number] for number in sorted(found)[:MOST_PLACES]))


def _number_rows(parts: Iterable[Mapping[str, str]]) -> Iterable[PlaceRow]:
    for number, part in enumerate(parts):
        yield PlaceRow(number, part.get("service", ""), part.get("host", ""))
