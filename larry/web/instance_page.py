"""What every page of one instance shows around its own: where it stands, its tabs, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.queries.instance import Standing, get_standing
from larry.queries.reader import NotFound
from larry.web.address import find_route, noun_path
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.noun_tab import list_instance_tabs
from larry.web.page import make_page, make_problem

LONGEST_PATH = 300
MOST_HOSTS = 6


@dataclass(frozen=True, slots=True)
class InstancePage:
    """One tab: the route that answers it, its title (the first has none of its own), its template, and how its own
    values are made.
    """

    route: str
    title: str
    template: str
    fill: Callable[[HttpRequest, Standing, Frame], Mapping[str, Any]]


def answer_instance_page(request: HttpRequest, address: str, page: InstancePage) -> HttpResponse:
    """The page as of the moment asked for; 404 for an instance that there is not. 9 SQL statements and its own."""
    frame = read_frame(request)
    if len(address) > LONGEST_PATH or not address.isprintable():
        return make_problem(request, 404, "There is no instance of such a path.")
    try:
        standing = get_standing(address, frame.visitor.reader, frame.asked.at)
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    values = {**_head(standing, page.route), **page.fill(request, standing, frame)}
    customer, app, key = standing.path.split("/")
    crumbs = (
        Crumb("Instances", find_route("instances")),
        Crumb(customer, noun_path("customers", customer)),
        Crumb(app, noun_path("apps", f"{customer}/{app}")),
        *((Crumb(key, noun_path("instances", standing.path)),) if page.title else ()),
    )
    return make_page(request, page.template, values, title=page.title or key, crumbs=crumbs)


def _head(standing: Standing, route: str) -> Mapping[str, Any]:
    current = [each for each in standing.live if each.is_current]
    hosts = tuple(dict.fromkeys(each.host for each in current))
    states = ["current"] if current else ["future"] if standing.live else []
    states += ["dirty"] if standing.is_dirty else []
    deploy = find_route("deploy")
    return {
        "path": standing.path,
        "states": states,
        "hosts": hosts[:MOST_HOSTS],
        "more_hosts": len(hosts[MOST_HOSTS:]),
        "is_dirty": standing.is_dirty,
        "is_ready": not (standing.resolved.missing or standing.resolved.wrong),
        "tabs": list_instance_tabs(standing.path, route),
        "deploy": f"{deploy}?{urlencode({'instance': standing.path})}" if deploy else "",
        "redeploy": reverse("instance-redeploy", args=[standing.path]) if current else "",
    }
