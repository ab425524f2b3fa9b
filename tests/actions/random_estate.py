"""Random estates and random acts on them: what the property of previews is tried on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from larry.actions.apply import EstateChange
from larry.actions.author import Author
from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
from larry.actions.edit import edit
from larry.actions.edit_deployment import DeploymentEdit, delete_deployments, edit_deployment
from larry.actions.redeploy import redeploy
from larry.actions.undeploy import undeploy
from larry.actions.undo import undo
from larry.core.document import Json
from larry.core.plan import Plan
from larry.records.deployment import Deployment
from larry.records.rollout import Rollout

HOSTS = ("h0", "h1", "h2", "h3")
PATHS = ("c0/a/i0", "c0/a/i1", "c1/a/i0")
TYPES: dict[str, dict[str, Json]] = {
    "p0": {"name": "p0", "type": "integer"},
    "p1": {"name": "p1"},
    "p2": {"name": "p2", "sensitive": True},
}

_T = TypeVar("_T")


class Draw:
    """Draws from Hypothesis, in words that are short enough to read."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def one(self, *choices: _T) -> _T:
        return self.data.draw(st.sampled_from(choices))

    def some(self, choices: tuple[_T, ...], least: int = 0, most: int = 3) -> list[_T]:
        if not choices:
            return []
        return self.data.draw(st.lists(st.sampled_from(choices), min_size=least, max_size=most, unique=True))

    def rarely(self, chance: int = 5) -> bool:
        return self.data.draw(st.integers(1, chance)) == chance


def draw_estate(draw: Draw) -> str:
    """A few services whose edges all lead to earlier ones, with every policy; three instances; four hosts."""
    keys = tuple(f"s{number}" for number in range(draw.one(2, 3, 4, 5)))
    services = [draw_service(draw, key, keys[:number]) for number, key in enumerate(keys)]
    instances = {
        path: {"name": path[-2:], "requires": draw.some(keys, 1, 2), "parameters": draw_values(draw)} for path in PATHS
    }
    customers = [
        {
            "name": customer,
            "parameters": {"p0": 1, "p1": "x", "p2": "secret"},
            "apps": [{"name": "a", "instances": [of for path, of in instances.items() if path.startswith(customer)]}],
        }
        for customer in ("c0", "c1")
    ]
    hosts = [{"name": name, "roles": draw.some(("r0",)), "addresses": [f"10.0.0.{n}"]} for n, name in enumerate(HOSTS)]
    return json.dumps(
        {"larry": 1, "roles": [{"name": "r0"}], "services": services, "customers": customers, "hosts": hosts}
    )


def draw_service(draw: Draw, key: str, earlier: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": key,
        "sharing": draw.one("host", "instance"),
        "parameters": [TYPES[name] for name in draw.some(tuple(TYPES), 0, 2)],
        "needs": draw.some(earlier, 0, 2),
        "audits": [{"service": audited, "where": draw_where(draw)} for audited in draw.some(earlier, 0, 2)],
    }


def draw_where(draw: Draw) -> Json:
    wheres: tuple[Json, ...] = ("same-host", "manual", {"host": draw.one(*HOSTS)}, {"role": "r0"})
    return draw.one(*wheres)


def draw_values(draw: Draw) -> dict[str, Json]:
    values: dict[str, tuple[Json, ...]] = {"p0": (1, 2), "p1": ("x", [1]), "p2": ("s", "t")}
    return {name: draw.one(*values[name]) for name in draw.some(tuple(values), 0, 2)}


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what it would do, and doing it if that is what is expected."""

    title: str
    preview: Callable[[Author], Plan | EstateChange]
    do: Callable[[Author, str | None], Plan | EstateChange]


def draw_act(draw: Draw, now: datetime) -> Act:
    draws = (
        draw_deploy,
        draw_deploy,
        draw_deploy,
        draw_redeploy,
        draw_redeploy,
        draw_undeploy,
        draw_edit,
        draw_edit,
        draw_deployment_edit,
    )
    return draw.one(*draws)(draw, now)


def draw_moment(draw: Draw, now: datetime, *, may_be_past: bool = True) -> datetime | None:
    if may_be_past and draw.rarely(12):
        return now - draw.one(timedelta(seconds=30), timedelta(hours=3))
    days = draw.one(None, None, 0, 1, 2, 5)
    return None if days is None else now + timedelta(days=days)


def draw_deploy(draw: Draw, now: datetime) -> Act:
    start = draw_moment(draw, now)
    length = draw.one(None, None, 1, 3, 8)
    end = None if length is None else (start or now) + timedelta(days=length)
    items = tuple(
        DeployItem(path, tuple(draw.some(HOSTS, 1, 2)), draw_snapshot(draw, path), draw_places(draw))
        for path in draw.some(PATHS, 1, 2)
    )
    resume = draw.one(True, True, False)

    def request(expect: str | None) -> DeployRequest:
        return DeployRequest(items, start, end, resume, expect)

    return Act(
        f"deploy {items} {start} {end} {resume}",
        lambda author: preview_deploy(request(None), author),
        lambda author, expect: deploy(request(expect), author),
    )


def draw_snapshot(draw: Draw, path: str) -> str | None:
    if not draw.rarely(4):
        return None
    kept = sorted(set(Deployment.objects.filter(instance__path=path).values_list("deployable", flat=True)))
    return draw.one(*kept) if kept else None


def draw_places(draw: Draw) -> dict[str, str]:
    """Mostly none; else a service that may not be in the snapshot, to a host that may not exist."""
    return {draw.one("s0", "s1", "s2"): draw.one(*HOSTS, *HOSTS, "nowhere")} if draw.rarely(3) else {}


def draw_deployments(draw: Draw, now: datetime, most: int) -> tuple[str, ...]:
    """Some deployments, mostly live ones, in an order that does not hang on their random ids."""
    rows = Deployment.objects.order_by("instance__path", "host__name", "ordinal")
    if not draw.rarely():
        rows = rows.filter(deactivated_at=None).exclude(end__lte=now)
    return tuple(draw.some(tuple(rows.values_list("id", flat=True)), 1, most)) or ("nobody",)


def draw_redeploy(draw: Draw, now: datetime) -> Act:
    paths, start = tuple(draw.some(PATHS, 2, 3)), draw_moment(draw, now)
    return Act(
        f"redeploy {paths} {start}",
        lambda author: redeploy(paths, author, start=start, dry_run=True),
        lambda author, expect: redeploy(paths, author, start=start, expect=expect),
    )


def draw_undeploy(draw: Draw, now: datetime) -> Act:
    if draw.rarely(3):
        return draw_undo(draw)
    ids, at = draw_deployments(draw, now, 2), draw_moment(draw, now)
    return Act(
        f"undeploy {ids} {at}",
        lambda author: undeploy(ids, author, at=at, dry_run=True),
        lambda author, expect: undeploy(ids, author, at=at, expect=expect),
    )


def draw_undo(draw: Draw) -> Act:
    numbers = tuple(Rollout.objects.order_by("-id").values_list("id", flat=True)[:3])
    number = draw.one(*numbers) if numbers else 0
    return Act(
        "undo one of the last rollouts",
        lambda author: undo(number, author, dry_run=True),
        lambda author, expect: undo(number, author, expect=expect),
    )


def draw_deployment_edit(draw: Draw, now: datetime) -> Act:
    ids = draw_deployments(draw, now, 1)
    if draw.rarely(4):
        return Act(
            f"delete {ids}",
            lambda author: delete_deployments(ids, author, dry_run=True),
            lambda author, expect: delete_deployments(ids, author, expect=expect),
        )
    start, end = draw_moment(draw, now), draw_moment(draw, now)
    host, place = draw.one(None, None, *HOSTS), draw.one(None, None, draw_places(draw))
    asked = DeploymentEdit(ids[0], start, end, draw.rarely(), host, place)
    return Act(
        f"{asked}",
        lambda author: edit_deployment(asked, author, dry_run=True),
        lambda author, expect: edit_deployment(asked, author, expect=expect),
    )


def draw_edit(draw: Draw, now: datetime) -> Act:
    noun, address, values = draw.one(_draw_parameters, _draw_parameters, _draw_host, _draw_graph)(draw)
    return Act(
        f"edit {noun} {address} {values}",
        lambda author: edit(noun, address, values, author, dry_run=True),
        lambda author, expect: edit(noun, address, values, author, expect=expect),
    )


def _draw_parameters(draw: Draw) -> tuple[str, str, dict[str, Json]]:
    noun, address = draw.one(("customer", "c0"), ("app", "c0/a"), *(("instance", path) for path in PATHS))
    return noun, address, {"parameters": draw_values(draw)}


def _draw_host(draw: Draw) -> tuple[str, str, dict[str, Json]]:
    values: dict[str, Json] = draw.one(
        {"addresses": [draw.one("10.9.0.1", "10.9.0.2")]},
        {"labels": {"site": draw.one("a", "b")}},
        {"roles": ["r0"]},
        {"roles": []},
    )
    return "host", draw.one(*HOSTS), values


def _draw_graph(draw: Draw) -> tuple[str, str, dict[str, Json]]:
    """Edges that may close a circle or name what is not there: then it is refused."""
    audits: Json = [{"service": "s0", "where": draw_where(draw)}]
    values: dict[str, Json] = draw.one(
        {"sharing": draw.one("host", "instance")}, {"needs": []}, {"needs": ["s0"]}, {"audits": []}, {"audits": audits}
    )
    return "service", draw.one("s0", "s1", "s2"), values
