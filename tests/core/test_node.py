"""Nodes as documents: digests that change with the content alone, read back without loss, masked and opened."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from larry.core.document import canonical_text, freeze
from larry.core.merge import build_node
from larry.core.node import (
    HostFacts,
    Node,
    NodeInstance,
    NodeService,
    Subject,
    _bucket_digests,
    entry_key,
    keep_leaving,
)
from larry.core.node_text import (
    MASK,
    DatedNode,
    dated_document,
    has_secrets,
    mask_node,
    mask_text,
    node_document,
    open_node,
    read_node,
    write_node,
)
from larry.core.service_graph import Sharing
from tests.core.budget import dice, many
from tests.core.host_scene import make_scene
from tests.core.hours import GRID, at
from tests.core.specimen import VALUES
from tests.exports.specimen import dated, entry

EMPTY: Mapping[str, Any] = MappingProxyType({})


def make_nodes(random: Random) -> list[Node]:
    """The nodes of one host at a few hours."""
    scene = make_scene(random)
    facts = scene.estate.facts
    presences = scene.estate.presences(scene.host)
    return [
        build_node(facts[scene.host], [p for p in presences if at(hour) in p.interval], facts)[0]
        for hour in random.sample(GRID, 4)
    ]


def test_reading_a_node_gives_it_back() -> None:
    for seed, random in dice(120):
        for node in make_nodes(random):
            again = read_node(write_node(node))
            assert again == node, f"seed {seed}"
            assert (again.digest, write_node(again)) == (node.digest, write_node(node)), f"seed {seed}"


def test_two_nodes_have_one_digest_if_they_have_one_text() -> None:
    nodes = [node for _, random in dice(100) for node in make_nodes(random)]
    texts: dict[str, set[str]] = {}
    for node in nodes:
        texts.setdefault(node.digest, set()).add(write_node(node))
    assert all(len(alike) == 1 for alike in texts.values())
    assert len(texts) == len({write_node(node) for node in nodes}) > many(100)


def test_every_leaf_of_the_document_is_in_the_digest() -> None:
    touched: set[str] = set()
    for seed, random in dice(30):
        for node in make_nodes(random)[:2]:
            document = json.loads(write_node(node))
            for path, edited in edits(document, random):
                changed = read_node(canonical_text(edited))
                assert (changed.digest == node.digest) == (write_node(changed) == write_node(node)), (
                    f"seed {seed}: {path}"
                )
                if changed.digest != node.digest:
                    touched.add(path)
    assert touched >= {
        "host",
        "addresses",
        "labels",
        "data",
        "own_parameters",
        *(f"instances.{name}" for name in ("customer", "app", "instance", "deployment", "snapshot")),
        *(f"services.{name}" for name in ENTRY),
    }


ENTRY = (
    "service key sharing parameters for needs after needs_elsewhere audits tools "
    "audits.service audits.host audits.addresses audits.for audits.parameters audits.settings"
).split()


def edits(document: dict[str, Any], random: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """The document with one thing changed, for every field that it has; of each list the member that says most."""
    for path, parent, name in fields(document, ""):
        before = parent[name]
        parent[name] = changed_value(path, before, random)
        yield path, json.loads(json.dumps(document))
        parent[name] = before


def fields(part: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    for name, value in part.items():
        here = f"{path}.{name}".strip(".")
        yield here, part, name
        if here in {"instances", "services", "services.audits"} and value:
            yield from fields(max(value, key=lambda member: sum(map(bool, member.values()))), here)


def changed_value(path: str, before: Any, random: Random) -> Any:
    if path.endswith("sharing"):
        return "host" if before == "instance" else "instance"
    if isinstance(before, str):
        return f"{before}x"
    if path.endswith("own_parameters"):
        return {**before, "another": {"alpha": 1}}
    if isinstance(before, dict) or before is None:
        return (
            {**(before or {}), "another": random.choice(["1", 2, None])} if not path.endswith("labels") else {"a": "b"}
        )
    if path == "services.needs_elsewhere":
        return [*before, {"service": "db", "host": "another", "addresses": []}]
    if path in {"instances", "services", "services.audits"}:
        return before[:-1]
    return [*before, "another"]


def test_the_digest_does_not_know_the_order_of_maps() -> None:
    for _, random in dice(30):
        for node in make_nodes(random):
            turned = json.loads(write_node(node), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
            assert read_node(json.dumps(turned)).digest == node.digest


# --- buckets ----------------------------------------------------------------------------------------------------------


def make_subjects(count: int) -> tuple[Subject, ...]:
    return tuple(
        Subject(
            "web", f"host{number:05}", ("10.0.0.1",), ("acme/a/x",), freeze_map({"size": 1}), freeze_map({"every": 5})
        )
        for number in range(count)
    )


def freeze_map(values: dict[str, Any]) -> Mapping[str, Any]:
    frozen = freeze(values)
    assert isinstance(frozen, Mapping)
    return frozen


def watcher(subjects: tuple[Subject, ...]) -> Node:
    entry = NodeService("watch", "watch", Sharing.HOST, EMPTY, ("acme/a/x",), audits=subjects)
    return Node(HostFacts("mon1"), (), (entry,))


@pytest.mark.parametrize("count", [1, 64, 65, 300, 1000])
def test_one_changed_subject_changes_one_bucket_and_the_digest(count: int) -> None:
    subjects, random = make_subjects(count), Random(count)
    before, digest = dict(as_pairs(subjects)), watcher(subjects).digest
    assert len(before) <= 256
    for _ in range(5 if count < 1000 else 1):
        place = random.randrange(count)
        one = subjects[place]
        for changed in (
            replace(one, settings=freeze_map({"every": 6})),
            replace(one, parameters=freeze_map({"size": 2})),
            replace(one, addresses=("10.0.0.2",)),
            replace(one, paths=("acme/a/y",)),
        ):
            edited = (*subjects[:place], changed, *subjects[place + 1 :])
            after = dict(as_pairs(edited))
            assert len([bucket for bucket in before if before[bucket] != after[bucket]]) == 1
            assert watcher(edited).digest != digest


@pytest.mark.parametrize("count", [2, 64, 65, 66, 300])
def test_a_subject_less_or_another_one_changes_the_digest(count: int) -> None:
    subjects = make_subjects(count)
    digest = watcher(subjects).digest
    assert watcher(subjects[1:]).digest != digest
    assert watcher((replace(subjects[0], host="other"), *subjects[1:])).digest != digest
    assert watcher((replace(subjects[0], service="db"), *subjects[1:])).digest != digest
    assert watcher(tuple(subjects)).digest == digest


def as_pairs(subjects: tuple[Subject, ...]) -> list[tuple[str, str]]:
    return [(str(bucket), str(digest)) for bucket, digest in _bucket_digests(subjects)]


# --- masked, opened, dated --------------------------------------------------------------------------------------------


def sealed_in(value: Any) -> list[str]:
    """The HMACs of all secrets in a document, found by looking everywhere."""
    if isinstance(value, dict):
        if list(value) == ["sealed"]:
            return [value["sealed"]]
        return [found for member in value.values() for found in sealed_in(member)]
    return [found for member in value for found in sealed_in(member)] if isinstance(value, list) else []


def test_masking_leaves_no_secret_and_nothing_else_out() -> None:
    with_secrets = 0
    for seed, random in dice(150):
        for node in make_nodes(random):
            text = write_node(node)
            sealed = sealed_in(json.loads(text))
            assert mask_text(text) == write_node(mask_node(node))
            masked = json.loads(mask_text(text))
            assert sealed_in(masked) == [], f"seed {seed}"
            wanted = text
            for hmac in set(sealed):
                wanted = wanted.replace(canonical_text({"sealed": hmac}), f'"{MASK}"')
            assert masked == json.loads(wanted), f"seed {seed}"
            assert has_secrets(node) == bool(sealed) == (mask_node(node) != node), f"seed {seed}"
            with_secrets += bool(sealed)
    assert with_secrets > many(40)


@pytest.mark.parametrize(
    "data",
    [
        {"a": {"sealed": "aa"}},
        {"a": '{"sealed":"aa"}', "b": '\\"{"sealed":"'},
        {"a": [{"sealed": 'a"}'}], "sealed": {"sealed": {"sealed": "é"}}},
        {'{"sealed":"aa"}': 1.5, "b": {"sealed": "aa", "more": 1}},
    ],
)
def test_what_looks_like_a_secret_and_is_none_stays_as_it_is(data: dict[str, Any]) -> None:
    for own in (None, {"a/b/c": {"password": {"sealed": "aa"}, "nested": data}}):
        for more in ({}, {"password": {"sealed": "bb"}}, {"nested": data}, {"odd": {"sealed": data}}):
            node = dated(entry("web", **more), own=own, data=data).node
            assert mask_text(write_node(node)) == write_node(mask_node(node))


def test_opening_asks_for_each_secret_by_its_hmac() -> None:
    for seed, random in dice(30):
        for node in make_nodes(random):
            asked: list[str] = []

            def unseal(hmac: str, asked: list[str] = asked) -> str:
                asked.append(hmac)
                return f"clear {hmac}"

            opened = json.loads(write_node(open_node(node, unseal)))
            sealed = sealed_in(json.loads(write_node(node)))
            assert sorted(asked) == sorted(sealed), f"seed {seed}"
            assert sealed_in(opened) == []
            assert all(f"clear {hmac}" in json.dumps(opened) for hmac in sealed)


def test_a_dated_document_has_the_pinned_shape() -> None:
    node = Node(HostFacts("h1"), (NodeInstance("acme", "a", "x", "d1", "00ff"),))
    document = dated_document(DatedNode(node, at(0), at(5), node.digest))
    assert {"host", "addresses", "labels", "data", "valid", "next_change", "digest", "instances", "services"} <= set(
        document
    )
    assert document["valid"] == {"from": "2026-01-01T00:00:00Z", "until": "2026-01-01T05:00:00Z"}
    assert document["next_change"] == "2026-01-01T05:00:00Z"
    assert document["digest"] == node.digest
    for_ever = dated_document(DatedNode(node, at(0), None, node.digest))
    assert for_ever["valid"] == {"from": "2026-01-01T00:00:00Z", "until": None}
    assert for_ever["next_change"] is None


def test_the_body_holds_no_moment() -> None:
    assert "2026" not in canonical_text(node_document(Node(HostFacts("h1"))))


def test_an_entry_of_an_instance_cannot_be_taken_for_another() -> None:
    assert entry_key("db", Sharing.HOST, "acme/a/x") == "db"
    assert entry_key("db", Sharing.INSTANCE, "acme/a/x") == "acme-a-x-db"
    paths = ["a/b_c/d", "a_b/c/d", "a/b/c_d", "a/b/c"]
    keys = {entry_key(key, sharing, path) for key in ("d", "c_d", "d_e") for sharing in Sharing for path in paths}
    assert len(keys) == 3 + 3 * len(paths)


def test_what_leaves_is_what_the_next_node_lacks() -> None:
    for _, random in dice(40):
        before, after = make_nodes(random)[:2]
        staying = {entry.key for entry in after.services}
        assert [entry.key for entry in keep_leaving(before, after).services] == [
            entry.key for entry in before.services if entry.key not in staying
        ]
        assert keep_leaving(before, before).services == ()


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_free_data_is_read_back(value: Any) -> None:
    node = Node(HostFacts("h1", ("10.0.0.1", "fd00::1"), MappingProxyType({"rack": "r7"}), freeze_map({"free": value})))
    assert read_node(write_node(node)) == node
