"""Large nodes, revised in excerpts, are what everything makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from larry.core import large_entry, long_list, node
from larry.core.large_node import LargeNode
from larry.core.large_rollout import revise_in_excerpts
from larry.core.merge import HostTimeline, Segment, compile_timeline
from larry.core.node import HostFacts, Node, Presence
from larry.core.node_part import divide
from larry.core.node_text import mask_node, read_node, write_node
from larry.core.parameters import Declaration
from larry.core.revision import NeedsAll, Revisable, revise_timeline
from larry.core.service_graph import Audit, ServiceSpec, Sharing, Where, WhereKind
from tests.core.budget import dice
from tests.core.by_hand import FACTS, SIZED, Site, graph_of
from tests.core.hours import between
from tests.core.small_parts import make_every_node_large
from tests.core.specimen import HOSTS
from tests.core.test_node import make_nodes

MON = Where(WhereKind.HOST, "mon1")
WATCHED = graph_of(
    ServiceSpec("base", declarations=SIZED),
    ServiceSpec("app", declarations=SIZED, needs=("base",)),
    ServiceSpec("own", Sharing.INSTANCE, SIZED, needs=("base",)),
    ServiceSpec("watch", declarations=(Declaration("every", has_default=True, default=5),),
                audits=(Audit("app", MON), Audit("own", MON), Audit("base", MON))),
    ServiceSpec("probe", Sharing.INSTANCE, audits=(Audit("own", MON),)),
)  # fmt: skip
INSTANCES = tuple(f"c{number % 3}/{'ab'[number % 2]}/i{number}" for number in range(9))


def deploy_at_random(site: Site, path: str, random: Random) -> None:
    """An instance that the host watches, on some hosts, now or later, as several may have it or as it alone; or it is
    on the very host that watches."""
    for host in random.choice((HOSTS[:1], HOSTS[1:2], HOSTS[1:], HOSTS[::2], HOSTS[:2], HOSTS, ("mon1",))):
        values = {"size": random.choice((1, 1, 2)), "every": random.choice((5, 5, 5, 6))}
        during = random.choice(((0, None), (0, None), (2, None), (0, 4), (3, 6)))
        of_customer = {"note": random.choice((1, 1, 1, 2)), "mail": "a@b"}
        of_app = {} if random.random() < 0.5 else {"note": random.choice((1, 3)), "colour": random.choice("rrrrg")}
        site.deploy(path, WATCHED, random.choice((["app"], ["own"], ["app", "own"], ["base"])), values, host=host,
                    during=during, above=(of_customer, of_app))  # fmt: skip


@pytest.mark.parametrize("large", [False, True])
def test_what_is_revised_in_excerpts_is_what_everything_makes(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instances come, go and change, one act after another: segments, texts, digests, and the pieces that are written
    are those of nodes that are merged from all presences and written whole; and where a whole node cannot be revised,
    neither can an excerpt."""
    if large:
        monkeypatch.setattr(node, "are_many", lambda subjects: subjects > 4)
        monkeypatch.setattr(large_entry, "are_many", lambda subjects: subjects > 4)
    make_every_node_large(monkeypatch)
    monkeypatch.setattr(long_list, "_LONG", 2)
    told: Counter[str] = Counter()
    for seed, random in dice(60):
        site = Site()
        for path in random.sample(INSTANCES, random.randrange(1, len(INSTANCES))):
            deploy_at_random(site, path, random)
        there = site.on("mon1")
        whole = compile_all(there)
        if whole.conflicts:
            continue
        excerpted = tuple(Segment(segment.interval, read_large(segment.node)) for segment in whole.segments)
        for _ in range(4):
            paths = random.sample(INSTANCES, random.choice((1, 1, 2)))
            before, others = ([p for p in there if (p.snapshot.path in paths) is mine] for mine in (True, False))
            goes = random.random() < 0.3
            after = [p for p in before if random.random() < 0.5] if goes else []
            for path in () if goes else paths:
                known = len(site.presences)
                deploy_at_random(site, path, random)
                after += [p for p in site.presences[known:] if p.host == "mon1"]
            wanted = compile_all([*others, *after])
            try:
                found = revise_in_excerpts(Revisable(excerpted, {}), before, after, FACTS, "mon1")
            except NeedsAll:
                told["needs all"] += 1
                with pytest.raises(NeedsAll):
                    revise_timeline(Revisable(whole.segments, {}), FACTS["mon1"], before, after, FACTS)
                continue
            revised = revise_timeline(Revisable(whole.segments, {}), FACTS["mon1"], before, after, FACTS)
            assert not wanted.conflicts
            assert revised.segments == wanted.segments, f"seed {seed}"
            check_alike(found, wanted.segments, seed)
            told["revised"] += 1
            there, whole, excerpted = [*others, *after], wanted, found
    assert told["revised"] > 40
    assert told["needs all"] > 5


def compile_all(presences: Sequence[Presence]) -> HostTimeline:
    return compile_timeline(FACTS["mon1"], presences, FACTS, between(0, None))


def read_large(of: Node) -> LargeNode:
    return LargeNode.read(write_node(of))


def check_alike(found: Sequence[Segment], wanted: Sequence[Segment], seed: int) -> None:
    assert [segment.interval for segment in found] == [segment.interval for segment in wanted], f"seed {seed}"
    for one, other in zip(found, wanted, strict=True):
        text = write_node(other.node)
        assert isinstance(one.node, LargeNode)
        assert one.node.text == text, f"seed {seed}"
        assert one.node.length == len(text)
        assert one.node.digest == other.node.digest == read_node(text).digest, f"seed {seed}"
        assert (one.node.divided.body, one.node.divided.parts) == (divide(text).body, divide(text).parts)
        assert (one.node.instances, one.node.services) == (other.node.instances, other.node.services)
        assert one.node == other.node


def test_any_node_is_the_same_as_a_large_one() -> None:
    """Of texts as nodes have them, whatever is in them: also without anything deployed."""
    for seed, random in dice(60):
        for plain in (*make_nodes(random), Node(HostFacts("empty"))):
            large = read_large(plain)
            assert (large.text, large.digest) == (write_node(plain), plain.digest), f"seed {seed}"
            assert (large.facts, large.instances, large.services, large.own) == (
                plain.facts, plain.instances, plain.services, plain.own,
            )  # fmt: skip
            assert large.excerpt((), ()).facts == plain.facts
            assert hash(large) == hash(read_large(plain))
            assert mask_node(large) == mask_node(plain)


def test_a_text_that_no_node_has_is_refused() -> None:
    with pytest.raises(ValueError, match='instead of ,"data":'):
        LargeNode.read('{"addresses":[],"host":"h"}')
