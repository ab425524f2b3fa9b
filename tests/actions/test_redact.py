"""A name that becomes sensitive: what stands is sealed, what was recorded is redacted, and all goes on as it was."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from larry.actions import redact as redacting
from larry.actions.apply import EstateChange, apply
from larry.actions.deploy import deploy, preview_deploy
from larry.actions.retire import retire
from larry.actions.reveal import reveal
from larry.actions.snapshot import snapshot
from larry.core.deployable import read_snapshot
from larry.core.document import canonical_text, digest_of, thaw
from larry.core.node_text import node_document, read_node
from larry.nouns.estate import EstateFaults
from larry.queries.deployable import find_digest
from larry.queries.dirty import list_dirty_causes
from larry.queries.instance import get_standing
from larry.queries.moment import Moment
from larry.queries.node import get_node, get_open_node
from larry.queries.noun import get_item
from larry.queries.reader import LOCAL, NotFound
from larry.records import guards
from larry.records.activity import Activity
from larry.records.deployable import Deployable, FormerDigest
from larry.records.deployment import Deployment
from larry.records.estate import Estate
from larry.records.node import NodeDocument, NodeSegment
from larry.records.rollout import Rollout
from larry.records.secret import Secret
from tests.actions.estate import ask, author, change, day, lay, put, rows, state
from tests.actions.world import find_faults, read_all_text, read_timelines, read_world

pytestmark = pytest.mark.django_db

CANARY = "canary"
"""Every value that becomes a secret begins with it."""

PLAIN = """
larry: 1
services:
  - {name: linux}
  - {name: app, needs: [linux], parameters: [{name: token}, {name: size, type: integer, default: 1}]}
  - {name: portal, sharing: instance, needs: [linux], parameters: [token]}
  - name: watch
    parameters: [{name: depth, default: 2}]
    audits: [{service: app, where: {host: mon}}, {service: portal, where: {host: mon}}]
  - {name: probe, sharing: instance, parameters: [token], audits: [{service: portal, where: {host: mon}}]}
customers:
  - name: Acme
    parameters: {token: canary-acme, motto: canaries are not secret}
    apps:
      - name: Shop
        parameters: {token: canary-shop}
        instances:
          - {name: Live, requires: [app], parameters: {size: 3}}
          - {name: Test, requires: [portal], parameters: {token: canary-test}}
  - name: Zeta
    parameters: {token: canary-zeta}
    apps: [{name: Blog, instances: [{name: Live, requires: [linux]}, {name: Old}]}]
hosts: [{name: web1, addresses: [10.0.0.1]}, {name: web2, addresses: [10.0.0.2]}, {name: mon, addresses: [10.0.0.9]}]
"""
"""A token that nobody has declared sensitive yet, set at every level, overridden, audited, and unknown to some."""

LIVE, TEST, BLOG = "acme/shop/live", "acme/shop/test", "zeta/blog/live"
FIRST = "canary-first"
"""The token of Acme before the one that it has now."""


def live_a_while() -> None:
    """Ten days of deployments, edits, reveals and retirements; then some for the days to come."""
    lay(PLAIN)
    change("customer", "acme", -20, parameters={"token": FIRST, "motto": "canaries are not secret"})
    change("instance", "zeta/blog/old", -20, parameters={"token": "canary-old"})
    put(LIVE, "web1", now=-10)
    put(TEST, "web1", now=-10)
    snapshot(LIVE, author(-9))
    change("customer", "acme", -8, parameters={"token": "canary-acme", "motto": "canaries are not secret"})
    change("app", "acme/shop", -8, parameters={})
    put(LIVE, "web1", now=-7)
    put(BLOG, "web2", now=-6)
    put(LIVE, "web2", now=-5, start=5, end=9)
    reveal("web1", Moment(day(-4)), author(-4))
    retire("instance", "zeta/blog/old", author(-3))


def mark(now: float = 0, name: str = "token", **how: Any) -> EstateChange:
    """A service declares the name sensitive."""
    size = "{name: size, default: 1, type: integer}"
    text = f"larry: 1\nservices: [{{name: app, parameters: [{{name: {name}, sensitive: true}}, {size}]}}]"
    return apply(state(text), author(now), **how)


def unmark(now: float) -> EstateChange:
    return change("service", "app", now, parameters=["token", {"name": "size", "type": "integer", "default": 1}])


def dirty(now: float) -> list[str]:
    return [each.path for each in list_dirty_causes(LOCAL, Moment(day(now)))]


def delivered(host: str, moment: float) -> Any:
    """What an entitled reader is told, as of a day; without the digests of snapshots."""
    document: Any = node_document(get_open_node(host, LOCAL, Moment(day(moment))).node)
    return [document["services"], document["own_parameters"]]


def clear_text() -> str:
    """All that the database holds, without what may stand in clear."""
    return read_all_text().replace("canaries are not secret", "")


def test_nothing_of_it_is_left_in_clear_anywhere() -> None:
    live_a_while()
    assert clear_text().count(CANARY) > 20
    done = mark()
    assert CANARY not in clear_text()
    assert "canaries are not secret" in read_all_text(), "what is no value of the name stays"
    assert find_faults(day(0)) == []
    assert done.redaction is not None
    assert done.redaction.names == ("token",)
    # Acme's, Test's and Zeta's; Old's, who has retired.
    assert done.redaction.values == 4
    assert done.redaction.snapshots == 4
    assert CANARY not in repr(done).replace("canaries are not secret", "")


def test_no_digest_of_clear_text_is_left_that_secrets_could_be_tried_on() -> None:
    live_a_while()
    former = {
        *Deployable.objects.values_list("digest", flat=True),
        *NodeDocument.objects.values_list("digest", flat=True),
    }
    plans = set(Rollout.objects.values_list("plan_digest", flat=True))
    assert all(digest in read_all_text() for digest in plans)
    mark()
    kept = {
        *Deployable.objects.values_list("digest", flat=True),
        *NodeDocument.objects.values_list("digest", flat=True),
    }
    text = read_all_text()
    assert [digest for digest in (former - kept) | plans if digest[:12] in text] == []
    after: Any
    for address, after in Activity.objects.filter(verb="deploy", noun="rollout").values_list("address", "after"):
        assert after["plan"] == Rollout.objects.get(id=address).plan_digest


def test_every_digest_is_that_of_its_content() -> None:
    live_a_while()
    mark()
    for digest, document in Deployable.objects.values_list("digest", "document"):
        assert digest_of(json.loads(document)) == hashlib.sha256(document.encode()).hexdigest() == digest
        assert read_snapshot(document).digest == digest
    for digest, body in NodeDocument.objects.values_list("digest", "body"):
        assert read_node(body).digest == digest
    known = set(Deployable.objects.values_list("digest", flat=True))
    after: list[Any] = list(Activity.objects.exclude(after=None).values_list("after", flat=True))
    told = [each["snapshot"] for each in after if "snapshot" in each]
    assert len(told) > 5
    assert set(told) <= known


def test_hosts_are_told_the_same_real_values_then_now_and_later() -> None:
    live_a_while()
    moments = [(host, moment) for host in ("web1", "web2", "mon") for moment in (-9.5, -6.5, -5.5, -1)]
    before = {each: delivered(*each) for each in moments}
    services = {(host, moment): delivered(host, moment)[0] for host in ("web1", "web2") for moment in (1, 6, 10)}
    mark()
    assert {each: delivered(*each) for each in moments} == before, "the past is told as it was delivered"
    assert {each: delivered(*each)[0] for each in services} == services
    assert CANARY not in repr(get_node("web1", LOCAL, Moment(day(-1)))).replace("canaries", "")
    assert CANARY not in repr(get_node("web1", LOCAL, Moment(day(1)))).replace("canaries", "")


def test_from_now_on_only_services_that_declare_it_are_told_and_the_plan_says_so() -> None:
    live_a_while()
    done = mark()
    assert {(each.host, each.start) for each in done.plan.nodes} >= {("mon", day(0)), ("web2", day(0))}

    def told(host: str, moment: float) -> str:
        return canonical_text(delivered(host, moment))

    assert "canary-zeta" in told("web2", -1)
    assert "canary-zeta" not in told("web2", 1), "nothing there declares it"
    audits = {s["service"]: s["audits"] for s in delivered("mon", 1)[0]}
    assert "token" not in repr(audits["watch"]), "watch does not declare it"
    assert audits["probe"][0]["parameters"]["token"] == "canary-test"


def test_nothing_becomes_dirty_or_other_by_it() -> None:
    live_a_while()
    put(TEST, "web1", now=-2)
    assert dirty(-1) == []
    deployments = [(row.id, row.start, row.end, row.host, row.state) for row in rows()]
    past = {
        (host, start, end)
        for host, segments in read_timelines().items()
        for start, end, _ in segments
        if end is not None and end <= day(0)
    }
    mark()
    assert dirty(0) == []
    assert [(row.id, row.start, row.end, row.host, row.state) for row in rows()] == deployments
    assert past <= {(host, start, end) for host, segments in read_timelines().items() for start, end, _ in segments}
    assert not snapshot(LIVE, author(1)).is_new
    assert preview_deploy(ask(TEST, "web1", start=3), author(1)).refusals == ()


def test_a_snapshot_is_found_under_the_digest_that_it_had() -> None:
    live_a_while()
    old = dict(Deployable.objects.values_list("digest", "instance__path"))
    names = {row.id: row.deployable_id for row in Deployment.objects.all()}
    mark()
    for digest, path in old.items():
        new = find_digest(digest[:12], path, LOCAL, Moment(day(0)))
        assert find_digest(digest, path, LOCAL, Moment(day(0))) == new
        assert new != digest
    for row in Deployment.objects.all():
        path = old[names[row.id]]
        assert row.deployable_id == find_digest(names[row.id][:20], path, LOCAL, Moment(day(0)))
    former = next(digest for digest, path in old.items() if path == TEST)
    with pytest.raises(NotFound, match="give 12 characters"):
        find_digest(former[:11], TEST, LOCAL, Moment(day(0)))
    with pytest.raises(NotFound, match="has no snapshot"):
        find_digest("0" * 12, TEST, LOCAL, Moment(day(0)))
    with pytest.raises(NotFound, match="has no snapshot"):
        find_digest(former[:12], LIVE, LOCAL, Moment(day(0)))
    deploy(ask(TEST, "web2", snapshot=former[:12]), author(1))
    assert find_faults(day(1)) == []
    assert CANARY not in clear_text()


def test_the_preview_says_what_the_act_does_and_changes_nothing() -> None:
    live_a_while()
    world = read_world()
    shown = mark(dry_run=True)
    after = read_world()
    assert after == world
    done = mark(expect=shown.digest)
    assert shown.redaction == done.redaction
    assert done.redaction is not None
    text = done.redaction.text
    assert text.startswith("token: seals 4 values, redacts 4 snapshots, ")
    line = Activity.objects.get(verb="redact")
    assert (line.noun, line.address) == ("secrets", "all")
    assert line.after == thaw(done.redaction.document)
    assert min(done.redaction.documents, done.redaction.lines) > 5
    assert mark(1).changes_nothing
    assert mark(1).redaction is None


def test_two_snapshots_that_become_equal_are_one_from_then_on() -> None:
    """The same value, once sealed and once, while the name was plain, in clear."""
    lay(PLAIN)
    mark(-20)
    put(LIVE, "web1", now=-19)
    unmark(-18)
    change("app", "acme/shop", -18, parameters={"token": "canary-shop"})
    put(LIVE, "web2", now=-17)
    first, second = (Deployment.objects.get(host__name=host).deployable_id for host in ("web1", "web2"))
    assert first != second
    mark(-16)
    assert {row.deployable_id for row in Deployment.objects.all()} == {first}
    assert find_digest(second[:12], LIVE, LOCAL, Moment(day(0))) == first
    assert Deployable.objects.count() == 1
    assert CANARY not in clear_text()
    assert find_faults(day(0)) == []


def test_a_name_that_is_sensitive_no_longer_reveals_nothing() -> None:
    live_a_while()
    behind = dirty(0)
    mark()
    secrets = Secret.objects.count()
    done = unmark(1)
    assert done.redaction is None
    assert done.notes == ("token is sensitive no longer: what is sealed stays sealed until it is written anew",)
    assert CANARY not in clear_text()
    token: Any = get_item("customer", "acme", LOCAL, Moment(day(1))).values["parameters"]
    assert set(token["token"]) == {"sealed"}
    assert dirty(1) == behind
    put(LIVE, "web1", now=2)
    assert CANARY not in clear_text()
    assert find_faults(day(2)) == []
    change("customer", "acme", 3, parameters={"token": "canary-plain"})
    assert clear_text().count("canary-plain") == 2, "what is written from then on is no secret"
    assert Secret.objects.count() == secrets
    mark(4)
    assert CANARY not in clear_text()


def test_a_default_that_was_declared_is_redacted_too() -> None:
    lay(PLAIN)
    text = (
        "larry: 1\nservices: [{name: watch, parameters: [{name: depth, default: canary-depth}]},"
        " {name: old, parameters: [{name: depth, default: canary-past}]}]"
    )
    apply(state(text), author(-20))
    put(LIVE, "web1", now=-10)
    retire("service", "old", author(-9))
    assert clear_text().count("canary-depth") > 2
    with pytest.raises(EstateFaults, match="a default would be a secret"):
        change("service", "app", 0, parameters=[{"name": "depth", "sensitive": True}])
    done = change("service", "watch", 0, parameters=[{"name": "depth", "sensitive": True}])
    assert "canary-depth" not in repr(done) + read_all_text()
    assert "canary-past" not in read_all_text()
    assert dirty(0) == [LIVE], "it has no default any more"
    (path,) = [
        each.path for each in get_standing(LIVE, LOCAL, Moment(day(0))).live[0].differences if "defaults" in each.path
    ]
    assert path == "services.watch.defaults.depth"


def test_conflicts_between_what_became_secret_name_no_value() -> None:
    lay(PLAIN)
    text = "larry: 1\ncustomers: [{name: Zeta, apps: [{name: Blog, instances: [{name: Live, requires: [app]}]}]}]"
    apply(state(text), author(-20))
    put(LIVE, "web1", now=-10)
    plain = " ".join(notice.text for notice in preview_deploy(ask(BLOG, "web1"), author(-9)).refusals)
    assert "canary-zeta" in plain
    mark()
    told = " ".join(notice.text for notice in preview_deploy(ask(BLOG, "web1"), author(1)).refusals)
    assert "parameter token: acme/shop/live wants a secret but zeta/blog/live wants a secret" in told
    assert CANARY not in told


def test_a_name_is_matched_whole() -> None:
    lay(PLAIN)
    change("customer", "acme", -20, parameters={"token_2": "canary-two", "tokens": {"token": "canary-member"}})
    put(LIVE, "web1", now=-10)
    mark()
    text = read_all_text()
    assert "canary-two" in text
    assert "canary-member" in text, "a member of another parameter is no parameter"
    assert "canary-shop" not in text


@pytest.mark.parametrize("at", ["_redact_snapshots", "_redact_documents", "_rename_plans", "_redact_lines", "record"])
def test_an_error_half_way_leaves_everything_as_it_was(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live_a_while()
    world = read_world()
    done = getattr(redacting, at)

    def fail(*args: Any, **kwargs: Any) -> None:
        done(*args, **kwargs)
        raise RuntimeError(at)

    monkeypatch.setattr(redacting, at, fail)
    with pytest.raises(RuntimeError, match=at):
        mark()
    assert read_world() == world
    assert Estate.objects.get().redacting_id is None
    assert guards.missing(connection) == ()
    monkeypatch.undo()
    mark()
    assert CANARY not in clear_text()


def test_two_names_at_once_and_one_after_the_other() -> None:
    live_a_while()
    change("app", "acme/shop", -2, parameters={"motto": "canary-motto"})
    put(LIVE, "web1", now=-1)
    (old,) = Deployment.objects.filter(instance__path=LIVE, end=None).values_list("deployable_id", flat=True)
    mark(0)
    change("service", "linux", 1, parameters=[{"name": "motto", "sensitive": True}])
    assert CANARY not in clear_text()
    assert "canaries" not in read_all_text()
    (new,) = Deployment.objects.filter(instance__path=LIVE, end=None).values_list("deployable_id", flat=True)
    assert find_digest(old[:12], LIVE, LOCAL, Moment(day(2))) == new
    assert FormerDigest.objects.filter(deployable=new).count() == 2
    assert find_faults(day(2)) == []


def test_segments_begin_and_end_as_they_did_where_nothing_is_withheld() -> None:
    lay(PLAIN.replace("parameters: [{name: depth, default: 2}]", "parameters: [{name: depth, default: 2}, token]"))
    put(LIVE, "web1", now=-10)
    put(LIVE, "web1", now=-9, start=5)

    def spans() -> list[tuple[int, datetime, datetime | None]]:
        return list(NodeSegment.objects.order_by("host", "start").values_list("host", "start", "end"))

    before = spans()
    done = mark()
    assert done.plan.nodes == ()
    assert spans() == before
