"""A key is changed by an act of its own: all that refers to it follows, what is live stays, and the old key is kept."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from larry.actions.author import GroundMoved, Refused
from larry.actions.deploy import deploy
from larry.actions.redeploy import redeploy
from larry.actions.rename_key import KeyChange, Soiled, rename_key
from larry.actions.retire import retire
from larry.actions.undo import undo
from larry.core.deployable import compare_snapshots
from larry.nouns.estate import EstateFaults
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.deployable import get_snapshots
from larry.queries.dirty import list_dirty_causes
from larry.queries.history import get_instance_history, get_service_history
from larry.queries.instance import get_standing
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.noun import get_estate, get_item
from larry.queries.reader import LOCAL, NotFound
from larry.queries.situation import list_situations
from larry.records.models import FormerKey, Rollout
from tests.actions.estate import (
    BLOG,
    FULL,
    LIVE,
    SMALL,
    TEST,
    WEB1,
    WEB2,
    ask,
    author,
    change,
    day,
    lay,
    put,
    rows,
    spans,
)
from tests.actions.world import find_faults, find_rewritten_past, read_timelines, read_world

pytestmark = pytest.mark.django_db

EACH: Mapping[str, tuple[str, str]] = {
    "role": ("backup", "vault"),
    "grade": ("medium", "middling"),
    "pool": ("production", "paid"),
    "host": (WEB1, "first"),
    "service": ("postgres", "pg"),
    "customer": ("acme", "acme_ag"),
    "app": ("acme/shop", "store"),
    "instance": (LIVE, "chief"),
}


def rename(noun: str, address: str, key: str, now: float = 0) -> KeyChange:
    return rename_key(noun, address, key, author(now))


def at(now: float) -> Moment:
    return Moment(day(now))


def list_soiled(now: float) -> tuple[str, ...]:
    return tuple(each.path for each in list_dirty_causes(LOCAL, at(now)))


def key_of(noun: str, address: str) -> object:
    return get_item(noun, address, LOCAL, at(0)).values["key"]


def test_every_noun_has_a_key_that_can_be_changed() -> None:
    assert EACH.keys() == NOUNS.keys()


@pytest.mark.parametrize("noun", EACH)
def test_the_preview_is_the_act_undone(noun: str) -> None:
    lay(FULL)
    put(LIVE, WEB1)
    address, key = EACH[noun]
    world, timelines = read_world(), read_timelines()
    seen = rename_key(noun, address, key, author(1), dry_run=True)
    assert read_world() == world
    with pytest.raises(GroundMoved):
        rename_key(noun, address, key, author(1), expect="0" * 64)
    assert read_world() == world
    done = rename_key(noun, address, key, author(1), expect=seen.digest)
    assert done == seen
    assert key_of(noun, done.address[1]) == key
    assert read_timelines() == timelines, "what is live stays as it was frozen"
    assert find_faults(day(1)) == []
    (line, *_) = [each for each in list_activity(LOCAL, at(1)) if each.noun == noun and each.verb == "rename-key"]
    assert (line.before["key"], line.after["key"], line.address) == (done.key[0], key, done.address[1])


@pytest.mark.parametrize("noun", EACH)
def test_the_old_key_stays_its_own(noun: str) -> None:
    lay(FULL)
    address, key = EACH[noun]
    done = rename(noun, address, key)
    parent = f"{address.rpartition('/')[0]}/" if "/" in address else ""
    other = f"{parent}{done.key[0]}"
    name = "another.example.com" if noun == "host" else "Another"
    with pytest.raises(Refused, match=f"the key {done.key[0]} was that of {noun} .* and stays its own: give"):
        change(noun, other, 1, name=name, key=done.key[0])
    named = "other.example.com" if noun == "host" else "Other"
    change(noun, f"{parent}other", 1, name=named, key="other")
    with pytest.raises(Refused, match=f"the key {done.key[0]} was that of {noun}"):
        rename(noun, named if noun == "host" else f"{parent}other", done.key[0], 1)
    back = rename(noun, done.address[1], done.key[0], 2)
    assert back.address[1] == done.address[0], "its own key it may have back"
    rename(noun, back.address[1], key, 3)
    assert FormerKey.objects.filter(noun=noun).count() == 2
    assert find_faults(day(3)) == []


def test_what_refers_to_it_follows() -> None:
    lay(FULL)
    done = rename("service", "postgres", "pg")
    assert done.references == (("service", "backup", "audits"), ("service", "rails", "needs"))
    assert get_item("service", "rails", LOCAL, at(0)).values["needs"] == ("linux", "pg")
    assert rename("role", "web", "www").references == (("host", WEB1, "roles"), ("host", WEB2, "roles"))
    change("instance", TEST, 0, template=LIVE)
    moved = rename("customer", "acme", "acme_ag")
    assert moved.moved == (
        ("app", "acme/shop", "acme_ag/shop"),
        ("instance", LIVE, "acme_ag/shop/live"),
        ("instance", TEST, "acme_ag/shop/test"),
    )
    assert moved.references == ()
    assert get_item("instance", "acme_ag/shop/test", LOCAL, at(0)).values["template"] == "acme_ag/shop/live"
    assert rename("instance", "acme_ag/shop/live", "chief").references == (
        ("instance", "acme_ag/shop/test", "template"),
    )


def test_what_has_retired_below_moves_too() -> None:
    lay(SMALL)
    put(TEST, "web2", end=1)
    retire("instance", TEST, author(2))
    assert rename("app", "acme/shop", "store", 3).moved == (("instance", LIVE, "acme/store/live"),)
    assert [row.instance for row in rows(3)] == ["acme/store/test"]


@pytest.mark.parametrize(
    "noun, address, key, why",
    [
        ("customer", "acme", "", "is no key"),
        ("customer", "acme", "9lives", "is no key: a to z first"),
        ("customer", "acme", "Acme", "is no key"),
        ("customer", "acme", "a" * 64, "at most 63"),
        ("customer", "acme", "node", "reserved word"),
        ("customer", "acme", "acme", "has the key acme already"),
        ("customer", "acme", "zeta", "the key zeta is taken by customer 'Zeta'"),
        ("app", "acme/shop", "blog", "the key blog is the name of app acme/mag"),
        ("instance", LIVE, "test", "the key test is taken by instance acme/shop/test"),
        ("service", "apache", "rails", "the key rails is taken by service 'rails'"),
        ("role", "web", "old", "role 'Old' retired at .* and its key old stays its own"),
        ("role", "web", "older", "role 'Older' retired at .* and its name older stays its own"),
        ("planet", "mars", "venus", "there is no noun planet"),
    ],
)
def test_what_is_no_key_of_its_own_is_refused(noun: str, address: str, key: str, why: str) -> None:
    lay(FULL)
    change("app", "acme/mag", -20, name="BLOG", key="mag")
    change("role", "old", -20, name="Old")
    change("role", "old2", -20, name="Older", key="old2")
    retire("role", "old", author(-19))
    retire("role", "old2", author(-19))
    world = read_world()
    with pytest.raises(Refused, match=why):
        rename(noun, address, key)
    assert read_world() == world
    with pytest.raises(NotFound):
        rename("customer", "nobody", "somebody")


def test_the_same_key_in_another_app_is_fine() -> None:
    lay(FULL)
    assert rename("instance", LIVE, "chief").address[1] == "acme/shop/chief"
    assert rename("instance", BLOG, "chief").address[1] == "zeta/blog/chief"
    change("app", "acme/new", 1, name="New", key="new")
    change("instance", "acme/new/live", 1, name="Live")  # the former key is that of an instance of another app
    assert key_of("instance", "acme/new/live") == "live"


class TestDirty:
    def test_what_is_live_becomes_dirty_with_its_cause_and_is_clean_when_deployed_again(self) -> None:
        lay(FULL)
        put(LIVE, WEB1, WEB2)
        put(BLOG, WEB2)
        past = read_timelines()
        done = rename("customer", "acme", "acme_ag", 1)
        moved = "acme_ag/shop/live"
        assert done.dirty == (Soiled(moved, (WEB1, WEB2), was_dirty=False),)
        assert list_soiled(1) == (moved,)
        (dirty,) = list_dirty_causes(LOCAL, at(1))
        (cause,) = dirty.causes
        assert (cause.difference.path, cause.difference.old, cause.difference.new) == (
            "customer.key",
            "acme",
            "acme_ag",
        )
        assert cause.activity is not None
        assert (cause.activity.verb, cause.activity.address) == ("rename-key", "acme_ag")
        assert {i.path for i in get_node(WEB1, LOCAL, at(2)).node.instances} == {LIVE}, "until it is deployed again"
        redeploy((moved,), author(2))
        assert list_soiled(2) == ()
        assert {i.path for i in get_node(WEB1, LOCAL, at(2)).node.instances} == {moved}
        assert {i.path for i in get_node(WEB1, LOCAL, at(1)).node.instances} == {LIVE}, "the past stays"
        assert find_rewritten_past(past, read_timelines(), day(1)) == []
        assert find_faults(day(2)) == []

    def test_what_was_dirty_is_told_so_and_a_key_taken_back_makes_clean(self) -> None:
        lay(SMALL)
        put(LIVE, "web1")
        put(TEST, "web2")
        change("instance", TEST, 1, parameters={"size": 9})
        done = rename("app", "acme/shop", "store", 2)
        assert done.dirty == (
            Soiled("acme/store/live", ("web1",), was_dirty=False),
            Soiled("acme/store/test", ("web2",), was_dirty=True),
        )
        back = rename("app", "acme/store", "shop", 3)
        assert (back.dirty, back.clean) == ((), (LIVE,))
        assert list_soiled(3) == (TEST,)

    @pytest.mark.parametrize(
        "noun, address, key, paths",
        [
            ("service", "linux", "os", {"services.linux.sharing", "services.os.sharing", "services.app.needs.os"}),
            ("service", "app", "program", {"instance.requires.app", "services.watch.audits.program"}),
            ("host", "mon", "monitor", {"services.watch.audits.app"}),
        ],
    )
    def test_every_difference_has_the_change_of_the_key_as_its_cause(
        self, noun: str, address: str, key: str, paths: set[str]
    ) -> None:
        lay(SMALL)
        put(LIVE, "web1")
        rename(noun, address, key, 1)
        (dirty,) = list_dirty_causes(LOCAL, at(1))
        assert paths <= {cause.difference.path for cause in dirty.causes}
        assert {cause.activity.verb for cause in dirty.causes if cause.activity} == {"rename-key"}
        assert all(cause.activity is not None for cause in dirty.causes)

    def test_what_no_snapshot_holds_makes_nothing_dirty(self) -> None:
        lay(FULL)
        put(LIVE, WEB1)
        for noun, address, key in (("grade", "medium", "m"), ("pool", "production", "paid"), ("role", "web", "www")):
            assert rename(noun, address, key, 1).dirty == ()


class TestAfterwards:
    def test_old_snapshots_are_deployed_under_the_instance_as_it_is_addressed_now(self) -> None:
        lay(FULL)
        put(LIVE, WEB1, end=2)
        old = rows(0)[0].snapshot
        rename("customer", "acme", "acme_ag", 3)
        rename("service", "postgres", "pg", 3)
        rename("role", "backup", "vault", 3)
        rename("host", "mon1.example.com", "eyes", 3)
        path = "acme_ag/shop/live"
        deploy(ask(path, WEB2, start=4, snapshot=old[:12]), author(4))
        assert [row.snapshot for row in rows(4) if row.instance == path] == [old, old]
        deployed = {entry.service for entry in get_node("bk1.example.com", LOCAL, at(5)).node.services}
        assert "backup" in deployed, "a role of another key is the same role"
        assert "monitoring" in {entry.service for entry in get_node("mon1.example.com", LOCAL, at(5)).node.services}
        assert find_faults(day(4)) == []
        assert not any(each.code == "role_left" for each in list_situations(LOCAL, at(5)))
        assert old in get_standing(path, LOCAL, at(5)).taken
        now = get_standing(path, LOCAL, at(5)).snapshot
        assert {d.path for d in compare_snapshots(get_snapshots([old], LOCAL, at(5))[old], now)} >= {"customer.key"}

    def test_history_answers_under_the_present_address(self) -> None:
        lay(SMALL)
        put(LIVE, "web1")
        change("service", "app", 1, description="old")
        rename("customer", "acme", "acme_ag", 2)
        rename("app", "acme_ag/shop", "store", 3)
        rename("service", "app", "program", 4)
        told = get_instance_history("acme_ag/store/live", LOCAL, at(5))
        assert [line.verb for line in told.activity] == ["create", "add", "rename-key", "rename-key"]
        assert [line.address for line in told.activity if line.noun == "instance"] == [
            LIVE, "acme_ag/shop/live", "acme_ag/store/live",
        ]  # fmt: skip
        assert [line.verb for line in get_service_history("program", LOCAL, at(5))] == [
            "create",
            "update",
            "rename-key",
        ]
        assert len(list_activity(LOCAL, at(5), ActivityFilter(address="acme_ag/store/live"))) == 3
        for stale in (LIVE, "acme_ag/shop/live"):
            with pytest.raises(NotFound, match=f"{stale} is acme_ag/store/live now, by a change of its key"):
                get_instance_history(stale, LOCAL, at(5))
            with pytest.raises(NotFound, match="is acme_ag/store/live now"):
                put(stale, "web2", now=5)
        with pytest.raises(NotFound, match="app is program now"):
            get_service_history("app", LOCAL, at(5))

    def test_a_rollout_from_before_is_undone(self) -> None:
        lay(FULL)
        put(LIVE, WEB1)
        change("instance", LIVE, 1, parameters={"rails_env": "beta", "db_password": "x"})
        redeploy((LIVE,), author(2))
        first = spans(LIVE, WEB1, 2)[0][2]
        rename("service", "rails", "ruby", 3)
        rename("app", "acme/shop", "store", 3)
        undo(Rollout.objects.latest("id").id, author(4))
        path = "acme/store/live"
        assert spans(path, WEB1, 4)[-1] == (4, None, first)
        assert find_faults(day(4)) == []

    def test_auditors_and_places_are_carried_over(self) -> None:
        lay(FULL)
        change("host", "bk1.example.com", -1, roles=[])
        deploy(ask(LIVE, WEB1, place={"postgres": WEB2}), author())
        change("host", "bk1.example.com", 1, roles=["backup"])
        rename("role", "backup", "vault", 1)
        rename("service", "postgres", "pg", 1)
        rename("service", "backup", "saver", 1)
        redeploy((LIVE,), author(2))
        (row,) = [row for row in rows(2) if row.start == day(2)]
        assert dict(row.place) == {"pg": WEB2}
        bk2 = {entry.service for entry in get_node("bk2.example.com", LOCAL, at(2)).node.services}
        assert "saver" in bk2, "the host that served the edge goes on to serve it"
        assert find_faults(day(2)) == []

    def test_one_service_under_two_keys_on_one_host_is_a_conflict(self) -> None:
        lay(SMALL)
        put(LIVE, "web1")
        put(TEST, "web1")
        rename("service", "linux", "os", 1)
        with pytest.raises(
            Refused, match=f'its key, which has been changed .*{TEST} wants "linux" but {LIVE} wants "os"'
        ) as no:
            redeploy((LIVE,), author(2))
        assert no.value.plan is not None
        redeploy((LIVE, TEST), author(2))
        assert [entry.service for entry in get_node("web1", LOCAL, at(2)).node.services] == ["os", "app"]
        assert find_faults(day(2)) == []

    def test_one_entry_of_an_instance_under_two_paths_on_one_host_is_a_conflict(self) -> None:
        lay(SMALL.replace("{name: app,", "{name: app, sharing: instance,"))
        deploy(ask(LIVE, "web1", place={"app": "mon"}), author())
        deploy(ask(LIVE, "web2", place={"app": "mon"}), author())
        old = rows()[0].snapshot
        rename("instance", LIVE, "chief", 1)
        path = "acme/shop/chief"
        with pytest.raises(Refused, match="its key, which has been changed"):
            deploy(ask(path, "web1", start=2, place={"app": "mon"}), author(2))
        deploy(ask(path, "web1", start=2, snapshot=old), author(2))
        redeploy((path,), author(3))
        assert find_faults(day(3)) == []


def test_an_estate_file_does_not_change_keys_and_names_the_command() -> None:
    lay(FULL)
    for text in ("{name: Acme, key: acme_ag}", "{name: Acme AG, was: acme, key: acme_ag}"):
        with pytest.raises(EstateFaults, match="larry rename-key customer acme acme_ag"):
            lay(f"larry: 1\ncustomers: [{text}]", 0)
    rename("customer", "acme", "acme_ag")
    assert lay("larry: 1\ncustomers: [{name: Acme, key: acme_ag}]", 1).changes_nothing
    assert lay("larry: 1\ncustomers: [{name: Acme}]", 1).changes_nothing
    assert get_estate(LOCAL, at(1))["customer", "acme_ag"].values["name"] == "Acme"
