"""Redaction: what was frozen, delivered and recorded in clear is sealed, once its name has become sensitive.

A name that is sensitive is so wherever a parameter is called by it: as a layer sets it, as a service receives it or
declares its default, as a host is told it. What happens to be equal elsewhere (a reason, a label, a member of another
parameter) is nobody's parameter and stays. What is changed comes back as another object, what is not as the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from larry.core.deployable import LEVELS, FrozenService, Snapshot
from larry.core.document import Json, is_marked, is_sealed, read_marked
from larry.core.node import Node
from larry.core.node_text import replace_parameters

Seal: TypeAlias = Callable[[Json], Json]
"""From a value to its seal."""


def seal_values(values: Mapping[str, Json], names: Collection[str], seal: Seal) -> Mapping[str, Json]:
    """The values with those of sensitive names sealed, and those that are marked to be."""
    clear = {n for n, v in values.items() if is_marked(v) or (n in names and not is_sealed(v))}
    if not clear:
        return values
    return MappingProxyType({n: seal(read_marked(v)) if n in clear else v for n, v in values.items()})


def seal_defaults(declarations: Sequence[Json], names: Collection[str], seal: Seal) -> Sequence[Json]:
    """What a service declares, with the defaults of sensitive names sealed."""
    redacted = tuple(_seal_default(each, names, seal) for each in declarations)
    return redacted if any(new is not old for new, old in zip(redacted, declarations, strict=True)) else declarations


def holds_clear(snapshot: Snapshot, names: Collection[str]) -> bool:
    """Whether any value of a sensitive name stands in clear in the snapshot."""
    return redact_snapshot(snapshot, names, lambda value: value) is not snapshot


def redact_snapshot(snapshot: Snapshot, names: Collection[str], seal: Seal) -> Snapshot:
    """The snapshot as it would have been taken had the names been sensitive then; its digest is another."""
    own = {level: seal_values(snapshot.own[level], names, seal) for level in LEVELS}
    services = tuple(_redact_service(service, names, seal) for service in snapshot.services)
    changed = [own[level] is not snapshot.own[level] for level in LEVELS]
    changed += [new is not old for new, old in zip(services, snapshot.services, strict=True)]
    return replace(snapshot, own=MappingProxyType(own), services=services) if any(changed) else snapshot


def redact_node(node: Node, names: Collection[str], seal: Seal, digests: Mapping[str, str]) -> Node:
    """The node with the same values, those of sensitive names sealed, and its snapshots under their new digests."""
    instances = tuple(replace(each, snapshot=digests.get(each.snapshot, each.snapshot)) for each in node.instances)
    redacted = replace_parameters(node, lambda values: seal_values(values, names, seal))
    return replace(redacted, instances=instances)


def redact_record(record: Json, names: Collection[str], seal: Seal, digests: Mapping[str, str]) -> Json:
    """What a line of activity says was before or after, sealed; digests by which nothing is known any more replaced."""
    if not isinstance(record, Mapping):
        return record
    redacted = {word: _redact_field(word, value, names, seal, digests) for word, value in record.items()}
    return redacted if any(redacted[word] is not value for word, value in record.items()) else record


def _redact_field(word: str, value: Json, names: Collection[str], seal: Seal, digests: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        return digests.get(value, value)
    if word == "parameters" and isinstance(value, Mapping):
        return seal_values(value, names, seal)
    if word == "parameters" and isinstance(value, Sequence):
        return seal_defaults(value, names, seal)
    return value


def _redact_service(service: FrozenService, names: Collection[str], seal: Seal) -> FrozenService:
    parameters, defaults = (seal_values(values, names, seal) for values in (service.parameters, service.defaults))
    if parameters is service.parameters and defaults is service.defaults:
        return service
    return replace(service, parameters=parameters, defaults=defaults)


def _seal_default(declaration: Json, names: Collection[str], seal: Seal) -> Json:
    if not isinstance(declaration, Mapping) or declaration.get("name") not in names or "default" not in declaration:
        return declaration
    default = declaration["default"]
    return declaration if is_sealed(default) else MappingProxyType({**declaration, "default": seal(default)})
