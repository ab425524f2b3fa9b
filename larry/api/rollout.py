"""Rollouts: many instances on many hosts as one act, shown first by the same Plan; brought up to date; undone."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from pydantic import Field

from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy, settle_moment
from larry.actions.redeploy import redeploy
from larry.actions.undo import undo
from larry.api.asked import (
    MOST_MEMBERS,
    ActQuery,
    Address,
    AskedBody,
    Digest,
    Id,
    Line,
    MomentText,
    NumberPath,
    PickedPageQuery,
    PickedQuery,
    PlanBody,
)
from larry.api.deployment import PLAN_ONCE, answer_plan
from larry.api.once import once
from larry.api.operation import Answer, Call, expose, pick, say_moment
from larry.api.page import make_cursor, page_document, read_cursor, read_id_mark
from larry.api.problem import Problem, make_json
from larry.api.sought import SORTED, SOUGHT, read_sort
from larry.core.document import Json
from larry.core.plan import Plan
from larry.queries.dirty import list_dirty_causes
from larry.queries.moment import Moment
from larry.queries.rollout import ROLLOUT_SORTS, get_rollout, list_rollouts

_DEPLOY: Json = {
    "deploy": [{"instance": "acme/shop/production", "hosts": ["web1.example.com"]}],
    "start": "2026-12-01T09:00:00Z",
    "reason": "go live",
}


class DeployLine(AskedBody):
    instance: Address
    hosts: list[Address] = Field(min_length=1, max_length=MOST_MEMBERS)
    snapshot: Digest | None = Field(None, description="A snapshot, by the first characters of its digest; else anew.")
    place: Annotated[dict[Line, Address], Field(max_length=MOST_MEMBERS)] = Field(
        default_factory=dict, description="Single services on other hosts: {service: host}."
    )


class RolloutBody(PlanBody):
    deploy: list[DeployLine] = Field(min_length=1, max_length=MOST_MEMBERS)
    start: MomentText | None = None
    end: MomentText | None = None
    resume: bool = Field(True, description="What a bounded deployment interrupts goes on after it.")


class RedeployBody(PlanBody):
    instances: list[Address] = Field(default_factory=list, max_length=MOST_MEMBERS)
    dirty: bool = Field(
        False, description="All that are dirty at start, edited since they were deployed; instead of instances."
    )
    customer: Address | None = Field(None, description="With dirty: only those of this customer.")
    cause: Id | None = Field(None, description="With dirty: only those that this activity made so.")
    start: MomentText | None = None
    also_clean: bool = Field(False, description="Also what has the same snapshot already: it is laid out anew.")


def _request(call: Call, said: RolloutBody) -> DeployRequest:
    return DeployRequest(
        tuple(DeployItem(each.instance, tuple(each.hosts), each.snapshot, each.place) for each in said.deploy),
        start=call.find_moment(said.start, "start", "body"),
        end=call.find_moment(said.end, "end", "body"),
        resume=said.resume,
        expect=said.expect,
    )


@expose(
    "POST",
    "/rollouts/preview",
    tag="rollouts",
    answers={200: Answer("Plan", "What would be done; refusals are in it.", ("Larry-As-Of",))},
    problems=("not-found",),
    headers=("Larry-Reason",),
    example=_DEPLOY,
)
def preview_rollout(call: Call, said: RolloutBody) -> HttpResponse:
    """Show what a rollout would do: the Plan that the same body carries out."""
    return answer_plan(preview_deploy(_request(call, said), call.author(said.reason)))


@expose(
    "POST",
    "/rollouts",
    tag="rollouts",
    answers={
        200: Answer("Plan", "What would be done (dry_run).", ("Larry-As-Of",)),
        201: Answer("Plan", "What was done.", ("Larry-As-Of", "Idempotent-Replay")),
    },
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example=_DEPLOY,
)
def create_rollout(call: Call, asked: ActQuery, said: RolloutBody) -> HttpResponse:
    """Deploy instances on hosts, as one rollout: all or nothing."""

    def act() -> HttpResponse:
        request, author = _request(call, said), call.author(said.reason)
        if asked.dry_run:
            return answer_plan(preview_deploy(request, author))
        return answer_plan(deploy(request, author), 201)

    return once(call, asked, said.model_dump(), act)


@expose(
    "POST",
    "/rollouts/redeploy",
    tag="rollouts",
    answers={
        200: Answer("Plan", "What would be done (dry_run).", ("Larry-As-Of",)),
        201: Answer("Plan", "What was done.", ("Larry-As-Of", "Idempotent-Replay")),
    },
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"dirty": True, "customer": "acme", "reason": "the new mail relay"},
)
def redeploy_instances(call: Call, asked: ActQuery, said: RedeployBody) -> HttpResponse:
    """Bring what is live up to what is described now, ends kept: one rollout."""
    if bool(said.instances) is said.dirty:
        raise Problem("invalid", "name instances, or say dirty for all that were edited since they were deployed")
    if (said.customer is not None or said.cause is not None) and not said.dirty:
        raise Problem("invalid", "customer and cause belong to dirty")

    def act() -> HttpResponse:
        start = call.find_moment(said.start, "start", "body")
        paths = tuple(said.instances)
        if said.dirty:
            at = Moment(settle_moment(start, call.now))
            found = list_dirty_causes(call.reader, at, customer=said.customer, activity=said.cause)
            paths = tuple(each.path for each in found)
            if not paths:
                return answer_plan(Plan(call.now), 200 if asked.dry_run else 201)
        plan = redeploy(
            paths,
            call.author(said.reason),
            start=start,
            also_clean=said.also_clean,
            expect=said.expect,
            dry_run=asked.dry_run,
        )
        return answer_plan(plan, 200 if asked.dry_run else 201)

    return once(call, asked, said.model_dump(), act)


class RolloutsQuery(PickedPageQuery):
    q: Line | None = SOUGHT
    sort: Line | None = SORTED


@expose(
    "GET",
    "/rollouts",
    tag="rollouts",
    answers={200: Answer("RolloutPage", "One page, the latest first.", ("Larry-As-Of",))},
)
def answer_rollouts(call: Call, asked: RolloutsQuery) -> HttpResponse:
    """List rollouts."""
    at = call.at(asked.as_of)
    word, is_descending = read_sort(asked.sort or "-number", tuple(ROLLOUT_SORTS), "rollouts")
    known: Json = ["rollouts", asked.as_of, asked.q, asked.sort]
    mark = read_id_mark(read_cursor(asked.cursor, known))
    # By number, pages go on behind a rollout, whatever comes meanwhile; else they are counted.
    place = {"begin": mark or 0} if asked.sort else {"before": mark}
    sort = f"-{word}" if is_descending else word
    rows, total = list_rollouts(
        call.reader, at, **place, size=asked.limit + 1, sought=asked.q or "", sort=sort,
    )  # fmt: skip
    shown = rows[: asked.limit]
    following = None
    if len(rows) > len(shown):
        following = make_cursor(known, (mark or 0) + len(shown) if asked.sort else shown[-1].id)
    document = page_document([pick(row.document, asked.fields) for row in shown], following, total)
    return make_json(document, headers=say_moment(at.as_of))


@expose(
    "GET",
    "/rollouts/{number}",
    tag="rollouts",
    answers={
        200: Answer("RolloutDetail", "What it made and changed, and what came into its lanes since.", ("Larry-As-Of",))
    },
    problems=("not-found",),
)
def answer_rollout(call: Call, path: NumberPath, asked: PickedQuery) -> HttpResponse:
    """Read one rollout."""
    at = call.at(asked.as_of)
    document = get_rollout(path.number, call.reader, at).document
    return make_json(pick(document, asked.fields), headers=say_moment(at.as_of))


@expose(
    "POST",
    "/rollouts/{number}/undo",
    tag="rollouts",
    answers=PLAN_ONCE,
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"reason": "the new release is broken"},
)
def undo_rollout(call: Call, path: NumberPath, asked: ActQuery, said: PlanBody) -> HttpResponse:
    """Give the lanes of a rollout their future back."""

    def act() -> HttpResponse:
        plan = undo(path.number, call.author(said.reason), expect=said.expect, dry_run=asked.dry_run)
        return answer_plan(plan)

    return once(call, asked, said.model_dump(), act)
