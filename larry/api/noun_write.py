"""Writing the simple nouns: create, change, retire, another key; one at a time or many, shown first with dry_run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from pydantic import BaseModel

from larry.actions.apply import EstateChange
from larry.actions.describe import Statement, change, create
from larry.actions.rename_key import rename_key
from larry.actions.retire import retire
from larry.api.asked import ActQuery, Anything, EditQuery, Line, PlanBody, ReasonBody
from larry.api.noun import find_item, make_etag, path_type, route_of, schema_name
from larry.api.noun_schema import example_change, example_new
from larry.api.once import once
from larry.api.operation import Answer, Call, expose, say_moment
from larry.api.problem import FieldFault, Problem, make_json
from larry.api.tag import read_seen
from larry.core.document import Json
from larry.nouns.field import Noun
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.nouns.text import find_text_fault
from larry.queries.noun import get_item

MOST_AT_ONCE = 1000
_NOW = ("Larry-As-Of",)
_WRITTEN = ("ETag", *_NOW)
_REASON = "reason"


class KeyBody(PlanBody):
    key: Line


def expose_noun_writes() -> None:
    """The writing operations of every noun."""
    for noun in NOUNS.values():
        _expose_create(noun)
        _expose_change_many(noun)
        _expose_change(noun)
        _expose_retire(noun)
        _expose_rename_key(noun)


def _expose_create(noun: Noun) -> None:
    def act(call: Call, asked: EditQuery, said: Anything) -> HttpResponse:
        return once(call, asked, said, lambda: _create(noun, call, asked, said))

    expose(
        "POST",
        f"/{noun.plural}",
        tag=noun.plural,
        name=f"create_{noun.plural}",
        summary=f"Create one {noun.name}, or many, all or none",
        answers={
            200: Answer("Change", "What would be created (dry_run).", _NOW),
            201: Answer("Change", "Created.", ("Location", "Idempotent-Replay", *_WRITTEN)),
        },
        problems=("already-there", "key-reused", "not-found"),
        body=[schema_name(noun) + "New"],
        headers=("Larry-Reason", "Idempotency-Key"),
        example=example_new(noun),
    )(act)


def _create(noun: Noun, call: Call, asked: EditQuery, said: Json) -> HttpResponse:
    many, reason = _read_many(said)
    statements = [_read_new(noun, each, (place,) if isinstance(said, list) else ()) for place, each in enumerate(many)]
    done = create(noun.name, statements, call.author(reason), dry_run=asked.dry_run, expect=asked.expect)
    if asked.dry_run:
        return make_json(done.document, headers=say_moment(done.plan.now))
    made = [item for item in done.items if item.noun == noun.name]
    headers = {} if isinstance(said, list) or not made else {"Location": locate(made[0]), "ETag": make_etag(made[0])}
    return make_json(done.document, status=201, headers={**headers, **say_moment(done.plan.now)})


def locate(item: Item) -> str:
    """The address of one."""
    return f"/api/v1/{NOUNS[item.noun].plural}/{item.address}"


def _read_many(said: Json) -> tuple[list[Mapping[str, Json]], str]:
    """The statements in a body, and its reason. Raises `Problem`."""
    many: list[Any] = said if isinstance(said, list) else [said]
    if not many or len(many) > MOST_AT_ONCE:
        raise _refuse("", f"must be one, or a list of 1 to {MOST_AT_ONCE}")
    for place, each in enumerate(many):
        if not isinstance(each, Mapping):
            raise _refuse(f"/{place}" if isinstance(said, list) else "", "must be a map of fields")
        if _REASON in each and isinstance(said, list):
            raise _refuse(f"/{place}/reason", "of many, the reason is said in the header Larry-Reason")
    return many, _read_reason(said)


def _read_reason(said: Json) -> str:
    reason = said.get(_REASON, "") if isinstance(said, Mapping) else ""
    fault = find_text_fault(reason)
    if fault is not None:
        raise _refuse("/reason", fault)
    return str(reason)


def _read_new(noun: Noun, said: Mapping[str, Json], place: tuple[int, ...]) -> Statement:
    parent = said.get(noun.parent, "") if noun.parent else ""
    if not isinstance(parent, str):
        raise _refuse("".join(f"/{step}" for step in place) + f"/{noun.parent}", "must be text: an address")
    values = {word: value for word, value in said.items() if word not in {_REASON, noun.parent}}
    return Statement(parent.strip().strip("/"), values, place=place)


def _refuse(field: str, text: str) -> Problem:
    return Problem("invalid", f"{field}: {text}" if field else text, faults=[FieldFault("body", field, text)])


def _expose_change_many(noun: Noun) -> None:
    def act(call: Call, asked: EditQuery, said: Anything) -> HttpResponse:
        if not isinstance(said, list):
            raise _refuse("", "must be a list of maps, each with its address and the fields that change")
        many, _ = _read_many(said)
        statements: list[Statement] = []
        for place, each in enumerate(many):
            address, tag = each.get("address"), each.get("etag")
            if not isinstance(address, str) or not address:
                raise _refuse(f"/{place}/address", "say which: its address")
            if tag is not None and not isinstance(tag, str):
                raise _refuse(f"/{place}/etag", "must be the ETag that it was read with")
            item = get_item(noun.name, address, call.reader, call.present)
            values = {word: value for word, value in each.items() if word not in {"address", "etag", _REASON}}
            statements.append(Statement(item.address, values, tag.strip('"') if tag else None, (place,)))
        done = change(noun.name, statements, call.author(), dry_run=asked.dry_run, expect=asked.expect)
        return make_json(done.document, headers=say_moment(done.plan.now))

    expose(
        "PATCH",
        f"/{noun.plural}",
        tag=noun.plural,
        name=f"change_{noun.plural}",
        summary=f"Change many {noun.plural}, all or none",
        answers={200: Answer("Change", "Changed, or what would change (dry_run).", _NOW)},
        problems=("not-found", "changed-meanwhile"),
        body=[schema_name(noun) + "Changes"],
        headers=("Larry-Reason",),
        example=[{"address": "…", **example_change(noun)}],
    )(act)


def _answer_written(item: Item, done: EstateChange, *, dry_run: bool) -> HttpResponse:
    after = next((each for each in done.items if each.noun == item.noun), item)
    tag = {} if dry_run else {"ETag": make_etag(after)}
    return make_json(done.document, headers={**tag, **say_moment(done.plan.now)})


def _expose_change(noun: Noun) -> None:
    def act(call: Call, path: BaseModel, asked: EditQuery, said: Anything) -> HttpResponse:
        if not isinstance(said, Mapping):
            raise _refuse("", "must be a map of the fields that change")
        reason = _read_reason(said)
        item = find_item(noun, path, call)
        values = {word: value for word, value in said.items() if word != _REASON}
        statement = Statement(item.address, values, read_seen(call, item.digest))
        done = change(noun.name, [statement], call.author(reason), dry_run=asked.dry_run, expect=asked.expect)
        return _answer_written(item, done, dry_run=asked.dry_run)

    expose(
        "PATCH",
        route_of(noun),
        tag=noun.plural,
        name=f"change_{noun.name}",
        summary=f"Change fields of one {noun.name}",
        answers={200: Answer("Change", "Changed, or what would change (dry_run).", _WRITTEN)},
        problems=("not-found", "changed-meanwhile"),
        hints={"path": path_type(noun)},
        body=schema_name(noun) + "Fields",
        headers=("Larry-Reason", "If-Match"),
        example=example_change(noun),
    )(act)


def _expose_retire(noun: Noun) -> None:
    def act(call: Call, path: BaseModel, asked: EditQuery, said: ReasonBody | None = None) -> HttpResponse:
        item = find_item(noun, path, call)
        author = call.author(said.reason if said else "")
        seen = read_seen(call, item.digest)
        done = retire(noun.name, item.address, author, dry_run=asked.dry_run, expect=asked.expect, seen=seen)
        return make_json(done.document, headers=say_moment(done.plan.now))

    expose(
        "DELETE",
        route_of(noun),
        tag=noun.plural,
        name=f"retire_{noun.name}",
        summary=f"Retire one {noun.name}: its history stays",
        answers={200: Answer("Change", "Retired, or what would change (dry_run).", _NOW)},
        problems=("not-found", "changed-meanwhile"),
        hints={"path": path_type(noun)},
        headers=("Larry-Reason", "If-Match"),
    )(act)


def _expose_rename_key(noun: Noun) -> None:
    def act(call: Call, path: BaseModel, asked: ActQuery, said: KeyBody) -> HttpResponse:
        item = find_item(noun, path, call)
        author, seen = call.author(said.reason), read_seen(call, item.digest)
        done = rename_key(
            noun.name, item.address, said.key, author, dry_run=asked.dry_run, expect=said.expect, seen=seen
        )
        return make_json(done.document, headers=say_moment(call.now))

    expose(
        "POST",
        f"{route_of(noun)}/rename-key",
        tag=noun.plural,
        name=f"rename_key_of_{noun.name}",
        summary=f"Give one {noun.name} another key",
        answers={200: Answer("KeyChange", "Done, or what would change (dry_run).", _NOW)},
        problems=("not-found", "changed-meanwhile"),
        hints={"path": path_type(noun)},
        headers=("Larry-Reason", "If-Match"),
        example={"key": "another", "reason": "as it is called now"},
    )(act)
