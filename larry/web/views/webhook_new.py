"""A webhook is added: its secret is on this page once, and on no other."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author, Refused
from larry.actions.grant import find_scope
from larry.actions.webhook import NewWebhook, add_webhook
from larry.core.event import EventKind
from larry.core.rights import Permission
from larry.outside.guarded_address import AddressRefused, read_url
from larry.queries.user import get_user
from larry.web.frame import Crumb, read_frame
from larry.web.page import look_or_act, make_page
from larry.web.people_form import Input, PeopleForm, Sent, answer_people_form, find_in
from larry.web.scope_input import make_scope_inputs, read_scope

EVENTS = (
    (EventKind.PLANNED, "a deployment was planned"),
    (EventKind.CHANGED, "one was moved, ended, extended, deactivated or deleted"),
    (EventKind.STARTED, "the clock has passed its start"),
    (EventKind.ENDED, "the clock has passed its end"),
    (EventKind.NODE, "a host is to be something else now, or later"),
    (EventKind.DIRTY, "what is live is no longer what is described"),
    (EventKind.CHECK, "something has become strange"),
)
"""What a webhook may ask for, and when it is told."""


@look_or_act
def answer_webhook_new(request: HttpRequest) -> HttpResponse:
    """The form of a webhook; sent, its secret. What the act costs."""
    visitor = read_frame(request).visitor
    for_others = visitor.rights.scope(Permission.MANAGE).everything

    def act(sent: Sent, author: Author) -> HttpResponse:
        owner = (for_others and sent.get("owner")) or visitor.name
        if for_others:
            find_in("owner", lambda: get_user(owner, author.sees, author.moment))
        made = add_webhook(_read(sent, owner, author), author)
        if made.row is None:
            raise Refused("the webhook was not added")
        values = {"row": made.row, "secret": made.secret}
        title = f"Webhook {made.row.id} is added"
        return make_page(request, "webhook_made.html", values, title=title, crumbs=_crumbs())

    owner = (Input("owner", "As", visitor.name, "It is told what this user may see, and nothing once they are "
                   "deactivated.", names=reverse("user-names"), is_required=True),) if for_others else ()  # fmt: skip
    about = ("What happens is told to a URL, signed by a secret that is shown once, when the webhook is added.",)
    form = PeopleForm("New webhook", "Add", _crumbs(), reverse("webhooks"), (*_inputs(), *owner), act, about)
    return answer_people_form(request, form)


def _inputs() -> tuple[Input, ...]:
    return (
        Input("url", "URL", hint="Such as https://chat.example.com/hooks/larry. Lists show its host alone, because a "
              "path may hold a token.", is_required=True),
        Input("events", "Events", kind="boxes", hint="Tell when it happens.",
              options=tuple((kind.value, f"{kind}: {about}") for kind, about in EVENTS)),
        *make_scope_inputs("Only within", {}),
    )  # fmt: skip


def _read(sent: Sent, owner: str, author: Author) -> NewWebhook:
    try:
        shown = read_url(sent.get("url", "")).shown
    except AddressRefused as refused:
        raise Refused(str(refused), field="url") from None
    known = {kind.value: kind for kind, _ in EVENTS}
    events = tuple(known[word] for word in sent.get("events", "").split() if word in known)
    kind, address = read_scope(sent)
    find_in("address", lambda: find_scope(kind, address, author))
    return NewWebhook(sent.get("url", ""), shown, events, kind, address, owner)


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb("Webhooks", reverse("webhooks")),)
