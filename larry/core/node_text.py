"""A node as a document: the pinned JSON shape, written and read back without loss."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from larry.core.document import SEALED, Json, canonical_text, freeze, freeze_map, is_sealed
from larry.core.interval import iso
from larry.core.node import HostFacts, Node, NodeInstance, NodeService, Place, Subject
from larry.core.service_graph import Sharing

MASK = "********"
"""What stands in place of a secret for readers without the right to it."""

SEAL = f'{{"{SEALED}":'
"""How each seal begins in a canonical text; within a string its quotes would be written otherwise."""
_SEALED_TEXT = re.compile(re.escape(SEAL) + r'"[^"\\]*"\}')


@dataclass(frozen=True, slots=True)
class DatedNode:
    """A node with the segment it is valid in; between ``start`` and ``end`` not a byte changes but by an act.

    ``digest`` is that of the node as recorded, before secrets were masked or opened.
    """

    node: Node
    start: datetime
    end: datetime | None
    digest: str

    @property
    def next_change(self) -> datetime | None:
        return self.end


def mask_sealed(value: Json) -> Json:
    """The value for people, with a mask in place of each secret's seal, however deep."""
    if is_sealed(value):
        return MASK
    if isinstance(value, Mapping):
        return {name: mask_sealed(member) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [mask_sealed(member) for member in value]
    return value


def node_document(node: Node) -> dict[str, Json]:
    """The node's content, without any moment; what is stored and digested."""
    return {
        "host": node.facts.name,
        "addresses": node.facts.addresses,
        "labels": node.facts.labels,
        "data": node.facts.data,
        "own_parameters": node.own,
        "instances": [instance_document(each) for each in node.instances],
        "services": [entry_document(entry) for entry in node.services],
    }


def dated_document(dated: DatedNode) -> dict[str, Json]:
    """The pinned shape of interface.md: content, validity, next change and digest."""
    until = iso(dated.end) if dated.end else None
    return {
        **node_document(dated.node),
        "valid": {"from": iso(dated.start), "until": until},
        "next_change": until,
        "digest": dated.digest,
    }


def read_dated(document: Mapping[str, Any]) -> DatedNode:
    """The inverse of `dated_document`."""
    valid = document["valid"]
    until = datetime.fromisoformat(valid["until"]) if valid["until"] else None
    node = read_node(canonical_text(freeze(document)))
    return DatedNode(node, datetime.fromisoformat(valid["from"]), until, document["digest"])


def write_node(node: Node) -> str:
    """The canonical text that is stored under the node's digest."""
    return canonical_text(node_document(node))


def read_node(text: str) -> Node:
    """The inverse of `write_node`."""
    document: Any = json.loads(text)
    facts = HostFacts(
        document["host"],
        tuple(document["addresses"]),
        MappingProxyType(document["labels"]),
        freeze_map(document["data"]),
    )
    instances = tuple(map(read_instance, document["instances"]))
    services = tuple(map(read_entry, document["services"]))
    own = MappingProxyType({path: freeze_map(values) for path, values in document["own_parameters"].items()})
    return Node(facts, instances, services, own)


def open_node(node: Node, unseal: Callable[[str], Json]) -> Node:
    """The node with every secret in clear; ``unseal`` is asked with the HMAC. Its digest is no longer the stored
    one's.
    """
    return _with_secrets(node, unseal)


def mask_node(node: Node) -> Node:
    """The node with every secret replaced by `MASK`."""
    return _with_secrets(node, lambda _: MASK)


def mask_text(text: str) -> str:
    """The text of the masked node from that of the node as it is stored; the node itself is not made, which would take
    longer by far. What holds no secret is passed on unread.
    """
    if SEAL not in text:
        return text
    if holds_secrets_alone(text):
        return mask_seals(text)
    # What looks like a seal elsewhere, such as in the data of a host, is somebody's own value and stays.
    document: Any = json.loads(text)
    for values in _find_parameters(document):
        values.update(dict.fromkeys(_list_sealed(values), MASK))
    return canonical_text(document)


def holds_secrets_alone(text: str) -> bool:
    """Whether all that looks like a seal in the text of a node is a secret, so that `mask_seals` masks it."""
    found = sum(len(_list_sealed(values)) for values in _find_parameters(json.loads(text)))
    return found == text.count(SEAL) == len(_SEALED_TEXT.findall(text))


def mask_seals(text: str) -> str:
    """The text with a mask in place of all that looks like a seal."""
    return _SEALED_TEXT.sub(f'"{MASK}"', text)


def _list_sealed(values: Mapping[str, Any]) -> list[str]:
    return [name for name, value in values.items() if type(value) is dict and len(value) == 1 and SEALED in value]


def _find_parameters(document: Any) -> Iterator[dict[str, Any]]:
    """Every object of a node's document whose members may be secrets."""
    yield from document["own_parameters"].values()
    for entry in document["services"]:
        yield entry["parameters"]
        for subject in entry["audits"]:
            yield subject["parameters"]
            yield subject["settings"]


def has_secrets(node: Node) -> bool:
    """Whether masking changes the node."""
    values = [entry.parameters for entry in node.services] + list(node.own.values())
    values += [part for entry in node.services for s in entry.audits for part in (s.parameters, s.settings)]
    return any(is_sealed(value) for mapping in values for value in mapping.values())


def replace_parameters(node: Node, change: Callable[[Mapping[str, Json]], Mapping[str, Json]]) -> Node:
    """The node with all parameters that it holds, own ones and those of subjects too, as ``change`` makes them."""
    services = tuple(
        replace(
            entry,
            parameters=change(entry.parameters),
            audits=tuple(
                replace(s, parameters=change(s.parameters), settings=change(s.settings)) for s in entry.audits
            ),
        )
        for entry in node.services
    )
    own = MappingProxyType({path: change(values) for path, values in node.own.items()})
    return Node(node.facts, node.instances, services, own)


def _with_secrets(node: Node, unseal: Callable[[str], Json]) -> Node:
    def clear(values: Mapping[str, Json]) -> Mapping[str, Json]:
        return MappingProxyType({n: unseal(_hmac(v)) if is_sealed(v) else v for n, v in values.items()})

    return replace_parameters(node, clear)


def _hmac(value: Json) -> str:
    return str(value[SEALED]) if isinstance(value, Mapping) else ""


def instance_document(each: NodeInstance) -> Json:
    """What a node's document says of a deployment."""
    return {
        "customer": each.customer,
        "app": each.app,
        "instance": each.instance,
        "path": each.path,
        "deployment": each.deployment,
        "snapshot": each.snapshot,
    }


def read_instance(each: Any) -> NodeInstance:
    """The inverse of `instance_document`."""
    return NodeInstance(each["customer"], each["app"], each["instance"], each["deployment"], each["snapshot"])


def entry_document(entry: NodeService) -> Json:
    """What a node's document says of an entry."""
    return {
        "service": entry.service,
        "key": entry.key,
        "sharing": entry.sharing.value,
        "parameters": entry.parameters,
        "for": entry.paths,
        "needs": entry.needs,
        "after": entry.after,
        "needs_elsewhere": [
            {"service": place.service, "host": place.host, "addresses": place.addresses}
            for place in entry.needs_elsewhere
        ],
        "audits": [subject_document(subject) for subject in entry.audits],
        "tools": entry.tools,
    }


def subject_document(subject: Subject) -> Json:
    """What a node's document says of a subject."""
    return {
        "service": subject.service,
        "host": subject.host,
        "addresses": subject.addresses,
        "for": subject.paths,
        "parameters": subject.parameters,
        "settings": subject.settings,
    }


def read_subject(each: Any) -> Subject:
    """The inverse of `subject_document`."""
    return Subject(
        each["service"],
        each["host"],
        tuple(each["addresses"]),
        tuple(each["for"]),
        freeze_map(each["parameters"]),
        freeze_map(each["settings"]),
    )


def read_entry(entry: Any) -> NodeService:
    """The inverse of `entry_document`."""
    return NodeService(
        service=entry["service"],
        key=entry["key"],
        sharing=Sharing(entry["sharing"]),
        parameters=freeze_map(entry["parameters"]),
        paths=tuple(entry["for"]),
        needs=tuple(entry["needs"]),
        after=tuple(entry["after"]),
        needs_elsewhere=tuple(Place(p["service"], p["host"], tuple(p["addresses"])) for p in entry["needs_elsewhere"]),
        audits=tuple(map(read_subject, entry["audits"])),
        tools=freeze(entry["tools"]),
    )
