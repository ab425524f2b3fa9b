"""A Deployable: what a snapshot froze, readable, and where it is live."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.core.deployable import LEVELS, FrozenService, Snapshot
from larry.queries.deployable import get_snapshots
from larry.queries.deployment import SHOWN, DeploymentFilter, page_deployments
from larry.queries.former_key import get_former_keys
from larry.queries.reader import NotFound
from larry.web.address import noun_path
from larry.web.difference_view import tell_value
from larry.web.frame import Crumb, read_frame
from larry.web.list_pages import make_pages, page_href, read_begin
from larry.web.page import look_only, make_page, make_problem
from larry.web.views.instance_services import tell_where


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """One service as it was frozen, in start order."""

    number: int
    service: FrozenService
    parameters: tuple[tuple[str, str], ...]
    audits: tuple[tuple[str, str], ...]


@look_only
def answer_deployable(request: HttpRequest, digest: str) -> HttpResponse:
    """The page; secrets masked; 404 for a digest that names nothing. About 7 SQL statements."""
    frame = read_frame(request)
    reader, at = frame.visitor.reader, frame.asked.at
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        return make_problem(request, 404, "There is no snapshot of such a digest.")
    try:
        snapshot = get_snapshots([digest], reader, at)[digest]
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    path = get_former_keys(reader, at).find("instance", snapshot.path)
    begin = read_begin(request)
    page = page_deployments(DeploymentFilter(snapshot=digest, states=SHOWN), reader, at, newest=True, begin=begin)
    values = {
        "digest": digest,
        "path": path,
        "own": [(level, _tell(snapshot, level)) for level in LEVELS],
        "requires": snapshot.requires,
        "services": [_line(number, service) for number, service in enumerate(snapshot.services, start=1)],
        "rows": page.rows,
        "pages": make_pages(begin, len(page.rows), page.total, page_href(request)),
        "compare": f"{reverse('instance-snapshots', args=[path])}?from={digest}&to=now#compare",
        "deploy": f"{reverse('deploy')}?instance={path}&snapshot={digest}",
    }
    crumbs = (Crumb("Instances", reverse("instances")), Crumb(path, noun_path("instances", path)),
              Crumb("Snapshots", reverse("instance-snapshots", args=[path])))  # fmt: skip
    return make_page(request, "deployable.html", values, title=f"Snapshot {digest[:12]}", crumbs=crumbs)


def _tell(snapshot: Snapshot, level: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, tell_value(value)) for name, value in sorted(snapshot.own[level].items()))


def _line(number: int, service: FrozenService) -> FrozenLine:
    parameters = tuple((name, tell_value(value)) for name, value in sorted(service.parameters.items()))
    return FrozenLine(number, service, parameters, tuple((a.service, tell_where(a.where)) for a in service.audits))
