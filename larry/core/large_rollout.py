"""What becomes of hosts with large nodes, of which only what changes is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from larry.core.deployable import Snapshot
from larry.core.large_node import LargeNode
from larry.core.merge import Segment
from larry.core.node import HostFacts, Node, Presence
from larry.core.node_text import write_node
from larry.core.plan import Delivered, NodeChange, Plan, Writes, compare_timelines
from larry.core.revision import Revisable, revise_timeline
from larry.core.rollout import Stage, arrive, fit_presences


def leave_large(stage: Stage) -> Stage:
    """The stage without its large hosts, for `judge`; what becomes of them `judge_large` adds. No SQL."""
    small = {host: presences for host, presences in stage.presences.items() if host not in stage.standing}
    return replace(stage, presences=MappingProxyType(small), standing=MappingProxyType({}))


def judge_large(plan: Plan, writes: Writes, snapshots: Mapping[str, Snapshot], stage: Stage) -> tuple[Plan, Writes]:
    """What was judged without the large hosts, and with them: as `judge` judges all of the stage, in time that hardly
    grows with what large hosts have for other instances; no SQL. Raises `NeedsAll` where one of them cannot be revised.
    """
    if not stage.standing:
        return plan, writes
    changes, additions = writes.changes, writes.additions
    changed = {change.deployment: change for change in changes if change.before is not None}
    arriving = [p for a in additions for p in arrive(a, snapshots[a.deployable], stage.keys)]
    timelines, nodes = dict(writes.timelines), list[NodeChange](plan.nodes)
    foreseen: dict[str, Node] = dict(plan.foreseen)
    for host in sorted(stage.standing):
        before = stage.presences[host]
        after = (*fit_presences(before, changed), *(p for p in arriving if p.host == host))
        timelines[host] = revise_in_excerpts(
            Revisable(stage.standing[host], stage.keys), before, after, stage.facts, host
        )
        delivered = [Delivered(segment.interval, segment.node.digest) for segment in timelines[host]]
        found = compare_timelines(host, stage.delivered.get(host, ()), delivered)
        nodes.extend(found)
        coming = {change.after for change in found if not change.agrees}
        foreseen.update({s.node.digest: s.node for s in timelines[host] if s.node.digest in coming})
    nodes.sort(key=lambda change: change.host)
    plan = replace(plan, nodes=tuple(nodes), foreseen=MappingProxyType(foreseen))
    return plan, replace(writes, timelines=MappingProxyType(timelines))


def revise_in_excerpts(
    standing: Revisable,
    before: Sequence[Presence],
    after: Sequence[Presence],
    facts: Mapping[str, HostFacts],
    host: str,
) -> tuple[Segment, ...]:
    """The segments of `revise_timeline`, of which each is revised in an excerpt of its node. Raises `NeedsAll`."""
    paths = {presence.snapshot.path for presence in (*before, *after)}
    sites = {site for presence in (*before, *after) for site in presence.subjects}
    segments: list[Segment] = []
    for segment in standing.segments:
        whole = segment.node if isinstance(segment.node, LargeNode) else LargeNode.read(write_node(segment.node))
        excerpt = whole.excerpt(paths, sites)
        small = Revisable((Segment(segment.interval, excerpt),), standing.keys)
        for piece in revise_timeline(small, facts[host], before, after, facts).segments:
            node = whole if piece.node is excerpt else whole.splice(excerpt, piece.node)
            if segments and segments[-1].node.digest == node.digest:
                segments[-1] = Segment(replace(segments[-1].interval, end=piece.interval.end), segments[-1].node)
            else:
                segments.append(Segment(piece.interval, node))
    return tuple(segments)
