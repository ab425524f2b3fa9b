"""Webhooks over HTTP: added, looked at, paused, tried and removed by who may say who may do what in their scope."""

from __future__ import annotations

from django.http import HttpResponse
from pydantic import Field

from larry.actions.author import Author
from larry.actions.webhook import (
    NewWebhook,
    add_webhook,
    pause_webhook,
    ping_webhook,
    remove_webhook,
    resume_webhook,
    retry_delivery,
)
from larry.api.asked import (
    LARGEST_PAGE,
    USUAL_PAGE,
    ActQuery,
    Address,
    AskedQuery,
    AsOfQuery,
    IdPath,
    Line,
    NumberPath,
    ReasonBody,
)
from larry.api.once import once
from larry.api.operation import Answer, Call, expose, say_as_now
from larry.api.problem import FieldFault, Problem, make_json
from larry.api.sought import SoughtQuery, choose
from larry.core.document import Json
from larry.core.event import DELIVERY_STATES, EventKind
from larry.core.rights import ScopeKind
from larry.outside.guarded_address import LONGEST_URL, AddressRefused, read_url
from larry.queries.webhook import get_webhook, list_deliveries, list_webhooks

TAG = "webhooks"
_ASKABLE = tuple(kind.value for kind in EventKind if kind is not EventKind.PING)
_DONE = {200: Answer("Done", "Done, or what would be (dry_run).")}


class WebhookBody(ReasonBody):
    url: str = Field(min_length=1, max_length=LONGEST_URL, examples=["https://chat.example.com/hooks/larry"])
    events: list[Line] = Field(min_length=1, max_length=len(_ASKABLE), description=", ".join(_ASKABLE))
    scope: Line = Field(ScopeKind.EVERYTHING.value, description=", ".join(ScopeKind))
    address: Line = Field("", description="The customer, app or pool; empty for everything.")
    owner: Address | None = Field(None, description="Whose rights decide what is told: the caller, unless given.")


class DeliveriesQuery(AskedQuery):
    state: Line | None = Field(None, description=", ".join(DELIVERY_STATES))
    limit: int = Field(USUAL_PAGE, ge=1, le=LARGEST_PAGE, description="As many at most, the newest first.")


@expose("GET", "/webhooks", tag=TAG, answers={200: Answer("Webhooks", "By number.", ("Larry-As-Of", "Larry-Note"))})
def answer_webhooks(call: Call, asked: SoughtQuery) -> HttpResponse:
    """List webhooks: all to whoever may see who may do what, else one's own."""
    rows = list_webhooks(call.reader, call.at(asked.as_of))
    shown = choose((row.document for row in rows), asked, ("id", "url", "created_at", "pending", "dead"), "webhooks")
    return make_json(shown, headers=say_as_now(call, asked.as_of, "webhooks"))


@expose(
    "POST",
    "/webhooks",
    tag=TAG,
    answers={
        200: Answer("Done", "What would be done (dry_run)."),
        201: Answer("NewWebhook", "Its secret is told once.", ("Location", "Idempotent-Replay")),
    },
    problems=("not-found", "key-reused"),
    headers=("Larry-Reason", "Idempotency-Key"),
    example={"url": "https://chat.example.com/hooks/larry", "events": ["deployment.started"], "reason": "ask Ada"},
)
def create_webhook(call: Call, asked: ActQuery, said: WebhookBody) -> HttpResponse:
    """Tell a URL of events. The secret is told once: with the same Idempotency-Key again it is null."""
    new = _read_webhook(call, said)

    def act() -> HttpResponse:
        made = add_webhook(new, call.author(said.reason), dry_run=asked.dry_run)
        if made.row is None or made.secret is None:
            return make_json({"dry_run": True, "done": f"a webhook to {new.shown} can be added"})
        document: dict[str, Json] = {"webhook": made.row.document, "secret": made.secret}
        headers = {"Cache-Control": "no-store", "Location": f"/api/v1/webhooks/{made.row.id}"}
        return make_json(document, status=201, headers=headers)

    return once(call, asked, said.model_dump(), act, told_once=("secret",))


@expose(
    "GET", "/webhooks/{number}", tag=TAG,
    answers={200: Answer("Webhook", "Never with its secret.", ("Larry-As-Of", "Larry-Note"))},
    problems=("not-found",),
)  # fmt: skip
def answer_webhook(call: Call, path: NumberPath, asked: AsOfQuery) -> HttpResponse:
    """Read one webhook."""
    document = get_webhook(path.number, call.reader, call.present).document
    return make_json(document, headers=say_as_now(call, asked.as_of, "webhooks"))


@expose("DELETE", "/webhooks/{number}", tag=TAG, answers=_DONE, problems=("not-found",), headers=("Larry-Reason",))
def delete_webhook(call: Call, path: NumberPath, asked: ActQuery, said: ReasonBody | None = None) -> HttpResponse:
    """Tell a webhook nothing any more, not even what is waiting."""
    remove_webhook(path.number, _author(call, said), dry_run=asked.dry_run)
    return _answer_done(f"the webhook {path.number} is removed", dry_run=asked.dry_run)


@expose(
    "POST", "/webhooks/{number}/pause", tag=TAG, answers=_DONE, problems=("not-found",), headers=("Larry-Reason",),
    example={"reason": "the chat is being moved"},
)  # fmt: skip
def stop_telling(call: Call, path: NumberPath, asked: ActQuery, said: ReasonBody | None = None) -> HttpResponse:
    """Tell a webhook nothing for a while; what happens meanwhile waits."""
    pause_webhook(path.number, _author(call, said), dry_run=asked.dry_run)
    return _answer_done(f"the webhook {path.number} is paused", dry_run=asked.dry_run)


@expose(
    "POST", "/webhooks/{number}/resume", tag=TAG, answers=_DONE, problems=("not-found",), headers=("Larry-Reason",),
    example={"reason": "the chat has moved"},
)  # fmt: skip
def go_on_telling(call: Call, path: NumberPath, asked: ActQuery, said: ReasonBody | None = None) -> HttpResponse:
    """Go on telling a webhook, with what has happened meanwhile."""
    resume_webhook(path.number, _author(call, said), dry_run=asked.dry_run)
    return _answer_done(f"the webhook {path.number} is told again", dry_run=asked.dry_run)


@expose(
    "POST", "/webhooks/{number}/ping", tag=TAG, answers=_DONE, problems=("not-found",), headers=("Larry-Reason",),
    example={"reason": "is it there?"},
)  # fmt: skip
def send_ping(call: Call, path: NumberPath, said: ReasonBody | None = None) -> HttpResponse:
    """Have the worker send a ping."""
    ping_webhook(path.number, _author(call, said))
    return _answer_done(f"a ping for the webhook {path.number} is waiting for the worker", dry_run=False)


@expose(
    "GET", "/webhooks/{number}/deliveries", tag=TAG, answers={200: Answer("Deliveries", "The newest first.")},
    problems=("not-found",),
)  # fmt: skip
def answer_deliveries(call: Call, path: NumberPath, asked: DeliveriesQuery) -> HttpResponse:
    """What was told to a webhook, how it went, and when it is tried again."""
    if asked.state is not None and asked.state not in DELIVERY_STATES:
        text = f"must be one of {', '.join(DELIVERY_STATES)}"
        raise Problem("invalid", f"state: {text}", faults=[FieldFault("query", "state", text)])
    get_webhook(path.number, call.reader, call.present)
    rows = list_deliveries(path.number, call.reader, call.present, state=asked.state, limit=asked.limit)
    return make_json([row.document for row in rows])


@expose(
    "POST", "/deliveries/{id}/retry", tag=TAG, answers=_DONE, problems=("not-found",), headers=("Larry-Reason",),
    example={"reason": "it is back"},
)  # fmt: skip
def try_again(call: Call, path: IdPath, said: ReasonBody | None = None) -> HttpResponse:
    """Try a delivery again now, under the key that it has."""
    retry_delivery(path.id, _author(call, said))
    return _answer_done(f"{path.id} is tried again by the worker", dry_run=False)


def _read_webhook(call: Call, said: WebhookBody) -> NewWebhook:
    rules = [
        ("events", set(said.events) <= set(_ASKABLE), f"are some of {', '.join(_ASKABLE)}"),
        ("scope", said.scope in set(ScopeKind), f"must be one of {', '.join(ScopeKind)}"),
        ("address", bool(said.address) is (said.scope != ScopeKind.EVERYTHING), "names what the scope is, if not all"),
    ]
    shown = ""
    try:
        shown = read_url(said.url).shown
    except AddressRefused as refused:
        rules.append(("url", False, str(refused)))
    faults = [FieldFault("body", f"/{name}", text) for name, holds, text in rules if not holds]
    if faults:
        raise Problem("invalid", f"{faults[0].field}: {faults[0].text}", faults=faults)
    kinds = tuple(EventKind(word) for word in dict.fromkeys(said.events))
    owner = said.owner or call.caller.name
    return NewWebhook(said.url, shown, kinds, ScopeKind(said.scope), said.address, owner)


def _author(call: Call, said: ReasonBody | None) -> Author:
    return call.author(said.reason if said else "")


def _answer_done(text: str, *, dry_run: bool) -> HttpResponse:
    return make_json({"dry_run": dry_run, "done": text})
