"""The client against Larry itself: each method is answered, and what is answered is as its type says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NotRequired, get_origin, get_type_hints

import pytest

from larry.client import shape
from larry.client.deploying import Put
from larry.client.failure import (
    AlreadyThere,
    ChangedMeanwhile,
    Conflict,
    Invalid,
    Moved,
    NotPermitted,
    NotSignedIn,
    NotThere,
)
from larry.client.noun import spell_path
from larry.client.remote import RemoteLarry
from larry.core.rights import NO_RIGHTS
from tests.api.scene import LIVE, SPARE, WEB, lay, put
from tests.client.loopback import TOKEN, serving

NOUNS = "roles grades pools services customers apps instances hosts".split()


@pytest.fixture
def now(db: None) -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3, end=5)
    return now


@pytest.fixture
def remote(served: str, now: datetime) -> Iterator[RemoteLarry]:
    with RemoteLarry(served, TOKEN) as remote:
        yield remote


def is_told(document: Any, kind: Any) -> None:
    """A document has the members that its type names, and no others."""
    hints = get_type_hints(kind, include_extras=True)
    named, optional = set(hints), {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    assert named - optional <= set(document) <= named, kind


@pytest.mark.parametrize("plural", NOUNS)
def test_every_noun(remote: RemoteLarry, plural: str) -> None:
    collection = getattr(remote, plural)
    for item in collection.list():
        assert collection.get(item["address"]) == item
        assert collection.read(item["address"]).document == item
    with pytest.raises(NotThere):
        collection.get("no/such/thing" if plural == "instances" else "no/such" if plural == "apps" else "nothing")


def test_a_noun_from_beginning_to_end(remote: RemoteLarry) -> None:
    hosts = remote.hosts
    shown = hosts.create({"name": "new.example.com"}, dry_run=True)
    is_told(shown, shape.ChangeDocument)
    done = hosts.create({"name": "new.example.com"}, reason="one more: größer", expect=shown["digest"])
    assert done["digest"] == shown["digest"]
    with pytest.raises(AlreadyThere):
        hosts.create({"name": "new.example.com"})
    read = hosts.read("new.example.com")
    hosts.change("new.example.com", {"addresses": ["10.0.0.9"]}, etag=read.etag, reason="wired")
    with pytest.raises(ChangedMeanwhile):
        hosts.change("new.example.com", {"addresses": []}, etag=read.etag)
    with pytest.raises(Invalid) as caught:
        hosts.change("new.example.com", {"addresses": ["nowhere"]})
    assert [each.field for each in caught.value.fields] == ["/addresses/0"]
    hosts.change_many([{"address": "new.example.com", "labels": {"site": "fra"}}], reason="many")
    is_told(remote.customers.rename_key("acme", "acme2", dry_run=True), shape.KeyChangeDocument)
    assert hosts.retire("new.example.com", reason="sold")["changes"][0]["verb"] == "retire"
    told = list(remote.activity(noun="host", address="new.example.com", most=3))
    assert [(each["verb"], each["reason"]) for each in told] == [
        ("retire", "sold"),
        ("update", "many"),
        ("update", "wired"),
    ]
    is_told(told[0], shape.ActivityDocument)


def test_pages_are_walked(remote: RemoteLarry, monkeypatch: pytest.MonkeyPatch) -> None:
    remote.hosts.create([{"name": f"h{number}.example.com"} for number in range(7)], reason="many")
    monkeypatch.setattr("larry.client.noun.walk_pages.__defaults__", (2, None))
    found = [each["address"] for each in remote.hosts.list(q="h", sort="name", fields=["address"])]
    assert len(found) == len(set(found)) >= 7
    assert len(list(remote.activity())) == len({each["id"] for each in remote.activity()}) > 7
    assert len(list(remote.activity(most=3))) == 3


def test_a_rollout_from_beginning_to_end(remote: RemoteLarry, now: datetime) -> None:
    deploy = [Put(LIVE, [SPARE])]
    start = now + timedelta(days=1)
    shown = remote.rollouts.preview(deploy, start=start)
    is_told(shown, shape.PlanDocument)
    with pytest.raises(Moved) as caught:
        remote.rollouts.create(deploy, start=start, reason="go", expect="0" * 64)
    assert caught.value.plan is not None
    remote.rollouts.create(deploy, start=start, reason="go", expect=shown["digest"])
    (made,) = remote.deployments.list(host=SPARE)
    is_told(made, shape.DeploymentDocument)
    assert remote.deployments.get(made["id"])["state"] == "future"
    remote.deployments.change(made["id"], end=start + timedelta(days=1), reason="shorter")
    remote.deployments.change(made["id"], end=None, reason="open again")
    assert remote.deployments.undeploy(made["id"], reason="x", dry_run=True)["changes"][0]["kind"] == "deactivate"
    assert remote.deployments.delete(made["id"], reason="not at all")["changes"][0]["kind"] == "delete"
    rollout = next(iter(remote.rollouts.list()))
    is_told(rollout, shape.RolloutDocument)
    is_told(remote.rollouts.get(rollout["id"]), shape.RolloutDetailDocument)
    with pytest.raises(Conflict):
        remote.rollouts.undo(made["rollout"], reason="nothing is left", expect="0" * 64)
    is_told(remote.rollouts.redeploy([LIVE], dry_run=True), shape.PlanDocument)
    assert list(remote.deployments.list(states=["deactivated"])) == []


def test_a_key_of_ones_own_does_a_thing_once(remote: RemoteLarry) -> None:
    once = [remote.hosts.create({"name": "k.example.com"}, key="order-1") for _ in range(2)]
    assert once[0] == once[1]


def test_what_is_asked(remote: RemoteLarry, now: datetime) -> None:
    before, after = now - timedelta(days=4), now + timedelta(days=1)
    is_told(remote.node(WEB, as_of=after), shape.NodeDocument)
    assert remote.node(WEB, as_of=before)["services"] == []
    assert remote.configuration(WEB, "json", as_of=after).text == remote.configuration(WEB, "json").text
    assert remote.configuration(WEB, "enc", as_of=before).next_change == now - timedelta(days=3)
    assert remote.inventory("json").as_of is not None
    for step in remote.host_history(WEB):
        is_told(step, shape.HostStepDocument)
    for line in remote.parameters(LIVE):
        is_told(line, shape.ParameterLineDocument)
    assert remote.order(LIVE) == ["linux", "rails", "pager"] == remote.order(LIVE, reverse=True)[::-1]
    assert remote.waves(LIVE) == [["linux"], ["rails"], ["pager"]]
    assert remote.diff(LIVE)["dirty"] is False
    remote.instances.change(LIVE, {"parameters": {"workers": 9}}, reason="more")
    taken = remote.snapshot(LIVE, reason="see")
    is_told(taken, shape.SnapshotDocument)
    is_told(remote.kept_snapshot(taken["digest"]), shape.KeptSnapshotDocument)
    assert len(list(remote.snapshots(instance=LIVE))) == 2
    assert remote.diff(LIVE, taken["digest"])["differences"] == []
    assert remote.instance_dirty(LIVE)["dirty"] is True
    for dirty in remote.dirty(customer="acme"):
        is_told(dirty, shape.DirtyDocument)
    is_told(remote.coverage(uncovered=True)[0] if remote.coverage(uncovered=True) else COVERAGE, shape.CoverageDocument)
    is_told(remote.situations()[0], shape.SituationDocument)
    is_told(remote.edges("rails")[0], shape.EdgeDocument)
    assert remote.edges(known_at=now - timedelta(days=20)) == []
    is_told(remote.instance_history(LIVE)[0], shape.ActivityDocument)


COVERAGE = dict.fromkeys("covered instance deployment service host auditor where placed from why_not".split())


def test_strangers_and_those_who_may_not(served: str, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    with RemoteLarry(served) as nobody, pytest.raises(NotSignedIn):
        nobody.order(LIVE)
    with serving(monkeypatch, NO_RIGHTS) as url, RemoteLarry(url, TOKEN) as viewer:
        assert list(viewer.hosts.list()) == []
        with pytest.raises(NotThere):
            viewer.order(LIVE)
        with pytest.raises(NotPermitted):
            viewer.hosts.create({"name": "x.example.com"})


@pytest.mark.parametrize("address", ["", "/", "a//b", "../hosts", "a/./b"])
def test_an_address_leads_nowhere_else(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        spell_path(address)


def test_an_address_is_spelled(served: str) -> None:
    assert spell_path("acme/shop?x=1#y") == "acme/shop%3Fx%3D1%23y"


def test_a_moment_without_a_zone_is_none(remote: RemoteLarry) -> None:
    with pytest.raises(ValueError, match="time zone"):
        remote.node(WEB, as_of=datetime(2026, 1, 1))  # noqa: DTZ001
