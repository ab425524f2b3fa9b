"""`GET /inventory.FORMAT`: every host as of a moment, in the language of a tool.

Secrets are masked, but for a token that is entitled to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.http import HttpRequest, HttpResponse

from larry.actions.reveal import disclose
from larry.api.caller import Caller
from larry.api.dated_reply import make_dated_reply
from larry.api.lookup import answer_lookup
from larry.api.reply import RETRY_AFTER, make_refusal, read_only
from larry.core.fleet import Fleet, FleetOutline
from larry.core.rights import Permission
from larry.exports.dialect import Dialect, RenderTexts, list_inventories
from larry.outside import clock
from larry.queries.fleet import (
    get_fleet,
    get_fleet_outline,
    get_stored_fleet,
    list_masked_texts,
    mask_fleet,
)
from larry.queries.moment import Moment
from larry.queries.node_part import RedactedMeanwhile

MOST_AT_ONCE = 500
"""An inventory of more hosts is sent while it is read."""


@read_only
def answer_inventory(request: HttpRequest, suffix: str) -> HttpResponse:
    """The hosts that the asker may configure; 304 when they have it, 401 for a stranger, 404 for an unknown format, 400
    for what is no moment, 422 for what the dialect cannot say.

    4 SQL statements after those that tell who asks, and 1 for each 200 hosts unless the asker has them; with secrets in
    clear about 9.
    """
    return answer_lookup(request, lambda caller: _answer(request, suffix, caller))


def _answer(request: HttpRequest, suffix: str, caller: Caller) -> HttpResponse:
    dialect = next((each for each in list_inventories() if each.suffix == suffix), None)
    if dialect is None or dialect.render_fleet is None:
        formats = ", ".join(f".{each.suffix}" for each in list_inventories())
        return make_refusal(f"ask for inventory.FORMAT, which ends in one of {formats}", 404)
    # Roles and pools are as they are now, in an inventory of the past too.
    scope = caller.rights.scope(Permission.REVEAL)
    if (caller.token is None or scope.is_empty) and dialect.render_texts is not None:
        return _pass_on(request, dialect, dialect.render_texts, caller)
    if caller.token is None or scope.is_empty:
        return make_dated_reply(
            request, dialect, lambda at: get_fleet(caller.reader, at), dialect.render_fleet, past_is_settled=False
        )
    opened = "all" if scope.everything else f"pools {sorted(scope.pools)}"
    token, print_fleet = caller.token.id, dialect.render_fleet

    def render(stored: Fleet) -> str:
        return print_fleet(_open(stored, caller, token))

    def find(at: Moment) -> Fleet:
        return get_stored_fleet(caller.reader, at)

    return make_dated_reply(request, dialect, find, render, past_is_settled=False, opened=opened)


def _pass_on(request: HttpRequest, dialect: Dialect, print_texts: RenderTexts, caller: Caller) -> HttpResponse:
    """Nodes as they are stored, masked; those of many hosts are read while they are sent."""
    now = Moment(clock.now())

    def render(fleet: FleetOutline) -> str | Iterator[str]:
        pieces = print_texts(fleet, list_masked_texts(fleet, caller.reader, now))
        return pieces if len(fleet.hosts) > MOST_AT_ONCE else "".join(pieces)

    def find(at: Moment) -> FleetOutline:
        return get_fleet_outline(caller.reader, at)

    try:
        return make_dated_reply(request, dialect, find, render, past_is_settled=False)
    except RedactedMeanwhile:
        response = make_refusal("a node was redacted while the hosts were read: ask again", 503)
        response.headers["Retry-After"] = RETRY_AFTER
        return response


def _open(stored: Fleet, caller: Caller, token: int) -> Fleet:
    """The fleet with the secrets that the token is entitled to, all others masked."""
    opened = disclose([host.dated for host in stored.hosts], caller.author("", clock.now()), token)
    hosts = (replace(host, dated=opened.get(host.name, host.dated)) for host in mask_fleet(stored).hosts)
    return replace(stored, hosts=tuple(hosts))
