"""The deployments of an instance: current, future, past, and on request those that were replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from larry.queries.deployment import SHOWN, DeploymentFilter, State, list_deployments
from larry.queries.instance import Standing
from larry.queries.interval_map import get_interval_map
from larry.web.frame import Frame
from larry.web.instance_page import InstancePage, answer_instance_page
from larry.web.interval_picture import draw_map
from larry.web.page import look_only

MOST_DEPLOYMENTS = 200


@look_only
def answer_instance_deployments(request: HttpRequest, address: str) -> HttpResponse:
    """As of the moment; ``deactivated=1`` shows those too. About 20 SQL statements."""
    return answer_instance_page(request, address, _PAGE)


def _fill(request: HttpRequest, standing: Standing, frame: Frame) -> Mapping[str, Any]:
    reader, at = frame.visitor.reader, frame.asked.at
    shows_all = request.GET.get("deactivated") == "1"
    which = DeploymentFilter(instance=standing.path, states=frozenset(State) if shows_all else SHOWN)
    rows = list_deployments(which, reader, at)
    digests = {each.deployment: each.is_dirty for each in standing.live if each.is_current}
    groups = []
    for state, word in _WORDS:
        found = [row for row in rows if row.state is state]
        found = found[::-1] if state in {State.PAST, State.DEACTIVATED} else found
        groups.append((word, state.value, found[:MOST_DEPLOYMENTS], len(found[MOST_DEPLOYMENTS:])))
    return {
        "map": draw_map(get_interval_map("instance", standing.path, reader, at), frame),
        "groups": [group for group in groups if group[2] or group[1] == "current"],
        "dirty": {id_ for id_, is_dirty in digests.items() if is_dirty},
        "shows_all": shows_all,
    }


_WORDS = (
    (State.CURRENT, "Current"),
    (State.FUTURE, "Future"),
    (State.PAST, "Past"),
    (State.DEACTIVATED, "Deactivated"),
)
_PAGE = InstancePage("instance-deployments", "Deployments", "instance_deployments.html", _fill)
