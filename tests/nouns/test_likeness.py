"""A new app that is like another is born with instances that follow the other's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from larry.nouns.estate import EstateFaults, read_estate
from larry.nouns.item import Item

OLD = """
larry: 1
services: [{name: web}, {name: db}]
customers:
  - name: Acme
    parameters: {of: customer}
    apps:
      - name: Shop
        parameters: {of: app}
        service_level: gold
        instances:
          - {name: Live, requires: [web, db], copies: 3, demand: {cpu: 2}, parameters: {a: 1}}
          - {name: Die Probe, key: probe, requires: [web], template: acme/shop/live, copies: 0}
      - {name: Bare}
  - {name: Zeta}
"""

Estate = Mapping[tuple[str, str], Item]


def read(text: str, existing: Estate | None = None) -> Estate:
    estate = dict(existing or {})
    stated = read_estate([("estate.yaml", text)], estate)
    return {**estate, **{(item.noun, item.address): item for item in stated.items}}


def old() -> Estate:
    return read(OLD)


def zeta(apps: str) -> str:
    return f"larry: 1\ncustomers:\n  - name: Zeta\n    apps: [{apps}]\n"


def told(estate: Estate, path: str) -> Mapping[str, Any]:
    return {n: v for n, v in estate["instance", path].values.items() if n != "description"}


def test_each_instance_has_one_that_follows_it() -> None:
    estate = read(zeta("{name: Store, like: acme/shop}"), old())
    assert told(estate, "zeta/store/live") == {
        "name": "Live", "key": "live", "parameters": {}, "copies": 3, "requires": ("db", "web"), "demand": {"cpu": 2},
        "template": "acme/shop/live",
    }  # fmt: skip
    assert told(estate, "zeta/store/probe") == {
        "name": "Die Probe", "key": "probe", "parameters": {}, "copies": 0, "requires": ("web",), "demand": {"cpu": 2},
        "template": "acme/shop/probe",
    }  # fmt: skip
    app = estate["app", "zeta/store"].values
    assert (app["parameters"], app["service_level"]) == ({}, ""), "the contract is the other's own"
    assert len([place for place in estate if place[0] == "instance"]) == 4


def test_what_is_stated_stays_and_takes_the_rest() -> None:
    apps = (
        "{name: Store, like: Acme/Shop, instances: ["
        "{name: LIVE, copies: 1, parameters: {a: 2}}, {name: Other, key: probe, requires: [db], template: null},"
        "{name: More, requires: [web]}]}"
    )
    estate = read(zeta(apps), old())
    live = told(estate, "zeta/store/live")
    assert (live["name"], live["copies"], live["demand"]) == ("LIVE", 1, {"cpu": 2})
    assert (live["parameters"], live["template"]) == ({"a": 2}, "acme/shop/live")
    probe = told(estate, "zeta/store/probe")
    assert (probe["name"], probe["requires"], probe["template"]) == ("Other", ("db",), None)
    more = told(estate, "zeta/store/more")
    assert (more["template"], more["copies"]) == (None, 1)
    assert ("instance", "zeta/store/other") not in estate


def test_it_is_taken_once() -> None:
    first = read(zeta("{name: Store, like: acme/shop}"), old())
    changed = read(
        "larry: 1\ncustomers: [{name: Acme, apps: [{name: Shop, instances: [{name: Live, copies: 9}, {name: New}]}]}]",
        first,
    )
    again = read(zeta("{name: Store, like: acme/shop}"), changed)
    assert told(again, "zeta/store/live")["copies"] == 3
    assert ("instance", "zeta/store/new") not in again
    assert again == changed
    assert read(zeta("{name: Store, like: acme/gone}"), first) == first, "what is there is not asked whom it was like"


def test_all_of_one_file_and_one_after_another() -> None:
    chain = (
        "  - {name: B, apps: [{name: Two, like: a/one, instances: [{name: I, demand: {cpu: 7}}]}]}\n"
        "  - {name: C, apps: [{name: Three, like: b/two}]}\n"
        "  - {name: A, apps: [{name: One, instances: [{name: I, requires: [web], copies: 4}]}]}\n"
    )
    estate = read(f"larry: 1\nservices: [{{name: web}}]\ncustomers:\n{chain}")
    three = told(estate, "c/three/i")
    assert (three["template"], three["requires"], three["copies"], three["demand"]) == (
        "b/two/i", ("web",), 4, {"cpu": 7},
    )  # fmt: skip


def test_copies_are_not_handed_down_by_a_template_alone() -> None:
    text = "{name: One, instances: [{name: I, template: acme/shop/live}]}, {name: Two, like: zeta/one}"
    estate = read(zeta(text), old())
    assert told(estate, "zeta/one/i")["copies"] == 1
    assert told(estate, "zeta/two/i")["copies"] == 1
    assert told(estate, "zeta/two/i")["requires"] == ("db", "web")


@pytest.mark.parametrize(
    "apps, fault",
    [
        ("{name: X, like: acme/nope}", "there is no app 'nope' in acme"),
        ("{name: X, like: nobody/shop}", "there is no customer 'nobody'"),
        ("{name: X, like: shop}", "an app is written customer/app, not 'shop'"),
        ("{name: X, like: acme/shop/live}", "an app is written customer/app"),
        ("{name: X, like: acme/bare}", "app acme/bare has no instance that could be followed"),
        ("{name: X, like: zeta/x}", "apps that are like one another in a circle: zeta/x -> zeta/x"),
        ("{name: X, like: zeta/y}, {name: Y, like: zeta/x}", "in a circle: zeta/x -> zeta/y -> zeta/x"),
        ("{name: X, like: }", "must be the key or name of one app, not nothing"),
        ("{name: X, like: [acme/shop]}", "must be the key or name of one app, not a list"),
        ("{name: X, like: acme/shop, instances: [{name: Y, like: acme/shop}]}", "an instance has no 'like'"),
    ],
)
def test_what_cannot_be_followed_is_refused(apps: str, fault: str) -> None:
    with pytest.raises(EstateFaults) as refused:
        read(zeta(apps), old())
    assert fault in str(refused.value)


def test_an_instance_of_the_same_name_keeps_its_own_key() -> None:
    estate = read(zeta("{name: X, like: acme/shop, instances: [{name: die probe}]}"), old())
    assert told(estate, "zeta/x/die_probe")["template"] == "acme/shop/probe"
    assert ("instance", "zeta/x/probe") not in estate


def test_a_name_that_collides_is_refused() -> None:
    apps = "{name: X, like: acme/shop, instances: [{name: Die Probe, key: live}]}"
    with pytest.raises(EstateFaults, match="'Die Probe'"):
        read(zeta(apps), old())
    with pytest.raises(EstateFaults, match="is stated already"):
        read(zeta("{name: Store, like: acme/shop}, {name: STORE, key: other, like: acme/shop}"), old())
