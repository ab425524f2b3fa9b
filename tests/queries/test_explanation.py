"""Where a value came from: every layer as it was when the snapshot was taken, and what would be different today."""

from __future__ import annotations

import pytest

from larry.actions.deploy import deploy
from larry.actions.rename_key import rename_key
from larry.actions.retire import retire
from larry.core.node_text import MASK
from larry.core.parameters import Merge
from larry.queries.explanation import Explanation, Source, get_explanation
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound
from tests.actions.estate import BK1, FULL, LIVE, TEST, WEB1, WEB2, ask, author, change, day, lay, put

pytestmark = pytest.mark.django_db

PLAIN = """
larry: 1
services:
  - {name: app, parameters: [{name: size, type: integer, default: 1}, {name: tags, merge: deep, default: [base]}]}
  - {name: watch, parameters: [{name: every, default: 60}, channel], audits: [{service: app, where: {host: mon}}]}
customers:
  - name: Acme
    parameters: {channel: ops}
    apps:
      - name: Shop
        instances:
          - {name: Model, copies: 0, parameters: {size: 2, tags: [model]}}
          - {name: Live, template: acme/shop/model, requires: [app], parameters: {tags: [live], every: 30}}
          - {name: Test, requires: [app]}
hosts: [{name: web1}, {name: web2}, {name: mon}]
"""


def explain(host: str, service: str, parameter: str, as_of: float = 0) -> Explanation:
    return get_explanation(host, service, parameter, LOCAL, Moment(day(as_of)))


def only(told: Explanation) -> Source:
    ((source,),) = (entry.sources for entry in told.entries)
    return source


def chain(source: Source) -> list[tuple[str, str, object]]:
    return [(origin.level, origin.owner, origin.value) for origin in source.provenance.chain]


def test_every_layer_is_told_and_which_one_won() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    told = explain("WEB1.example.com", "rails", "threads")
    (entry,) = told.entries
    assert (told.host, told.start, told.end) == (WEB1, day(0), None)
    assert (entry.key, entry.carries, entry.value, entry.declares) == ("acme-shop-live-rails", True, 8, False)
    source = only(told)
    assert (source.instance, source.value, source.taken_at, source.about) == (LIVE, 8, day(0), ())
    assert (source.start, source.end, source.reason) == (day(0), None, "because")
    assert chain(source) == [("default", "rails", 4), ("app", "acme/shop", 8)]
    assert [part.origin.level for part in source.provenance.parts] == ["app"]
    assert (source.provenance.is_recorded, source.provenance.merge) == (True, Merge.REPLACE)
    assert (source.today.value, source.today.is_dirty, source.today.gone) == (8, False, "")
    assert source.today.touched is not None
    assert (source.today.touched.noun, source.today.touched.verb) == ("app", "create")


def test_a_later_edit_changes_what_is_described_and_not_what_is_told_of_then() -> None:
    lay(PLAIN)
    put("acme/shop/live", "web1")
    change("instance", "acme/shop/model", 1, parameters={"size": 5, "tags": ["new"]})
    change("instance", "acme/shop/live", 2, template=None)
    change("service", "app", 3, parameters=[{"name": "size", "type": "integer", "default": 9}])
    for as_of in (0, 4, 100):
        source = only(explain("web1", "app", "size", as_of))
        assert chain(source) == [("default", "app", 1), ("template", "acme/shop/model", 2)]
        assert (source.value, source.provenance.is_recorded) == (2, True)
        assert (source.today.value, source.today.is_dirty) == (9, True)
        assert source.today.touched is not None
        assert (source.today.touched.address, source.today.touched.at) == ("app", day(3))
    gone = only(explain("web1", "app", "tags", 4)).today
    assert (gone.gone, gone.is_dirty) == ("tags is no longer declared by app", True)


def test_what_is_merged_is_told_part_by_part() -> None:
    lay(PLAIN)
    put("acme/shop/live", "web1")
    source = only(explain("web1", "app", "tags"))
    assert source.value == ["base", "model", "live"]
    assert [(part.value, part.origin.level) for part in source.provenance.parts] == [
        ("base", "default"),
        ("model", "template"),
        ("live", "instance"),
    ]


def test_an_auditor_carries_its_default_and_has_settings_for_each_subject() -> None:
    lay(PLAIN)
    put("acme/shop/live", "web1")
    put("acme/shop/test", "web2")
    (entry,) = explain("mon", "watch", "every").entries
    assert (entry.key, entry.carries, entry.value, entry.declares) == ("watch", True, 60, True)
    told = {
        source.instance: (source.value, source.about, source.provenance.parts[0].origin.level)
        for source in entry.sources
    }
    assert told == {
        "acme/shop/live": (30, (("app", "web1"),), "instance"),
        "acme/shop/test": (60, (("app", "web2"),), "default"),
    }
    (entry,) = explain("mon", "watch", "channel").entries
    assert (entry.carries, entry.value) == (False, None)
    assert {source.value for source in entry.sources} == {"ops"}


def test_secrets_are_masked_and_still_known_to_differ() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    change("instance", LIVE, 1, parameters={"rails_env": "production", "db_password": "another"})
    told = explain(WEB1, "rails", "db_password", 2)
    source = only(told)
    assert (source.value, told.entries[0].value, source.today.value, source.today.is_dirty) == (MASK, MASK, MASK, True)
    assert chain(source) == [("instance", LIVE, MASK)]
    assert "sealed" not in repr((told.entries[0].value, source.value, source.provenance, source.today.value))


def test_it_is_told_as_of_any_moment() -> None:
    lay(FULL)
    put(LIVE, WEB1, start=2, end=5)
    change("app", "acme/shop", 1, parameters={"threads": 16})
    put(LIVE, WEB1, now=1, start=5)
    assert [only(explain(WEB1, "rails", "threads", moment)).value for moment in (2, 4.999, 5, 50)] == [8, 8, 16, 16]
    with pytest.raises(NotFound, match=r"rails is not on web1\.example\.com"):
        explain(WEB1, "rails", "threads", 1.999)


def test_a_shared_entry_has_a_source_for_each_instance_and_one_entry_can_be_asked_for() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    put(TEST, WEB1)
    (entry,) = explain(WEB1, "postgres", "port").entries
    assert [source.instance for source in entry.sources] == [LIVE, TEST]
    assert len(explain(WEB1, "rails", "rails_env").entries) == 2
    (entry,) = explain(WEB1, "acme-shop-test-rails", "rails_env").entries
    assert (entry.value, [source.instance for source in entry.sources]) == ("test", [TEST])


def test_what_has_retired_since_is_told_as_far_as_the_snapshot_goes() -> None:
    lay(FULL)
    put(TEST, WEB2, end=2)
    retire("instance", TEST, author(3))
    source = only(explain(WEB2, "rails", "rails_env", 1))
    assert source.today.gone == f"{TEST} has retired"
    assert (source.value, chain(source)) == ("test", [("instance", TEST, "test")])


def test_where_the_record_does_not_explain_a_value_it_says_so() -> None:
    from larry.records.service import Parameter

    lay(FULL)
    put(LIVE, WEB1)
    Parameter.objects.filter(name="port").update(default=1)  # behind the back of the record
    source = only(explain(WEB1, "postgres", "port"))
    assert (source.value, source.provenance.is_recorded) == (5432, False)
    assert (source.provenance.chain, source.provenance.parts) == ((), ())
    Parameter.objects.filter(name="threads").update(merge="deep", type="any", default=["x"])
    source = only(explain(WEB1, "rails", "threads"))
    assert (source.value, chain(source)) == (8, [("default", "rails", ["x"]), ("app", "acme/shop", 8)])


@pytest.mark.parametrize(
    "host, service, parameter, told",
    [
        ("web1.example.co", "rails", "threads", "there is no host web1.example.co; did you mean 'web1.example.com'"),
        (WEB1, "rials", "threads", "rials is not on web1.example.com at 2026-11-01T12:00:00Z; did you mean 'rails'"),
        (BK1, "apache", "workers", "apache is not on bk1.example.com at .*; there is only 'backup'"),
        (WEB1, "rails", "thread", "rails on web1.example.com has no parameter thread at .*; did you mean 'threads'"),
        (WEB1, "linux", "x", "linux on web1.example.com has no parameter x at .*; it has none"),
        (WEB1, "postgres", "sprocket", "has no parameter sprocket at .*; there is only 'port'"),
    ],
)
def test_what_there_is_not_is_refused_with_what_is_near(host: str, service: str, parameter: str, told: str) -> None:
    lay(FULL)
    put(LIVE, WEB1)
    with pytest.raises(NotFound, match=told):
        explain(host, service, parameter)


def test_a_placed_service_is_explained_where_it_stands() -> None:
    lay(FULL)
    deploy(ask(LIVE, WEB1, place={"postgres": WEB2}), author(0))
    assert only(explain(WEB2, "postgres", "port")).deployment == only(explain(WEB1, "rails", "threads")).deployment


def test_changed_keys_hide_nothing_that_was_recorded_under_the_old_ones() -> None:
    lay(PLAIN)
    put("acme/shop/live", "web1")
    rename_key("service", "app", "core", author(1))
    rename_key("customer", "acme", "apex", author(1))
    change("instance", "apex/shop/model", 2, parameters={"size": 5})
    source = only(explain("web1", "app", "size", 3))
    assert source.provenance.is_recorded
    assert [(origin.level, origin.value) for origin in source.provenance.chain] == [("default", 1), ("template", 2)]
    assert (source.today.value, source.today.is_dirty, source.today.gone) == (5, True, "")
