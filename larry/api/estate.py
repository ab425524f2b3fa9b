"""The estate as a whole: dumped, held against files, made what they say; many nouns of one sort from CSV; the fleet."""

from __future__ import annotations

import json
from typing import Annotated

from django.http import HttpResponse
from pydantic import Field

from larry.actions.edit import edit
from larry.actions.state_files import HowStated, StatedChange, state_files, state_table
from larry.api.asked import ActQuery, Address, Anything, AskedBody, AsOfQuery, Line, PlanBody
from larry.api.once import once
from larry.api.operation import Answer, Call, expose, say_as_now, say_moment
from larry.api.problem import FieldFault, Problem, make_json, make_json_text
from larry.core.document import Json
from larry.core.interval import iso
from larry.core.node_text import dated_document
from larry.exports.estate import write_estate_json
from larry.nouns.table import NOUNS
from larry.queries.deployment import DeploymentFilter, list_deployments
from larry.queries.fleet import get_fleet
from larry.queries.noun import get_estate
from larry.queries.view import read_view

TAG = "estate"
LARGEST_TEXT = 8 * 2**20
"""Characters of one file."""

LARGEST_ESTATE = 10 * 2**20
"""Bytes of a body that holds files."""

MOST_FILES = 1000
CHANGE = {200: Answer("StatedChange", "What was changed, or would be (dry_run).", ("Larry-As-Of", "Idempotent-Replay"))}
_ESTATE: Json = {"larry": 1, "roles": [{"name": "web"}], "hosts": [{"name": "web9.example.com", "roles": ["web"]}]}

FileText = Annotated[str, Field(max_length=LARGEST_TEXT)]


class DumpQuery(AsOfQuery):
    with_deployments: bool = Field(False, description="Also what was, is and will be deployed.")


class FileBody(AskedBody):
    name: Line = Field("estate.yaml", description="What faults call it.")
    content: FileText = Field(description="YAML, or JSON.")


class EstateBody(PlanBody):
    files: Annotated[list[FileBody], Field(max_length=MOST_FILES)] = Field(
        [], description="As `larry apply` reads them."
    )
    estate: dict[str, Anything] | None = Field(None, description="The same as JSON, instead of files.")
    prune: bool = Field(False, description="What is not mentioned retires.")
    with_deployments: bool = Field(False, description="Also put in place what they say is deployed.")


class NounBody(PlanBody):
    noun: Line = Field(description="Which sort: host, customer …", examples=["host"])
    address: Address
    fields: dict[str, Anything]


class TableBody(PlanBody):
    noun: Line = Field(description="Which sort: host, customer …", examples=["host"])
    name: Line = Field("table.csv", description="What faults call it.")
    content: FileText = Field(description="CSV: a line of field names, then one noun a line.")


@expose("GET", "/estate", tag=TAG, answers={200: Answer("Estate", "As a file.", ("Larry-As-Of", "Larry-Note"))})
def dump_estate(call: Call, asked: DumpQuery) -> HttpResponse:
    """Read the whole estate as a file that changes nothing when it is applied. Secrets are known by their seal."""
    at = call.at(asked.as_of)
    with read_view():
        estate = get_estate(call.reader, at)
        rows = list_deployments(DeploymentFilter(), call.reader, at) if asked.with_deployments else ()
    stated = [row.stated for row in rows if ("instance", row.instance) in estate and ("host", row.host) in estate]
    text = write_estate_json(tuple(estate.values()), stated)
    return make_json_text(text, headers=say_as_now(call, asked.as_of, "nouns"))


@expose(
    "POST",
    "/estate/plan",
    tag=TAG,
    answers={200: Answer("StatedChange", "What would be changed.", ("Larry-As-Of",))},
    problems=("not-found",),
    example={"estate": _ESTATE},
    largest=LARGEST_ESTATE,
)
def plan_estate(call: Call, said: EstateBody) -> HttpResponse:
    """Tell what files, or an estate as JSON, would change; change nothing."""
    return _answer(_state(call, said, dry_run=True))


@expose(
    "POST",
    "/estate/apply",
    tag=TAG,
    answers=CHANGE,
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"estate": _ESTATE, "reason": "the new customer"},
    largest=LARGEST_ESTATE,
)
def apply_estate(call: Call, asked: ActQuery, said: EstateBody) -> HttpResponse:
    """Change the estate to what files say, in one transaction; what they do not mention stays, or retires (prune)."""
    return once(call, asked, said.model_dump(), lambda: _answer(_state(call, said, dry_run=asked.dry_run)))


@expose(
    "POST",
    "/estate/import",
    tag=TAG,
    answers={200: Answer("Change", "What was changed, or would be (dry_run).", ("Larry-As-Of", "Idempotent-Replay"))},
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"noun": "host", "content": "name,addresses\nweb9.example.com,10.0.0.19\n", "reason": "the new racks"},
    largest=LARGEST_ESTATE,
)
def import_table(call: Call, asked: ActQuery, said: TableBody) -> HttpResponse:
    """Create and change many nouns of one sort from CSV, all or none; every fault is told by line."""
    if said.noun not in NOUNS:
        why = f"there is no noun {said.noun[:60]!r}: there are {', '.join(NOUNS)}"
        raise Problem("invalid", why, faults=[FieldFault("body", "/noun", why)])
    file = (said.name, said.content.encode("utf-8", "surrogatepass"))

    def act() -> HttpResponse:
        author = call.author(said.reason)
        done = state_table(said.noun, file, author, dry_run=asked.dry_run, expect=said.expect)
        return make_json(done.document, headers=say_moment(done.plan.now))

    return once(call, asked, said.model_dump(), act)


@expose(
    "POST",
    "/estate/edit",
    tag=TAG,
    answers={200: Answer("Change", "What was changed, or would be (dry_run).", ("Larry-As-Of", "Idempotent-Replay"))},
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={
        "noun": "host",
        "address": "web9.example.com",
        "fields": {"name": "web9.example.com"},
        "reason": "one more",
    },
)
def edit_noun(call: Call, asked: ActQuery, said: NounBody) -> HttpResponse:
    """Create the noun at an address, or change the fields that are given: what `larry set` does."""

    def act() -> HttpResponse:
        author = call.author(said.reason)
        done = edit(said.noun, said.address, said.fields, author, dry_run=asked.dry_run, expect=said.expect)
        return make_json(done.document, headers=say_moment(done.plan.now))

    return once(call, asked, said.model_dump(), act)


@expose("GET", "/fleet", tag="hosts", answers={200: Answer("Fleet", "By name, secrets masked.", ("Larry-As-Of",))})
def answer_fleet(call: Call, asked: AsOfQuery) -> HttpResponse:
    """Read what every host is to be, with the roles and pools that group them now."""
    at = call.at(asked.as_of)
    fleet = get_fleet(call.reader, at)
    document: dict[str, Json] = {
        "hosts": [
            {"node": dated_document(host.dated), "roles": host.roles, "pools": host.pools} for host in fleet.hosts
        ],
        "start": iso(fleet.start) if fleet.start else None,
        "end": iso(fleet.end) if fleet.end else None,
    }
    return make_json(document, headers=say_moment(at.as_of))


def _state(call: Call, said: EstateBody, *, dry_run: bool) -> StatedChange:
    if bool(said.files) is (said.estate is not None):
        raise Problem("invalid", "send files, or an estate as JSON: one of them")
    if said.with_deployments and said.expect is not None:
        why = "does not go with with_deployments"
        raise Problem("invalid", f"expect {why}", faults=[FieldFault("body", "/expect", why)])
    files = [(file.name, file.content.encode("utf-8", "surrogatepass")) for file in said.files]
    if said.estate is not None:
        files = [
            ("estate.json", json.dumps(said.estate, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass"))
        ]
    how = HowStated(call.zone, said.prune, said.with_deployments, dry_run, said.expect)
    return state_files(files, call.author(said.reason), how)


def _answer(change: StatedChange) -> HttpResponse:
    return make_json(change.document, headers=say_moment(change.estate.plan.now))
