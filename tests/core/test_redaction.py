"""Redaction by value: what is called by a sensitive name is sealed wherever it is, and nothing else is touched."""

from __future__ import annotations

import random
from types import MappingProxyType
from typing import Any

from larry.core.deployable import LEVELS, Snapshot, compare_snapshots, describe, read_snapshot
from larry.core.document import Json, canonical_text, is_sealed, thaw
from larry.core.merge import build_node
from larry.core.node import HostFacts, Node, NodeInstance, NodeService, Presence, Subject
from larry.core.node_text import node_document, read_node, write_node
from larry.core.parameters import Declaration, Layer
from larry.core.redaction import holds_clear, redact_node, redact_record, redact_snapshot, seal_defaults, seal_values
from larry.core.service_graph import Audit, ServiceSpec, Sharing
from tests.core.hours import between

NAMES = frozenset({"token"})
SERVICES = {
    "app": ServiceSpec("app", Sharing.HOST, (Declaration("token"), Declaration("size", has_default=True, default=1))),
    "watch": ServiceSpec(
        "watch", Sharing.HOST, (Declaration("token", has_default=True, default="d"),), (), (Audit("app"),)
    ),
}


def seal(value: Json) -> Json:
    return {"sealed": canonical_text(value)}


def take(*, sealed: bool, services: dict[str, ServiceSpec] = SERVICES) -> Snapshot:
    def token(value: Json) -> dict[str, Json]:
        return {"token": seal(value) if sealed else value, "size": 2, "tokens": {"token": "member"}}

    layers = [
        Layer("template", "acme/shop/t", token("of the template")),
        Layer("customer", "acme", token({"a": [1.0, None]})),
        Layer("app", "acme/shop", {}),
        Layer("instance", "acme/shop/live", token("")),
    ]
    snapshot, _ = describe(("acme", "shop", "live"), layers, ["app"], services)
    return snapshot


def test_a_redacted_snapshot_is_the_one_that_would_have_been_taken() -> None:
    plain = dict(SERVICES)
    plain["watch"] = ServiceSpec("watch", Sharing.HOST, (Declaration("token"),), (), (Audit("app"),))
    redacted = redact_snapshot(take(sealed=False, services=plain), NAMES, seal)
    wanted = take(sealed=True, services=plain)
    assert compare_snapshots(redacted, wanted) == ()
    assert (redacted.digest, redacted.text) == (wanted.digest, wanted.text)
    assert read_snapshot(redacted.text) == redacted


def test_defaults_of_a_snapshot_are_sealed_too() -> None:
    snapshot = take(sealed=False)
    redacted = redact_snapshot(snapshot, NAMES, seal)
    assert redacted.by_key["watch"].defaults["token"] == seal("d")
    assert redacted.by_key["app"].defaults == snapshot.by_key["app"].defaults
    assert holds_clear(snapshot, NAMES)
    assert not holds_clear(redacted, NAMES)


def test_what_holds_no_such_name_is_left_as_the_object_that_it_is() -> None:
    snapshot = take(sealed=False)
    assert redact_snapshot(snapshot, {"other", "tok", "tokens_"}, seal) is snapshot
    redacted = redact_snapshot(snapshot, NAMES, seal)
    assert redact_snapshot(redacted, NAMES, seal) is redacted
    assert thaw(redacted.own["customer"]["tokens"]) == {"token": "member"}
    values: dict[str, Json] = {"size": 1}
    assert seal_values(values, NAMES, seal) is values


def test_a_node_is_redacted_in_every_part_and_loses_nothing() -> None:
    clear: Any = MappingProxyType({"token": "canary", "size": 1})
    subject = Subject("app", "web1", ("10.0.0.1",), ("acme/shop/live",), clear, clear)
    entry = NodeService("watch", "watch", Sharing.HOST, clear, ("acme/shop/live",), audits=(subject,))
    of = (NodeInstance("acme", "shop", "live", "d1", "old"), NodeInstance("acme", "shop", "test", "d2", "other"))
    facts = HostFacts("mon", ("10.0.0.9",), {"token": "a label"}, {"token": "data"})
    node = Node(facts, of, (entry,), {"acme": clear, "acme/shop": {}})
    redacted = redact_node(node, NAMES, seal, {"old": "new"})
    assert "canary" not in write_node(redacted).replace(canonical_text(seal("canary")), "")
    assert [each.snapshot for each in redacted.instances] == ["new", "other"]
    assert redacted.facts == facts, "labels and data are no parameters"
    found: Any = node_document(redacted)
    assert [found["own_parameters"]["acme"]["token"], found["services"][0]["parameters"]["token"]] == [
        seal("canary")
    ] * 2
    audited = found["services"][0]["audits"][0]
    assert [audited["parameters"]["token"], audited["settings"]["token"]] == [seal("canary")] * 2
    assert audited["settings"]["size"] == 1
    assert read_node(write_node(redacted)).digest == redacted.digest != node.digest


def test_a_node_of_redacted_snapshots_is_the_redacted_node_where_all_declare_the_name() -> None:
    old = take(sealed=False)
    new = redact_snapshot(old, NAMES, seal)

    def build(snapshot: Snapshot) -> Node:
        facts = HostFacts("web1")
        presences = [
            Presence("d1", snapshot, "app", "web1", between(0)),
            Presence("d1", snapshot, "watch", "web1", between(0), subjects=(("app", "web1"),)),
        ]
        return build_node(facts, presences, {"web1": facts})[0]

    assert redact_node(build(old), NAMES, seal, {old.digest: new.digest}).digest == build(new).digest


def test_a_record_is_redacted_by_field_and_follows_digests() -> None:
    before: Json = {"parameters": {"token": "canary", "size": 1}, "name": "Acme", "snapshot": "old", "copies": 2}
    assert redact_record(before, NAMES, seal, {"old": "new"}) == {
        "parameters": {"token": seal("canary"), "size": 1},
        "name": "Acme",
        "snapshot": "new",
        "copies": 2,
    }
    declared: Json = {
        "parameters": [{"name": "token", "default": "canary"}, {"name": "size", "default": 1}, {"name": "token"}]
    }
    assert thaw(redact_record(declared, NAMES, seal, {})) == {
        "parameters": [{"name": "token", "default": seal("canary")}, {"name": "size", "default": 1}, {"name": "token"}]
    }
    for untouched in (None, {}, {"token": "no parameter"}, {"labels": {"token": "x"}}, {"parameters": {"size": 1}}):
        assert redact_record(untouched, NAMES, seal, {"old": "new"}) is untouched
    declarations: tuple[Json, ...] = ({"name": "token", "default": {"sealed": "x"}},)
    assert seal_defaults(declarations, NAMES, seal) is declarations


def test_random_layers_leave_nothing_of_the_name_in_clear() -> None:
    dice = random.Random(18)
    for _ in range(200):
        values: list[dict[str, Json]] = [
            {name: dice.choice(["x", 1, None, {"token": 1}, [1]]) for name in ("token", "size") if dice.random() < 0.6}
            for _ in LEVELS
        ]
        layers = [Layer(level, level, own) for level, own in zip(LEVELS, values, strict=True)]
        snapshot, _ = describe(("acme", "shop", "live"), layers, ["app"], SERVICES)
        redacted = redact_snapshot(snapshot, NAMES, seal)
        parts = [*redacted.own.values(), *(part for s in redacted.services for part in (s.parameters, s.defaults))]
        assert all(is_sealed(part["token"]) for part in parts if "token" in part)
        changed = {each.path.rpartition(".")[2] for each in compare_snapshots(snapshot, redacted)}
        assert changed <= NAMES
        assert holds_clear(snapshot, NAMES) == bool(changed)
