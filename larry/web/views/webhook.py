"""Webhooks: whom Larry tells what happens, and how each telling went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author
from larry.actions.webhook import pause_webhook, ping_webhook, remove_webhook, resume_webhook, retry_delivery
from larry.core.event import DELIVERY_STATES
from larry.core.rights import Permission, ScopeKind
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.moment import Moment
from larry.queries.reader import NotFound
from larry.queries.webhook import (
    DeliveryRow,
    WebhookRow,
    count_deliveries,
    get_delivery,
    get_webhook,
    list_deliveries,
    list_webhooks,
)
from larry.web.address import noun_path
from larry.web.frame import Crumb, read_frame
from larry.web.list_pages import PAGE_SIZE, make_pages, page_href, read_begin
from larry.web.page import look_only, look_or_act, make_page, make_problem
from larry.web.people_form import Done, PeopleForm, Sent, answer_people_form
from larry.web.row_list import ANY, RowColumn, RowFilter, RowKind, answer_row_list
from larry.web.visitor import Visitor

LARGEST = 2**63 - 1
MOST_ACTIVITY = 12
_WORKER = "`larry worker` sends it"


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One delivery: what it is about, and where it is sent again (nothing where it cannot be)."""

    row: DeliveryRow
    href: str
    retry: str


@look_only
def answer_webhooks(request: HttpRequest) -> HttpResponse:
    """By ``q`` and ``state``, sorted, in pages, or as CSV or JSON; 1 SQL statement."""
    frame = read_frame(request)
    rows = list_webhooks(frame.visitor.reader, frame.asked.at)
    return answer_row_list(request, rows, _KIND, "webhook_list.html", {}, title="Webhooks")


@look_only
def answer_webhook(request: HttpRequest, number: int) -> HttpResponse:
    """One webhook, never its secret nor the whole URL, with its deliveries by ``state``, in pages; 4 SQL statements."""
    frame = read_frame(request)
    reader, at = frame.visitor.reader, frame.asked.at
    try:
        row = get_webhook(min(number, LARGEST), reader, at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    counted = count_deliveries(row.id, reader, at)
    state = request.GET.get("state", ANY)
    state = state if state in DELIVERY_STATES else ANY
    total = sum(counted.values()) if state == ANY else counted.get(state, 0)
    begin = min(read_begin(request), max(total - 1, 0) // PAGE_SIZE * PAGE_SIZE)
    found = list_deliveries(row.id, reader, at, state=None if state == ANY else state, begin=begin, limit=PAGE_SIZE)
    tabs = [
        ("given up" if each == "dead" else each, counted.get(each, 0) if each != ANY else sum(counted.values()),
         f"{request.path}?{urlencode({'state': each})}", each == state)
        for each in (ANY, *DELIVERY_STATES)
    ]  # fmt: skip
    values = {
        "row": row,
        "over": _tell_scope(row),
        "over_href": noun_path(NOUNS[row.kind].plural, row.address) if row.kind in NOUNS else "",
        "deliveries": [_make_line(each, frame.visitor) for each in found],
        "tabs": tabs,
        "pages": make_pages(begin, len(found), total, page_href(request)),
        "may_manage": may_manage(frame.visitor),
        "activity": list_activity(reader, at, ActivityFilter(noun="webhook", address=str(row.id)), limit=MOST_ACTIVITY),
    }
    return make_page(request, "webhook_show.html", values, title=f"Webhook {row.id}", crumbs=_crumbs())


@look_or_act
def answer_webhook_switch(request: HttpRequest, number: int) -> HttpResponse:
    """Told nothing for a while, or again."""

    def form(row: WebhookRow, own: str) -> PeopleForm:
        is_paused = row.paused_at is not None
        verb = "Resume" if is_paused else "Pause"

        def act(_sent: Sent, author: Author) -> Done:
            (resume_webhook if is_paused else pause_webhook)(row.id, author)
            return own, f"The webhook {row.id} is {'told again' if is_paused else 'paused'}."

        about = (
            f"It is told what has happened meanwhile: {row.pending} deliveries wait."
            if is_paused
            else "It is told nothing for a while. What happens meanwhile waits, and is told once it is resumed.",
        )
        return PeopleForm(f"{verb} webhook {row.id}", verb, _crumbs(row), own, (), act, about)

    return _answer(request, number, form)


@look_or_act
def answer_webhook_ping(request: HttpRequest, number: int) -> HttpResponse:
    """A first request, to see whether somebody is there."""

    def form(row: WebhookRow, own: str) -> PeopleForm:
        def act(_sent: Sent, author: Author) -> Done:
            ping_webhook(row.id, author)
            return own, f"A ping for the webhook {row.id} is waiting: {_WORKER}."

        about = (f"A ping is put among what {row.shown} is told: {_WORKER}, and how it went is shown here.",)
        return PeopleForm(f"Ping webhook {row.id}", "Send a ping", _crumbs(row), own, (), act, about)

    return _answer(request, number, form)


@look_or_act
def answer_webhook_remove(request: HttpRequest, number: int) -> HttpResponse:
    """Told nothing any more."""

    def form(row: WebhookRow, own: str) -> PeopleForm:
        def act(_sent: Sent, author: Author) -> Done:
            remove_webhook(row.id, author)
            return reverse("webhooks"), f"The webhook {row.id} is removed."

        about = (
            f"{row.shown} is told nothing any more: {row.pending} deliveries that wait for it are withheld.",
            "This cannot be undone but by adding it anew, with another secret.",
        )
        return PeopleForm(f"Remove webhook {row.id}", "Remove", _crumbs(row), own, (), act, about, is_grave=True)

    return _answer(request, number, form)


@look_or_act
def answer_delivery_retry(request: HttpRequest, key: str) -> HttpResponse:
    """A delivery is tried again, under the key that it has."""
    frame = read_frame(request)
    reader, now = frame.visitor.reader, Moment(frame.asked.now)
    try:
        row = get_delivery(key[:100], reader, now)
        webhook = get_webhook(row.webhook, reader, now)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    own = reverse("webhook", args=[webhook.id])

    def act(_sent: Sent, author: Author) -> Done:
        retry_delivery(row.key, author)
        return own, f"{row.key} is tried again: {_WORKER}."

    about = (
        f"{webhook.shown} is told of {row.event} ({row.noun} {row.address}) again.",
        "The key stays the same, so that whoever keeps keys takes it once. Tries are counted from the beginning.",
    )
    form = PeopleForm("Send again", "Send again", _crumbs(webhook), own, (), act, about)
    return answer_people_form(request, form)


def may_manage(visitor: Visitor) -> bool:
    """Whether they add webhooks, and look after some."""
    return not visitor.rights.scope(Permission.MANAGE).is_empty


def _answer(request: HttpRequest, number: int, form: Callable[[WebhookRow, str], PeopleForm]) -> HttpResponse:
    frame = read_frame(request)
    try:
        row = get_webhook(min(number, LARGEST), frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    return answer_people_form(request, form(row, reverse("webhook", args=[row.id])))


def _crumbs(row: WebhookRow | None = None) -> tuple[Crumb, ...]:
    own = (Crumb(f"Webhook {row.id}", reverse("webhook", args=[row.id])),) if row is not None else ()
    return (Crumb("Webhooks", reverse("webhooks")), *own)


def _make_line(row: DeliveryRow, visitor: Visitor) -> DeliveryLine:
    places = {"deployment": "deployments", "webhook": "webhooks"} | {name: noun.plural for name, noun in NOUNS.items()}
    href = noun_path(places[row.noun], row.address) if row.noun in places and row.address else ""
    is_again = row.state != "withheld" and may_manage(visitor)
    return DeliveryLine(row, href, reverse("delivery-retry", args=[row.key]) if is_again else "")


def _tell_scope(row: WebhookRow) -> str:
    return "everything" if row.kind is ScopeKind.EVERYTHING else f"{row.kind} {row.address}"


_KIND: RowKind[WebhookRow] = RowKind(
    "webhooks",
    (
        RowColumn("number", "#", lambda row: row.id, is_number=True),
        RowColumn("url", "To", lambda row: row.shown),
        RowColumn("events", "Events", lambda row: " ".join(row.events)),
        RowColumn("over", "Within", _tell_scope),
        RowColumn("owner", "As", lambda row: row.owner),
        RowColumn("state", "State", lambda row: row.state),
        RowColumn("pending", "Waiting", lambda row: row.pending, is_number=True),
        RowColumn("dead", "Given up", lambda row: row.dead, is_number=True),
        RowColumn("made", "Since", lambda row: row.created_at),
    ),
    lambda row: f"{row.id} {row.shown} {' '.join(row.events)} {_tell_scope(row)} {row.owner}",
    lambda row: row.document,
    (RowFilter("state", "State", ("active", "paused"), lambda row: row.state),),
)
