"""An estate to measure on: services in layers, instances that require them, hosts, in items as stated."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from larry.nouns.item import Item

SERVICES_OF_AN_INSTANCE = 10


def state_estate(hosts: int, instances: int) -> tuple[Item, ...]:
    """Ten services in a chain with one auditor that goes to a role; customers of ten instances each."""
    return tuple(_items(hosts, instances))


def _items(hosts: int, instances: int) -> Iterator[Item]:
    yield _item("role", "watcher", name="Watcher")
    for number in range(SERVICES_OF_AN_INSTANCE):
        needs = [f"layer_{number - 1}"] if number else []
        yield _item(
            "service",
            f"layer_{number}",
            name=f"Layer {number}",
            needs=needs,
            sharing="instance",
            parameters=_declared(number),
        )
    yield _item("service", "watch", name="Watch", audits=[{"service": "layer_9", "where": {"role": "watcher"}}])
    yield _item("host", "watch1.example.com", name="watch1.example.com", roles=["watcher"], addresses=["10.255.0.1"])
    for number in range(hosts):
        name = f"host{number}.example.com"
        yield _item(
            "host", name, name=name, addresses=[f"10.{number // 62500 % 250}.{number // 250 % 250}.{number % 250 + 1}"]
        )
    for number in range(instances):
        customer = f"customer_{number // 10}"
        if number % 10 == 0:
            yield _item("customer", customer, name=f"Customer {number // 10}")
            yield _item("app", f"{customer}/app", name="App")
        path = f"{customer}/app/instance_{number % 10}"
        yield _item("instance", path, name=f"Instance {number % 10}", requires=["layer_9"])


def _declared(number: int) -> list[dict[str, Any]]:
    declared = {
        "name": f"setting_{number}",
        "type": "integer",
        "merge": "replace",
        "sensitive": False,
        "description": "",
    }
    return [{**declared, "default": number}]


def _item(noun: str, address: str, **values: Any) -> Item:
    return Item(noun, address, MappingProxyType(values), None)
