"""The lookup lane is wired here: in front of Django, with the headers and the meters of the site."""

from __future__ import annotations

import logging
from typing import Any

from larry.api.lane import Application, LookupLane
from larry.outside.log_line import tracing
from larry.outside.meter import count_request
from larry.web.headers import HEADERS
from larry.web.observed import LOG, name_request, tell_answer
from larry.web.proxy import find_client

ROUTE = "configuration"
"""What meters and the log call it, as the view does."""


def lay_lane(behind: Application) -> LookupLane:
    """The application with the lane in front."""
    return LookupLane(behind, HEADERS, _tell)


def _tell(environ: dict[str, Any], status: int, user: str, seconds: float) -> str:
    known = name_request(environ.get("HTTP_X_REQUEST_ID", ""))
    if not LOG.isEnabledFor(logging.INFO):
        count_request(ROUTE, "GET", status, seconds)
        return known
    with tracing(request=known):
        tell_answer(ROUTE, "GET", status, user, find_client(environ), seconds)
    return known
