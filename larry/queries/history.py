"""History: what a host was, is and will be; and what was done to an instance, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from larry.core.document import Json
from larry.core.interval import iso
from larry.core.node_difference import NodeDifference, compare_nodes
from larry.queries.activity import ActivityRow, list_activity_of
from larry.queries.deployment import DeploymentFilter, DeploymentRow, State, list_deployments
from larry.queries.former_key import explain_absence, get_former_keys
from larry.queries.moment import Moment
from larry.queries.node import list_timeline
from larry.queries.reader import NotFound, Reader
from larry.queries.view import read_view

_FIRST = datetime(1, 1, 2, tzinfo=UTC)
"""Before anything: one day after the first one there is, so that no time zone leads out of the calendar."""


@dataclass(frozen=True, slots=True)
class HostStep:
    """One segment of a host, and how it differs from the one before (nothing for the first)."""

    start: datetime
    end: datetime | None
    digest: str
    differences: tuple[NodeDifference, ...]

    @property
    def document(self) -> dict[str, Json]:
        """The segment for programs."""
        return {
            "from": iso(self.start),
            "until": iso(self.end) if self.end else None,
            "digest": self.digest,
            "differences": [
                {"path": each.path, "kind": each.kind, "old": each.old, "new": each.new} for each in self.differences
            ],
        }


@dataclass(frozen=True, slots=True)
class InstanceHistory:
    """All deployments of an instance, deactivated ones too, and all activity about it and them, oldest first."""

    path: str
    deployments: tuple[DeploymentRow, ...]
    activity: tuple[ActivityRow, ...]


def get_host_history(
    host: str, reader: Reader, at: Moment, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[HostStep, ...]:
    """Every segment of a host in order, from ``since`` (None: the first) until a moment (None: for ever); 1 SQL
    statement. Secrets are masked, so a change of nothing but a secret shows no difference. Raises `NotFound`.
    """
    moment = Moment(since if since is not None else _FIRST, at.known_at)
    steps: list[HostStep] = []
    before = None
    for dated in list_timeline(host, reader, moment, until):
        differences = compare_nodes(before.node, dated.node) if before is not None else ()
        steps.append(HostStep(dated.start, dated.end, dated.digest, differences))
        before = dated
    return tuple(steps)


def get_instance_history(path: str, reader: Reader, at: Moment) -> InstanceHistory:
    """What happened to an instance, and what is planned; about 10 SQL statements. Raises `NotFound`."""
    with read_view():
        known = path.lower()
        rows = list_deployments(DeploymentFilter(instance=known, states=frozenset(State)), reader, at)
        places = [("instance", known), *(("deployment", row.id) for row in rows)]
        lines = [line for of_one in list_activity_of(places, reader, at).values() for line in of_one]
        if not lines or get_former_keys(reader, at).find("instance", known) != known:
            raise NotFound(explain_absence("instance", [path], reader, at))
    return InstanceHistory(known, rows, tuple(sorted(lines, key=lambda line: line.id)))


def get_service_history(key: str, reader: Reader, at: Moment) -> tuple[ActivityRow, ...]:
    """Every edit of a service, oldest first; about 3 SQL statements. Raises `NotFound`."""
    lines = list_activity_of([("service", key.lower())], reader, at).get(("service", key.lower()), ())
    if not lines or get_former_keys(reader, at).find("service", key.lower()) != key.lower():
        raise NotFound(explain_absence("service", [key], reader, at))
    return lines
