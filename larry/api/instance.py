"""What an instance means: its parameters and order, what is dirty, what differs, coverage, history, snapshots."""

from __future__ import annotations

from django.http import HttpResponse
from pydantic import Field

from larry.actions.snapshot import snapshot
from larry.api.asked import ActQuery, AsOfQuery, Digest, InstancePath, ReasonBody
from larry.api.once import once
from larry.api.operation import Answer, Call, expose, say_as_now, say_moment
from larry.api.problem import Problem, make_json
from larry.core.deployable import compare_snapshots
from larry.core.document import Json
from larry.queries.coverage import CoverageFilter, list_coverage
from larry.queries.deployable import find_digest, get_snapshots
from larry.queries.dirty import list_dirty_causes
from larry.queries.history import get_instance_history
from larry.queries.instance import get_standing

ROUTE = "/instances/{customer}/{app}/{instance}"
TAG = "instances"


class OrderQuery(AsOfQuery):
    reverse: bool = Field(False, description="The order of stopping.")
    waves: bool = Field(False, description="What may go in parallel, wave by wave.")


class DiffQuery(AsOfQuery):
    old: Digest | None = Field(None, description="A snapshot, by its first characters; without: what is live.")
    new: Digest | None = Field(None, description="Another; without: as described now.")


@expose(
    "GET",
    f"{ROUTE}/parameters",
    tag=TAG,
    answers={200: Answer("ParameterLines", "In their groups.", ("Larry-As-Of", "Larry-Note"))},
    problems=("not-found",),
)
def answer_parameters(call: Call, path: InstancePath, asked: AsOfQuery) -> HttpResponse:
    """List the parameters of an instance: matching, missing, of the wrong type, unknown; and whence each comes."""
    standing = get_standing(path.address, call.reader, call.at(asked.as_of))
    headers = say_as_now(call, asked.as_of, "parameters")
    return make_json([line.document for line in standing.resolved.lines], headers=headers)


@expose(
    "GET",
    f"{ROUTE}/order",
    tag=TAG,
    answers={200: Answer("Order", "Keys of services, or lists of them (waves).", ("Larry-As-Of", "Larry-Note"))},
    problems=("not-found",),
)
def answer_order(call: Call, path: InstancePath, asked: OrderQuery) -> HttpResponse:
    """Tell in which order the services of an instance start, or stop."""
    standing = get_standing(path.address, call.reader, call.at(asked.as_of))
    found: tuple[Json, ...] = standing.waves if asked.waves else standing.order
    headers = say_as_now(call, asked.as_of, "services")
    return make_json(found[::-1] if asked.reverse else found, headers=headers)


@expose(
    "GET",
    f"{ROUTE}/diff",
    tag=TAG,
    answers={200: Answer("Diff", "Between what is live and now, or between snapshots.")},
    problems=("not-found",),
)
def answer_diff(call: Call, path: InstancePath, asked: DiffQuery) -> HttpResponse:
    """Tell what differs between what is live, snapshots, and what is described now."""
    standing = get_standing(path.address, call.reader, call.at(asked.as_of))
    if asked.old is None:
        if asked.new is not None:
            raise Problem("invalid", "new needs old: which snapshot it is held against")
        return make_json(standing.document)
    digests = [find_digest(each, standing.path, call.reader, call.present) for each in (asked.old, asked.new) if each]
    known = get_snapshots(digests, call.reader, call.present)
    new = known[digests[1]] if len(digests) == 2 else standing.snapshot
    differences = compare_snapshots(known[digests[0]], new)
    document: dict[str, Json] = {
        "instance": standing.path,
        "old": digests[0],
        "new": new.digest,
        "differences": [each.document for each in differences],
    }
    return make_json(document)


@expose(
    "GET",
    f"{ROUTE}/dirty",
    tag=TAG,
    answers={200: Answer("InstanceDirty", "Whether it is, where, and why.", ("Larry-As-Of",))},
    problems=("not-found",),
)
def answer_instance_dirty(call: Call, path: InstancePath, asked: AsOfQuery) -> HttpResponse:
    """Tell whether an instance is dirty, and the causes."""
    at = call.at(asked.as_of)
    standing = get_standing(path.address, call.reader, at)
    found = list_dirty_causes(call.reader, at, customer=standing.path.partition("/")[0])
    mine = next((each for each in found if each.path == standing.path), None)
    told: dict[str, Json] = mine.document if mine else {"instance": standing.path, "hosts": [], "causes": []}
    return make_json({"dirty": mine is not None, **told}, headers=say_moment(at.as_of))


@expose(
    "GET",
    f"{ROUTE}/coverage",
    tag=TAG,
    answers={200: Answer("Coverages", "Each auditor that is asked for.", ("Larry-As-Of",))},
    problems=("not-found",),
)
def answer_instance_coverage(call: Call, path: InstancePath, asked: AsOfQuery) -> HttpResponse:
    """Tell which auditors the deployed services of an instance have, and which they lack."""
    at = call.at(asked.as_of)
    rows = list_coverage(CoverageFilter(instance=path.address), call.reader, at)
    return make_json([row.document for row in rows], headers=say_moment(at.as_of))


@expose(
    "GET",
    f"{ROUTE}/history",
    tag=TAG,
    answers={200: Answer("ActivityLines", "Oldest first.", ("Larry-As-Of",))},
    problems=("not-found",),
)
def answer_instance_history(call: Call, path: InstancePath, asked: AsOfQuery) -> HttpResponse:
    """Tell what was done to an instance and its deployments."""
    at = call.at(asked.as_of)
    told = get_instance_history(path.address, call.reader, at)
    return make_json([line.document for line in told.activity], headers=say_moment(at.as_of))


@expose(
    "POST",
    f"{ROUTE}/snapshot",
    tag=TAG,
    answers={200: Answer("Snapshot", "Kept; `new` says whether it was not yet.", ("Idempotent-Replay",))},
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"reason": "before the release"},
)
def take_snapshot(call: Call, path: InstancePath, asked: ActQuery, said: ReasonBody | None = None) -> HttpResponse:
    """Freeze an instance as it is described now. The same content is kept once."""
    author = call.author(said.reason if said else "")

    def act() -> HttpResponse:
        return make_json(snapshot(path.address, author, dry_run=asked.dry_run).document)

    return once(call, asked, said.model_dump() if said else None, act)
