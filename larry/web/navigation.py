"""The navigation: which pages stand in the head of every page. A line appears once its route is there."""

from __future__ import annotations

from dataclasses import dataclass

from larry.web.address import at_moment, find_route

MAIN = (
    ("Home", "start"),
    ("Customers", "customers"),
    ("Instances", "instances"),
    ("Hosts", "hosts"),
    ("Services", "services"),
    ("Deployments", "deployments"),
    ("Dirty", "dirty"),
    ("Activity", "activity"),
)
MORE = (
    ("Apps", "apps"),
    ("Roles", "roles"),
    ("Grades", "grades"),
    ("Pools", "pools"),
    ("Rollouts", "rollouts"),
    ("Deployables", "deployables"),
    ("Pictures", "pictures"),
    ("Coverage", "coverage"),
    ("Strange situations", "situations"),
    ("Users", "users"),
    ("Groups", "groups"),
    ("Grants", "grants"),
    ("Tokens", "tokens"),
    ("Webhooks", "webhooks"),
)
"""What is shown, and the name of its route."""


@dataclass(frozen=True, slots=True)
class NavigationLine:
    label: str
    href: str
    is_here: bool


def list_navigation(lines: tuple[tuple[str, str], ...], here: frozenset[str], query: str) -> tuple[NavigationLine, ...]:
    """The lines that this Larry has, those marked that lead to one of the places where one is."""
    found = ((label, find_route(route)) for label, route in lines)
    return tuple(NavigationLine(label, at_moment(to, query), to in here) for label, to in found if to)


def find_places(path: str) -> frozenset[str]:
    """To which of all lines a page belongs, by their paths."""
    return frozenset(to for _, route in (*MAIN, *MORE) if (to := find_route(route)) and _is_under(path, to))


def _is_under(path: str, route: str) -> bool:
    return path == route if route == "/" else path.startswith(route.rstrip("/") + "/") or path == route
