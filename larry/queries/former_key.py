"""Former keys: under which keys nouns were known before, so that what was recorded then is still found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from larry.nouns.directory import spell_out_parents
from larry.nouns.table import NOUNS
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.statement import KeptStatement
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.former_key import FormerKey
from larry.records.grade import Grade
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.noun import NounRecord
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.service import Service

_MODELS: Mapping[str, type[NounRecord]] = MappingProxyType(
    {
        "role": Role, "grade": Grade, "pool": Pool, "host": Host, "service": Service, "customer": Customer,
        "app": App, "instance": Instance,
    }
)  # fmt: skip

_Known: TypeAlias = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class FormerKeys:
    """``present`` maps for each noun the path of keys that one was known by to the path that it is known by now: of an
    instance ``acme/shop/live``, of a role ``web``, of a host its key and not its name."""

    present: _Known = field(default_factory=lambda: MappingProxyType({}))

    def find(self, noun: str, path: str) -> str:
        """The path of keys as it is now; the same for one that has not changed, or is of nothing known."""
        if not self.present:
            return path
        now = ""
        for step, segment in zip(spell_out_parents(noun), path.split("/"), strict=False):
            then = f"{now}/{segment}" if now else segment
            now = self.present.get(step, {}).get(then, then)
        return now

    def spell(self, noun: str, path: str) -> tuple[str, ...]:
        """Every address that what is now at this one has been recorded under because of its keys, this one first."""
        if not self.present or noun not in NOUNS or noun == "host":  # the address of a host is its name
            return (path,)
        steps, segments = spell_out_parents(noun), path.split("/")
        if len(steps) != len(segments):
            return (path,)
        spelled = [""]
        for place, step in enumerate(steps):
            now = "/".join(segments[: place + 1])
            known = self.present.get(step, {})
            keys = [segments[place], *(then.rpartition("/")[2] for then, present in known.items() if present == now)]
            spelled = [f"{before}/{key}" if before else key for before in spelled for key in keys]
        return tuple(dict.fromkeys(spelled))

    def all_of(self, noun: str) -> Mapping[str, str]:
        """What those of one noun without a parent were known by, and what they are known by now."""
        return self.present.get(noun, MappingProxyType({}))


class _Row(NamedTuple):
    noun: str
    key: str
    owner: int


_KEPT = KeptStatement(
    lambda reader: restrict(reader, FormerKey.objects.order_by("id")).values_list("noun", "key", "owner")
)


def get_former_keys(reader: Reader, at: Moment) -> FormerKeys:
    """All former keys. 1 SQL statement, and 1 more for each noun of which a key has ever been changed."""
    del at  # a key is changed for all moments: what was recorded keeps the words that it was recorded in
    rows = [*map(_Row._make, _KEPT.ask(reader))]
    if not rows:
        return FormerKeys()
    ids: dict[str, set[int]] = {}
    for row in rows:
        ids.setdefault(row.noun, set()).add(row.owner)
    now = {noun: _paths(noun, owners, reader) for noun, owners in ids.items()}
    present: dict[str, dict[str, str]] = {}
    for row in rows:
        path = now[row.noun].get(row.owner)
        if path is not None:
            parent = path.rpartition("/")[0]
            present.setdefault(row.noun, {})[f"{parent}/{row.key}" if parent else row.key] = path
    return FormerKeys(MappingProxyType({noun: MappingProxyType(known) for noun, known in present.items()}))


def _paths(noun: str, ids: Iterable[int], reader: Reader) -> Mapping[int, str]:
    if noun == "instance":
        return dict(restrict(reader, Instance.objects.filter(id__in=ids)).values_list("id", "path"))
    if noun == "app":
        rows = restrict(reader, App.objects.filter(id__in=ids)).values_list("id", "customer__key", "key")
        return {id_: f"{customer}/{key}" for id_, customer, key in rows}
    return dict(restrict(reader, _MODELS[noun]._default_manager.filter(pk__in=ids)).values_list("pk", "key"))


def explain_absence(noun: str, addresses: Iterable[str], reader: Reader, at: Moment) -> str:
    """That there are no nouns of these addresses, and what is known of those that had them once. SQL as former keys."""
    wanted = sorted(addresses)
    former = get_former_keys(reader, at)
    moved = [(then, now) for then in wanted if noun != "host" and (now := former.find(noun, then)) != then]
    hint = "; ".join(f"{then} is {now} now" for then, now in moved)
    return f"there is no {noun} {', '.join(wanted)}{f': {hint}, by a change of its key' if hint else ''}"
