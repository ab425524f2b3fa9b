"""What auditors are told of their subjects by their own ``tools``, with values looked up where those ask for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeAlias

from larry.core.document import Json, canonical_text
from larry.core.node import NodeService, Subject
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint

Guard: TypeAlias = Callable[[str, str], str]
"""What stands for a text that was looked up for a field, since others typed it; raises `Unfit` where nothing can."""

_LOOKED_UP = ("parameter", "setting", "subject")
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_LARGEST_PORT = 65535
_LONGEST_SHOWN = 80


class Unfit(ValueError):
    """A text cannot stand where it is asked for; the text of the error says what could."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One subject of one auditor, and the fields that ``tools.DIALECT`` of the auditor has for it.

    ``watcher`` is the auditor's host. ``name`` tells the subject from all others of its host: its service's key, behind
    the path of its instance where the host has several of the service, or where the fields say ``per: instance``.
    """

    dialect: str
    watcher: str
    auditor: NodeService
    subject: Subject
    fields: Mapping[str, Json]
    name: str

    @property
    def place(self) -> str:
        """Where the fields stand, for refusals."""
        return f"{self.auditor.service}: tools.{self.dialect} for {self.subject.service} on {self.subject.host}"

    @property
    def levels(self) -> Mapping[str, str]:
        """Keys of the customer, app and instance that the subject is for, as far as all of its instances agree."""
        parts = [path.split("/") for path in self.subject.paths]
        found = {}
        for depth, level in enumerate(("customer", "app", "instance"), start=1):
            if len({tuple(part[:depth]) for part in parts}) == 1:
                found[level] = parts[0][depth - 1]
        return found

    def get(self, field: str, default: Json = None, guard: Guard | None = None) -> Json:
        """The field's value, or else ``default``, with everything looked up that it asks for, however deep.

        ``{parameter: NAME}`` is a parameter of the audited service, ``{setting: NAME}`` one that the auditor declares,
        as the audited instance sets it, ``{subject: WORD}`` what is known of the subject. Raises `CannotPrint` for what
        is not there (and has no ``default``), and where ``guard`` objects.
        """
        return self._fill(field, self.fields.get(field, default), guard)

    def text(self, field: str, default: Json, allowed: re.Pattern[str], such_as: str) -> str:
        """The field as a text that is wholly ``allowed``."""
        value = self.get(field, default)
        if not isinstance(value, str) or not allowed.fullmatch(value):
            raise self.refuse(field, value, f"must be {such_as}")
        return value

    def flag(self, field: str, default: bool | None) -> bool | None:
        """The field as true or false."""
        value = self.get(field, default)
        if value is not None and not isinstance(value, bool):
            raise self.refuse(field, value, "must be true or false")
        return value

    def number(self, field: str, default: Json = None, largest: int = 10**9) -> int | None:
        """The field as a whole number from 0 up, which may be written as text; None where there is none."""
        value = self.get(field, default)
        return None if value is None else self.read_number(field, value, largest)

    def read_number(self, field: str, value: Json, largest: int) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
            raise self.refuse(field, value, f"must be a whole number from 0 to {largest}")
        return value

    def port(self) -> int | None:
        """The field ``port``; without it the audited service's parameter of that name, if it has one."""
        return self.number("port", {"parameter": "port", "default": None}, _LARGEST_PORT)

    def address(self) -> str:
        """The field ``address``; without it the first address of the audited host, and its name if it has none."""
        value = self.get("address", {"subject": "address"})
        if isinstance(value, str) and (_HOST_NAME.fullmatch(value) or is_ip(value)):
            return value
        raise self.refuse("address", value, "must be an IP address or a host's name")

    def refuse(self, field: str, value: Json, reason: str) -> CannotPrint:
        return CannotPrint(f"{self.place}: {field} is {_shown(value)}, but {reason}")

    def _fill(self, field: str, value: Json, guard: Guard | None) -> Json:
        if isinstance(value, Mapping):
            kinds = [kind for kind in value if kind != "default"]
            if len(kinds) == 1 and kinds[0] in _LOOKED_UP and isinstance(value[kinds[0]], str):
                return self._look_up(field, kinds[0], str(value[kinds[0]]), value, guard)
            return {name: self._fill(f"{field}.{name}", member, guard) for name, member in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._fill(field, member, guard) for member in value]
        return value

    def _look_up(self, field: str, kind: str, name: str, asked: Mapping[str, Json], guard: Guard | None) -> Json:
        sources: dict[str, Mapping[str, Json]] = {
            "parameter": self.subject.parameters,
            "setting": self.subject.settings,
            "subject": self._known(),
        }
        if name not in sources[kind]:
            if "default" in asked:
                return asked["default"]
            has = ", ".join(sorted(sources[kind])) or "none"
            raise CannotPrint(
                f"{self.place}: {field} asks for the {kind} {name}, but there is {has}; or give a default:"
            )
        found = sources[kind][name]
        return found if guard is None else self._admit(f"{field}, the {kind} {name},", field, found, guard)

    def _admit(self, told: str, field: str, value: Json, guard: Guard) -> Json:
        if isinstance(value, Mapping):
            raise self.refuse(told, value, "may be no map")
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._admit(told, field, member, guard) for member in value]
        try:
            return guard(field, value) if isinstance(value, str) else value
        except Unfit as reason:
            raise self.refuse(told, value, str(reason)) from None

    def _known(self) -> dict[str, Json]:
        subject = self.subject
        address = subject.addresses[0] if subject.addresses else subject.host
        return {"host": subject.host, "address": address, "service": subject.service, "name": self.name, **self.levels}


def list_watched(
    dialect: str, dated: DatedNode, general: Collection[str], fields: Collection[str], per: str | None = None
) -> tuple[Watched, ...]:
    """What the auditors on a host audit, of those whose ``tools`` speak of the dialect; in start order, by subject.

    ``tools.DIALECT`` has ``general`` fields of the auditor, ``fields`` for all subjects, and under ``services`` those
    fields for single audited services, which win. ``skip: true`` leaves out.
    ``per`` holds where nothing is said of it. Raises `CannotPrint` for unknown fields.
    """
    found: list[Watched] = []
    speaking = [(entry, said) for entry in dated.node.services if (said := read_tools(entry, dialect)) is not None]
    known = {(subject.host, subject.service, subject.paths) for entry, _ in speaking for subject in entry.audits}
    counts = Counter((host, service) for host, service, _ in known)
    for entry, said in speaking:
        place = f"{entry.service}: tools.{dialect}"
        common = {"skip", "per", *fields}
        _refuse_unknown(place, said, {"services", *general, *common})
        services = said.get("services", {})
        if not isinstance(services, Mapping) or not all(isinstance(each, Mapping) for each in services.values()):
            raise CannotPrint(f"{place}.services must have a map for each audited service, such as {{apache: {{}}}}")
        shared = {name: value for name, value in said.items() if name in fields or name == "per"}
        for service, own in services.items():
            _refuse_unknown(f"{place}.services.{service}", as_map(own), common)
        for subject in entry.audits:
            own = {**shared, **as_map(services.get(subject.service))}
            if own.get("skip") is not True:
                naming = own.get("per", per)
                if naming not in (None, "instance", "host"):
                    raise CannotPrint(f"{place}: per must be instance or host")
                alone = naming == "host" or (naming is None and counts[subject.host, subject.service] == 1)
                name = subject.service if alone else "-".join((*subject.paths[0].split("/"), subject.service))
                found.append(Watched(dialect, dated.node.facts.name, entry, subject, own, name))
    return tuple(found)


def read_tools(entry: NodeService, dialect: str) -> Mapping[str, Json] | None:
    """What an auditor says of a dialect in its ``tools``; None where it says nothing, or to skip it."""
    tools = entry.tools if isinstance(entry.tools, Mapping) else {}
    if not entry.audits or dialect not in tools:
        return None
    said = tools[dialect]
    if not isinstance(said, Mapping):
        raise CannotPrint(f"{entry.service}: tools.{dialect} must be a map, such as {{services: {{}}}}")
    return None if said.get("skip") is True else said


def is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def as_map(value: Json) -> Mapping[str, Json]:
    """The value if it is a map, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def _refuse_unknown(place: str, said: Mapping[str, Json], known: Collection[str]) -> None:
    for name in said:
        if name not in known:
            raise CannotPrint(f"{place} has no field {name}; there are {', '.join(sorted(known))}")


def _shown(value: Json) -> str:
    text = canonical_text(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
