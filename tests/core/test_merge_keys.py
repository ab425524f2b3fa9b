"""Merging what was frozen before and after a change of a key: one thing has one key on one host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from larry.core.merge import build_node
from larry.core.service_graph import ServiceSpec, Sharing
from tests.core.by_hand import FACTS, Site, graph_of


@pytest.mark.parametrize("sharing", Sharing)
def test_one_entry_under_two_keys_is_a_conflict(sharing: Sharing) -> None:
    """What was frozen before a key was changed, beside what was frozen after it, is still one service."""
    old, new = graph_of(ServiceSpec("web", sharing)), graph_of(ServiceSpec("httpd", sharing))
    one, *_ = Site().deploy("acme/a/x", old, ["web"]).on("h1")
    other, *_ = Site().deploy("acme/a/y", new, ["httpd"]).on("h1")
    together = [replace(one, now=("acme/a/x", "httpd")), replace(other, now=("acme/a/y", "httpd"))]
    _, conflicts = build_node(FACTS["h1"], together, FACTS)
    if sharing is Sharing.INSTANCE:
        assert conflicts == (), "each instance has an entry of its own"
        moved = [together[0], replace(other, now=("acme/a/x", "httpd"))]
        _, conflicts = build_node(FACTS["h1"], moved, FACTS)
    (conflict,) = conflicts
    assert conflict.service == "httpd"
    assert conflict.about.startswith("its key, which has been changed")
    keys = ["web", "httpd"] if sharing is Sharing.HOST else ["acme-a-x-web", "acme-a-y-httpd"]
    assert [claim.value for claim in conflict.claims] == keys


def test_sharing_is_compared_also_where_a_key_has_been_changed() -> None:
    one, *_ = Site().deploy("acme/a/x", graph_of(ServiceSpec("web")), ["web"]).on("h1")
    spec = graph_of(ServiceSpec("httpd", Sharing.INSTANCE))
    other, *_ = Site().deploy("acme/a/y", spec, ["httpd"]).on("h1")
    _, conflicts = build_node(FACTS["h1"], [replace(one, now=("acme/a/x", "httpd")), other], FACTS)
    assert [conflict.about for conflict in conflicts] == ["sharing"]
