"""What is dirty, and what made it so: the differing paths, each with the latest activity that touched it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias

from larry.core.deployable import LEVELS, Difference, Snapshot, compare_snapshots
from larry.core.document import Json
from larry.core.entrance import Entrance, find_entrances
from larry.core.parameters import Merge, Origin, Resolved
from larry.core.service_graph import ServiceSpec
from larry.core.track import Track, untracked
from larry.queries.activity import RENAME_KEY, ActivityRow, list_activity_of, list_key_changes
from larry.queries.deployable import get_snapshots
from larry.queries.deployment import DeploymentRow, State
from larry.queries.former_key import get_former_keys
from larry.queries.instance import Description, get_descriptions
from larry.queries.kept_survey import Now, get_now
from larry.queries.live import list_live
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.statement import Prepared
from larry.queries.stock import KeptInstance
from larry.queries.view import read_view
from larry.records.deployment import Deployment
from larry.records.instance import Instance

_Hosts: TypeAlias = dict[str, dict[str, set[str]]]

_MANY = 5000
"""As many are asked for one by one; of more all are read, since no statement takes as many values as one likes."""


@dataclass(frozen=True, slots=True)
class DirtyCause:
    """One path at which what is live differs from what is described, and who touched it last (None: not recorded)."""

    difference: Difference
    activity: ActivityRow | None

    @property
    def document(self) -> dict[str, Json]:
        """The cause for programs."""
        return {**self.difference.document, "activity": self.activity.document if self.activity else None}


@dataclass(frozen=True, slots=True)
class Dirty:
    """An instance, the hosts on which it is dirty, and why."""

    path: str
    hosts: tuple[str, ...]
    causes: tuple[DirtyCause, ...]

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {"instance": self.path, "hosts": self.hosts, "causes": [cause.document for cause in self.causes]}


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

    A constant number of SQL statements (about 15). Asks the kept survey, and describes those that are dirty.
    """
    with read_view():
        dirty, now = _list_dirty(reader, at, customer, None if instance is None else [instance], track)
        found = _tell_causes(dirty, now, reader, at)
    if activity is not None:
        found = tuple(
            each for each in found if any(c.activity is not None and c.activity.id == activity for c in each.causes)
        )
    return found


def list_dirty_among(paths: Collection[str], reader: Reader, at: Moment) -> tuple[Dirty, ...]:
    """Those of some instances that are dirty, by path; a constant number of SQL statements (about 15)."""
    with read_view():
        dirty, now = _list_dirty(reader, at, None, paths, untracked)
        return _tell_causes(dirty, now, reader, at)


def _tell_causes(dirty: _Hosts, now: Now, reader: Reader, at: Moment) -> tuple[Dirty, ...]:
    """What is dirty, with why."""
    behind = _look_behind(dirty, now, reader, at)
    asked = {place for each in behind.values() for d in each.differences.values() for place in each.places(d)}
    lines = list_activity_of(asked, reader, at)
    former = get_former_keys(reader, at)
    renamed = [(line, former.find(line.noun, line.address)) for line in list_key_changes(reader, at)]
    return tuple(
        Dirty(
            path,
            tuple(sorted({host for hosts in dirty[path].values() for host in hosts})),
            tuple(DirtyCause(d, each.find_cause(d, lines, renamed)) for _, d in sorted(each.differences.items())),
        )
        for path, each in sorted(behind.items())
    )


def list_dirty(reader: Reader, at: Moment, *, track: Track = untracked) -> Mapping[str, tuple[str, ...]]:
    """Dirty instances by path, each with the hosts on which it is; a constant number of SQL statements (about 8)."""
    with read_view():
        dirty, _ = _list_dirty(reader, at, None, None, track)
    return {path: tuple(sorted({name for hosts in dirty[path].values() for name in hosts})) for path in sorted(dirty)}


def list_dirty_to_come(
    paths: Collection[str], reader: Reader, at: Moment
) -> tuple[tuple[datetime, tuple[tuple[str, str], ...]], ...]:
    """When deployments of some instances are to start, after the moment, of snapshots that are not what is described,
    with their instances and hosts; the earliest first. A constant number of SQL statements (about 9).
    """
    rows = restrict(reader, Deployment.objects.filter(start__gt=at.as_of, deactivated_at=None))
    rows = rows.filter(instance__path__in=set(paths), instance__retired_at=None)
    coming = tuple(rows.values_list("start", "instance__path", "host__name", "deployable_id"))
    now = get_now({path for _, path, _, _ in coming}, reader, at)
    found: dict[datetime, list[tuple[str, str]]] = {}
    for start, path, host, digest in coming:
        if digest != now.digests[path]:
            found.setdefault(start, []).append((path, host))
    return tuple((start, tuple(sorted(lanes))) for start, lanes in sorted(found.items()))


def find_dirty_deployments(rows: Iterable[DeploymentRow], reader: Reader, at: Moment) -> frozenset[str]:
    """The ids of those of deployments as of the moment that are current and dirty; 2 SQL statements where nothing was
    edited since the survey was last asked for, else about 8, none where nothing is current.
    """
    current = [row for row in rows if row.state is State.CURRENT]
    if not current:
        return frozenset()
    with read_view():
        named = {row.instance for row in current}
        standing = restrict(reader, Instance.objects.filter(path__in=named, retired_at=None)).order_by()
        now = get_now(standing.values_list("path", flat=True), reader, at)
    return frozenset(row.id for row in current if now.digests.get(row.instance, row.snapshot) != row.snapshot)


class _Behind:
    """An instance with what is live of it elsewhere than where its description is, and what brought that about."""

    def __init__(self, description: Description, resolved: Resolved, services: Mapping[str, ServiceSpec]) -> None:
        self.description, self.services = description, services
        self.whence = {(key, match.name): match.whence for match in resolved.matching for key in match.needed_by}
        self.differences: dict[str, Difference] = {}
        self.links: dict[str, set[Entrance]] = {}
        self.floors: dict[str, Origin] = {}

    def add(self, live: Snapshot, now: Snapshot, resolved: Resolved) -> None:
        self.differences.update({each.path: each for each in compare_snapshots(live, now, resolved)})
        for entrances in (find_entrances(live, now), find_entrances(now, live)):
            for key, links in entrances.items():
                self.links.setdefault(key, set()).update(links)

    def settle(self) -> None:
        """Of much that was needed until here, keep what is asked of the differences that were found."""
        floors = {path: self._floor(each) for path, each in self.differences.items()}
        self.floors = {path: floor for path, floor in floors.items() if floor is not None}
        self.whence, self.services = {}, {}
        layers = tuple(replace(layer, values=MappingProxyType({})) for layer in self.description.layers)
        self.description = replace(self.description, layers=layers)

    @property
    def is_short(self) -> bool:
        """Whether it is little enough to be kept."""
        return len(repr(tuple(self.differences.values()))) <= _LONGEST

    def places(self, difference: Difference) -> Iterable[tuple[str, str]]:
        return places_of(difference.path, self.description, self._links(difference))

    def find_cause(
        self,
        difference: Difference,
        lines: Mapping[tuple[str, str], tuple[ActivityRow, ...]],
        renamed: Iterable[tuple[ActivityRow, str]],
    ) -> ActivityRow | None:
        floor = self.floors.get(difference.path)
        return latest_touch(difference, self.description, lines, renamed, self._links(difference), floor)

    def _links(self, difference: Difference) -> frozenset[Entrance]:
        """Why the services that a path names have come or gone."""
        parts = difference.path.split(".")
        if parts[0] != "services":
            return frozenset()
        named = [parts[1], *(parts[3:4] if parts[2] == "audits" else [])]
        return frozenset(link for key in named for link in self.links.get(key, ()))

    def _floor(self, difference: Difference) -> Origin | None:
        """Where a value stands whose lower layers have no part in it; None where they may have."""
        parts = difference.path.split(".", 3)
        if parts[0] != "services" or parts[2] != "parameters" or parts[1] not in self.services:
            return None
        merges = {declared.merge for declared in self.services[parts[1]].declarations if declared.name == parts[3]}
        return self.whence.get((parts[1], parts[3])) if merges == {Merge.REPLACE} else None


_kept: dict[str, tuple[KeptInstance, frozenset[str], _Behind]] = {}
"""Of what has been looked at, by path: what it was described as, and which snapshots of it were live. For as long as
that is so, it is behind in the same ways. It is kept for whoever sees everything: others are not told all owners."""

_MOST = 10_000
_LONGEST = 4_000
"""As many are kept, of as many characters of differences: about 4 KB each, so about 40 MB, and at most twice that."""


def _look_behind(dirty: _Hosts, now: Now, reader: Reader, at: Moment) -> dict[str, _Behind]:
    """What is live of dirty instances against what they are described as; a constant number of SQL statements (about
    4), none if all is known."""
    behind: dict[str, _Behind] = {}
    for path, digests in dirty.items() if reader.sees_everything else ():
        known = _kept.get(path)
        if known is not None and known[0] is now.kept.get(path) and known[1] == digests.keys():
            behind[path] = known[2]
    anew = dirty.keys() - behind.keys()
    if not anew:
        return behind
    descriptions = get_descriptions(anew, reader, at)
    live = get_snapshots({digest for path in anew for digest in dirty[path]}, reader, at)
    is_full = len(_kept) + len(anew) > _MOST
    for path, (instance, _, _) in tuple(_kept.items()) if now.kept else ():
        if now.kept.get(path) is not instance or (is_full and path not in dirty):
            _kept.pop(path, None)
    for path in sorted(anew):
        snapshot, resolved = descriptions[path].describe(now.services)
        behind[path] = found = _Behind(descriptions[path], resolved, now.services)
        for digest in sorted(dirty[path]):
            found.add(live[digest], snapshot, resolved)
        found.settle()
        if path in now.kept and reader.sees_everything and len(_kept) < _MOST and found.is_short:
            _kept[path] = now.kept[path], frozenset(dirty[path]), found
    return behind


def _list_dirty(
    reader: Reader, at: Moment, customer: str | None, among: Collection[str] | None, track: Track
) -> tuple[_Hosts, Now]:
    """Hosts by dirty instance and snapshot, of what is live at the moment and is not what is described, which is told
    too.

    Which hosts is asked of what is dirty alone: mostly that is little of what is live.
    """
    rows = list_live(reader, at).filter(instance__retired_at=None)
    if customer is not None:
        rows = rows.filter(instance__customer__key=customer.lower())
    wanted = None if among is None else {path.lower() for path in among}
    if wanted is not None and len(wanted) <= _MANY:
        rows = rows.filter(instance__path__in=wanted)
    live = Prepared.of(rows.order_by().values_list("instance__path", "deployable_id")).ask()
    deployed = [(path, digest) for path, digest in live if wanted is None or path in wanted]
    now = get_now({path for path, _ in deployed}, reader, at, track=track)
    behind = {(path, digest) for path, digest in deployed if digest != now.digests[path]}
    paths = {path for path, _ in behind}
    if len(paths) <= _MANY:
        rows = rows.filter(instance__path__in=paths)
    dirty: _Hosts = {}
    for path, digest, host in rows.values_list("instance__path", "deployable_id", "host__name"):
        if (path, digest) in behind:
            dirty.setdefault(path, {}).setdefault(digest, set()).add(host)
    return dirty, now


def places_of(path: str, description: Description, links: Iterable[Entrance] = ()) -> Iterable[tuple[str, str]]:
    """The nouns whose activity may have touched a path: the layers of the instance, the service that the path names,
    and who states what brought it in.
    """
    for layer in description.layers:
        yield _place(layer.level, layer.owner)
    head, _, rest = path.partition(".")
    if head == "services":
        yield "service", rest.split(".")[0]
    for link in links:
        if link.holder:
            yield "service", link.holder


def latest_touch(
    difference: Difference,
    description: Description,
    lines: Mapping[tuple[str, str], tuple[ActivityRow, ...]],
    renamed: Iterable[tuple[ActivityRow, str]] = (),
    links: Collection[Entrance] = (),
    floor: Origin | None = None,
) -> ActivityRow | None:
    """The latest of the lines that made a difference, or of the changes of keys (with whose they are now).

    ``links`` brought a service in or out: an edit of them, or a later one of what came with it, but not that the
    service was once created. Edits of layers that lie under ``floor``, where the value stands, did nothing to it.
    """
    touching = [
        line
        for place in _effective(difference.path, description, floor)
        for line in lines.get(place, ())
        if line.verb != RENAME_KEY and _touches(line, difference.path, floor)
    ]
    brought = [line for link in links for line in lines.get(_holder(link, description), ()) if _states(line, link)]
    if brought:
        touching = [*brought, *(line for line in touching if line.verb != "create")]
    touching += [line for line, address in renamed if _renames(line, address, difference, description)]
    return max(touching, key=lambda line: line.id, default=None)


def _place(level: str, owner: str) -> tuple[str, str]:
    return ("instance" if level == "template" else level), owner


def _effective(path: str, description: Description, floor: Origin | None) -> Iterable[tuple[str, str]]:
    """The places whose edits can change what stands at the path."""
    places = list(places_of(path, description))
    standing = _place(floor.level, floor.owner) if floor is not None else None
    return places[places.index(standing) :] if standing in places else places


def _holder(link: Entrance, description: Description) -> tuple[str, str]:
    return ("service", link.holder) if link.holder else ("instance", description.path)


def _states(line: ActivityRow, link: Entrance) -> bool:
    """Whether a line of activity states a link anew, or takes it back."""
    if link.kind == "audits":
        return bool(_audit(line.before, link.target) != _audit(line.after, link.target))
    return _changed(line, link.kind, link.target)


def _touches(line: ActivityRow, path: str, floor: Origin | None = None) -> bool:
    """Whether a line of activity changed what a path of a snapshot names."""
    parts = path.split(".")
    if parts[1] == "key":
        return False  # a key changes by an act of its own
    if parts[0] != "services":
        return line.noun != "service" and line.noun == parts[0] and _changed(line, parts[1], ".".join(parts[2:]))
    field, name = parts[2], ".".join(parts[3:])
    if line.noun == "service":
        if field in {"parameters", "defaults"}:
            return _declared(line, name, is_overridden=floor is not None and floor.level != "default")
        if field == "audits":
            return bool(_audit(line.before, name) != _audit(line.after, name))
        return _changed(line, field, name) if field == "needs" else field in (line.after or {})
    if field != "parameters":
        return False
    follows_another = line.noun == "instance" and "template" in (line.after or {}) and line.verb == "update"
    return _changed(line, field, name) or (follows_another and (floor is None or floor.level not in LEVELS))


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


def _declared(line: ActivityRow, name: str, *, is_overridden: bool) -> bool:
    """Whether a service's declaration of a parameter differs before and after, in what tells on its value."""
    return bool(_declaration(line.before, name, is_overridden) != _declaration(line.after, name, is_overridden))


def _declaration(values: Any, name: str, is_overridden: bool) -> Any:
    stated = next((each for each in _field(values, "parameters") or [] if each["name"] == name), None)
    left = {"description", "type", *(("default",) if is_overridden else ())}
    return stated and {word: value for word, value in stated.items() if word not in left}


def _audit(values: Any, audited: str) -> Any:
    """What an auditor states of one service that it audits."""
    return next((each for each in _field(values, "audits") or [] if each["service"] == audited), None)


def _field(values: Any, field: str) -> Any:
    return (values or {}).get(field)
