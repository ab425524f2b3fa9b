"""Which Puppet class or resource stands for each entry of a node, with what parameters and after what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from larry.core.document import Json, canonical_text
from larry.core.key import RESERVED_KEYS
from larry.core.node import Node, NodeService
from larry.core.service_graph import Sharing
from larry.exports import CannotPrint

HOST_CLASS = "larry::host"
"""The shipped class that receives, as a hash, what a classifier cannot name: resources."""

GENERIC_DEFINE = "larry::service"
_TAKING_ALL = (GENERIC_DEFINE, "larry::auditor")
"""The shipped defines take any parameters, as one map, and subjects."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(?:::[a-z][a-z0-9_]*)*")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Declared:
    """One entry as Puppet sees it: a class, or a resource titled by the entry's key, and what it requires."""

    name: str
    title: str | None
    parameters: Mapping[str, Json]
    require: tuple[Declared, ...]

    @property
    def type(self) -> str:
        """The type as references spell it: every part with a capital."""
        return "Class" if self.title is None else _capital(self.name)

    @property
    def reference(self) -> str:
        """``Class[Postgresql::Server]`` or ``Apache::Vhost[acme-shop-production-site]``."""
        return f"{self.type}[{_capital(self.name) if self.title is None else self.title}]"


def declare(node: Node) -> tuple[Declared, ...]:
    """Everything that is Puppet's business, in start order; order passes through what is skipped.

    Raises `CannotPrint` when a name is no Puppet name, or two entries would be one class.
    """
    standing: dict[str, tuple[Declared, ...]] = {}
    owners: dict[str, str] = {HOST_CLASS: "Larry itself"}
    declared: list[Declared] = []
    for entry in node.services:
        before = _without_repeats(d for key in entry.after for d in standing.get(key, ()))
        settings = _read_settings(entry)
        if settings.get("skip") is True:
            standing[entry.key] = before
            continue
        one = _declare_entry(entry, settings, before)
        if one.title is None:
            if one.name in owners:
                raise CannotPrint(
                    f"{owners[one.name]} and {entry.service} on {node.facts.name} are both the Puppet class "
                    f"{one.name}, of which a host has one: give one of them another class or a define (tools.puppet)"
                )
            owners[one.name] = entry.service
        standing[entry.key] = (one,)
        declared.append(one)
    return tuple(declared)


def _without_repeats(declared: Iterable[Declared]) -> tuple[Declared, ...]:
    by_reference = {one.reference: one for one in declared}
    return tuple(by_reference[reference] for reference in sorted(by_reference))


def _declare_entry(entry: NodeService, settings: Mapping[str, Json], before: tuple[Declared, ...]) -> Declared:
    define = _read_name(entry, settings, "define")
    named = _read_name(entry, settings, "class")
    if define and named:
        raise CannotPrint(f"{entry.service}: tools.puppet names both a class and a define; one of them, please")
    if entry.sharing is Sharing.INSTANCE and named:
        raise CannotPrint(
            f"{entry.service} is there once for each instance, but tools.puppet.class names {named}, of which a host "
            "has one: name a define (tools.puppet.define)"
        )
    if define is None and entry.sharing is Sharing.INSTANCE:
        define = GENERIC_DEFINE
    parameters = _gather(entry, settings, takes_all=define in _TAKING_ALL)
    return Declared(define or named or entry.service, entry.key if define else None, parameters, before)


def _gather(entry: NodeService, settings: Mapping[str, Json], *, takes_all: bool) -> dict[str, Json]:
    """The parameters by their own names, or all under one; and the subjects where somebody takes them."""
    whole = _read_attribute(entry, settings, "parameters") or ("parameters" if takes_all else None)
    subjects = _read_attribute(entry, settings, "subjects") or ("subjects" if takes_all and entry.audits else None)
    gathered: dict[str, Json] = {whole: entry.parameters} if whole else dict(entry.parameters)
    refuse_odd_names(entry.service, gathered)
    if subjects:
        if subjects in gathered:
            raise CannotPrint(
                f"{entry.service}: {subjects} is a parameter already, and cannot receive the subjects too"
            )
        gathered[subjects] = list_subjects(entry)
    return gathered


def refuse_odd_names(owner: str, names: Iterable[str]) -> None:
    """Names stand bare in a manifest. Estate files cannot bring odd ones in; should anything else, it ends here."""
    for name in names:
        if not _ATTRIBUTE.fullmatch(name):
            raise CannotPrint(f"{owner}: {name!r} is no name of a Puppet parameter")


def list_subjects(entry: NodeService) -> list[Json]:
    """What an auditor audits, in the shape of the JSON dialect."""
    return [
        {
            "service": subject.service,
            "host": subject.host,
            "addresses": subject.addresses,
            "for": subject.paths,
            "parameters": subject.parameters,
            "settings": subject.settings,
        }
        for subject in entry.audits
    ]


def _read_settings(entry: NodeService) -> Mapping[str, Json]:
    """What the service says to Puppet's printers under tools.puppet; an empty map when it says nothing."""
    tools = entry.tools if isinstance(entry.tools, Mapping) else {}
    settings = tools.get("puppet", {})
    if not isinstance(settings, Mapping):
        raise CannotPrint(f"{entry.service}: tools.puppet must be a map, such as {{class: ntp}}")
    return settings


def _read_name(entry: NodeService, settings: Mapping[str, Json], what: str) -> str | None:
    name = settings.get(what)
    if name is None:
        return None
    plain = name.removeprefix("::") if isinstance(name, str) else ""
    if not _NAME.fullmatch(plain) or not RESERVED_KEYS.isdisjoint(plain.split("::")):
        raise CannotPrint(f"{entry.service}: tools.puppet.{what} {canonical_text(name)} is no name of a Puppet {what}")
    return plain


def _read_attribute(entry: NodeService, settings: Mapping[str, Json], what: str) -> str | None:
    name = settings.get(what)
    if name is None:
        return None
    refuse_odd_names(f"{entry.service}: tools.puppet.{what}", [str(name)])
    return str(name)


def _capital(name: str) -> str:
    return "::".join(part.capitalize() for part in name.split("::"))
