"""Whether this process lives, and whether it can work."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from larry.api.reply import make_refusal, make_reply, read_only
from larry.core.rights import NO_RIGHTS
from larry.outside import clock
from larry.queries.moment import Moment
from larry.queries.reader import Reader
from larry.queries.readiness import get_readiness

PROBE = Reader("probe", NO_RIGHTS)


@read_only
def answer_health(request: HttpRequest) -> HttpResponse:
    """200 while this process answers at all: no database is asked, so that a balancer does not restart it in vain."""
    del request
    response = make_reply("alive\n")
    response.headers["Cache-Control"] = "no-store"
    return response


@read_only
def answer_readiness(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, is up to date and keeps its promises; else 503 with what is missing."""
    del request
    readiness = get_readiness(PROBE, Moment(clock.now()))
    if readiness.is_ready:
        response = make_reply("ready\n")
        response.headers["Cache-Control"] = "no-store"
        return response
    if not readiness.database_answers:
        return make_refusal("not ready: the database does not answer", 503)
    if readiness.pending_migrations:
        return make_refusal(f"not ready: run larry migrate for {', '.join(readiness.pending_migrations)}", 503)
    return make_refusal(f"not ready: run larry migrate to lay {', '.join(readiness.missing_guards)}", 503)
