"""Random edits of an estate, each of a sort of its own, for what is kept and brought up to date by activity."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from larry.actions.apply import apply
from larry.actions.author import Author
from larry.actions.edit import edit
from larry.actions.rename_key import rename_key
from larry.actions.rotate import rotate
from larry.actions.snapshot import snapshot
from larry.actions.undo import undo
from larry.core.document import Json
from larry.queries.moment import Moment
from larry.queries.noun import get_estate
from larry.queries.reader import LOCAL
from larry.records.rollout import Rollout
from tests.actions.estate import day, put, state

ESTATE = """
larry: 1
roles: [{name: eye}]
pools: [{name: some}]
services:
  - {name: linux, parameters: [{name: zone, default: 1}]}
  - {name: cache, parameters: [{name: ttl, type: integer, default: 60}, {name: pass}]}
  - {name: app, needs: [linux], parameters: [{name: size, type: integer}, {name: more, merge: deep, default: {}}]}
  - {name: watch, needs: [linux], audits: [{service: app, where: {role: eye}}]}
  - {name: probe, audits: [{service: cache, where: {host: web1}}]}
customers:
  - name: Acme
    parameters: {size: 1, pass: open}
    apps:
      - name: Shop
        instances:
          - {name: Base, parameters: {size: 7}}
          - {name: Live, requires: [app], template: acme/shop/base}
          - {name: Test, requires: [app, cache], parameters: {size: 2}}
      - {name: Blog, instances: [{name: Live, requires: [cache]}]}
  - {name: Zeta, apps: [{name: Blog, instances: [{name: Live, requires: [app], template: acme/shop/live}]}]}
hosts: [{name: web1}, {name: web2}, {name: web3}]
"""
AT = Moment(day(9_000))
TOOLS: tuple[Json, ...] = ({}, {"puppet": {"class": "x", "a": 1}}, {"puppet": {"class": "x", "a": True}})
Act = Callable[[Random, Author], object]


def pick(random: Random, noun: str) -> str:
    """An address of a noun that stands."""
    return random.choice(sorted(a for n, a in get_estate(LOCAL, AT) if n == noun) or ["none"])


def some_values(random: Random) -> dict[str, Json]:
    values: tuple[Json, ...] = (1, True, "x", {"a": 1}, {"a": True}, None, 2)
    names = random.sample(("zone", "ttl", "pass", "size", "more", "stray"), random.randrange(3))
    return {name: random.choice(values) for name in names}


def set_own(random: Random, by: Author) -> object:
    noun = random.choice(("customer", "app", "instance"))
    return edit(noun, pick(random, noun), {"parameters": some_values(random)}, by)


def set_requirement(random: Random, by: Author) -> object:
    services = sorted(a for n, a in get_estate(LOCAL, AT) if n == "service")
    wanted = random.sample(services, min(len(services), random.randrange(3)))
    return edit("instance", pick(random, "instance"), {"requires": wanted}, by)


def set_template(random: Random, by: Author) -> object:
    template = random.choice((None, pick(random, "instance")))
    return edit("instance", pick(random, "instance"), {"template": template}, by)


def set_service(random: Random, by: Author) -> object:
    field = random.choice(("needs", "audits", "parameters", "tools", "sharing", "description"))
    other = pick(random, "service")
    wheres: tuple[Json, ...] = ("same-host", "manual", {"host": pick(random, "host")}, {"role": pick(random, "role")})
    declared: dict[str, Json] = {"name": random.choice(("zone", "ttl", "size", "new"))}
    if random.random() < 0.6:
        declared["default"] = random.choice((1, True, 2, None))
    if random.random() < 0.4:
        declared["type"] = random.choice(("integer", "boolean", "string"))
    values: dict[str, Json] = {
        "needs": random.choice(([], [other])),
        "audits": random.choice(([], [{"service": other, "where": random.choice(wheres)}])),
        "parameters": random.choice(([], [declared])),
        "tools": random.choice(TOOLS),
        "sharing": random.choice(("host", "instance")),
        "description": str(random.random()),
    }
    return edit("service", pick(random, "service"), {field: values[field]}, by)


def set_other(random: Random, by: Author) -> object:
    """What no description tells of: a name, or a host's pools."""
    noun = random.choice(("host", "role", "pool", "customer", "app", "instance", "service"))
    if noun == "host" and random.random() < 0.5:
        return edit(noun, pick(random, noun), {"pools": random.choice(([], [pick(random, "pool")]))}, by)
    return edit(noun, pick(random, noun), {"name": f"N{random.randrange(10**6)}"}, by)


def make_sensitive(random: Random, by: Author) -> object:
    name = random.choice(("pass", "size", "ttl"))
    return edit("service", pick(random, "service"), {"parameters": [{"name": name, "sensitive": True}]}, by)


def change_key(random: Random, by: Author) -> object:
    noun = random.choice(("host", "role", "pool", "customer", "app", "instance", "service"))
    return rename_key(noun, pick(random, noun), f"k{random.randrange(10**6)}", by)


def apply_all(random: Random, by: Author) -> object:
    """The estate of the beginning, all that has come since retired or not."""
    return apply(state(ESTATE), by, prune=random.random() < 0.5)


def leave_out(random: Random, by: Author) -> object:
    estate = get_estate(LOCAL, AT)
    noun = random.choice(("customer", "app", "instance", "service"))
    address = pick(random, noun)
    left = [i for (n, a), i in estate.items() if (n, a) != (noun, address) and not a.startswith(f"{address}/")]
    return apply(left, by, prune=True)


def add_one(random: Random, by: Author) -> object:
    name = f"i{random.randrange(10**6)}"
    instance = f"{{name: {name}, requires: [linux]}}"
    text = f"larry: 1\ncustomers: [{{name: Zeta, apps: [{{name: Blog, instances: [{instance}]}}]}}]"
    return apply(state(text), by)


def go_live(random: Random, by: Author) -> object:
    path = pick(random, "instance")
    if random.random() < 0.3:
        return snapshot(path, by)
    return put(path, random.choice(("web1", "web2")), now=(by.now - day(0)).days)


def undo_last(random: Random, by: Author) -> object:
    return undo(Rollout.objects.order_by("-id").values_list("id", flat=True).first() or 0, by)


ACTS: tuple[Act, ...] = (
    set_own,
    set_own,
    set_requirement,
    set_template,
    set_template,
    set_service,
    set_service,
    set_service,
    set_other,
    make_sensitive,
    change_key,
    undo_last,
    apply_all,
    leave_out,
    add_one,
    go_live,
    go_live,
    lambda _, by: rotate(by),
)
