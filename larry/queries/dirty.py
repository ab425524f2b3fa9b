"""What is dirty, and what made it so: the differing paths, each with the latest activity that touched it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from larry.core.deployable import LEVELS, Difference, compare_snapshots
from larry.core.track import Track, untracked
from larry.queries.activity import RENAME_KEY, ActivityRow, list_activity_of, list_key_changes
from larry.queries.deployable import get_snapshots
from larry.queries.former_key import get_former_keys
from larry.queries.instance import Description, get_descriptions
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.service import get_service_graph
from larry.queries.view import read_view
from larry.records.deployment import Deployment


@dataclass(frozen=True, slots=True)
class DirtyCause:
    """One path at which what is live differs from what is described, and who touched it last (None: not recorded)."""

    difference: Difference
    activity: ActivityRow | None


@dataclass(frozen=True, slots=True)
class Dirty:
    """An instance, the hosts on which it is dirty, and why."""

    path: str
    hosts: tuple[str, ...]
    causes: tuple[DirtyCause, ...]


def list_dirty_causes(
    reader: Reader,
    at: Moment,
    *,
    customer: str | None = None,
    instance: str | None = None,
    activity: int | None = None,
    track: Track = untracked,
) -> tuple[Dirty, ...]:
    """Dirty instances by path: all, or those of a customer, or one by its path, or those that one activity made so.

    A constant number of SQL statements (about 15); takes a snapshot of every deployed instance in memory.
    """
    with read_view():
        deployed = _deployed(reader, at, customer, instance)
        descriptions = get_descriptions(deployed, reader, at) if deployed else {}
        services = get_service_graph(reader, at)
        live = get_snapshots({digest for hosts in deployed.values() for digest in hosts}, reader, at)
        behind: dict[str, tuple[set[str], dict[str, Difference]]] = {}
        for path, digests in track(tuple(deployed.items()), "holding what is live against what is described"):
            snapshot, _ = descriptions[path].describe(services)
            for digest, hosts in digests.items():
                if digest != snapshot.digest:
                    on, differences = behind.setdefault(path, (set(), {}))
                    on |= hosts
                    differences.update({each.path: each for each in compare_snapshots(live[digest], snapshot)})
        asked = {
            place for path, (_, differences) in behind.items() for d in differences.values()
            for place in places_of(d.path, descriptions[path])
        }  # fmt: skip
        lines = list_activity_of(asked, reader, at)
        former = get_former_keys(reader, at)
        renamed = [(line, former.find(line.noun, line.address)) for line in list_key_changes(reader, at)]
    found = [
        Dirty(
            path,
            tuple(sorted(hosts)),
            tuple(
                DirtyCause(d, latest_touch(d, descriptions[path], lines, renamed))
                for _, d in sorted(differences.items())
            ),
        )
        for path, (hosts, differences) in sorted(behind.items())
    ]
    if activity is not None:
        found = [
            each for each in found if any(c.activity is not None and c.activity.id == activity for c in each.causes)
        ]
    return tuple(found)


def _deployed(reader: Reader, at: Moment, customer: str | None, instance: str | None) -> dict[str, dict[str, set[str]]]:
    """Hosts by instance and snapshot, of what is live at the moment."""
    rows = restrict(
        reader, Deployment.objects.filter(deactivated_at=None, start__lte=at.as_of, instance__retired_at=None)
    ).exclude(end__lte=at.as_of)
    if customer is not None:
        rows = rows.filter(instance__customer__key=customer.lower())
    if instance is not None:
        rows = rows.filter(instance__path=instance.lower())
    deployed: dict[str, dict[str, set[str]]] = {}
    for path, digest, host in rows.values_list("instance__path", "deployable_id", "host__name"):
        deployed.setdefault(path, {}).setdefault(digest, set()).add(host)
    return deployed


def places_of(path: str, description: Description) -> Iterable[tuple[str, str]]:
    """The nouns whose activity may have touched a path: the layers of the instance, and the service the path names."""
    for layer in description.layers:
        yield ("instance" if layer.level == "template" else layer.level), layer.owner
    head, _, rest = path.partition(".")
    if head == "services":
        yield "service", rest.split(".")[0]


def latest_touch(
    difference: Difference,
    description: Description,
    lines: Mapping[tuple[str, str], tuple[ActivityRow, ...]],
    renamed: Iterable[tuple[ActivityRow, str]] = (),
) -> ActivityRow | None:
    """The latest of the lines that made a difference, or of the changes of keys (with whose they are now)."""
    touching = [
        line
        for place in places_of(difference.path, description)
        for line in lines.get(place, ())
        if line.verb != RENAME_KEY and _touches(line, difference.path)
    ]
    touching += [line for line, address in renamed if _renames(line, address, difference, description)]
    return max(touching, key=lambda line: line.id, default=None)


def _touches(line: ActivityRow, path: str) -> bool:
    """Whether a line of activity changed what a path of a snapshot names."""
    parts = path.split(".")
    if parts[1] == "key":
        return False  # a key changes by an act of its own
    if parts[0] != "services":
        return line.noun != "service" and line.noun == parts[0] and _changed(line, parts[1], ".".join(parts[2:]))
    if parts[2] in {"parameters", "defaults"}:
        name = ".".join(parts[3:])
        return _declared(line, name) if line.noun == "service" else _changed(line, "parameters", name)
    if line.noun == "service":
        return bool(line.address == parts[1] and parts[2] in (line.after or {}))
    return bool(line.noun == "instance" and "requires" in (line.after or {}))


def _renames(line: ActivityRow, address: str, difference: Difference, description: Description) -> bool:
    """Whether a change of a key made a difference: at the key itself, or at what is named by it. ``address`` is that
    of what has the key as it is now.
    """
    keys = {line.before["key"], line.after["key"]}
    parts = difference.path.split(".")
    if line.noun in LEVELS:
        owners = {layer.owner for layer in description.layers if layer.level == line.noun}
        return parts == [line.noun, "key"] and address in owners
    if line.noun == "service":
        named = parts[1:2] if parts[0] == "services" else parts[2:] if parts[1] == "requires" else []
        named += parts[3:4] if parts[0] == "services" and parts[2] in {"needs", "audits"} else []
        return not keys.isdisjoint(named)
    wheres = [where for where in (difference.old, difference.new) if isinstance(where, Mapping)]
    return parts[2:3] == ["audits"] and any(where.get(line.noun) in keys for where in wheres)


def _changed(line: ActivityRow, field: str, name: str) -> bool:
    """Whether the named member of a field differs before and after."""
    before, after = _field(line.before, field), _field(line.after, field)
    if isinstance(before, list) or isinstance(after, list):
        return (name in (before or [])) != (name in (after or []))
    return bool((before or {}).get(name) != (after or {}).get(name))


def _declared(line: ActivityRow, name: str) -> bool:
    """Whether a service's declaration of a parameter differs before and after."""
    return bool(_declaration(line.before, name) != _declaration(line.after, name))


def _declaration(values: Any, name: str) -> Any:
    return next((each for each in _field(values, "parameters") or [] if each["name"] == name), None)


def _field(values: Any, field: str) -> Any:
    return (values or {}).get(field)
