"""A snapshot freezes everything needed to deploy an instance; the same content has the same digest."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from larry.core.document import Json, canonical_text, digest_of_text, freeze, is_alike
from larry.core.parameters import Layer, Match, Resolved, resolve
from larry.core.service_graph import Audit, ServiceSpec, Sharing, Where, WhereKind, graph_of

LEVELS = ("customer", "app", "instance")
NO_WHENCE: Mapping[tuple[str, str], Match] = MappingProxyType({})


class CannotSnapshot(ValueError):
    """Something an instance needs is missing or of the wrong type, so nothing of it may be frozen."""


@dataclass(frozen=True, slots=True)
class FrozenService:
    """One service of a snapshot. ``defaults`` are the declared ones, which a shared auditor carries."""

    key: str
    sharing: Sharing
    parameters: Mapping[str, Json]
    defaults: Mapping[str, Json]
    needs: tuple[str, ...]
    audits: tuple[Audit, ...]
    tools: Json

    @property
    def before(self) -> frozenset[str]:
        return frozenset((*self.needs, *(audit.service for audit in self.audits)))


@dataclass(frozen=True)
class Snapshot:
    """A Deployable's content: keys, own parameters of each level, every service of the closure in start order."""

    customer: str
    app: str
    instance: str
    own: Mapping[str, Mapping[str, Json]]
    requires: tuple[str, ...]
    services: tuple[FrozenService, ...]

    @property
    def path(self) -> str:
        return f"{self.customer}/{self.app}/{self.instance}"

    @cached_property
    def by_key(self) -> Mapping[str, FrozenService]:
        return MappingProxyType({service.key: service for service in self.services})

    @cached_property
    def document(self) -> Json:
        return freeze(self._outline())

    @cached_property
    def text(self) -> str:
        return canonical_text(self._outline())

    @cached_property
    def digest(self) -> str:
        return digest_of_text(self.text)

    def _outline(self) -> Json:
        """The document, as it is written once and thrown away."""
        return {
            "customer": {"key": self.customer, "parameters": self.own["customer"]},
            "app": {"key": self.app, "parameters": self.own["app"]},
            "instance": {"key": self.instance, "parameters": self.own["instance"], "requires": self.requires},
            "services": [service_document(service) for service in self.services],
        }


def take_snapshot(
    keys: tuple[str, str, str], layers: Sequence[Layer], requires: Iterable[str], services: Mapping[str, ServiceSpec]
) -> tuple[Snapshot, Resolved]:
    """Freeze an instance as it is described now; pure, O(closure log closure).

    ``layers`` are all layers, earliest first; ``services`` the whole service graph or at least the closure.
    Raises `CannotSnapshot` naming every missing or wrongly typed parameter and who needs it.
    """
    snapshot, resolved = describe(keys, layers, requires, services)
    refuse_unready(snapshot.path, resolved)
    return snapshot, resolved


def describe(
    keys: tuple[str, str, str], layers: Sequence[Layer], requires: Iterable[str], services: Mapping[str, ServiceSpec]
) -> tuple[Snapshot, Resolved]:
    """What a snapshot would be, ready or not, with the parameters in their groups."""
    required = tuple(sorted(set(requires)))
    order = graph_of(services).outline(required)
    closure = frozenset(order)
    resolved = resolve(layers, {key: services[key].declarations for key in order})
    own = {level: _frozen(dict(_own_values(layers, level))) for level in LEVELS}
    frozen = tuple(freeze_service(services[key], resolved, closure) for key in order)
    return Snapshot(*keys, MappingProxyType(own), required, frozen), resolved


def is_idle(spec: ServiceSpec, audits: Collection[Audit]) -> bool:
    """Whether a service carries its declared defaults, whatever the layers say: a shared auditor, also for an instance
    that requires it and has nothing for it to audit. ``audits`` are those of the closure.
    """
    return spec.sharing is Sharing.HOST and bool(spec.audits) and not audits


def service_document(service: FrozenService) -> Mapping[str, Json]:
    """One service as the document of a snapshot holds it."""
    return {
        "key": service.key,
        "sharing": service.sharing.value,
        "parameters": service.parameters,
        "defaults": service.defaults,
        "needs": service.needs,
        "audits": [{"service": audit.service, "where": write_where(audit.where)} for audit in service.audits],
        "tools": service.tools,
    }


def refuse_unready(path: str, resolved: Resolved) -> None:
    """Raise `CannotSnapshot` with all reasons in one text, or return."""
    faults = [f"{m.name} is missing: needed by {', '.join(m.needed_by)}" for m in resolved.missing]
    faults += [
        f"{w.name} is not of type {w.expected}: needed by {', '.join(w.needed_by)}, "
        f"set by {w.whence.level} {w.whence.owner}"
        for w in resolved.wrong
    ]
    if faults:
        raise CannotSnapshot(f"{path} cannot be deployed: " + "; ".join(faults))


def read_snapshot(text: str, digest: str | None = None) -> Snapshot:
    """The snapshot a Deployable's document says; the inverse of `Snapshot.text`. A ``digest`` that is known is not
    worked out again."""
    document: Any = json.loads(text)
    own = MappingProxyType({level: freeze(document[level]["parameters"]) for level in LEVELS})
    services = tuple(
        FrozenService(
            key=service["key"],
            sharing=Sharing(service["sharing"]),
            parameters=freeze(service["parameters"]),  # type: ignore[arg-type]  # a JSON object by construction
            defaults=freeze(service["defaults"]),  # type: ignore[arg-type]  # a map stays one
            needs=tuple(service["needs"]),
            audits=tuple(Audit(a["service"], read_where(a["where"])) for a in service["audits"]),
            tools=freeze(service["tools"]),
        )
        for service in document["services"]
    )
    keys = (document["customer"]["key"], document["app"]["key"], document["instance"]["key"])
    snapshot = Snapshot(*keys, own, tuple(document["instance"]["requires"]), services)  # type: ignore[arg-type]  # frozen maps
    if digest is not None:
        vars(snapshot)["digest"] = digest
    return snapshot


def write_where(where: Where) -> Json:
    """The estate file's way to say where: ``same-host``, ``manual``, ``{"host": H}`` or ``{"role": R}``."""
    return str(where.kind) if where.name is None else {str(where.kind): where.name}


def read_where(value: Json) -> Where:
    """The inverse of `write_where`."""
    if isinstance(value, Mapping):
        ((kind, name),) = value.items()
        return Where(WhereKind(kind), str(name))
    return Where(WhereKind(str(value)))


@dataclass(frozen=True, slots=True)
class Difference:
    """One path at which two snapshots differ. ``owner`` owns the new (else the old) value: a level, ``template PATH``,
    ``default of service KEY``, ``edge of service KEY`` or ``service KEY``; ``owner_before`` the old one, where it is
    known to be another.
    """

    path: str
    kind: str
    old: Json
    new: Json
    owner: str
    owner_before: str | None = None

    @property
    def ownership(self) -> str:
        """The owner in words, with the one before."""
        return self.owner if self.owner_before is None else f"{self.owner} (was {self.owner_before})"

    @property
    def document(self) -> dict[str, Json]:
        """The difference for programs; a secret is known by its HMAC."""
        return {
            "path": self.path,
            "kind": self.kind,
            "old": self.old,
            "new": self.new,
            "owner": self.owner,
            "owner_before": self.owner_before,
        }


def compare_snapshots(old: Snapshot, new: Snapshot, resolved: Resolved | None = None) -> tuple[Difference, ...]:
    """Added, removed and changed paths in order of path; services and parameters are compared by key, not by
    position. ``resolved`` are the parameters that the new one was described with: snapshots hold no templates and few
    defaults, so without it what comes from either is told as from one of the two.
    """
    before, after = _paths(old), _paths(new)
    whence = _whence(resolved) if resolved is not None else {}
    differences: list[Difference] = []
    for path in sorted(before.keys() | after.keys()):
        if path not in before:
            differences.append(Difference(path, "added", None, after[path], _owner(path, new, whence)))
        elif path not in after:
            differences.append(Difference(path, "removed", before[path], None, _owner(path, old)))
        elif not is_alike(before[path], after[path]):
            owner, owned = _owner(path, new, whence), _owner(path, old)
            is_other = owned != owner and (owned in LEVELS or owner in LEVELS)
            differences.append(
                Difference(path, "changed", before[path], after[path], owner, owned if is_other else None)
            )
    return tuple(differences)


def _whence(resolved: Resolved) -> dict[tuple[str, str], Match]:
    """By service and parameter."""
    return {(service, match.name): match for match in resolved.matching for service in match.needed_by}


def _paths(snapshot: Snapshot) -> dict[str, Json]:
    return dict(_walk(snapshot))


def _walk(snapshot: Snapshot) -> Iterator[tuple[str, Json]]:
    for level, key in zip(LEVELS, (snapshot.customer, snapshot.app, snapshot.instance), strict=True):
        yield f"{level}.key", key
        for name, value in snapshot.own[level].items():
            yield f"{level}.parameters.{name}", value
    for required in snapshot.requires:
        yield f"instance.requires.{required}", True
    for service in snapshot.services:
        stem = f"services.{service.key}"
        yield f"{stem}.sharing", service.sharing.value
        yield f"{stem}.tools", service.tools
        for need in service.needs:
            yield f"{stem}.needs.{need}", True
        for audit in service.audits:
            yield f"{stem}.audits.{audit.service}", write_where(audit.where)
        for name, value in service.parameters.items():
            yield f"{stem}.parameters.{name}", value
        for name, value in service.defaults.items():
            yield f"{stem}.defaults.{name}", value


def _owner(path: str, snapshot: Snapshot, whence: Mapping[tuple[str, str], Match] = NO_WHENCE) -> str:
    parts = path.split(".", 3)  # the name of a parameter may hold dots itself
    if parts[0] in LEVELS:
        return parts[0]
    service, field = parts[1:3]
    if field == "parameters":
        return _owner_of_value(service, parts[3], snapshot, whence.get((service, parts[3])))
    return {
        "needs": f"edge of service {service}",
        "audits": f"edge of service {service}",
        "defaults": f"default of service {service}",
    }.get(field, f"service {service}")


def _owner_of_value(service: str, name: str, snapshot: Snapshot, match: Match | None) -> str:
    default = f"default of service {service}"
    frozen = snapshot.by_key[service]
    value = canonical_text(frozen.parameters[name])
    owning = [level for level in LEVELS if name in snapshot.own[level]]
    if match is not None:
        if canonical_text(match.value) != value:  # a shared auditor with nothing to audit carries its defaults
            return default
        level = match.whence.level
        return default if level == "default" else level if level in LEVELS else f"{level} {match.whence.owner}"
    if owning:
        return owning[-1]
    return f"a template, or the {default}"


def _own_values(layers: Sequence[Layer], level: str) -> Iterator[tuple[str, Json]]:
    for layer in layers:
        if layer.level == level:
            yield from layer.values.items()


def freeze_service(spec: ServiceSpec, resolved: Resolved, closure: AbstractSet[str]) -> FrozenService:
    """One service of a closure as its snapshot holds it."""
    defaults = _frozen({d.name: d.default for d in spec.declarations if d.has_default and spec.audits})
    audits = tuple(sorted((a for a in spec.audits if a.service in closure), key=lambda audit: audit.service))
    return FrozenService(
        key=spec.key,
        sharing=spec.sharing,
        parameters=defaults if is_idle(spec, audits) else _frozen(resolved.by_service[spec.key]),
        defaults=defaults,
        needs=tuple(sorted(set(spec.needs))),
        audits=audits,
        tools=freeze(spec.tools),
    )


def _frozen(values: Mapping[str, Json]) -> Mapping[str, Json]:
    return MappingProxyType({name: freeze(value) for name, value in values.items()})
