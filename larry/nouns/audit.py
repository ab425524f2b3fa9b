"""An audit is the edge from a Service to one that it audits, with where the auditor goes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.core.document import Json
from larry.core.key import fold
from larry.core.service_graph import WhereKind
from larry.nouns.fault import Fault, describe_value, did_you_mean, shorten
from larry.nouns.text import find_line_fault, read_list

PLAIN_WHERES = (WhereKind.SAME_HOST.value, WhereKind.MANUAL.value)
NAMED_WHERES = (WhereKind.HOST.value, WhereKind.ROLE.value)
_KEYS = {"service": "service", "where": "where"}
_WHERES = "same-host, manual, {host: NAME} or {role: NAME}"


def parse_audits(value: Json) -> tuple[Json, tuple[Fault, ...]]:
    """Read the audits of a service: names of services, or maps of service and where; references stay as written."""
    members, faults = read_list(value, "audits, such as [{service: postgres, where: same-host}]")
    normal: list[Json] = []
    seen: set[str] = set()
    for index, member in members:
        audit, member_faults = _parse_audit(member)
        faults.extend(fault.under(index) for fault in member_faults)
        service = audit.get("service")
        if isinstance(service, str) and fold(service) in seen:
            faults.append(Fault(f"service {shorten(service)} is audited twice", (index, "service")))
        elif isinstance(service, str):
            seen.add(fold(service))
            normal.append(MappingProxyType(audit))
    return (None, tuple(faults)) if faults else (tuple(normal), ())


def _parse_audit(member: Json) -> tuple[dict[str, Json], list[Fault]]:
    if isinstance(member, str):
        member = {"service": member}
    if not isinstance(member, Mapping):
        return {}, [
            Fault(f"must be the name of a service, or a map of service and where, not {describe_value(member)}")
        ]
    faults = [
        Fault(f"an audit has no {shorten(key)}{did_you_mean(key, _KEYS)}", (key,), at_key=True)
        for key in member
        if key not in _KEYS
    ]
    service = member.get("service")
    if "service" not in member:
        faults.append(Fault("an audit needs a service"))
    elif text := (find_line_fault(service) if service != "" else "must be the key or name of one service, not nothing"):
        faults.append(Fault(text, ("service",)))
    where, where_faults = _parse_where(member.get("where", WhereKind.SAME_HOST.value))
    faults.extend(fault.under("where") for fault in where_faults)
    return {"service": service, "where": where}, faults


def _parse_where(value: Json) -> tuple[Json, list[Fault]]:
    if isinstance(value, str):
        if value in PLAIN_WHERES:
            return value, []
        guess = did_you_mean(value, {name: name for name in PLAIN_WHERES})
        hint = f"; write {{{value}: NAME}}" if value in NAMED_WHERES else guess
        return None, [Fault(f"where must be {_WHERES}, not {shorten(value)}{hint}")]
    if not isinstance(value, Mapping) or len(value) != 1:
        return None, [Fault(f"where must be {_WHERES}, not {describe_value(value)}")]
    ((kind, name),) = value.items()
    if kind not in NAMED_WHERES:
        return None, [Fault(f"where must be {_WHERES}, not {shorten(str(kind))}", (kind,), at_key=True)]
    text = find_line_fault(name, longest=253) if name != "" else f"must be the name of one {kind}, not nothing"
    if text:
        return None, [Fault(text, (kind,))]
    return MappingProxyType({kind: name}), []
