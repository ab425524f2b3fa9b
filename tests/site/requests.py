"""What is asked at each URL of the matrix: an address of one side, and a body that whoever may would see done."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.test import Client

from tests.site.matrix import HOSTS, NAMES, OWN, World

WORDS = {"role": "web", "grade": "medium", "service": "rails"}
UNSHOWN = ("preview", "estate/plan", "reveal", "password")
"""What cannot be asked what it would do: these do nothing, are recorded, or ask for what only who may can see."""

ASKED = {
    "api/v1/hosts/<host>/explain": {"service": "rails", "parameter": "workers"},
    "api/v1/graph": {"subject": "acme/shop/live"},
    "api/v1/timeline": {"subject": "acme/shop/live"},
}
"""What else belongs to a question."""

NOTHING = "0" * 64
"""The digest of no Plan and no change: who may is told that the ground has moved, and nothing is done."""


def fill(route: str, side: str, world: World) -> str:
    """The address of that side's thing."""
    mine = side == OWN
    values: dict[str, str] = {
        **WORDS,
        "customer": NAMES[side],
        "app": "shop",
        "instance": "live",
        "host": HOSTS[side],
        "pool": "mine" if mine else "theirs",
        "digest": world.digest[side],
        "number": str(world.rollout[side]),
        "kind": "instance",
        "asked": "activity.atom" if route.startswith("feed/") else f"{HOSTS[side]}.json",
        "suffix": "json",
        "address": _address(route, side),
        "id": world.token[side] if "tokens" in route else world.deployment[side],
        "name": _name(route, side),
        "prefix": world.token[side],
        "key": "dlv_none",
    }
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], route)


def _address(route: str, side: str) -> str:
    name = NAMES[side]
    first = route.partition("/")[0]
    of = {"customers": name, "apps": f"{name}/shop", "hosts": HOSTS[side], "pools": "mine" if side == OWN else "theirs"}
    words = {f"{word}s": key for word, key in WORDS.items()}
    return {**of, **words}.get(first, f"{name}/shop/live")


def _name(route: str, side: str) -> str:
    if route.startswith("hosts/"):
        return HOSTS[side]
    return "me" if side == OWN else "zcanary"


def body_of(route: str, verb: str, side: str, world: World) -> Any:
    """The body of a write of the API, which is only shown what it would do."""
    name, host = NAMES[side], HOSTS[side]
    noun = route.removeprefix("api/v1/").partition("/")[0]
    if verb == "DELETE":
        return {"reason": "to see"}
    if route.endswith("rename-key"):
        return (
            {"key": "another", "reason": "to see"} if noun != "hosts" else {"key": "another.example.com", "reason": "x"}
        )
    if route.endswith(("rollouts", "rollouts/preview")):
        return {"deploy": [{"instance": f"{name}/shop/live", "hosts": [host]}], "start": "+9d", "reason": "to see"}
    if route.endswith("rollouts/redeploy"):
        return {"instances": [f"{name}/shop/live"], "reason": "to see"}
    told = _whole_body(route, side, world)
    if told is not None:
        return told
    if route.endswith("deployments/<id>"):
        return {"end": "+30d", "reason": "to see"}
    if route.endswith("undeploy"):
        return {"at": "+20d", "reason": "to see"}
    if route.endswith(("undo", "snapshot")):
        return {"reason": "to see"}
    if noun == "tokens":
        return {"name": "new"} if side == OWN else {"name": "new", "user": "zcanary"}
    return _noun_body(route, verb, noun, side)


def _whole_body(route: str, side: str, world: World) -> Any:
    """Of what is asked of no single noun."""
    name = NAMES[side]
    estate = {"larry": 1, "customers": [{"name": name.capitalize(), "description": "changed"}]}
    row = f"name,customer,description\nShop,{name},changed\n"
    grant = {"to": "user", "name": "me", "role": "viewer", "scope": "customer", "address": name}
    return {
        "deployments/delete": {"deployments": [world.deployment[side]], "reason": "to see"},
        "deployments/undeploy": {"deployments": [world.deployment[side]], "at": "+20d", "reason": "to see"},
        "estate/plan": {"estate": estate},
        "estate/apply": {"estate": estate, "reason": "to see"},
        "estate/edit": {"noun": "app", "address": f"{name}/shop", "fields": {"description": "x"}, "reason": "to see"},
        "estate/import": {"noun": "app", "content": row, "reason": "to see"},
        "grants": grant,
        "grants/revoke": grant,
        "groups": {"name": "new"},
        "users": {"name": "new"},
        "users/<name>": {"email": "new@example.com"},
        "users/<name>/password": {"password": "correct horse battery"},
        "users/<name>/activate": {"reason": "to see"},
        "users/<name>/deactivate": {"reason": "to see"},
        "groups/<name>/join": {"user": "me"},
        "groups/<name>/leave": {"user": "me"},
        "hosts/<host>/reveal": {"reason": "to see"},
    }.get(route.removeprefix("api/v1/"))


def _noun_body(route: str, verb: str, noun: str, side: str) -> Any:
    address = _address(f"{noun}/", side)
    if verb == "POST":
        parents = {"apps": {"customer": NAMES[side]}, "instances": {"app": f"{NAMES[side]}/shop"}}
        new = {"hosts": {"name": "new.example.com", "pools": ["mine" if side == OWN else "theirs"]}}
        return {**new.get(noun, {"name": "New"}), **parents.get(noun, {})}
    change = {"description": "changed"} if noun != "grades" else {"rank": 3}
    change = {"copies": 5} if noun == "instances" else change
    return {**change, "reason": "to see"} if "<" in route else [{"address": address, **change}]


def send(client: Client, route: str, verb: str, side: str, world: World, form: Mapping[str, str]) -> Any:
    """The answer to the request."""
    path = fill(route, side, world)
    if route.startswith("api/v1/") and verb != "GET":
        content = json.dumps(body_of(route, verb, side, world))
        asked = path if route.endswith(UNSHOWN) else f"{path}?dry_run=true"
        return client.generic(verb, asked, content, content_type="application/json")
    if verb == "GET":
        return client.get(path, ASKED.get(route, {}))
    return client.post(path, {"reason": "to see", "step": "save", "expect": NOTHING, **form})
