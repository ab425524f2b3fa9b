"""Explanations: where a value on a host came from, through its node, its snapshots and every layer of parameters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from larry.core.deployable import Difference, FrozenService, Snapshot
from larry.core.document import Json, canonical_text
from larry.core.interval import iso
from larry.core.moment_text import LATEST
from larry.core.node import NodeService, entry_key
from larry.core.node_text import DatedNode, mask_sealed
from larry.core.parameters import Origin
from larry.core.service_graph import Sharing
from larry.nouns.fault import did_you_mean, name_some
from larry.queries.activity import ActivityRow, list_activity_of
from larry.queries.deployable import get_snapshots
from larry.queries.dirty import latest_touch, places_of
from larry.queries.former_key import get_former_keys
from larry.queries.host import get_host_names
from larry.queries.instance import get_descriptions
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.noun import list_items
from larry.queries.provenance import Provenance, list_provenances
from larry.queries.reader import WHOLE, NotFound, Reader, restrict
from larry.queries.service import get_service_graph
from larry.queries.subject import find_subject
from larry.queries.view import read_view
from larry.records.deployment import DeployedService


@dataclass(frozen=True, slots=True)
class Today:
    """What is described now: the value, or None and why there is ``gone`` none; and the activity that touched it last.

    ``is_dirty``: the snapshot that is live says something else.
    """

    value: Json
    gone: str
    is_dirty: bool
    touched: ActivityRow | None

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {"value": self.value, "gone": self.gone or None, "dirty": self.is_dirty}


@dataclass(frozen=True, slots=True)
class Source:
    """One deployment that gives the value: its snapshot, and what each layer said when that was taken.

    ``about`` are the subjects (service, host) whose settings this value is, where the service is an auditor.
    """

    deployment: str
    instance: str
    start: datetime
    end: datetime | None
    reason: str
    rollout: int
    snapshot: str
    taken_at: datetime
    value: Json
    provenance: Provenance
    about: tuple[tuple[str, str], ...]
    today: Today

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        provenance, line = self.provenance, self.today.touched
        touched: Json = None
        if line is not None:
            touched = {"activity": line.id, "at": iso(line.at), "actor": line.actor, "reason": line.reason}
        return {
            "instance": self.instance,
            "deployment": self.deployment,
            "start": iso(self.start),
            "end": iso(self.end) if self.end else None,
            "rollout": self.rollout,
            "reason": self.reason,
            "snapshot": self.snapshot,
            "taken_at": iso(self.taken_at),
            "value": self.value,
            "about": [{"service": service, "host": host} for service, host in self.about],
            "merge": provenance.merge.value if provenance.merge else None,
            "recorded": provenance.is_recorded,
            "layers": [origin.document for origin in provenance.chain],
            "parts": [{"path": p.path, "value": p.value, "from": p.origin.document} for p in provenance.parts],
            "today": self.today.document,
            "touched": touched,
        }


@dataclass(frozen=True, slots=True)
class ExplainedEntry:
    """An entry of the node. ``carries``: it has the value itself; else only its subjects have, as settings.

    A shared auditor carries what its service ``declares`` as default, whatever the layers of its subjects say.
    """

    key: str
    paths: tuple[str, ...]
    carries: bool
    value: Json
    declares: bool
    sources: tuple[Source, ...]

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {
            "key": self.key,
            "for": self.paths,
            "carries": self.carries,
            "value": self.value,
            "is_declared_default": self.declares,
            "sources": [source.document for source in self.sources],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a parameter of a service on a host has its value from, during [start, end). Secrets are masked."""

    host: str
    service: str
    parameter: str
    start: datetime
    end: datetime | None
    entries: tuple[ExplainedEntry, ...]

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {
            "host": self.host,
            "service": self.service,
            "parameter": self.parameter,
            "valid": {"from": iso(self.start), "until": iso(self.end) if self.end else None},
            "entries": [entry.document for entry in self.entries],
        }


def get_explanation(host: str, service: str, parameter: str, reader: Reader, at: Moment) -> Explanation:
    """Everything about one value as of a moment; about 22 SQL statements, and 2 for each step of templates that follow
    templates. ``service`` may be the key of one entry. Raises `NotFound`, telling what there is.
    """
    with read_view():
        name = find_subject(host, ("host",), reader, at)[1]
        dated = get_node(name, reader, at)
        entries = _find_entries(dated, service, at)
        key = entries[0].service
        live = restrict(reader, DeployedService.objects.filter(deactivated=False, start__lte=at.as_of)).exclude(
            end__lte=at.as_of
        )
        on_host = live.filter(host__name=name, service_key=key)
        rows = list(on_host.select_related("deployment__instance", "deployment__deployable").order_by("id"))
        snapshots = get_snapshots({row.deployment.deployable_id for row in rows}, reader, at)
        _refuse_unknown(parameter, key, dated, [snapshot.by_key[key] for snapshot in snapshots.values()], at)
        taken = {row.deployment.deployable_id: row.deployment.deployable.taken_at for row in rows}
        asked = {digest: (s, taken[digest]) for digest, s in snapshots.items() if parameter in s.by_key[key].parameters}
        provenances = list_provenances(asked, key, parameter, reader, at)
        today = _Described({snapshot.path for snapshot, _ in asked.values()}, key, parameter, reader, at)
        names = get_host_names({there for row in rows for _, there in row.subjects}, WHOLE, at)
    sources: dict[str, list[Source]] = {}
    for row in rows:
        digest = row.deployment.deployable_id
        if digest in provenances:
            snapshot = snapshots[digest]
            source = _source(row, snapshot, provenances[digest], today.compare(snapshot), parameter, names)
            sources.setdefault(entry_key(key, snapshot.by_key[key].sharing, snapshot.path), []).append(source)
    told = [_entry(entry, parameter, sources.get(entry.key, ())) for entry in entries]
    return Explanation(name, key, parameter, dated.start, dated.end, tuple(told))


def _find_entries(dated: DatedNode, service: str, at: Moment) -> tuple[NodeService, ...]:
    wanted = service.lower()
    found = tuple(entry for entry in dated.node.services if wanted in {entry.service, entry.key})
    if not found:
        there = {entry.service: entry.service for entry in dated.node.services}
        told = f"; {some}" if (some := name_some(there)) else ""
        host = dated.node.facts.name
        raise NotFound(f"{service} is not on {host} at {iso(at.as_of)}{did_you_mean(service, there) or told}")
    return found


def _refuse_unknown(
    parameter: str, service: str, dated: DatedNode, frozen: Sequence[FrozenService], at: Moment
) -> None:
    names = {name: name for each in frozen for name in (*each.parameters, *each.defaults)}
    if parameter not in names:
        told = f"; {some}" if (some := name_some(names)) else "" if names else "; it has none"
        where = f"{service} on {dated.node.facts.name} has no parameter {parameter} at {iso(at.as_of)}"
        raise NotFound(f"{where}{did_you_mean(parameter, names) or told}")


class _Described:
    """Instances as they are described now, held against the snapshots that are live; by the keys they have now."""

    def __init__(self, paths: Collection[str], service: str, parameter: str, reader: Reader, at: Moment) -> None:
        self._former = get_former_keys(reader, at)
        self._service, self._frozen, self._parameter = self._former.find("service", service), service, parameter
        path = f"services.{self._service}.parameters.{parameter}"
        known = {item.address for item in list_items("instance", reader, at)}
        descriptions = get_descriptions(known & {self._former.find("instance", each) for each in paths}, reader, at)
        services = get_service_graph(reader, at)
        self._now = {each: description.describe(services) for each, description in descriptions.items()}
        places = {place for description in descriptions.values() for place in places_of(path, description)}
        lines = list_activity_of(places, reader, Moment(LATEST))
        asked = Difference(path, "changed", None, None, "")
        self._touched = {each: latest_touch(asked, of_one, lines) for each, of_one in descriptions.items()}

    def compare(self, frozen: Snapshot) -> Today:
        """What the instance of a snapshot would be given now."""
        value = frozen.by_key[self._frozen].parameters[self._parameter]
        path = self._former.find("instance", frozen.path)
        if path not in self._now:
            return Today(None, f"{path} has retired", True, None)
        touched = self._touched[path]
        snapshot, resolved = self._now[path]
        now = snapshot.by_key.get(self._service)
        if now is None:
            return Today(None, f"{self._service} is no longer a service of {path}", True, touched)
        if self._parameter not in now.parameters:
            is_missing = any(each.name == self._parameter for each in resolved.missing)
            why = "is missing" if is_missing else f"is no longer declared by {self._service}"
            return Today(None, f"{self._parameter} {why}", True, touched)
        said = now.parameters[self._parameter]
        return Today(mask_sealed(said), "", canonical_text(said) != canonical_text(value), touched)


def _source(
    row: DeployedService, snapshot: Snapshot, provenance: Provenance, today: Today, parameter: str,
    names: Mapping[int, str],
) -> Source:  # fmt: skip
    deployment = row.deployment
    return Source(
        deployment=deployment.id,
        instance=snapshot.path,
        start=row.start,
        end=row.end,
        reason=deployment.reason,
        rollout=deployment.rollout_id,
        snapshot=snapshot.digest,
        taken_at=deployment.deployable.taken_at,
        value=mask_sealed(snapshot.by_key[row.service_key].parameters[parameter]),
        provenance=_mask(provenance),
        about=tuple(sorted((service, names[there]) for service, there in row.subjects)),
        today=today,
    )


def _mask(provenance: Provenance) -> Provenance:
    def masked(origin: Origin) -> Origin:
        return replace(origin, value=mask_sealed(origin.value))

    return replace(
        provenance,
        chain=tuple(masked(origin) for origin in provenance.chain),
        parts=tuple(replace(p, value=mask_sealed(p.value), origin=masked(p.origin)) for p in provenance.parts),
    )


def _entry(entry: NodeService, parameter: str, sources: Iterable[Source]) -> ExplainedEntry:
    carries = parameter in entry.parameters
    declares = carries and entry.sharing is Sharing.HOST and bool(entry.audits)
    value = mask_sealed(entry.parameters.get(parameter))
    return ExplainedEntry(entry.key, entry.paths, carries, value, declares, tuple(sources))
