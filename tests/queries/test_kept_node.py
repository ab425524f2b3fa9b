"""Large nodes are kept up to a measure, the latest first; entries count besides the text."""

from __future__ import annotations

import pytest

from larry.core.large_node import LargeNode
from larry.core.node import HostFacts, Node, NodeService
from larry.core.node_text import write_node
from larry.core.service_graph import Sharing
from larry.queries import kept_node
from larry.queries.kept_node import get_kept_nodes, keep_node
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.core.hours import at

AT = Moment(at(0))


def make_node(number: int, entries: int) -> LargeNode:
    services = (NodeService(f"s{each}", f"s{each}", Sharing.HOST, {}, ("c/a/i",)) for each in range(entries))
    return LargeNode.read(write_node(Node(HostFacts(f"h{number}"), services=tuple(services))))


@pytest.mark.parametrize("entries, kept", [(1, 6), (30, 3)])
def test_what_was_asked_for_longest_ago_goes(entries: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_node, "_kept", {})
    monkeypatch.setattr(kept_node, "_MOST", 120_000)
    nodes = [make_node(number, entries) for number in range(6)]
    for node in nodes:
        keep_node(node, LOCAL, AT)
    assert list(kept_node._kept) == [node.digest for node in nodes[-kept:]]
    assert get_kept_nodes([nodes[-1].digest], LOCAL, AT) == {nodes[-1].digest: nodes[-1]}


def test_two_are_kept_however_large_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_node, "_kept", {})
    monkeypatch.setattr(kept_node, "_MOST", 0)
    nodes = [make_node(number, 3) for number in range(4)]
    for node in nodes:
        keep_node(node, LOCAL, AT)
    assert list(kept_node._kept) == [node.digest for node in nodes[-2:]]
