"""A recipe says how large an estate is to be made up, and from which seed: the same recipe makes the same estate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any

from larry.nouns.item import Item

_HOSTS_OF_A_POOL = 250
_HOSTS_OF_A_WATCHER = 30
_CUSTOMERS_WITH_SECRETS = 20
FEWEST_SERVICES = 16
FEWEST_HOSTS = 4

_SITES = ("fra", "ham", "ber", "vie", "zrh", "ams", "waw", "osl")
_GRADES = (("small", 2, 4096, 80), ("medium", 4, 8192, 160), ("large", 8, 32768, 320), ("huge", 32, 131072, 1280))
_FIRST = "Nord Süd Alt Neu Grün Blau Berg Tal See Wald Stern Sonnen Mühlen Kirch Burg Linden".split()
_LAST = "bäckerei verlag druck optik reisen möbel garten apotheke schule bank museum radio werft theater".split()
_APPS = "shop intranet blog portal tickets archive wiki mail forum calendar crm search".split()
_INSTANCES = ("production", "staging", "ci", "training", "preview", "integration")
_BASE = "ntp sshd users resolver packages syslog certificates cron".split()
_LOWER = "apache nginx postgres mariadb redis memcached php ruby python java nodejs rabbitmq varnish".split()
_PLAIN: Mapping[str, Any] = MappingProxyType({"merge": "replace", "sensitive": False, "description": ""})


@dataclass(frozen=True, slots=True)
class Recipe:
    """How much of everything; ``years`` of history. All the rest follows from the ``seed``."""

    hosts: int
    instances: int
    services: int
    years: float
    seed: int = 1

    @property
    def pools(self) -> int:
        """Hosts stand in pools of about 250, each with watchers of its own."""
        return max(1, -(-self.hosts // _HOSTS_OF_A_POOL))

    def dice(self, about: str) -> Random:
        """Chance that is the same every time, for one part of the estate."""
        return Random(f"{self.seed}/{about}")  # noqa: S311 — nothing here is a secret


@dataclass(frozen=True, slots=True)
class MadeUpHost:
    """A host by name, its pool by number; ``role`` is ``web`` and so on for those that instances stand on."""

    name: str
    pool: int
    role: str


def make_hosts(recipe: Recipe) -> tuple[MadeUpHost, ...]:
    """The hosts in order; in each pool one in thirty watches the others, and one in thirty keeps their copies."""
    found: list[MadeUpHost] = []
    for number in range(recipe.hosts):
        place = number // recipe.pools
        role = (
            "monitoring" if place % _HOSTS_OF_A_WATCHER == 0 else "backup" if place % _HOSTS_OF_A_WATCHER == 1 else ""
        )
        role = role or ("web", "web", "database")[place % 3]
        found.append(
            MadeUpHost(
                f"{role[:3]}{number + 1}.{_site(number % recipe.pools)}.example.net", number % recipe.pools, role
            )
        )
    return tuple(found)


def state_recipe(recipe: Recipe) -> tuple[Item, ...]:
    """The estate as stated items; linear in its size."""
    return (*_words(recipe), *_host_items(recipe), *state_services(recipe), *_owners(recipe))


def _words(recipe: Recipe) -> Iterator[Item]:
    for role in ("web", "database", "monitoring", "backup"):
        yield _item("role", role, name=role)
    for rank, (name, cpu, memory, disk) in enumerate(_GRADES):
        yield _item("grade", name, name=name, rank=rank, floor={"cpu": cpu, "memory_mib": memory, "disk_gib": disk})
    for pool in range(recipe.pools):
        yield _item("pool", _site(pool), name=_site(pool))


def _site(pool: int) -> str:
    return f"{_SITES[pool % len(_SITES)]}{pool // len(_SITES) + 1}"


def _host_items(recipe: Recipe) -> Iterator[Item]:
    dice = recipe.dice("hosts")
    for number, host in enumerate(make_hosts(recipe)):
        grade, cpu, memory, disk = dice.choices(_GRADES, (6, 5, 2, 1))[0]
        yield _item(
            "host",
            host.name,
            name=host.name,
            roles=[host.role],
            pools=[_site(host.pool)],
            grade=grade,
            addresses=[f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"],
            labels={"site": _site(host.pool)[:3], "rack": f"r{number // recipe.pools // 20 + 1}"},
            capacity={"cpu": cpu, "memory_mib": memory, "disk_gib": disk},
        )


def state_services(recipe: Recipe) -> Iterator[Item]:
    """A service graph of five floors with hubs: a few services are needed by most, most by few.

    Only services of the top floor, which an instance has for itself, take values from layers, so that no two instances
    ever contradict one another on a host that they share.
    """
    dice = recipe.dice("services")
    floors = _floors(recipe.services - 4)
    for floor, keys in enumerate(floors):
        below = floors[floor - 1] if floor else ()
        for key in keys:
            needs = {_hub(dice, below) for _ in range(dice.choice((1, 1, 2)))} if below else set()
            if floor > 1 and dice.random() < 0.3:
                needs.add(_hub(dice, floors[0]))
            is_top, is_last = floor == len(floors) - 1, key == floors[-1][-1]
            sharing = "instance" if is_top else "host"
            yield _item(
                "service",
                key,
                name=key,
                sharing=sharing,
                category=f"Floor {floor}",
                needs=sorted(needs),
                parameters=[*_TOP, _SECRET] if is_last else _TOP if is_top else _own_parameters(key, dice),
                tools=_puppet(key, sharing),
            )
    yield from _auditors(floors, dice)


def _puppet(key: str, sharing: str) -> dict[str, Any]:
    """What Puppet calls it: a class is there once on a host, a define once for each instance."""
    return {"puppet": {"define" if sharing == "instance" else "class": f"profile::{key}"}}


def _floors(count: int) -> tuple[tuple[str, ...], ...]:
    shares = (0.04, 0.12, 0.24, 0.3)
    sizes = [max(2, int(count * share)) for share in shares]
    sizes.append(count - sum(sizes))
    stems = (_BASE, _LOWER, ("library",), ("runtime",), ("application",))
    return tuple(
        tuple(
            stems[floor][n] if n < len(stems[floor]) > 1 else f"{stems[floor][n % len(stems[floor])]}_{n}"
            for n in range(size)
        )
        for floor, size in enumerate(sizes)
    )


def _hub(dice: Random, keys: Sequence[str]) -> str:
    """One of them, the first far more often than the last."""
    return keys[int(len(keys) * dice.random() ** 3)]


def _own_parameters(key: str, dice: Random) -> list[dict[str, Any]]:
    kinds = (("port", "integer", 8000), ("listen", "string", "127.0.0.1"), ("modules", "list", ["core"]))
    return [
        {**_PLAIN, "name": f"{key}_{name}"[:63], "type": kind, "default": default}
        for name, kind, default in kinds[: dice.randrange(4)]
    ]


_TOP: list[dict[str, Any]] = [
    {**_PLAIN, "name": "domain", "type": "string", "description": "where visitors find it"},
    {**_PLAIN, "name": "release", "type": "string"},
    {**_PLAIN, "name": "workers", "type": "integer", "default": 4},
    {**_PLAIN, "name": "admin", "type": "string", "default": "root@localhost"},
    {**_PLAIN, "name": "features", "type": "list", "merge": "deep", "default": ["base"]},
]
_SECRET: dict[str, Any] = {**_PLAIN, "name": "database_password", "type": "string", "sensitive": True}


def _auditors(floors: Sequence[Sequence[str]], dice: Random) -> Iterator[Item]:
    tops = floors[-1]
    some = [key for key in tops if dice.random() < 0.2] or [tops[0]]
    others = [key for key in tops if dice.random() < 0.15] or [tops[-1]]
    settings = [{**_PLAIN, "name": "contact", "type": "string", "default": "staff"}]
    days = [{**_PLAIN, "name": "rotate_days", "type": "integer", "default": 14}]
    audited = {
        "monitoring": ("host", some, {"role": "monitoring"}, settings),
        "backup": ("host", others, {"role": "backup"}, []),
        "log_rotation": ("instance", tops, "same-host", days),
        "firewall": ("host", floors[1][:3], "same-host", []),
    }
    for key, (sharing, keys, where, parameters) in audited.items():
        yield _item(
            "service",
            key,
            name=key,
            sharing=sharing,
            needs=[floors[0][0]],
            audits=[{"service": audited_key, "where": where} for audited_key in keys],
            parameters=parameters,
            tools=_puppet(key, sharing),
        )


def _owners(recipe: Recipe) -> Iterator[Item]:
    """Customers: few have very many instances, many have one or two."""
    dice = recipe.dice("customers")
    *tops, last = _floors(recipe.services - 4)[-1]
    left, number = recipe.instances, 0
    while left > 0:
        number += 1
        size = min(left, max(1, int(dice.paretovariate(1.1))), max(3, recipe.instances // 12))
        left -= size
        name = f"{_FIRST[number % len(_FIRST)]}{dice.choice(_LAST)} {number}"
        key = f"customer_{number}"
        values: dict[str, Any] = {"admin": f"admin@customer{number}.example"} if dice.random() < 0.5 else {}
        has_secret = number <= _CUSTOMERS_WITH_SECRETS
        if has_secret:
            values["database_password"] = f"secret of {number}"
        if size > 5:
            values["contact"] = f"team {number % 7}"
        yield _item("customer", key, name=name, key=key, parameters=values)
        yield from _apps(key, size, tops, [last] if has_secret else [], dice)


def _apps(customer: str, size: int, tops: Sequence[str], more: Sequence[str], dice: Random) -> Iterator[Item]:
    app = 0
    while size > 0:
        count = min(size, dice.choice((1, 2, 2, 3, 4)))
        size -= count
        key = _APPS[app] if app < len(_APPS) else f"app_{app}"
        app += 1
        parameters: dict[str, Any] = {"features": [f"feature_{app % 5}"]} if dice.random() < 0.3 else {}
        if dice.random() < 0.2:
            parameters["rotate_days"] = dice.choice((7, 30, 90))
        yield _item("app", f"{customer}/{key}", name=key, parameters=parameters, importance=dice.randrange(4))
        requires = sorted({*more, *(_hub(dice, tops) for _ in range(dice.choice((1, 1, 2))))})
        for name in _INSTANCES[:count]:
            path = f"{customer}/{key}/{name}"
            domain = f"{name}.{key}.{customer}.example".replace("_", "-")
            values: dict[str, Any] = {
                "domain": domain,
                "release": f"{dice.randrange(1, 30)}.{dice.randrange(10)}.{dice.randrange(10)}",
            }
            if name == "production" and dice.random() < 0.4:
                values["workers"] = dice.choice((8, 16, 32))
            copies = dice.choice((1, 1, 1, 2, 3)) if name == "production" else 1
            yield _item(
                "instance", path, name=name, requires=requires, parameters=values, copies=copies, demand={"cpu": 1}
            )


def _item(noun: str, address: str, **values: Any) -> Item:
    return Item(noun, address, MappingProxyType(values), None)
