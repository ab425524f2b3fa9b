"""What the estate tells as a whole: edges, snapshots, activity, what is strange, dirty or uncovered; and its hosts."""

from __future__ import annotations

from django.http import HttpResponse
from pydantic import Field

from larry.actions.reveal import reveal
from larry.api.asked import (
    Address,
    AskedQuery,
    AsOfQuery,
    Digest,
    HostPath,
    Id,
    Line,
    MomentText,
    PickedPageQuery,
    PickedQuery,
    ReasonBody,
)
from larry.api.operation import Answer, Call, expose, pick, say_moment
from larry.api.page import make_cursor, page_document, read_cursor, read_id_mark
from larry.api.problem import make_json
from larry.core.document import Json
from larry.core.interval import iso
from larry.core.node_text import dated_document
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.coverage import CoverageFilter, list_coverage
from larry.queries.deployable import get_kept_snapshot, list_kept_snapshots
from larry.queries.dirty import list_dirty_causes
from larry.queries.edge import list_edges
from larry.queries.history import get_host_history, get_service_history
from larry.queries.node import get_node
from larry.queries.reader import NotFound
from larry.queries.situation import list_situations


class EdgesQuery(AsOfQuery):
    service: Address | None = Field(None, description="Those from and to this service.")
    known_at: MomentText | None = Field(None, description="As the record had them then.")


class ActivitiesQuery(PickedPageQuery):
    noun: Line | None = None
    address: Address | None = None
    actor: Line | None = None
    verb: Line | None = None
    text: Line | None = Field(None, description="Part of the reason.")
    customer: Address | None = None
    app: Address | None = None
    instance: Address | None = None
    rollout: Id | None = None
    since: MomentText | None = None
    until: MomentText | None = None


class CoverageQuery(AsOfQuery):
    customer: Address | None = None
    app: Address | None = None
    instance: Address | None = None
    host: Address | None = None
    service: Address | None = None
    uncovered: bool = Field(False, description="Only what lacks an auditor.")


class DirtyQuery(AsOfQuery):
    customer: Address | None = None
    cause: Id | None = Field(None, description="Only those that this activity made so.")


class DeployablesQuery(PickedPageQuery):
    instance: Address | None = None


class HistoryQuery(AskedQuery):
    since: MomentText | None = None
    until: MomentText | None = None


class ServicePath(AskedQuery):
    service: Address


class DigestPath(AskedQuery):
    digest: Digest


@expose("GET", "/edges", tag="services", answers={200: Answer("Edges", "By service.")}, problems=("not-found",))
def answer_edges(call: Call, asked: EdgesQuery) -> HttpResponse:
    """List the edges of the service graph: who needs whom, who audits whom."""
    known = asked.known_at if asked.known_at is not None else asked.as_of
    rows = list_edges(call.reader, call.at(None, known), service=asked.service)
    return make_json([row.document for row in rows])


@expose("GET", "/deployables", tag="deployables", answers={200: Answer("DeployablePage", "The latest first.")})
def answer_deployables(call: Call, asked: DeployablesQuery) -> HttpResponse:
    """List the snapshots that are kept."""
    at = call.at(asked.as_of)
    known: Json = ["deployables", asked.instance, asked.as_of]
    mark = read_cursor(asked.cursor, known)
    rows = list_kept_snapshots(
        call.reader, at, instance=asked.instance, after=str(mark) if mark is not None else None, limit=asked.limit + 1
    )
    shown = rows[: asked.limit]
    following = make_cursor(known, shown[-1].digest) if len(rows) > len(shown) else None
    items = [pick(row.document, asked.fields) for row in shown]
    return make_json(page_document(items, following), headers=say_moment(at.as_of))


@expose(
    "GET",
    "/deployables/{digest}",
    tag="deployables",
    answers={200: Answer("DeployableDetail", "With its content.", ("Larry-As-Of",))},
    problems=("not-found",),
)
def answer_deployable(call: Call, path: DigestPath, asked: PickedQuery) -> HttpResponse:
    """Read one snapshot, which never changes; secrets are known by their HMAC. Before it was taken there was none."""
    at, digest = call.at(asked.as_of), path.digest.lower()
    found = get_kept_snapshot(digest, call.reader, call.present)
    if found.taken_at > at.as_of:
        raise NotFound(f"there is no snapshot {digest}")
    return make_json(pick(found.whole, asked.fields), headers=say_moment(at.as_of))


@expose(
    "GET",
    "/activity",
    tag="activity",
    answers={200: Answer("ActivityPage", "The latest first.", ("Larry-As-Of",))},
    problems=("not-found",),
)
def answer_activity(call: Call, asked: ActivitiesQuery) -> HttpResponse:
    """List who did what to what, when and why."""
    at = call.at(asked.as_of)
    given = asked.model_dump(exclude={"limit", "cursor", "fields", "as_of", "since", "until"})
    known: Json = ["activity", asked.model_dump(exclude={"limit", "cursor", "fields"})]
    since, until = call.find_moment(asked.since, "since"), call.find_moment(asked.until, "until")
    before = read_id_mark(read_cursor(asked.cursor, known))
    which = ActivityFilter(**given, since=since, until=until, before=before)
    rows = list_activity(call.reader, at, which, limit=asked.limit + 1)
    shown = rows[: asked.limit]
    following = make_cursor(known, shown[-1].id) if len(rows) > len(shown) else None
    items = [pick(row.document, asked.fields) for row in shown]
    return make_json(page_document(items, following), headers=say_moment(at.as_of))


@expose("GET", "/situations", tag="reports", answers={200: Answer("Situations", "By code.", ("Larry-As-Of",))})
def answer_situations(call: Call, asked: AsOfQuery) -> HttpResponse:
    """List strange situations, before they surprise somebody."""
    at = call.at(asked.as_of)
    rows = list_situations(call.reader, at)
    return make_json([row.document for row in rows], headers=say_moment(at.as_of))


@expose("GET", "/dirty", tag="reports", answers={200: Answer("Dirties", "By instance.", ("Larry-As-Of",))})
def answer_dirty(call: Call, asked: DirtyQuery) -> HttpResponse:
    """List dirty instances, with the causes."""
    at = call.at(asked.as_of)
    rows = list_dirty_causes(call.reader, at, customer=asked.customer, activity=asked.cause)
    return make_json([row.document for row in rows], headers=say_moment(at.as_of))


@expose(
    "GET",
    "/coverage",
    tag="reports",
    answers={200: Answer("Coverages", "By instance, service, host and auditor.", ("Larry-As-Of",))},
    problems=("not-found",),
)
def answer_coverage(call: Call, asked: CoverageQuery) -> HttpResponse:
    """List every deployed service with each auditor that its snapshot asks for."""
    at = call.at(asked.as_of)
    which = CoverageFilter(asked.customer, asked.app, asked.instance, asked.host, asked.service)
    rows = list_coverage(which, call.reader, at)
    shown = [row.document for row in rows if row.by is None or not asked.uncovered]
    return make_json(shown, headers=say_moment(at.as_of))


@expose(
    "GET",
    "/hosts/{host}/node",
    tag="hosts",
    answers={200: Answer("Node", "As of a moment, secrets masked.", ("Larry-As-Of", "Larry-Next-Change"))},
    problems=("not-found",),
)
def answer_node(call: Call, path: HostPath, asked: AsOfQuery) -> HttpResponse:
    """Read what a host is to be: the node that every dialect prints."""
    at = call.at(asked.as_of)
    dated = get_node(path.host, call.reader, at)
    change = {"Larry-Next-Change": iso(dated.end)} if dated.end is not None else {}
    return make_json(dated_document(dated), headers={**say_moment(at.as_of), **change})


@expose(
    "POST",
    "/hosts/{host}/reveal",
    tag="hosts",
    answers={200: Answer("Node", "With secrets in clear; nobody keeps it.", ("Larry-As-Of", "Larry-Next-Change"))},
    problems=("not-found",),
    headers=("Larry-Reason",),
    example={"reason": "to see why nobody can sign in"},
)
def reveal_node(call: Call, path: HostPath, asked: AsOfQuery, said: ReasonBody | None = None) -> HttpResponse:
    """Read what a host is to be, with secrets in clear, by whoever may; activity tells it."""
    at = call.at(asked.as_of)
    dated = reveal(path.host, at, call.author(said.reason if said else ""))
    change = {"Larry-Next-Change": iso(dated.end)} if dated.end is not None else {}
    response = make_json(dated_document(dated), headers={**say_moment(at.as_of), **change})
    response.headers["Cache-Control"] = "no-store"
    return response


@expose(
    "GET",
    "/services/{service}/history",
    tag="services",
    answers={200: Answer("ActivityLines", "Oldest first.", ("Larry-As-Of",))},
    problems=("not-found",),
)
def answer_service_history(call: Call, path: ServicePath, asked: AsOfQuery) -> HttpResponse:
    """Tell what was done to a service and its edges."""
    at = call.at(asked.as_of)
    rows = get_service_history(path.service, call.reader, at)
    return make_json([row.document for row in rows], headers=say_moment(at.as_of))


@expose(
    "GET",
    "/hosts/{host}/history",
    tag="hosts",
    answers={200: Answer("HostSteps", "Past and future, with what differs.")},
    problems=("not-found",),
)
def answer_host_history(call: Call, path: HostPath, asked: HistoryQuery) -> HttpResponse:
    """Tell every change of what a host was, is and will be."""
    since, until = call.find_moment(asked.since, "since"), call.find_moment(asked.until, "until")
    steps = get_host_history(path.host, call.reader, call.present, since=since, until=until)
    return make_json([step.document for step in steps])
