"""Deployments: what was, is and will be live where; changed, ended and taken back by the rules of editing."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from pydantic import Field

from larry.actions.edit_deployment import DeploymentEdit, delete_deployments, edit_deployment
from larry.actions.undeploy import undeploy
from larry.api.asked import (
    MOST_MEMBERS,
    ActQuery,
    Address,
    Id,
    IdPath,
    Line,
    MomentText,
    PickedPageQuery,
    PickedQuery,
    PlanBody,
)
from larry.api.once import once
from larry.api.operation import Answer, Call, expose, pick, say_moment
from larry.api.page import make_cursor, page_document, read_cursor, read_id_mark, read_moment_mark, refuse_cursor
from larry.api.problem import FieldFault, Problem, make_json
from larry.api.sought import SORTED, SOUGHT, read_sort
from larry.api.tag import read_seen, tag_of
from larry.core.document import Json
from larry.core.interval import iso
from larry.core.plan import Plan
from larry.exports.plan import plan_document
from larry.queries.deployment import (
    SHOWN,
    SORTS,
    DeploymentFilter,
    DeploymentMark,
    State,
    get_deployment,
    list_deployments,
    page_deployments,
)

STATES = ", ".join(State)
PLAN = {200: Answer("Plan", "What was done, or would be done (dry_run).", ("Larry-As-Of",))}
PLAN_ONCE = {200: Answer("Plan", "What was done, or would be done (dry_run).", ("Larry-As-Of", "Idempotent-Replay"))}


def answer_plan(plan: Plan, status: int = 200) -> HttpResponse:
    """A Plan, with the moment that is now in it."""
    return make_json(plan_document(plan), status=status, headers=say_moment(plan.now))


class DeploymentsQuery(PickedPageQuery):
    state: Line | None = Field(None, description=f"Of these states, with commas: {STATES}, all.", examples=["current"])
    customer: Address | None = Field(None, description="Of this customer.")
    app: Address | None = Field(None, description="Of this app: customer/app.")
    instance: Address | None = Field(None, description="Of this instance: customer/app/instance.")
    host: Address | None = Field(None, description="On this host.")
    rollout: Id | None = Field(None, description="Made by this rollout.")
    known_at: MomentText | None = Field(None, description="As the record had them then.")
    q: Line | None = SOUGHT
    sort: Line | None = SORTED


class DeploymentBody(PlanBody):
    start: MomentText | None = None
    end: MomentText | None = Field(None, description="It ends then; null: it has no end.")
    host: Address | None = None
    place: Annotated[dict[Line, Address] | None, Field(max_length=1000)] = None
    resume: bool = Field(True, description="What it interrupts goes on after it.")


class ManyBody(PlanBody):
    deployments: Annotated[list[Address], Field(min_length=1, max_length=MOST_MEMBERS)]


class UndeployManyBody(ManyBody):
    at: MomentText | None = Field(None, description="Then; now unless given.")


class UndeployBody(PlanBody):
    at: MomentText | None = Field(None, description="Then; now unless given.")


@expose(
    "GET",
    "/deployments",
    tag="deployments",
    answers={200: Answer("DeploymentPage", "One page, by start.", ("Larry-As-Of",))},
)
def answer_deployments(call: Call, asked: DeploymentsQuery) -> HttpResponse:
    """List deployments."""
    at = call.at(asked.as_of, asked.known_at)
    which = DeploymentFilter(
        asked.customer, asked.app, asked.instance, asked.host, asked.rollout, _read_states(asked.state)
    )
    known: Json = ["deployments", asked.model_dump(exclude={"cursor", "limit", "fields"})]
    if asked.q is not None or asked.sort is not None:
        return _answer_sought(call, asked, which, known)
    after = _read_mark(read_cursor(asked.cursor, known))
    rows = list_deployments(which, call.reader, at, after=after, limit=asked.limit + 1)
    shown = rows[: asked.limit]
    following = None
    if len(rows) > len(shown):
        start, *rest = shown[-1].mark
        following = make_cursor(known, [iso(start), *rest])
    items = [pick(row.document, asked.fields) for row in shown]
    return make_json(page_document(items, following), headers=say_moment(at.as_of))


def _answer_sought(call: Call, asked: DeploymentsQuery, which: DeploymentFilter, known: Json) -> HttpResponse:
    """One page of those that are found, or otherwise sorted: its cursor counts, so it says how many there are."""
    if asked.known_at is not None:
        why = "what the record had is told by start, without q and sort"
        raise Problem("invalid", f"known_at: {why}", faults=[FieldFault("query", "known_at", why)])
    word, is_descending = read_sort(asked.sort or "start", SORTS, "deployments")
    begin, at = read_id_mark(read_cursor(asked.cursor, known)) or 0, call.at(asked.as_of)
    sort = f"-{word}" if is_descending else word
    page = page_deployments(which, call.reader, at, sought=asked.q or "", begin=begin, size=asked.limit, sort=sort)
    items = [pick(row.document, asked.fields) for row in page.rows]
    following = make_cursor(known, begin + len(items)) if begin + len(items) < page.total else None
    return make_json(page_document(items, following, page.total), headers=say_moment(at.as_of))


def _read_states(text: str | None) -> frozenset[State]:
    if text is None:
        return SHOWN
    words = {word.strip() for word in text.split(",")}
    if words == {"all"}:
        return frozenset(State)
    strange = sorted(words - set(State))
    if strange:
        why = f"there is no state {strange[0][:40]!r}: there are {STATES}, all"
        raise Problem("invalid", f"state: {why}", faults=[FieldFault("query", "state", why)])
    return frozenset(State(word) for word in words)


def _read_mark(mark: Json) -> DeploymentMark | None:
    if mark is None:
        return None
    if not isinstance(mark, list) or len(mark) != 4 or not all(isinstance(part, str) for part in mark):
        raise refuse_cursor("it is none that Larry gave")
    start, path, host, id_ = mark
    return (read_moment_mark(start), str(path), str(host), str(id_))


@expose(
    "POST",
    "/deployments/undeploy",
    tag="deployments",
    answers=PLAN_ONCE,
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"deployments": ["k3hq7d2mzv4xa"], "at": "2026-12-31T00:00:00Z", "reason": "the trial is over"},
)
def undeploy_many(call: Call, asked: ActQuery, said: UndeployManyBody) -> HttpResponse:
    """End many deployments as one rollout, all or none."""
    at = call.find_moment(said.at, "at", "body")

    def act() -> HttpResponse:
        author = call.author(said.reason)
        return answer_plan(undeploy(tuple(said.deployments), author, at=at, expect=said.expect, dry_run=asked.dry_run))

    return once(call, asked, said.model_dump(), act)


@expose(
    "POST",
    "/deployments/delete",
    tag="deployments",
    answers=PLAN,
    problems=("not-found",),
    headers=("Larry-Reason",),
    example={"deployments": ["k3hq7d2mzv4xa"], "reason": "planned on the wrong host"},
)
def delete_many(call: Call, asked: ActQuery, said: ManyBody) -> HttpResponse:
    """Take many deployments back that have not begun, all or none."""
    author = call.author(said.reason)
    plan = delete_deployments(tuple(said.deployments), author, expect=said.expect, dry_run=asked.dry_run)
    return answer_plan(plan)


@expose(
    "GET",
    "/deployments/{id}",
    tag="deployments",
    answers={200: Answer("Deployment", "A deactivated one too.", ("ETag", "Larry-As-Of"))},
    problems=("not-found",),
)
def answer_deployment(call: Call, path: IdPath, asked: PickedQuery) -> HttpResponse:
    """Read one deployment."""
    at = call.at(asked.as_of)
    row = get_deployment(path.id, call.reader, at)
    headers = {"ETag": tag_of(row.digest), **say_moment(at.as_of)}
    return make_json(pick(row.document, asked.fields), headers=headers)


def _read_seen(call: Call, id_: str) -> str | None:
    """What If-Match says of a deployment; nothing is read where it says nothing."""
    if not call.request.headers.get("If-Match"):
        return None
    return read_seen(call, get_deployment(id_, call.reader, call.present).digest)


@expose(
    "PATCH",
    "/deployments/{id}",
    tag="deployments",
    answers=PLAN,
    problems=("not-found", "changed-meanwhile"),
    headers=("Larry-Reason", "If-Match"),
    example={"end": "2027-01-31T00:00:00Z", "reason": "a month longer"},
)
def change_deployment(call: Call, path: IdPath, asked: ActQuery, said: DeploymentBody) -> HttpResponse:
    """Change the times, the host or the places of a deployment: of a current one its end and its places."""
    if not said.model_fields_set & {"start", "end", "host", "place"}:
        raise Problem("invalid", "nothing to change: say start, end, host or place")
    edit = DeploymentEdit(
        path.id,
        start=call.find_moment(said.start, "start", "body"),
        end=call.find_moment(said.end, "end", "body"),
        is_open="end" in said.model_fields_set and said.end is None,
        host=said.host,
        place=said.place,
    )
    author, seen = call.author(said.reason), _read_seen(call, path.id)
    plan = edit_deployment(edit, author, resume=said.resume, expect=said.expect, dry_run=asked.dry_run, seen=seen)
    return answer_plan(plan)


@expose(
    "DELETE",
    "/deployments/{id}",
    tag="deployments",
    answers=PLAN,
    problems=("not-found", "changed-meanwhile"),
    headers=("Larry-Reason", "If-Match"),
)
def delete_deployment(call: Call, path: IdPath, asked: ActQuery, said: PlanBody | None = None) -> HttpResponse:
    """Take a deployment back that has not begun."""
    reason, expect = (said.reason, said.expect) if said else ("", None)
    seen = _read_seen(call, path.id)
    plan = delete_deployments((path.id,), call.author(reason), expect=expect, dry_run=asked.dry_run, seen=seen)
    return answer_plan(plan)


@expose(
    "POST",
    "/deployments/{id}/undeploy",
    tag="deployments",
    answers=PLAN_ONCE,
    problems=("not-found", "key-reused", "changed-meanwhile"),
    headers=("Larry-Reason", "Idempotency-Key", "If-Match"),
    example={"at": "2026-12-31T00:00:00Z", "reason": "the trial is over"},
)
def undeploy_deployment(call: Call, path: IdPath, asked: ActQuery, said: UndeployBody) -> HttpResponse:
    """End a deployment, now or at a moment."""
    at = call.find_moment(said.at, "at", "body")

    def act() -> HttpResponse:
        author, seen = call.author(said.reason), _read_seen(call, path.id)
        plan = undeploy((path.id,), author, at=at, expect=said.expect, dry_run=asked.dry_run, seen=seen)
        return answer_plan(plan)

    return once(call, asked, said.model_dump(), act)
