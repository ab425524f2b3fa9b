"""Provenance: which layers gave a value in a snapshot, as they were when it was taken.

A snapshot freezes what customer, app and instance set. What templates and declarations said then is not frozen: it is
what they say now with every later edit taken back, which activity tells. Where that does not yield the frozen value
(something has retired, or was made before there was a record) the answer says so instead of guessing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from larry.core.deployable import LEVELS, Snapshot
from larry.core.document import Json, canonical_text, freeze, freeze_map
from larry.core.moment_text import LATEST
from larry.core.parameters import Declaration, Layer, Merge, Origin, Part, resolve, trace
from larry.nouns.item import Item
from larry.queries.activity import ActivityRow, list_activity_of
from larry.queries.former_key import get_former_keys
from larry.queries.moment import Moment
from larry.queries.noun import list_items
from larry.queries.reader import Reader
from larry.queries.service import service_graph_of


@dataclass(frozen=True, slots=True)
class Provenance:
    """``chain`` is every layer that said something, earliest first; ``parts`` which of them gave what; ``merge`` how
    they were put over one another. ``is_recorded``: False where the record does not explain the frozen value.
    """

    chain: tuple[Origin, ...]
    parts: tuple[Part, ...]
    merge: Merge | None
    is_recorded: bool


def list_provenances(
    taken: Mapping[str, tuple[Snapshot, datetime]], service: str, parameter: str, reader: Reader, at: Moment
) -> Mapping[str, Provenance]:
    """By digest, where a parameter of a service has its value from in each snapshot, which was taken at a moment;
    about 8 SQL statements, and 1 for each step of templates that follow templates.
    """
    record = _Record(service, {snapshot.path for snapshot, _ in taken.values()}, reader, at)
    return MappingProxyType(
        {digest: _explain(snapshot, at_, service, parameter, record) for digest, (snapshot, at_) in taken.items()}
    )


def _explain(snapshot: Snapshot, taken_at: datetime, service: str, parameter: str, record: _Record) -> Provenance:
    frozen = snapshot.by_key[service].parameters[parameter]
    paths = (snapshot.customer, f"{snapshot.customer}/{snapshot.app}", snapshot.path)
    own = [Layer(level, path, snapshot.own[level]) for level, path in zip(LEVELS, paths, strict=True)]
    declared = record.find_declaration(parameter, taken_at)
    if declared is not None:
        layers = (*record.list_templates(snapshot.path, taken_at), *own)
        found = resolve(layers, {service: (declared,)}).matching
        if found and canonical_text(found[0].value) == canonical_text(frozen):
            chain = (*found[0].overrode, found[0].whence)
            return Provenance(chain, trace(chain, declared.merge), declared.merge, True)
    chain = tuple(Origin(each.level, each.owner, each.values[parameter]) for each in own if parameter in each.values)
    is_last = bool(chain) and canonical_text(chain[-1].value) == canonical_text(frozen)
    return Provenance(chain, (Part("", frozen, chain[-1]),) if is_last else (), None, False)


class _Record:
    """Services and instances as they were at any moment: as they are now, later edits taken back."""

    def __init__(self, service: str, paths: Iterable[str], reader: Reader, at: Moment) -> None:
        self._former = get_former_keys(reader, at)
        self._service = self._former.find("service", service)
        self._services = {item.address: item for item in list_items("service", reader, at)}
        self._instances = {item.address: item for item in list_items("instance", reader, at)}
        self._lines: dict[tuple[str, str], tuple[ActivityRow, ...]] = {}
        asked = {("service", self._service), *(("instance", self._now(path)) for path in paths)}
        while asked:
            found = list_activity_of(asked, reader, Moment(LATEST))
            self._lines.update({place: found.get(place, ()) for place in asked})
            ever = {("instance", each) for place in asked if place[0] == "instance" for each in self._ever(place)}
            asked = ever - self._lines.keys()

    def _ever(self, place: tuple[str, str]) -> Iterator[str]:
        """The templates that an instance follows, or has followed."""
        item = self._instances.get(place[1])
        values = [item.values] if item is not None else []
        for stated in (*values, *(line.before or {} for line in self._lines[place])):
            if stated.get("template") is not None:
                yield self._now(str(stated["template"]))

    def _now(self, path: str) -> str:
        """The path of an instance, by the keys that it and its owners have now."""
        return self._former.find("instance", path)

    def find_declaration(self, parameter: str, then: datetime) -> Declaration | None:
        """What the service declared of the parameter."""
        item = self._services.get(self._service)
        if item is None:
            return None
        edges: dict[str, Json] = {"needs": (), "audits": ()}
        values = MappingProxyType({**self._rewind(item, then), **edges})
        spec = service_graph_of([replace(item, values=values)], {})[item.address]
        return next((each for each in spec.declarations if each.name == parameter), None)

    def list_templates(self, path: str, then: datetime) -> tuple[Layer, ...]:
        """The templates that the instance followed, the furthest first."""
        return tuple(self._follow(path, then))[::-1]

    def _follow(self, path: str, then: datetime) -> Iterator[Layer]:
        seen: set[str] = set()
        item = self._instances.get(self._now(path))
        while item is not None:
            seen.add(item.address)
            template = self._rewind(item, then)["template"]
            following = self._instances.get(self._now(str(template)))
            item = following if following is not None and following.address not in seen else None
            if item is not None:
                yield Layer("template", item.address, freeze_map(self._rewind(item, then)["parameters"]))

    def _rewind(self, item: Item, then: datetime) -> dict[str, Any]:
        values: dict[str, Any] = dict(item.values)
        for line in reversed(self._lines.get((item.noun, item.address), ())):
            if line.at <= then:
                break
            values.update({name: freeze(value) for name, value in (line.before or {}).items()})
        return values
