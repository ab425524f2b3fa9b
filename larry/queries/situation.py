"""Strange situations: what an operator would want to be told without having asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from larry.core.document import Json, digest_of
from larry.core.interval import iso
from larry.core.parameters import Resolved
from larry.core.service_graph import WhereKind
from larry.core.track import Track, untracked
from larry.queries.coverage import EVERYTHING, CoverageRow, list_coverage
from larry.queries.deployment import DeploymentFilter, DeploymentRow, State, list_deployments
from larry.queries.dirty import Dirty, list_dirty_causes
from larry.queries.former_key import get_former_keys
from larry.queries.host import HostRow, list_hosts
from larry.queries.instance import get_descriptions
from larry.queries.moment import Moment
from larry.queries.noun import list_items
from larry.queries.reader import Reader
from larry.queries.readiness import get_readiness
from larry.queries.service import get_service_graph
from larry.queries.view import read_view
from larry.queries.webhook import count_dead

SOON = timedelta(days=7)
_SEVERAL_OF_A_SORT = frozenset(
    {"uncovered", "parameter_missing", "parameter_of_wrong_type", "parameter_unknown", "role_left"}
)


@dataclass(frozen=True, slots=True)
class Situation:
    """One strange thing: a code for programs, whom it concerns, and a sentence."""

    code: str
    noun: str
    address: str
    text: str

    @property
    def identity(self) -> str:
        """By which it is known again later. Where one noun may have several of a sort it is known by its text, else by
        what it is about: that says in other words later that it is still so."""
        text = self.text if self.code in _SEVERAL_OF_A_SORT else ""
        return digest_of([self.code, self.noun, self.address, text])[:32]

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {"what": self.code, "noun": self.noun, "address": self.address, "text": self.text}


def list_situations(reader: Reader, at: Moment, *, track: Track = untracked) -> tuple[Situation, ...]:
    """Everything strange as of a moment, sorted by code and address; a constant number of SQL statements (about 40).

    Takes a snapshot of every instance in memory, so it costs what all closures together cost.
    """
    readiness = get_readiness(reader, at)
    if readiness.pending_migrations:
        text = "the database is not up to date: run `larry migrate`"
        return tuple(Situation("migration", "database", name, text) for name in readiness.pending_migrations)
    found = [
        Situation("guard_missing", "database", name, "the database no longer keeps this promise: run `larry migrate`")
        for name in readiness.missing_guards
    ]
    with read_view():
        current = list_deployments(DeploymentFilter(states=frozenset({State.CURRENT, State.FUTURE})), reader, at)
        live = [row for row in current if row.state is State.CURRENT]
        paths = [item.address for item in list_items("instance", reader, at)]
        coverage = list_coverage(EVERYTHING, reader, at)
        copies = {item.address: item.values["copies"] for item in list_items("instance", reader, at)}
        found += _undeployed(reader, at, {row.instance for row in live})
        if reader.sees_everything:  # others see of a host only what is theirs
            found += _idle(list_hosts(reader, at))
        found += _copies(copies, live)
        found += _uncovered(coverage)
        resolved = _resolve(paths, reader, at, track)
        found += [*_parameters(resolved), *_needless(resolved)]
        found += _dirty(list_dirty_causes(reader, at, track=track))
        found += _ending(current, at)
        found += _roles(coverage, reader, at)
        found += _unheard(count_dead(reader, at))
    return tuple(sorted(found, key=lambda each: (each.code, each.address, each.text)))


def _resolve(paths: Iterable[str], reader: Reader, at: Moment, track: Track) -> Mapping[str, Resolved]:
    services = get_service_graph(reader, at)
    described = tuple(get_descriptions(paths, reader, at).items())
    looked = track(described, "looking through the parameters of instances")
    return {path: description.describe(services)[1] for path, description in looked}


def _undeployed(reader: Reader, at: Moment, live: set[str]) -> Iterator[Situation]:
    apps = [item.address for item in list_items("app", reader, at)]
    deployed = {path.rpartition("/")[0] for path in live}
    for app in apps:
        if app not in deployed:
            yield Situation("app_not_deployed", "app", app, f"no instance of {app} is live")
    for item in list_items("customer", reader, at):
        own = [app for app in apps if app.startswith(f"{item.address}/")]
        idle = [app for app in own if app not in deployed]
        if idle and idle == own:
            yield Situation("customer_not_deployed", "customer", item.address, f"nothing of {item.address} is live")
        elif idle:
            text = f"{len(idle)} of {len(own)} apps of {item.address} are not live: {', '.join(idle)}"
            yield Situation("customer_partly_deployed", "customer", item.address, text)


def _idle(hosts: Iterable[HostRow]) -> Iterator[Situation]:
    for host in hosts:
        if host.services == 0:
            soon = f"; that changes at {iso(host.next_change)}" if host.next_change else ""
            yield Situation("host_idle", "host", host.name, f"nothing is live on {host.name}{soon}")


def _copies(wanted: Mapping[str, object], live: Iterable[DeploymentRow]) -> Iterator[Situation]:
    hosts: dict[str, set[str]] = {}
    for row in live:
        hosts.setdefault(row.instance, set()).add(row.host)
    for path, on in sorted(hosts.items()):
        copies = wanted.get(path)
        if isinstance(copies, int) and len(on) < copies:
            yield Situation("fewer_copies", "instance", path, f"{path} has {len(on)} of {copies} copies")


def _uncovered(coverage: Iterable[CoverageRow]) -> Iterator[Situation]:
    for row in coverage:
        if row.by is None:
            text = f"{row.service} of {row.instance} on {row.host} is not covered by {row.auditor}: {row.why}"
            yield Situation("uncovered", "instance", row.instance, text)


def _parameters(resolved: Mapping[str, Resolved]) -> Iterator[Situation]:
    for path, groups in resolved.items():
        for missing in groups.missing:
            needed = ", ".join(missing.needed_by)
            yield Situation("parameter_missing", "instance", path, f"{path} lacks {missing.name}: needed by {needed}")
        for wrong in groups.wrong:
            text = f"{wrong.name} of {path} is not of type {wrong.expected}"
            yield Situation("parameter_of_wrong_type", "instance", path, text)
        for unknown in groups.unknown:
            if unknown.whence.level == "instance":
                text = f"{path} sets {unknown.name}, which no service of it needs"
                yield Situation("parameter_unknown", "instance", path, text)


def _needless(resolved: Mapping[str, Resolved]) -> Iterator[Situation]:
    """What a customer or an app sets, and no service of any instance of theirs needs."""
    needed: set[tuple[str, str]] = set()
    unknown: set[tuple[str, str, str]] = set()
    for path, groups in resolved.items():
        customer, app = path.split("/")[0], path.rpartition("/")[0]
        needed.update((owner, match.name) for match in groups.matching for owner in (customer, app))
        unknown.update((each.whence.level, each.whence.owner, each.name) for each in groups.unknown)
    for level, owner, name in unknown:
        if level in {"customer", "app"} and (owner, name) not in needed:
            text = f"{owner} sets {name}, which no service of its instances needs"
            yield Situation("parameter_unknown", level, owner, text)


def _dirty(behind: Iterable[Dirty]) -> Iterator[Situation]:
    for each in behind:
        text = f"{each.path} is dirty: what is live on {', '.join(each.hosts)} is not what is described"
        yield Situation("dirty", "instance", each.path, text)


def _ending(current: Iterable[DeploymentRow], at: Moment) -> Iterator[Situation]:
    rows = list(current)
    starts = {(row.instance, row.host, row.start) for row in rows}
    for row in rows:
        soon = row.state is State.CURRENT and row.end is not None and row.end <= at.as_of + SOON
        if soon and row.end is not None and (row.instance, row.host, row.end) not in starts:
            text = f"{row.instance} on {row.host} ends at {iso(row.end)}, and nothing follows"
            yield Situation("ends_soon", "deployment", row.id, text)


def _unheard(dead: Mapping[int, tuple[str, int]]) -> Iterator[Situation]:
    for number, (shown, count) in dead.items():
        text = f"{count} deliveries to the webhook {number} ({shown}) were given up: see `larry webhook deliveries`"
        yield Situation("webhook_failing", "webhook", str(number), text)


def _roles(coverage: Iterable[CoverageRow], reader: Reader, at: Moment) -> Iterator[Situation]:
    """Audits that were sent to a host for its role, which it has no more: reported, never acted on."""
    roles = {item.address: item.values["roles"] for item in list_items("host", reader, at)}
    former = get_former_keys(reader, at)
    for row in coverage:
        has = roles.get(row.by or "", ())
        if row.by is None or row.is_placed or row.where.kind is not WhereKind.ROLE:
            continue
        if former.find("role", str(row.where.name)) not in (has if isinstance(has, tuple) else ()):
            who = f"{row.auditor} audits {row.service} of {row.instance} from {row.by}"
            text = f"{who}, which no longer has the role {row.where.name}"
            yield Situation("role_left", "instance", row.instance, text)
