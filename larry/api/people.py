"""People and their rights: users, groups of them, and who may do what where."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from pydantic import Field, StringConstraints

from larry.actions.grant import GrantRequest, add_group, grant, join, leave, remove_group, revoke
from larry.actions.user import (
    LONGEST_PASSWORD,
    NewUser,
    UserEdit,
    activate_user,
    add_user,
    deactivate_user,
    edit_user,
    set_password,
)
from larry.api.asked import ActQuery, Address, AskedQuery, AsOfQuery, Line, ReasonBody, Text
from larry.api.once import once
from larry.api.operation import Answer, Call, expose, say_as_now
from larry.api.problem import FieldFault, Problem, make_json
from larry.api.sought import SoughtQuery, choose
from larry.api.tag import read_seen, tag_of
from larry.core.document import Json
from larry.core.rights import PersonRole, ScopeKind
from larry.queries.grant import list_grants, list_groups
from larry.queries.user import UserRow, get_user, list_users

TAG = "people"
DONE = {200: Answer("Done", "Done, or what would be (dry_run).")}
DONE_ONCE = {200: Answer("Done", "Done, or what would be (dry_run).", ("Idempotent-Replay",))}
Password = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PASSWORD)]


class NamePath(AskedQuery):
    name: Address


class UserBody(ReasonBody):
    name: Line
    full_name: Line = ""
    email: Line = ""
    time_zone: Line = Field("", description="In which times are shown to them.", examples=["Europe/Berlin"])
    is_administrator: bool = Field(False, description="May do everything, and see everything.")
    password: Password | None = Field(None, description="Without one nobody can sign in as them yet.")


class UserEditBody(ReasonBody):
    full_name: Line | None = None
    email: Line | None = None
    time_zone: Line | None = None
    is_administrator: bool | None = None


class PasswordBody(ReasonBody):
    password: Password


class GroupBody(ReasonBody):
    name: Line
    description: Text = ""


class MemberBody(ReasonBody):
    user: Line


class GrantBody(ReasonBody):
    to: Line = Field(description="user or group", examples=["user"])
    name: Line
    role: Line = Field(description=", ".join(PersonRole), examples=["operator"])
    scope: Line = Field(ScopeKind.EVERYTHING.value, description=", ".join(ScopeKind))
    address: Line = Field("", description="The customer, app or pool; empty for everything.")


class GrantsQuery(SoughtQuery):
    user: Address | None = Field(None, description="Those of this user, with those of their groups.")


@expose("GET", "/users", tag=TAG, answers={200: Answer("Users", "By name.", ("Larry-As-Of", "Larry-Note"))})
def answer_users(call: Call, asked: SoughtQuery) -> HttpResponse:
    """List who may sign in, or could once: everybody to whoever may see that, else oneself."""
    rows = list_users(call.reader, call.at(asked.as_of))
    shown = choose((row.document for row in rows), asked, ("name", "full_name", "email", "created_at"), "users")
    return make_json(shown, headers=say_as_now(call, asked.as_of, "users"))


@expose(
    "GET",
    "/users/{name}",
    tag=TAG,
    answers={200: Answer("User", "Never with the password.", ("ETag", "Larry-As-Of", "Larry-Note"))},
    problems=("not-found",),
)
def answer_user(call: Call, path: NamePath, asked: AsOfQuery) -> HttpResponse:
    """Read one user."""
    row = get_user(path.name, call.reader, call.present)
    return make_json(row.document, headers={"ETag": tag_of(row.digest), **say_as_now(call, asked.as_of, "users")})


@expose(
    "POST",
    "/users",
    tag=TAG,
    answers={
        200: Answer("UserDone", "Who would be added (dry_run)."),
        201: Answer("UserDone", "Added.", ("Location", "Idempotent-Replay")),
    },
    problems=("key-reused",),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"name": "ada", "full_name": "Ada Admin", "email": "ada@example.com", "reason": "new on the team"},
)
def create_user(call: Call, asked: ActQuery, said: UserBody) -> HttpResponse:
    """Add somebody who may sign in."""
    new = NewUser(said.name, said.full_name, said.email, said.time_zone, said.is_administrator)

    def act() -> HttpResponse:
        row = add_user(new, said.password, call.author(said.reason), dry_run=asked.dry_run)
        response = _answer_user(row, dry_run=asked.dry_run, status=200 if asked.dry_run else 201)
        if not asked.dry_run:
            response.headers["Location"] = f"/api/v1/users/{row.name}"
        return response

    return once(call, asked, said.model_dump(), act)


@expose(
    "PATCH",
    "/users/{name}",
    tag=TAG,
    answers={200: Answer("UserDone", "Changed, or what would be (dry_run).")},
    problems=("not-found", "changed-meanwhile"),
    headers=("Larry-Reason", "If-Match"),
    example={"email": "ada@example.com", "reason": "another address"},
)
def change_user(call: Call, path: NamePath, asked: ActQuery, said: UserEditBody) -> HttpResponse:
    """Change what is told of a user; what is left out stays."""
    edit = UserEdit(said.full_name, said.email, said.time_zone, said.is_administrator)
    seen = read_seen(call, get_user(path.name, call.reader, call.present).digest)
    row = edit_user(path.name, edit, call.author(said.reason), expect=seen, dry_run=asked.dry_run)
    return _answer_user(row, dry_run=asked.dry_run)


@expose(
    "POST",
    "/users/{name}/password",
    tag=TAG,
    answers={200: Answer("UserDone", "All their sessions end.")},
    problems=("not-found",),
    headers=("Larry-Reason",),
    example={"password": "correct horse battery", "reason": "the old one was on a note"},
)
def change_password(call: Call, path: NamePath, said: PasswordBody) -> HttpResponse:
    """Give somebody another password."""
    return _answer_user(set_password(path.name, said.password, call.author(said.reason)))


@expose(
    "POST",
    "/users/{name}/deactivate",
    tag=TAG,
    answers={200: Answer("UserDone", "They are let in no longer.")},
    problems=("not-found",),
    headers=("Larry-Reason",),
    example={"reason": "left"},
)
def shut_out(call: Call, path: NamePath, asked: ActQuery, said: ReasonBody | None = None) -> HttpResponse:
    """Let somebody in no longer; what they did stays."""
    author = call.author(said.reason if said else "")
    return _answer_user(deactivate_user(path.name, author, dry_run=asked.dry_run), dry_run=asked.dry_run)


@expose(
    "POST",
    "/users/{name}/activate",
    tag=TAG,
    answers={200: Answer("UserDone", "They are let in again.")},
    problems=("not-found",),
    headers=("Larry-Reason",),
    example={"reason": "is back"},
)
def let_in_again(call: Call, path: NamePath, asked: ActQuery, said: ReasonBody | None = None) -> HttpResponse:
    """Let somebody in again, with the password of before."""
    author = call.author(said.reason if said else "")
    return _answer_user(activate_user(path.name, author, dry_run=asked.dry_run), dry_run=asked.dry_run)


@expose(
    "GET",
    "/grants",
    tag=TAG,
    answers={200: Answer("Grants", "By whom they are to.", ("Larry-As-Of", "Larry-Note"))},
    problems=("not-found",),
)
def answer_grants(call: Call, asked: GrantsQuery) -> HttpResponse:
    """List who may do what where."""
    at = call.at(asked.as_of)
    name = get_user(asked.user, call.reader, at).name if asked.user else None
    rows = list_grants(call.reader, at, user=name)
    shown = choose((row.document for row in rows), asked, ("name", "role", "address", "since"), "grants")
    return make_json(shown, headers=say_as_now(call, asked.as_of, "grants"))


@expose(
    "POST",
    "/grants",
    tag=TAG,
    answers=DONE_ONCE,
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"to": "user", "name": "eve", "role": "viewer", "scope": "customer", "address": "acme"},
)
def give_grant(call: Call, asked: ActQuery, said: GrantBody) -> HttpResponse:
    """Give a user or a group a role, by whoever has that much there."""
    request = _read_grant(said)

    def act() -> HttpResponse:
        grant(request, call.author(said.reason), dry_run=asked.dry_run)
        return _answer_done(f"{request.name} is {request}", dry_run=asked.dry_run)

    return once(call, asked, said.model_dump(), act)


@expose(
    "POST",
    "/grants/revoke",
    tag=TAG,
    answers=DONE,
    problems=("not-found",),
    headers=("Larry-Reason",),
    example={"to": "user", "name": "eve", "role": "viewer", "scope": "customer", "address": "acme", "reason": "left"},
)
def take_grant(call: Call, asked: ActQuery, said: GrantBody) -> HttpResponse:
    """Take a role from a user or a group, named as it was granted."""
    request = _read_grant(said)
    revoke(request, call.author(said.reason), dry_run=asked.dry_run)
    return _answer_done(f"{request.name} is no longer {request}", dry_run=asked.dry_run)


@expose("GET", "/groups", tag=TAG, answers={200: Answer("Groups", "By name.", ("Larry-As-Of", "Larry-Note"))})
def answer_groups(call: Call, asked: SoughtQuery) -> HttpResponse:
    """List groups and who is in them."""
    rows = list_groups(call.reader, call.at(asked.as_of))
    shown = choose((row.document for row in rows), asked, ("name", "description"), "groups")
    return make_json(shown, headers=say_as_now(call, asked.as_of, "groups"))


@expose(
    "POST", "/groups", tag=TAG, answers=DONE_ONCE, problems=("key-reused",),
    headers=("Larry-Reason", "Idempotency-Key"), example={"name": "night-shift"},
)  # fmt: skip
def create_group(call: Call, asked: ActQuery, said: GroupBody) -> HttpResponse:
    """Make a group with nobody in it."""

    def act() -> HttpResponse:
        add_group(said.name, said.description, call.author(said.reason), dry_run=asked.dry_run)
        return _answer_done(f"there is a group {said.name}", dry_run=asked.dry_run)

    return once(call, asked, said.model_dump(), act)


@expose("DELETE", "/groups/{name}", tag=TAG, answers=DONE, problems=("not-found",), headers=("Larry-Reason",))
def delete_group(call: Call, path: NamePath, asked: ActQuery, said: ReasonBody | None = None) -> HttpResponse:
    """Remove a group with all that it was granted."""
    remove_group(path.name, call.author(said.reason if said else ""), dry_run=asked.dry_run)
    return _answer_done(f"there is no group {path.name} any more", dry_run=asked.dry_run)


@expose(
    "POST",
    "/groups/{name}/join",
    tag=TAG,
    answers=DONE_ONCE,
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"user": "ada", "reason": "new on the team"},
)
def join_group(call: Call, path: NamePath, asked: ActQuery, said: MemberBody) -> HttpResponse:
    """Put a user into a group, by whoever may grant all that it has."""

    def act() -> HttpResponse:
        join(path.name, said.user, call.author(said.reason), dry_run=asked.dry_run)
        return _answer_done(f"{said.user} is in {path.name}", dry_run=asked.dry_run)

    return once(call, asked, said.model_dump(), act)


@expose(
    "POST",
    "/groups/{name}/leave",
    tag=TAG,
    answers=DONE,
    problems=("not-found",),
    headers=("Larry-Reason",),
    example={"user": "ada", "reason": "sleeps now"},
)
def leave_group(call: Call, path: NamePath, asked: ActQuery, said: MemberBody) -> HttpResponse:
    """Take a user out of a group."""
    leave(path.name, said.user, call.author(said.reason), dry_run=asked.dry_run)
    return _answer_done(f"{said.user} is no longer in {path.name}", dry_run=asked.dry_run)


def _read_grant(said: GrantBody) -> GrantRequest:
    rules = (
        ("to", said.to in {"user", "group"}, "must be user or group"),
        ("role", said.role in set(PersonRole), f"must be one of {', '.join(PersonRole)}"),
        ("scope", said.scope in set(ScopeKind), f"must be one of {', '.join(ScopeKind)}"),
        ("address", bool(said.address) is (said.scope != ScopeKind.EVERYTHING), "names what the scope is, if not all"),
    )
    faults = [FieldFault("body", f"/{name}", text) for name, holds, text in rules if not holds]
    if faults:
        raise Problem("invalid", f"{faults[0].field}: {faults[0].text}", faults=faults)
    return GrantRequest(said.to, said.name, PersonRole(said.role), ScopeKind(said.scope), said.address)


def _answer_done(text: str, *, dry_run: bool) -> HttpResponse:
    return make_json({"dry_run": dry_run, "done": text})


def _answer_user(row: UserRow, *, dry_run: bool = False, status: int = 200) -> HttpResponse:
    document: dict[str, Json] = {"dry_run": dry_run, "user": row.document}
    return make_json(document, status=status)
