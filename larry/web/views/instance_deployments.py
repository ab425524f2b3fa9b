"""The deployments of an instance: current, future, past, and on request those that were replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.queries.deployment import DeploymentFilter, State, page_deployments
from larry.queries.instance import Standing
from larry.queries.interval_map import get_interval_map
from larry.web.frame import Frame
from larry.web.instance_page import InstancePage, answer_instance_page
from larry.web.interval_picture import draw_map
from larry.web.page import look_only

MOST_DEPLOYMENTS = 50


@look_only
def answer_instance_deployments(request: HttpRequest, address: str) -> HttpResponse:
    """As of the moment; ``deactivated=1`` shows those too; the first of each state, and where the
    others are listed. About 25 SQL statements."""
    return answer_instance_page(request, address, _PAGE)


def _fill(request: HttpRequest, standing: Standing, frame: Frame) -> Mapping[str, Any]:
    reader, at = frame.visitor.reader, frame.asked.at
    shows_all = request.GET.get("deactivated") == "1"
    digests = {each.deployment: each.is_dirty for each in standing.live if each.is_current}
    groups = []
    for state in _STATES:
        if state is State.DEACTIVATED and not shows_all:
            continue
        which = DeploymentFilter(instance=standing.path, states=frozenset({state}))
        page = page_deployments(which, reader, at, newest=state in _LATEST_FIRST, size=MOST_DEPLOYMENTS)
        query = urlencode({"instance": standing.path, "state": state.value})
        more = f"{reverse('deployments')}?{query}" if page.total > len(page.rows) else ""
        groups.append((state.value, page.rows, page.total, more))
    return {
        "map": draw_map(get_interval_map("instance", standing.path, reader, at), frame),
        "groups": [group for group in groups if group[2] or group[0] == "current"],
        "dirty": {id_ for id_, is_dirty in digests.items() if is_dirty},
        "shows_all": shows_all,
    }


_STATES = (State.CURRENT, State.FUTURE, State.PAST, State.DEACTIVATED)
_LATEST_FIRST = frozenset({State.PAST, State.DEACTIVATED})
_PAGE = InstancePage("instance-deployments", "Deployments", "instance_deployments.html", _fill)
