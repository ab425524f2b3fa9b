"""The matrix of rights: every URL that the resolver knows, every verb of it, and what each role gets, by rule.

A rule says what an address is about and which permission the verb takes. Whoever does not see it is told that it is not
there; whoever sees it and lacks the permission is refused; whoever has it is answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from larry.actions.edit import edit
from larry.api.description import describe_api
from larry.core.rights import PERMITS, Permission, PersonRole
from larry.records.customer import Customer
from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.records.pool import Pool
from larry.records.rollout import Rollout
from tests.api.scene import author_at, lay, put
from tests.records.rows import add_grant, add_group, add_token, add_user

OWN, OTHER = "own", "other"
SIDES = (OWN, OTHER)
ROLES = tuple(PersonRole)
CANARY = re.compile(rb"Zcanary|hidden word")
"""Stands in every name and text of the other customer, and in nothing that is everybody's or that is asked for."""

LOOK, CONFIGURE = Permission.LOOK, Permission.CONFIGURE
EDIT, REVEAL, MANAGE = Permission.EDIT, Permission.REVEAL, Permission.MANAGE

NAMES = {OWN: "acme", OTHER: "zcanary"}
HOSTS = {OWN: "web1.example.com", OTHER: "zcanary1.example.com"}

ESTATE = """
larry: 1
roles: [{name: web}]
grades: [{name: medium, rank: 2}]
pools: [{name: mine}, {name: theirs}]
services:
  - {name: linux}
  - {name: rails, sharing: instance, needs: [linux], parameters: [{name: workers, type: integer, default: 4}]}
customers:
  - {name: Acme, apps: [{name: Shop, instances: [{name: Live, requires: [rails]}]}]}
  - {name: Zcanary, description: a hidden word, apps: [{name: Shop, instances: [{name: Live, requires: [rails]}]}]}
hosts:
  - {name: web1.example.com, pools: [mine]}
  - {name: zcanary1.example.com, description: a hidden word, pools: [theirs]}
"""


@dataclass(frozen=True, slots=True)
class World:
    """What addresses are made of, on either side."""

    deployment: Mapping[str, str]
    rollout: Mapping[str, int]
    digest: Mapping[str, str]
    token: Mapping[str, str]


def lay_world() -> World:
    """Two customers, each with a host of its own, a deployment now and one to come."""
    now: datetime = lay(ESTATE)
    deployment, rollout, digest, token = {}, {}, {}, {}
    for side in SIDES:
        path = f"{NAMES[side]}/shop/live"
        reason = "go live" if side == OWN else "a hidden word"
        put(HOSTS[side], now, at=-4, start=-3, end=3, instance=path, reason=reason)
        put(HOSTS[side], now, at=-4, start=5, instance=path, reason=reason)
        row = Deployment.objects.filter(instance__path=path).latest("start")
        deployment[side] = row.id
        rollout[side] = Rollout.objects.latest("id").id
        digest[side] = Deployable.objects.filter(instance__path=path)[0].digest
    for side in SIDES:  # so that there is something to bring up to date
        edit("app", f"{NAMES[side]}/shop", {"parameters": {"workers": 9}}, author_at(now))
    for side, name in ((OWN, "me"), (OTHER, "zcanary")):
        user = add_user(name=name, name_folded=name)
        add_group(name=name, name_folded=name)
        token[side] = add_token(user=user, name="zcanary", name_folded="zcanary").prefix
    return World(deployment, rollout, digest, token)


def grant_role(user: Any, role: PersonRole) -> None:
    """What is the role's on its own side: the customer, and the pool of its host. Machines have no customers."""
    if role is not PersonRole.MACHINE:
        add_grant(user=user, role=role.value, customer=Customer.objects.get(key=NAMES[OWN]))
    add_grant(user=user, role=role.value, pool=Pool.objects.get(key="mine"))


# --- routes -----------------------------------------------------------------------------------------------------------


def list_routes() -> Iterator[tuple[str, str]]:
    """Every URL of the resolver with every verb it has: of the API those that are described, of pages both."""
    described = json.loads(describe_api())["paths"]
    known = {re.sub(r"\{(\w+)\}", r"<\1>", path).lstrip("/"): methods for path, methods in described.items()}
    for route in dict.fromkeys(_walk(get_resolver().url_patterns, "")):
        if route in known:
            yield from ((route, method.upper()) for method in known[route])
        else:
            yield from ((route, verb) for verb in ("GET", "POST"))


def _walk(patterns: Any, before: str) -> Iterator[str]:
    for each in patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route


# --- rules ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """``about`` is the sort of thing that the address or the body names, ``takes`` the permission that the verb takes,
    ``everywhere`` over everything. ``odd`` outcomes are right too where somebody sees it: the estate says so first."""

    about: str
    takes: Permission = LOOK
    everywhere: bool = False
    odd: frozenset[str] = frozenset()


def expect(rule: Rule, role: PersonRole, side: str) -> frozenset[str]:
    """The outcomes that are right: ``done``, ``refused``, ``stopped`` (by the estate, or by a form that says too
    little), ``hidden``, or ``none`` for a verb that does nothing there."""
    permits = PERMITS[role]
    looks, is_own = LOOK in permits, side == OWN
    if rule.about in {"none", "nobody"}:
        return frozenset({"none" if rule.about == "none" else "hidden"})
    if rule.about == "form":
        return frozenset({"done", "stopped", "refused"})
    if rule.about == "self":
        return frozenset({"done" if is_own else "hidden"})
    sees = {
        "customer": looks and is_own,
        "inside": looks and is_own,
        "host": CONFIGURE in permits and is_own,
        "new host": True,
        "word": looks,
        "all": True,
    }[rule.about]
    if not sees:
        return frozenset({"stopped" if rule.about == "inside" else "hidden"})
    over = {"word": rule.takes is LOOK, "all": rule.takes is LOOK, "new host": is_own}.get(rule.about, True)
    may = rule.takes in permits and over and not rule.everywhere
    if rule.about == "all" and rule.takes is LOOK:
        may = True
    return frozenset({"done" if may else "refused"}) | rule.odd
