"""What Prometheus scrapes: requests, processes, and the estate in figures that name nobody."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from larry.api.caller import recognise
from larry.api.near import is_near
from larry.api.problem import Problem, answer_problem
from larry.api.reply import make_reply, read_only
from larry.core.rights import Permission
from larry.outside import clock
from larry.outside.meter import MEDIA_TYPE, Gauge, print_meters
from larry.queries.gauge import get_gauges
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE


@read_only
def answer_metrics(request: HttpRequest) -> HttpResponse:
    """200 for the networks of the setting ``metrics_from``, and for whoever may review everything; else 401 or 403.

    9 SQL statements. While the database is away it tells that, and the rest.
    """
    now = clock.now()
    if not is_near(request, settings.LARRY_METRICS_FROM):
        try:
            caller = recognise(request, now)
        except Problem as problem:
            return answer_problem(problem)
        if not caller.rights.scope(Permission.REVIEW).everything:
            text = "the figures are of the whole estate: a reviewer or administrator of everything may read them"
            return answer_problem(Problem("not-allowed", text))
    response = make_reply(print_meters(_read_gauges(now)), media_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _read_gauges(now: datetime) -> list[Gauge]:
    answers = Gauge("larry_database_answers", "Whether the database answers: 1 or 0.", 1)
    try:
        found = get_gauges(WHOLE, Moment(now))
    except (DatabaseError, InterfaceError):
        return [Gauge(answers.name, answers.help, 0)]
    deployments, deliveries = "Deployments, by state.", "Deliveries to webhooks that did not succeed yet or ever."
    next_in = (found.next_boundary - now).total_seconds() if found.next_boundary is not None else None
    last_ago = (now - found.last_activity).total_seconds() if found.last_activity is not None else None
    return [
        answers,
        Gauge("larry_hosts", "Hosts that are described.", found.hosts),
        Gauge("larry_instances", "Instances that are described.", found.instances),
        Gauge("larry_deployments", deployments, found.current, {"state": "current"}),
        Gauge("larry_deployments", deployments, found.future, {"state": "future"}),
        Gauge("larry_outbox_events", "Events that no delivery has been made of yet.", found.events),
        Gauge("larry_deliveries", deliveries, found.pending, {"state": "pending"}),
        Gauge("larry_deliveries", deliveries, found.dead, {"state": "dead"}),
        Gauge("larry_next_boundary_seconds", "Until the next start or end of a deployment; absent for none.", next_in),
        Gauge("larry_last_activity_seconds", "Since somebody did something; absent for never.", last_ago),
    ]
