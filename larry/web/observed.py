"""Every request is given an id, counted, and told in one line of the log, whatever became of it."""

from __future__ import annotations

import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count
from time import perf_counter

from django.http import HttpRequest, HttpResponse

from larry.outside.log_line import get_trace, tell, tracing
from larry.outside.meter import METHODS, count_request
from larry.web.proxy import read_address

LOG = logging.getLogger("larry.request")
HEADER = "X-Request-ID"
NO_ROUTE = "none"
"""The route of a request that nothing answers to."""

_WELL_FORMED = re.compile(r"[A-Za-z0-9._:+=@-]{1,100}")


def observe(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The outermost middleware. The line has the route and not the query, which may hold what nobody should read."""

    def answer(request: HttpRequest) -> HttpResponse:
        begun = perf_counter()
        known = name_request(request.META.get("HTTP_X_REQUEST_ID", ""))
        with tracing(request=known):
            response = get_response(request)
            response.headers[HEADER] = known
            method = request.method if request.method in METHODS else "other"
            user, client = get_trace().get("user", "-"), read_address(request)
            tell_answer(_name_route(request), method, response.status_code, user, client, perf_counter() - begun)
        return response

    return answer


def name_request(said: str) -> str:
    """The id of a request: what it says itself, if that is one; else 32 digits that no other request has."""
    if said and _WELL_FORMED.fullmatch(said):
        return said
    process, numbers = _begin_numbers()
    return f"{process}{next(numbers):012x}"


@lru_cache(maxsize=1)
def _begin_numbers() -> tuple[str, Iterator[int]]:
    """Chance once for each process, also for one that is born as a copy: for each request it would take longer than to
    count it."""
    return uuid.uuid4().hex[:20], count()


os.register_at_fork(after_in_child=_begin_numbers.cache_clear)


def tell_answer(route: str, method: str, status: int, user: str, client: str, seconds: float) -> None:
    """Count an answer, and write its line."""
    count_request(route, method, status, seconds)
    level = logging.INFO if status < 500 else logging.WARNING
    if LOG.isEnabledFor(level):
        tell(
            LOG,
            level,
            "answered",
            route=route,
            method=method,
            status=status,
            user=user,
            client=client,
            ms=round(seconds * 1000, 1),
        )


def _name_route(request: HttpRequest) -> str:
    """One of the few that there are: a page's by its name, an operation's by its address with the places left open."""
    match = request.resolver_match
    if match is None:
        return NO_ROUTE
    return (match.route if match.namespaces else match.view_name) or NO_ROUTE
