"""Apply makes the estate what is stated, field by field, touches nothing else, and says who did it and why."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from larry.actions.apply import apply
from larry.actions.author import GroundMoved, Refused
from larry.actions.edit import edit
from larry.core.document import Json, thaw
from larry.nouns.estate import EstateFaults
from larry.nouns.item import Item, is_same
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, ActivityRow, list_activity
from larry.queries.moment import Moment
from larry.queries.noun import get_estate
from larry.queries.reader import LOCAL
from larry.records.edge import EdgeVersion
from larry.records.secret import prepare_seals
from tests.actions.estate import FULL, LIVE, MON1, SMALL, WEB1, author, change, day, lay, state
from tests.actions.world import find_faults, read_world

pytestmark = pytest.mark.django_db

CHANGES: tuple[tuple[str, str, str, Json], ...] = (
    ("role", "web", "floor", {"cpu": 2}),
    ("grade", "medium", "rank", 7),
    ("grade", "medium", "floor", {"cpu": 1.5}),
    ("pool", "production", "description", "what does not pay"),
    ("service", "rails", "sharing", "host"),
    ("service", "rails", "category", "Databases"),
    ("service", "rails", "needs", ["linux"]),
    ("service", "rails", "parameters", [{"name": "rails_env", "type": "string"}, "colour"]),
    ("service", "linux", "tools", {"puppet": {"class": "base"}, "shell": {"script": "x"}}),
    (
        "service",
        "monitoring",
        "audits",
        [{"service": "linux", "where": "same-host"}, {"service": "rails", "where": "manual"}],
    ),
    ("service", "pager", "audits", [{"service": "apache", "where": {"role": "web"}}]),
    ("customer", "acme", "parameters", {"backup_target": "tape", "deep": {"er": [1, None, True]}}),
    ("customer", "acme", "description", "pays late"),
    ("app", "acme/shop", "parameters", {}),
    ("app", "acme/shop", "service_level", "silver"),
    ("app", "acme/shop", "importance", -1),
    ("instance", LIVE, "parameters", {"rails_env": "production"}),
    ("instance", LIVE, "copies", 0),
    ("instance", LIVE, "requires", ["apache", "rails"]),
    ("instance", LIVE, "demand", {"cpu": 0.5, "memory_mib": 512}),
    ("instance", LIVE, "template", "acme/shop/test"),
    ("host", WEB1, "roles", ["backup", "web"]),
    ("host", WEB1, "pools", []),
    ("host", WEB1, "grade", None),
    ("host", WEB1, "addresses", ["10.0.0.99", "2001:db8::1"]),
    ("host", WEB1, "labels", {"site": "ber", "rack": "r7"}),
    ("host", WEB1, "capacity", {"cpu": 8}),
    ("host", WEB1, "data", {"motd": ["good", {"morning": None}]}),
)


def read_estate(now: float = 0) -> Mapping[tuple[str, str], Item]:
    return get_estate(LOCAL, Moment(day(now)))


def latest(now: float = 0) -> ActivityRow:
    return list_activity(LOCAL, Moment(day(now)), limit=1)[0]


def test_every_noun_is_created_as_stated() -> None:
    done = lay(FULL)
    estate = read_estate()
    assert {noun for noun, _ in estate} == set(NOUNS)
    assert len(estate) == len(done.changes) == 25
    assert {each.verb for each in done.changes} == {"create"}
    for each in done.changes:
        item = estate[each.noun, each.address]
        assert {name: after for name, (_, after) in each.fields.items()} == dict(item.values)
    host = estate["host", WEB1].values
    assert (host["roles"], host["grade"], host["pools"]) == (("web",), "medium", ("production",))
    assert estate["service", "monitoring"].values["audits"] == ({"service": "linux", "where": {"host": MON1}},)
    assert estate["app", "acme/shop"].values["service_level"] == "gold"
    assert find_faults(day(0)) == []


@pytest.mark.parametrize("noun, address, field, value", CHANGES, ids=lambda part: str(part)[:24])
def test_one_field_is_changed_and_nothing_else(noun: str, address: str, field: str, value: Json) -> None:
    lay(FULL)
    before = read_estate()
    done = change(noun, address, 0, **{field: value})
    after = read_estate()
    assert [(each.noun, each.address, each.verb, set(each.fields)) for each in done.changes] == [
        (noun, address, "update", {field})
    ]
    differing = {place for place in before if before[place] != after[place]}
    assert differing == {(noun, address)}
    assert before.keys() == after.keys()
    was, becomes = before[noun, address].values, after[noun, address].values
    assert {name for name in was if not is_same(was[name], becomes[name])} == {field}
    line = latest()
    assert (line.noun, line.address, line.verb) == (noun, address, "update")
    assert is_same(line.before, {field: thaw(was[field])})
    assert is_same(line.after, {field: thaw(becomes[field])})
    assert (line.actor, line.reason, line.at) == ("ada", "because", day(0))


def test_a_new_field_value_reaches_the_next_reader_in_normal_form() -> None:
    lay(FULL)
    change("service", "rails", 0, needs=["Postgres", "linux"])
    assert read_estate()["service", "rails"].values["needs"] == ("linux", "postgres")


def test_the_same_statement_a_second_time_changes_nothing() -> None:
    lay(FULL)
    before = read_world()
    assert lay(FULL, now=1).changes_nothing
    assert read_world() == before


def test_a_dry_run_says_what_the_act_then_does_and_writes_nothing() -> None:
    prepare_seals()  # as `larry migrate` does
    before = read_world()
    shown = apply(state(FULL), author(), dry_run=True)
    assert read_world() == before
    done = apply(state(FULL), author())
    assert [(each.noun, each.address, each.verb) for each in shown.changes] == [
        (each.noun, each.address, each.verb) for each in done.changes
    ]
    assert shown.plan == done.plan


def test_what_was_expected_is_done() -> None:
    lay(SMALL)
    new = state("larry: 1\nhosts: [{name: web1, addresses: [10.9.9.9]}]\ncustomers: [{name: New}]")
    shown = apply(new, author(), dry_run=True)
    assert apply(new, author(), expect=shown.digest) == shown


def test_what_was_not_expected_is_not_done() -> None:
    lay(SMALL)
    new = state("larry: 1\nhosts: [{name: web1, addresses: [10.9.9.9]}]")
    shown = apply(new, author(), dry_run=True)
    change("host", "web1", 0, addresses=["10.7.7.7"])
    before = read_world()
    with pytest.raises(GroundMoved) as moved:
        apply(new, author(), expect=shown.digest)
    assert moved.value.plan is not None
    assert moved.value.plan.nodes
    assert read_world() == before


@pytest.mark.parametrize(
    "text, telling",
    [
        ("hosts: [{name: web1, grade: nope}]\nservices: [{name: app, needs: [nope]}]", ["'nope'", "'nope'"]),
        ("services: [{name: linux, needs: [app]}]", ["circle", "app -> linux -> app"]),
        ("services: [{name: linux, audits: [watch]}]", ["linux", "circle"]),
        ("services: [{name: one, parameters: [{name: size, type: string}]}]", ["size", "string", "integer"]),
        ("customers: [{name: ACME, key: other}]", ["keeps the key acme"]),
    ],
)
def test_a_fault_is_refused_and_nothing_of_the_rest_is_done(text: str, telling: list[str]) -> None:
    lay(SMALL)
    before = read_world()
    with pytest.raises(EstateFaults) as refused:
        lay(f"larry: 1\nroles: [{{name: harmless}}]\n{text}", now=0)
    for word in telling:
        assert word in str(refused.value)
    assert read_world() == before


def test_an_unknown_noun_is_refused() -> None:
    with pytest.raises(Refused, match="there is no noun planet: there are role"):
        edit("planet", "mars", {}, author())


def test_renaming_keeps_key_and_rows_and_everything_that_refers_to_it() -> None:
    lay(FULL)
    before = read_estate()
    lay("larry: 1\nservices: [{name: Ruby on Rails, was: rails}]\ncustomers: [{name: ACME Inc., was: Acme}]", now=0)
    after = read_estate()
    assert before.keys() == after.keys()
    assert after["service", "rails"].values["name"] == "Ruby on Rails"
    assert after["customer", "acme"].values["name"] == "ACME Inc."
    assert after["instance", LIVE] == before["instance", LIVE]
    assert len(list_activity(LOCAL, Moment(day(0)), ActivityFilter(noun="customer", address="acme"))) == 2


def test_a_renamed_host_is_the_same_host_and_audits_follow_it() -> None:
    lay(SMALL)
    done = lay("larry: 1\nhosts: [{name: monitor.example.com, was: mon}]", now=0)
    assert {(each.noun, each.address) for each in done.changes} == {
        ("host", "monitor.example.com"),
        ("service", "watch"),
    }
    estate = read_estate()
    assert estate["host", "monitor.example.com"].values["key"] == "mon"
    assert ("host", "mon") not in estate
    assert estate["service", "watch"].values["audits"] == (
        {"service": "app", "where": {"host": "monitor.example.com"}},
    )


def test_a_name_that_one_gives_up_another_may_take_in_the_same_act() -> None:
    lay("larry: 1\nroles: [{name: Blue}, {name: Red}]")
    lay("larry: 1\nroles: [{name: Green, was: blue}, {name: Blue, was: red}]", now=0)
    estate = read_estate()
    assert [estate["role", key].values["name"] for key in ("blue", "red")] == ["Green", "Blue"]


def test_every_version_of_an_edge_is_kept_with_the_act_that_made_it() -> None:
    lay(SMALL)
    change(
        "service",
        "watch",
        1,
        audits=[{"service": "app", "where": "same-host"}, {"service": "linux", "where": "manual"}],
    )
    change("service", "watch", 2, audits=[{"service": "app", "where": "same-host"}])
    found = EdgeVersion.objects.filter(service__key="watch").order_by("id")
    told = [(row.kind, row.target.key, row.where, row.removed, row.recorded_at, row.activity.verb) for row in found]
    assert told == [
        ("audits", "app", {"host": "mon"}, False, day(-30), "create"),
        ("audits", "app", "same-host", False, day(1), "update"),
        ("audits", "linux", "manual", False, day(1), "update"),
        ("audits", "linux", "manual", True, day(2), "update"),
    ]
    assert [row.activity.at for row in found] == [row.recorded_at for row in found]
    assert EdgeVersion.objects.filter(service__key="app").count() == 1


def test_an_edge_may_change_its_direction_in_one_act() -> None:
    lay("larry: 1\nservices: [{name: one, needs: [two]}, {name: two}]")
    lay("larry: 1\nservices: [{name: one, needs: []}, {name: two, needs: [one]}]", now=0)
    estate = read_estate()
    assert (estate["service", "one"].values["needs"], estate["service", "two"].values["needs"]) == ((), ("one",))


def test_a_large_estate_costs_hardly_more_statements_than_a_small_one() -> None:
    def count(customers: int) -> int:
        names = ", ".join(
            f"{{name: C{n}x{customers}, apps: [{{name: A, instances: [{{name: I}}]}}]}}" for n in range(customers)
        )
        with CaptureQueriesContext(connection) as captured:
            lay(f"larry: 1\ncustomers: [{names}]", now=0)
        return len(captured)

    count(1)
    assert count(60) <= count(2) + 3


def test_a_template_hands_its_requirements_and_demand_to_a_new_instance_once() -> None:
    lay(FULL)
    new = (
        "larry: 1\ncustomers: [{name: Acme, apps: [{name: Shop, instances: [{name: New, template: acme/shop/live}]}]}]"
    )
    lay(new, now=0)
    values = read_estate()["instance", "acme/shop/new"].values
    assert (values["requires"], values["demand"]) == (("rails",), {"cpu": 1})
    change("instance", LIVE, 1, requires=["apache"])
    assert read_estate()["instance", "acme/shop/new"].values["requires"] == ("rails",)
