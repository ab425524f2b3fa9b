"""Tokens: what programs show; made, listed and revoked, told once."""

from __future__ import annotations

from django.http import HttpResponse
from pydantic import Field

from larry.actions.permit import COMMON
from larry.actions.token import NewToken, add_token, revoke_token
from larry.api.asked import ActQuery, Address, AsOfQuery, IdPath, Line, MomentText, ReasonBody
from larry.api.once import once
from larry.api.operation import Answer, Call, expose, say_as_now
from larry.api.problem import FieldFault, Problem, make_json
from larry.api.sought import SoughtQuery, choose
from larry.core.document import Json
from larry.core.feed import FeedName, feed_path
from larry.core.rights import Permission, PersonRole, ScopeKind
from larry.queries.token import get_token, list_tokens
from larry.queries.user import get_user

TAG = "tokens"


class TokensQuery(SoughtQuery):
    user: Address | None = Field(None, description="Those of this user.")


class TokenBody(ReasonBody):
    name: Line = Field(description="Letters, digits and . @ + - _")
    user: Address | None = Field(None, description="Whose it is to be; one's own unless said.")
    expires: MomentText | None = Field(None, description="Until when it holds; a year unless said, ten at most.")
    role: PersonRole | None = Field(None, strict=False, description="No more than this role, of what its user may.")
    customer: Address | None = Field(None, description="Only this customer; one of customer, app and pool at most.")
    app: Address | None = None
    pool: Address | None = None
    secrets: bool = Field(False, description="Entitled to secrets in clear, as far as its user is.")
    feeds: bool = Field(False, description="Reads feeds, by their address, and counts nowhere else.")


@expose(
    "GET",
    "/tokens",
    tag=TAG,
    answers={
        200: Answer(
            "Tokens",
            "One's own, or all for who may see who may do what; revoked ones too.",
            ("Larry-As-Of", "Larry-Note"),
        )
    },
    problems=("not-found",),
)
def answer_tokens(call: Call, asked: TokensQuery) -> HttpResponse:
    """List tokens: never themselves, but the part by which each is recognised."""
    user = get_user(asked.user, call.reader, call.present).name if asked.user else None
    rows = list_tokens(call.reader, call.present, user=user)
    shown = choose((row.document for row in rows), asked, ("user", "name", "created_at", "expires_at"), "tokens")
    return make_json(shown, headers=say_as_now(call, asked.as_of, "tokens"))


@expose(
    "GET",
    "/tokens/{id}",
    tag=TAG,
    answers={200: Answer("Token", "As it stands.", ("Larry-As-Of", "Larry-Note"))},
    problems=("not-found",),
)
def answer_token(call: Call, path: IdPath, asked: AsOfQuery) -> HttpResponse:
    """Read one token, by the part after `larry_`."""
    document = get_token(path.id, call.reader, call.present).document
    return make_json(document, headers=say_as_now(call, asked.as_of, "tokens"))


@expose(
    "POST",
    "/tokens",
    tag=TAG,
    answers={
        200: Answer("Token", "It could be made (dry_run)."),
        201: Answer(
            "MadeToken",
            "Made. The token is told this once: null when the request is sent again.",
            ("Location", "Idempotent-Replay"),
        ),
    },
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"name": "laptop", "expires": "+90d", "role": "viewer", "reason": "to look at the estate"},
)
def create_token(call: Call, asked: ActQuery, said: TokenBody) -> HttpResponse:
    """Make a token. It is told once: with the same Idempotency-Key again it is null."""
    _refuse_tokens(call, "")
    scopes = [(kind, getattr(said, kind)) for kind in ScopeKind if getattr(said, kind, None) is not None]
    if len(scopes) > 1:
        text = "there is one scope at most: customer, app or pool"
        raise Problem("invalid", text, faults=[FieldFault("body", f"/{scopes[1][0]}", text)])
    kind, address = scopes[0] if scopes else (ScopeKind.EVERYTHING, "")
    expires = call.find_moment(said.expires, "expires", "body")
    user = call.caller.name if said.user is None else said.user
    new = NewToken(user, said.name, expires, said.role, kind, address, said.secrets, said.feeds)

    def act() -> HttpResponse:
        made = add_token(new, call.author(said.reason), dry_run=asked.dry_run)
        if asked.dry_run:
            return make_json(made.row.document)
        headers = {"Cache-Control": "no-store", "Location": f"/api/v1/tokens/{made.row.prefix}"}
        # Who made it sees the addresses that hold it, by the name under which Larry was asked.
        named = FeedName if said.feeds else ()
        addresses = [call.request.build_absolute_uri(feed_path(name, made.text)) for name in named]
        document: dict[str, Json] = {**made.row.document, "token": made.text, "addresses": addresses}
        return make_json(document, status=201, headers=headers)

    return once(call, asked, said.model_dump(mode="json"), act, told_once=("token", "addresses"))


@expose(
    "DELETE",
    "/tokens/{id}",
    tag=TAG,
    answers={200: Answer("Token", "It counts no more, or would not (dry_run).")},
    problems=("not-found",),
    headers=("Larry-Reason",),
)
def delete_token(call: Call, path: IdPath, asked: ActQuery, said: ReasonBody | None = None) -> HttpResponse:
    """Revoke a token, by the part after `larry_`; a token may revoke itself."""
    get_token(path.id, call.reader, call.present)  # what they do not see is not there, before it is forbidden
    _refuse_tokens(call, path.id)
    row = revoke_token(path.id, call.author(said.reason if said else ""), dry_run=asked.dry_run)
    return make_json(row.document)


def _refuse_tokens(call: Call, prefix: str) -> None:
    """Who finds a token must not be able to make others that outlive it, or to take those of its user away."""
    token = call.caller.token
    if token is None or token.prefix == prefix or call.caller.rights.may(Permission.MANAGE, COMMON):
        return
    raise Problem("not-allowed", "a token makes and revokes no others: sign in, or use that of an administrator")
