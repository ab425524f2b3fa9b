"""What a remote Larry answers, read back into the values that its own commands print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from larry.actions.apply import EstateChange, ItemChange
from larry.actions.consequence import Consequence, Lack
from larry.actions.redact import Redaction
from larry.actions.rename_key import KeyChange, Soiled
from larry.core.deployable import Difference, Snapshot
from larry.core.document import freeze, freeze_map
from larry.core.interval import Interval
from larry.core.node_difference import NodeDifference
from larry.core.parameters import (
    Match,
    Missing,
    Origin,
    ParameterType,
    Resolved,
    Unknown,
    WrongType,
)
from larry.core.plan import Change, NodeChange, Notice, Plan, PlannedService
from larry.core.timeline import Kind
from larry.nouns.item import Item
from larry.queries.activity import ActivityRow
from larry.queries.deployment import DeploymentRow, State
from larry.queries.user import UserRow

Told = Mapping[str, Any]


def read_at(text: str) -> datetime:
    """A moment."""
    return datetime.fromisoformat(text)


def find_at(text: str | None) -> datetime | None:
    """A moment, or None."""
    return None if text is None else datetime.fromisoformat(text)


def read_plan(told: Any, now: datetime | None) -> Plan:
    """A Plan, which keeps the digest it was told with; ``now`` is the moment that it calls now. What an answer does not
    tell of it (snapshots, intervals of services) is not printed either, and is empty."""
    nodes = tuple(
        NodeChange(each["host"], read_at(each["from"]), each["digest_before"], each["digest_after"])
        for each in told["nodes"]
    )
    moment = now if now is not None else (nodes[0].start if nodes else datetime.fromisoformat("0001-01-01T00:00:00Z"))
    plan = Plan(
        moment,
        tuple(_read_change(each) for each in told["changes"]),
        tuple(
            PlannedService(
                "", each["instance"], each["service"], each["host"], Interval(moment, None),
                tuple((site["service"], site["host"]) for site in each["audits"]),
            )
            for each in told["deployed_services"]
        ),
        _read_notices(told["warnings"]),
        _read_notices(told["refusals"]),
        nodes,
    )  # fmt: skip
    vars(plan)["digest"] = told["digest"]  # where the cached property keeps it
    return plan


def _read_change(told: Told) -> Change:
    return Change(
        Kind(told["kind"]), told["deployment"], told["instance"], told["host"], "",
        _read_span(told["before"]), _read_span(told["after"]), told["why"],
    )  # fmt: skip


def _read_span(told: Told | None) -> Interval | None:
    return None if told is None else Interval(read_at(told["start"]), find_at(told["end"]))


def _read_notices(told: Iterable[Told]) -> tuple[Notice, ...]:
    return tuple(Notice(each["code"], each["text"]) for each in told)


def read_change(told: Any, now: datetime | None) -> EstateChange:
    """What an edit changes."""
    changes = tuple(
        ItemChange(
            each["noun"],
            each["address"],
            each["verb"],
            MappingProxyType(
                {name: (freeze(pair["before"]), freeze(pair["after"])) for name, pair in each["fields"].items()}
            ),
        )
        for each in told["changes"]
    )
    said = told["redaction"]
    redaction = None
    if said is not None:
        redaction = Redaction(
            tuple(said["names"]), said["values"], said["snapshots"], said["node_documents"], said["activity_lines"],
            said["remains"] or "",
        )  # fmt: skip
    said = told["consequence"]
    lacking = tuple(Lack(each["instance"], tuple(each["why"])) for each in said["lacking"])
    consequence = Consequence(tuple(said["dirty"]), tuple(said["clean"]), lacking)
    notes = tuple(told["notes"])
    return EstateChange(changes, read_plan(told["plan"], now), redaction, notes, consequence=consequence)


def read_key_change(told: Any) -> KeyChange:
    """What follows from another key."""
    before, after = told["before"], told["after"]
    return KeyChange(
        told["noun"],
        (before["key"], after["key"]),
        (before["address"], after["address"]),
        tuple((each["noun"], each["before"], each["after"]) for each in told["moved"]),
        tuple((each["noun"], each["address"], each["field"]) for each in told["references"]),
        tuple(Soiled(each["instance"], tuple(each["hosts"]), each["was_dirty"]) for each in told["dirty"]),
        tuple(told["clean"]),
    )


def read_item(told: Told) -> Item:
    """A simple noun, in normal form."""
    values = {name: value for name, value in told.items() if name not in {"noun", "address"}}
    return Item(told["noun"], told["address"], freeze_map(values), None)


def read_activity(told: Any) -> ActivityRow:
    """A line of activity."""
    return ActivityRow(**{**told, "at": read_at(told["at"])})


def read_deployment(told: Any) -> DeploymentRow:
    """A deployment."""
    moments = {
        "start": read_at(told["start"]),
        "end": find_at(told["end"]),
        "deactivated": find_at(told["deactivated"]),
    }
    lacks = tuple((each["auditor"], each["service"], each["host"], each["why"]) for each in told["uncovered"])
    return DeploymentRow(**{**told, **moments, "state": State(told["state"]), "uncovered": lacks})


def read_user(told: Any) -> UserRow:
    """A user; since when somebody is deactivated is not told."""
    created = read_at(told["created_at"])
    return UserRow(
        0, told["name"], told["full_name"], told["email"], told["time_zone"], told["is_administrator"], created,
        None if told["is_active"] else created, find_at(told["signed_in_at"]), told["from"],
    )  # fmt: skip


def read_difference(told: Told) -> Difference:
    """What differs between snapshots."""
    old, new = freeze(told["old"]), freeze(told["new"])
    return Difference(told["path"], told["kind"], old, new, told["owner"], told["owner_before"])


def read_node_difference(told: Told) -> NodeDifference:
    """What differs between nodes."""
    return NodeDifference(told["path"], told["kind"], freeze(told["old"]), freeze(told["new"]))


def read_origin(told: Told) -> Origin:
    """What a layer said."""
    return Origin(told["level"], told["owner"], freeze(told["value"]))


def read_resolved(lines: Sequence[Any]) -> Resolved:
    """The parameters of an instance in their groups; what each service receives is not told."""
    group: dict[str, list[Any]] = {"matching": [], "missing": [], "wrong": [], "unknown": []}
    for line in lines:
        name, needed, value = line["name"], tuple(line["needed_by"]), freeze(line["value"])
        if line["group"] == "missing":
            group["missing"].append(Missing(name, needed))
            continue
        whence = read_origin(line["whence"])
        overrode = tuple(read_origin(each) for each in line["overrode"])
        if line["group"] == "matching":
            group["matching"].append(Match(name, value, whence, overrode, needed))
        elif line["group"] == "wrong":
            group["wrong"].append(WrongType(name, value, ParameterType(line["expected"]), whence, needed))
        else:
            group["unknown"].append(Unknown(name, value, whence))
    return Resolved(tuple(group["matching"]), tuple(group["missing"]), tuple(group["wrong"]), tuple(group["unknown"]))


def name_snapshot(path: str, digest: str) -> Snapshot:
    """A snapshot of which only the digest is known."""
    customer, app, instance = path.split("/")
    snapshot = Snapshot(customer, app, instance, MappingProxyType({}), (), ())
    vars(snapshot)["digest"] = digest
    return snapshot
