"""Nodes of hosts as of any moment: what was delivered then, and one clear line where nothing was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larry.actions.timeline import _revise_in_excerpts
from larry.core import node, node_part
from larry.core.merge import HostTimeline, Segment, compile_timeline
from larry.core.node import HostFacts, Node, Presence, keep_leaving
from larry.core.node_part import divide
from larry.core.node_text import mask_node, read_node, write_node
from larry.core.parameters import Declaration
from larry.core.revision import NeedsAll, Revisable, revise_timeline
from larry.core.service_graph import Audit, ServiceSpec, Sharing, Where, WhereKind
from larry.queries import node_part as node_part_query
from larry.queries.kept_node import LargeNode
from larry.queries.moment import Moment
from larry.queries.node import get_node, get_open_node, get_stored_node, list_timeline
from larry.queries.node_part import ListItem, LongList
from larry.queries.presence import list_hosts_beside
from larry.queries.reader import LOCAL, NotFound
from tests.actions.estate import FULL, LIVE, SMALL, TEST, WEB1, change, day, lay, put
from tests.core.budget import dice
from tests.core.by_hand import FACTS, SIZED, Site, graph_of
from tests.core.hours import between
from tests.core.specimen import HOSTS
from tests.core.test_node import make_nodes

pytestmark = pytest.mark.django_db


def test_an_unknown_host() -> None:
    lay(SMALL)
    for query in (get_node, get_stored_node, get_open_node, list_timeline):
        with pytest.raises(NotFound) as missing:
            query("nope", LOCAL, Moment(day(0)))
        assert str(missing.value) == "there is no host nope"


def test_a_moment_before_the_host_was_known() -> None:
    lay(SMALL, now=-3)
    just_before = Moment(day(-3) - timedelta(microseconds=1))
    with pytest.raises(NotFound) as missing:
        get_node("web1", LOCAL, just_before)
    assert str(missing.value) == "web1 is known from 2026-10-29T12:00:00Z on, not at 2026-10-29T11:59:59.999999Z"
    assert get_node("WEB1", LOCAL, Moment(day(-3))).start == day(-3)
    assert [each.start for each in list_timeline("web1", LOCAL, just_before)] == [day(-3)]


def test_a_renamed_host_is_asked_for_by_its_name_of_today() -> None:
    lay(SMALL)
    change("host", "web1", 0, name="new", was="web1")
    with pytest.raises(NotFound, match="there is no host web1"):
        get_node("web1", LOCAL, Moment(day(-1)))
    assert get_node("new", LOCAL, Moment(day(-1))).node.facts.name == "web1", "it was delivered under that name"


def test_a_node_holds_from_its_start_until_just_before_its_end() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=2, end=5)
    tick = timedelta(microseconds=1)
    empty, full = get_node("web1", LOCAL, Moment(day(2) - tick)), get_node("web1", LOCAL, Moment(day(2)))
    assert (empty.end, full.start, full.end) == (day(2), day(2), day(5))
    assert get_node("web1", LOCAL, Moment(day(5) - tick)) == full
    after = get_node("web1", LOCAL, Moment(day(5)))
    assert (after.start, after.end, after.digest) == (day(5), None, empty.digest)


@pytest.mark.parametrize(
    "since, until, starts",
    [
        (-100.0, None, [-30, 2, 5, 9]),
        (0.0, None, [-30, 2, 5, 9]),
        (2.0, None, [2, 5, 9]),
        (3.0, 9.0, [2, 5]),
        (3.0, 9.1, [2, 5, 9]),
        (50.0, None, [9]),
    ],
)
def test_the_timeline_between_two_moments(since: float, until: float | None, starts: list[float]) -> None:
    lay(SMALL)
    put(LIVE, "web1", start=2, end=5)
    put(LIVE, "web1", start=9)
    found = list_timeline("web1", LOCAL, Moment(day(since)), None if until is None else day(until))
    assert [each.start for each in found] == [day(start) for start in starts]


def test_what_leaves_at_a_boundary() -> None:
    lay(SMALL)
    change("service", "app", 0, sharing="instance")
    put(LIVE, "web1", end=5)
    put(TEST, "web1")
    before, after = list_timeline("web1", LOCAL, Moment(day(1)))
    assert [each.key for each in keep_leaving(before.node, after.node).services] == ["acme-shop-live-app"]


def test_secrets_are_masked_kept_sealed_or_opened() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    at = Moment(day(0))
    nodes = [query(WEB1, LOCAL, at) for query in (get_node, get_stored_node, get_open_node)]
    shown = [next(e.parameters["db_password"] for e in each.node.services if e.service == "rails") for each in nodes]
    assert isinstance(shown[0], str)
    assert "hunter2" not in shown[0]
    assert "sealed" in str(shown[1])
    assert shown[2] == "hunter2-live"
    assert len({each.digest for each in nodes}) == 1


def test_hosts_that_may_mention_one_another() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=5)
    at = Moment(day(0))
    assert list_hosts_beside(["web1"], LOCAL, at) == {"web1", "mon"}
    assert list_hosts_beside(["mon"], LOCAL, at) == {"web1", "mon"}
    assert list_hosts_beside(["web2"], LOCAL, at) == {"web2"}
    assert list_hosts_beside(["web1"], LOCAL, Moment(day(5))) == {"web1"}


# --- large nodes in excerpts ------------------------------------------------------------------------------------------

MON = Where(WhereKind.HOST, "mon1")
WATCHED = graph_of(
    ServiceSpec("base", declarations=SIZED),
    ServiceSpec("app", declarations=SIZED, needs=("base",)),
    ServiceSpec("own", Sharing.INSTANCE, SIZED, needs=("base",)),
    ServiceSpec("watch", declarations=(Declaration("every", has_default=True, default=5),),
                audits=(Audit("app", MON), Audit("own", MON), Audit("base", MON))),
    ServiceSpec("probe", Sharing.INSTANCE, audits=(Audit("own", MON),)),
)  # fmt: skip
INSTANCES = tuple(f"c{number % 3}/a/i{number}" for number in range(9))


def deploy_at_random(site: Site, path: str, random: Random) -> None:
    """An instance that the host watches, on some hosts, now or later, as several may have it or as it alone; or it is
    on the very host that watches."""
    for host in random.choice((HOSTS[:1], HOSTS[1:2], HOSTS[1:], HOSTS[::2], HOSTS[:2], HOSTS, ("mon1",))):
        values = {"size": random.choice((1, 1, 2)), "every": random.choice((5, 5, 5, 6))}
        during = random.choice(((0, None), (0, None), (2, None), (0, 4), (3, 6)))
        site.deploy(path, WATCHED, random.choice((["app"], ["own"], ["app", "own"], ["base"])), values, host=host,
                    during=during)  # fmt: skip


@pytest.mark.parametrize("large", [False, True])
def test_what_is_revised_in_excerpts_is_what_everything_makes(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instances come, go and change, one act after another: segments, texts, digests, and the pieces that are written
    are those of nodes that are merged from all presences and written whole; and where a whole node cannot be revised,
    neither can an excerpt."""
    if large:
        monkeypatch.setattr(node, "are_many", lambda subjects: subjects > 4)
        monkeypatch.setattr(node_part_query, "are_many", lambda subjects: subjects > 4)
    for name, value in (("UNDIVIDED", 50), ("_LEAST", 20), ("_MOST", 200), ("_WIDEST", 2), ("_BRANCHES", 2)):
        monkeypatch.setattr(node_part, name, value)
    monkeypatch.setattr(node_part_query, "_LONG", 2)
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
                found = _revise_in_excerpts(Revisable(excerpted, {}), before, after, FACTS, "mon1")
            except NeedsAll:
                told["needs all"] += 1
                with pytest.raises(NeedsAll):
                    revise_timeline(Revisable(whole.segments, {}), FACTS["mon1"], before, after, FACTS)
                continue
            revise_timeline(Revisable(whole.segments, {}), FACTS["mon1"], before, after, FACTS)
            assert not wanted.conflicts
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


NUMBERS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), max_size=40)


@settings(max_examples=200)
@given(NUMBERS, st.lists(st.tuples(st.sets(st.integers(0, 12)), NUMBERS), max_size=4))
def test_a_long_list_is_a_sorted_list(numbers: list[tuple[int, int]], steps: list[tuple[set[int], object]]) -> None:
    """Also of items with the same key, which stand in the order in which they came."""

    def items(pairs: object, step: int) -> list[ListItem]:
        assert isinstance(pairs, list)
        return [ListItem((f"{key:02}", f"{no}"), f"{key}-{step}-{at}", "") for at, (key, no) in enumerate(pairs)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node_part_query, "_LONG", 2)
        plain = sorted(items(numbers, 0), key=lambda item: item.key)
        long = LongList.of(items(numbers, 0))
        for step, (keys, come) in enumerate(steps, start=1):
            gone = {(f"{key:02}", f"{no}") for key in keys for no in range(2)}
            coming = items(come, step)
            plain = sorted([*(item for item in plain if item.key not in gone), *coming], key=lambda item: item.key)
            long = long.revise(gone, coming)
            assert list(long) == plain
            assert (len(long), long.text) == (len(plain), ",".join(item.text for item in plain))
            assert long.length == len(long.text)
            for key in range(13):
                assert long.find((f"{key:02}",)) == tuple(item for item in plain if item.key[0] == f"{key:02}")
        assert all(len(block.items) <= 4 for block in long.blocks)
