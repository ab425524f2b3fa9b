"""Causes of dirty: each differing path with who owns it, and the act that made it differ, not one that merely came
by."""

from __future__ import annotations

import pytest

from larry.actions.apply import apply
from larry.actions.edit import edit
from larry.core.document import Json
from larry.queries.dirty import list_dirty_causes
from larry.queries.instance import get_standing
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.actions.estate import LIVE, author, day, lay, put, state

pytestmark = pytest.mark.django_db

ESTATE = """
larry: 1
services:
  - {name: linux}
  - {name: cache, parameters: [{name: ttl, type: integer, default: 1}, {name: mode, default: lazy}]}
  - {name: probe, audits: [cache], parameters: [{name: every, default: 5}]}
  - {name: app, needs: [linux], parameters: [{name: size, type: integer, default: 1, description: how big}]}
customers:
  - name: Acme
    parameters: {ttl: 60}
    apps:
      - name: Shop
        instances:
          - {name: Base, parameters: {size: 7}}
          - {name: Other, parameters: {size: 8}}
          - {name: Live, requires: [app]}
hosts: [{name: web1}]
"""


def act(now: float, reason: str, noun: str, address: str, **values: Json) -> None:
    edit(noun, address, values, author(now, reason))


def causes(now: float = 9) -> dict[str, str | None]:
    """By path, the reason of the act that is named."""
    found = list_dirty_causes(LOCAL, Moment(day(now)))
    every = [cause for each in found for cause in each.causes]
    return {each.difference.path: None if each.activity is None else each.activity.reason for each in every}


def owners(now: float = 9) -> dict[str, tuple[str, str | None]]:
    live = get_standing(LIVE, LOCAL, Moment(day(now))).live
    return {each.path: (each.owner, each.owner_before) for one in live for each in one.differences}


def start(text: str = ESTATE) -> None:
    lay(text)
    put(LIVE, "web1")


CAME = {
    "services.cache.parameters.mode", "services.cache.parameters.ttl", "services.cache.sharing", "services.cache.tools",
    "services.probe.audits.cache", "services.probe.defaults.every", "services.probe.parameters.every",
    "services.probe.sharing", "services.probe.tools",
}  # fmt: skip


def test_a_service_that_comes_in_is_there_because_of_the_edge_not_because_it_was_once_created() -> None:
    start()
    act(1, "the app caches", "service", "app", needs=["linux", "cache"])
    assert causes() == dict.fromkeys({*CAME, "services.app.needs.cache"}, "the app caches")
    act(2, "shorter", "customer", "acme", parameters={"ttl": 30})
    assert causes() == {
        **dict.fromkeys({*CAME, "services.app.needs.cache"}, "the app caches"),
        "services.cache.parameters.ttl": "shorter",
        "customer.parameters.ttl": "shorter",
    }
    found = owners()
    assert found["services.cache.parameters.ttl"] == ("customer", None)
    assert found["services.cache.parameters.mode"] == ("default of service cache", None)
    assert found["services.app.needs.cache"] == ("edge of service app", None)
    assert found["services.probe.audits.cache"] == ("edge of service probe", None)
    assert found["services.cache.sharing"] == ("service cache", None)


def test_a_service_comes_in_by_a_requirement_and_leaves_by_one() -> None:
    start()
    act(1, "asked for", "instance", LIVE, requires=["app", "cache"])
    assert causes() == dict.fromkeys({*CAME, "instance.requires.cache"}, "asked for")
    put(LIVE, "web1", now=2)
    act(3, "a word", "service", "cache", description="in memory")
    act(4, "no more", "instance", LIVE, requires=["app"])
    assert causes() == dict.fromkeys({*CAME, "instance.requires.cache"}, "no more")


def test_a_service_that_leaves_with_its_edge_does_so_because_of_the_edge() -> None:
    start(ESTATE.replace("needs: [linux]", "needs: [linux, cache]"))
    act(1, "tools only", "service", "linux", tools={"puppet": {"class": "base"}})
    act(2, "no cache", "service", "app", needs=["linux"])
    found = causes()
    assert found.pop("services.linux.tools") == "tools only"
    assert found == dict.fromkeys({*CAME, "services.app.needs.cache"}, "no cache")


def test_what_one_act_creates_and_needs_comes_in_by_the_need() -> None:
    start()
    both = "{name: zoo, parameters: [{name: depth, default: 3}]}, {name: app, needs: [linux, zoo]}"
    apply(state(f"larry: 1\nservices: [{both}]"), author(1, "a zoo"))
    found = list_dirty_causes(LOCAL, Moment(day(9)))
    named = {c.activity and (c.activity.verb, c.activity.address) for each in found for c in each.causes}
    assert named == {("update", "app")}


def test_an_auditor_comes_in_by_the_line_that_makes_it_audit() -> None:
    start()
    apply(state("larry: 1\nservices: [{name: watch, audits: [{service: app, where: manual}]}]"), author(1, "watch it"))
    assert causes() == dict.fromkeys(
        {"services.watch.audits.app", "services.watch.sharing", "services.watch.tools"}, "watch it"
    )
    act(2, "elsewhere", "service", "watch", audits=[{"service": "app", "where": "same-host"}, "linux"])
    found = causes()
    assert found["services.watch.audits.app"] == "elsewhere"
    assert found["services.watch.audits.linux"] == "elsewhere"


def test_an_edit_under_a_layer_that_overrides_it_is_not_what_changed_the_value() -> None:
    start()
    act(1, "bigger", "instance", LIVE, parameters={"size": 2})
    act(2, "for all others", "customer", "acme", parameters={"ttl": 60, "size": 3})
    act(3, "other default", "service", "app", parameters=[{"name": "size", "type": "integer", "default": 4}])
    assert causes() == {
        "instance.parameters.size": "bigger",
        "services.app.parameters.size": "bigger",
        "customer.parameters.size": "for all others",
    }
    act(4, "as all others", "instance", LIVE, parameters={})
    found = causes()
    assert found["services.app.parameters.size"] == "as all others"
    assert owners()["services.app.parameters.size"] == ("customer", "a template, or the default of service app")


def test_a_template_owns_what_it_gives_and_following_another_is_an_act_on_the_instance() -> None:
    start(ESTATE.replace("{name: Live, requires: [app]}", "{name: Live, requires: [app], template: acme/shop/base}"))
    path = "services.app.parameters.size"
    act(1, "grow", "instance", "acme/shop/base", parameters={"size": 9})
    assert (causes(), owners()[path]) == ({path: "grow"}, ("template acme/shop/base", None))
    act(2, "be like the other", "instance", LIVE, template="acme/shop/other")
    assert (causes(), owners()[path]) == ({path: "be like the other"}, ("template acme/shop/other", None))
    act(3, "by itself", "instance", LIVE, parameters={"size": 4})
    act(4, "too late", "instance", "acme/shop/other", parameters={"size": 5})
    assert causes()[path] == "by itself"
    put(LIVE, "web1", now=5)
    act(6, "like the other again", "instance", LIVE, parameters={})
    assert owners()[path] == ("template acme/shop/other", "instance")


def test_a_default_owns_what_nobody_sets_and_words_about_it_change_nothing() -> None:
    start()
    size: dict[str, Json] = {"name": "size", "type": "integer", "default": 2}
    act(1, "a larger default", "service", "app", parameters=[size])
    act(2, "explained", "service", "app", parameters=[{**size, "description": "in sheep"}])
    path = "services.app.parameters.size"
    assert (causes(), owners()) == ({path: "a larger default"}, {path: ("default of service app", None)})
