"""`GET /inventory.FORMAT`: every host as of a moment, in the language of a tool, secrets masked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from larry.api.configuration import ANYBODY
from larry.api.dated_reply import make_dated_reply
from larry.api.reply import make_refusal, read_only
from larry.exports.dialect import list_inventories
from larry.queries.fleet import get_fleet


@read_only
def answer_inventory(request: HttpRequest, suffix: str) -> HttpResponse:
    """The fleet; 304 when the asker has it, 404 for an unknown format, 400 for what is no moment, 422 for what the
    dialect cannot say. 4 SQL statements."""
    dialect = next((each for each in list_inventories() if each.suffix == suffix), None)
    if dialect is None or dialect.render_fleet is None:
        formats = ", ".join(f".{each.suffix}" for each in list_inventories())
        return make_refusal(f"ask for inventory.FORMAT, which ends in one of {formats}", 404)
    # Roles and pools are as they are now, in an inventory of the past too.
    return make_dated_reply(
        request, dialect, lambda at: get_fleet(ANYBODY, at), dialect.render_fleet, past_is_settled=False
    )
