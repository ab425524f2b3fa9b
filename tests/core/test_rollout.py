"""Rollouts: roles are answered with the least busy host, and the Plan is what every hour of every host says."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType

from larry.core.deployable import Snapshot
from larry.core.interval import Interval
from larry.core.merge import build_node
from larry.core.node import Presence
from larry.core.plan import Change, Delivered, NewDeployment, Plan, Writes
from larry.core.rollout import (
    Candidate,
    Grounds,
    Stage,
    carry_over,
    fit_interval,
    judge,
    lay_out_additions,
    roles_asked,
    touched_hosts,
)
from larry.core.timeline import Kind
from tests.core.budget import dice, many
from tests.core.hours import GRID, HORIZON, Span, at, between, holds, hour_of, span_of
from tests.core.specimen import HOSTS, ROLES, Deployed, Estate, make_estate

# --- hosts of roles ---------------------------------------------------------------------------------------------------


def change_of(each: Deployed) -> Change:
    return Change(
        Kind.ADD, each.id, each.snapshot.path, each.host, each.snapshot.digest, None, between(*each.span), "asked"
    )


def known_on(host: str, random: Random, estate: Estate) -> frozenset[tuple[str, str]]:
    """Some services of the instances of the estate that stand on a host already."""
    there = {(e.snapshot.path, f.service) for e in estate.deployments for f in e.footprint.footings if f.host == host}
    return frozenset(each for each in sorted(there) if random.random() < 0.3)


def make_grounds(random: Random, estate: Estate) -> Grounds:
    """Roles with a few busy hosts each, and a few audit edges that are served already."""
    candidates = {
        (role, between(*each.span)): tuple(
            Candidate(host, random.randrange(3), known_on(host, random, estate))
            for host in random.sample(HOSTS, random.randrange(3))
        )
        for role in ROLES
        for each in estate.deployments
    }
    edges = [
        (each.snapshot.path, a.key, b) for each in estate.deployments for a in each.snapshot.services for b in a.before
    ]
    return Grounds(
        {each.snapshot.digest: each.snapshot for each in estate.deployments},
        {each.id: each.place for each in estate.deployments},
        {edge: "h3" for edge in edges if random.random() < 0.2},
        candidates,
        {},
    )


def test_a_role_means_who_serves_already_else_the_least_busy_by_name() -> None:
    """Each answer is checked in the order in which deployments are laid out, with the burden of those before."""
    asked = 0
    for seed, random in dice(160):
        estate = make_estate(random)
        grounds = make_grounds(random, estate)
        changes = [change_of(each) for each in estate.deployments]
        random.shuffle(changes)
        additions = lay_out_additions(changes, grounds)
        assert [(a.instance, a.host) for a in additions] == sorted((c.instance, c.host) for c in changes), (
            f"seed {seed}"
        )
        serving = dict(grounds.serving)
        for place, addition in enumerate(additions):
            snapshot = grounds.snapshots[addition.deployable]
            for (auditor, audited), role in role_edges(snapshot).items():
                found = {
                    f.host for f in addition.footings for s in f.subjects if (f.service, s[0]) == (auditor, audited)
                }
                if auditor in addition.place or not any(f.service == audited for f in addition.footings):
                    continue
                asked += 1
                wanted = serving.get((addition.instance, auditor, audited)) or least_busy(
                    grounds.candidates[role, addition.interval], additions[:place], addition.interval
                )
                assert found == ({wanted} if wanted else set()), f"seed {seed}: {auditor} of {audited}"
                uncovered = {(lack.auditor, lack.service) for lack in addition.uncovered}
                assert ((auditor, audited) in uncovered) == (wanted is None), f"seed {seed}"
                if wanted:
                    serving[addition.instance, auditor, audited] = wanted
    assert asked > many(80)


def role_edges(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    return {
        (service.key, audit.service): str(audit.where.name)
        for service in snapshot.services
        for audit in service.audits
        if audit.where.kind.value == "role"
    }


def least_busy(candidates: tuple[Candidate, ...], earlier: tuple[NewDeployment, ...], during: Interval) -> str | None:
    """Every (instance, service) on a host counts once, whether it stands there already or comes, and how often."""
    busy: dict[str, int] = {}
    for each in candidates:
        there = set(each.mine)
        for addition in earlier:
            if addition.interval.overlaps(during):
                there.update((addition.instance, f.service) for f in addition.footings if f.host == each.host)
        busy[each.host] = each.others + len(there)
    return min(sorted(busy), key=lambda host: busy[host], default=None)


def test_roles_asked_are_those_of_the_audits() -> None:
    for _, random in dice(60):
        for each in make_estate(random).deployments:
            assert roles_asked(each.snapshot) == set(role_edges(each.snapshot).values())


def test_audits_that_name_a_host_by_key_are_laid_out_by_name() -> None:
    for _, random in dice(60):
        estate = make_estate(random)
        names = {host: f"{host}.example.com" for host in HOSTS}
        grounds = make_grounds(random, estate)
        named = Grounds(grounds.snapshots, grounds.places, grounds.serving, grounds.candidates, names)
        for addition in lay_out_additions([change_of(each) for each in estate.deployments], named):
            snapshot = grounds.snapshots[addition.deployable]
            fixed = {(s.key, a.service) for s in snapshot.services for a in s.audits if a.where.kind.value == "host"}
            for footing in addition.footings:
                for audited, _ in footing.subjects:
                    if (footing.service, audited) in fixed and footing.service not in addition.place:
                        assert footing.host.endswith(".example.com")


# --- the whole judged -------------------------------------------------------------------------------------------------


def make_rollout(random: Random) -> tuple[Estate, int, list[Change], list[Deployed], dict[str, Span | None]]:
    """Some deployments of an estate change or go, others come; the last value says when each is live afterwards."""
    estate, now = make_estate(random), random.randrange(10)
    changes: list[Change] = []
    coming: list[Deployed] = []
    live: dict[str, Span | None] = {}
    for each in estate.deployments:
        start, end = each.span
        after: Span | None = each.span
        match random.randrange(5):
            case 0 if start >= now:
                coming.append(each)
                changes.append(change_of(each))
            case 1 if start < now and (end is None or end > now):
                after = (start, random.randrange(now, HORIZON) if end is None else random.randrange(now, end))
                changes.append(altered(each, Kind.END, after))
            case 2 if start > now:
                after = None
                changes.append(altered(each, Kind.DEACTIVATE, after))
            case 3 if start > now:
                start = random.randrange(now, HORIZON - 1)
                after = (start, random.choice((None, random.randrange(start + 1, HORIZON))))
                changes.append(altered(each, Kind.MOVE, after))
            case _:
                pass
        live[each.id] = after
    return estate, now, changes, coming, live


def altered(each: Deployed, kind: Kind, after: Span | None) -> Change:
    path, digest = each.snapshot.path, each.snapshot.digest
    return Change(kind, each.id, path, each.host, digest, between(*each.span), after and between(*after), "asked")


def as_addition(each: Deployed) -> NewDeployment:
    return NewDeployment(
        each.id,
        each.snapshot.path,
        each.host,
        each.snapshot.digest,
        between(*each.span),
        None,
        each.place,
        each.footprint.footings,
        each.footprint.uncovered,
    )


def present(each: Deployed, host: str, span: Span) -> list[Presence]:
    return [
        Presence(each.id, each.snapshot, f.service, f.host, between(*span), f.cause, f.subjects, f.elsewhere)
        for f in each.footprint.footings
        if f.host == host
    ]


def test_a_plan_is_what_every_hour_of_every_host_says() -> None:
    refused = 0
    for seed, random in dice(160):
        estate, now, changes, coming, live = make_rollout(random)
        there = {each.id: each.span for each in estate.deployments if each not in coming}
        before = {host: hours_of(estate, host, there) for host in HOSTS}
        after = {host: hours_of(estate, host, live) for host in HOSTS}
        stage = Stage(
            between(now),
            {
                host: tuple(p for e in estate.deployments if e.id in there for p in present(e, host, e.span))
                for host in HOSTS
            },
            {
                host: tuple(Delivered(between(hour, hour + 1), before[host][hour][0]) for hour in GRID if hour >= now)
                for host in HOSTS
            },
            estate.facts,
        )
        snapshots = {each.snapshot.digest: each.snapshot for each in estate.deployments}
        plan, writes = judge(changes, [as_addition(each) for each in coming], snapshots, stage)
        try:
            check_plan(plan, writes, before, after, now)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {fault}") from fault
        refused += bool(plan.refusals)
        uncovered = [lack for each in coming for lack in each.footprint.uncovered]
        assert sorted(notice.code for notice in plan.warnings) == ["uncovered"] * len(uncovered), f"seed {seed}"
        assert {(s.deployment, s.service, s.host) for s in plan.deployed_services} == {
            (each.id, f.service, f.host) for each in coming for f in each.footprint.footings
        }, f"seed {seed}"
    assert refused > many(20)


Hours = dict[int, tuple[str, frozenset[str]]]


def hours_of(estate: Estate, host: str, spans: Mapping[str, Span | None]) -> Hours:
    """The digest of a host's node and the texts of its conflicts, hour by hour."""
    known: dict[frozenset[str], tuple[str, frozenset[str]]] = {}
    found: Hours = {}
    for hour in GRID:
        alive = [e for e in estate.deployments if (span := spans.get(e.id)) is not None and holds(span, hour)]
        who = frozenset(each.id for each in alive)
        if who not in known:
            presences = [presence for each in alive for presence in present(each, host, (0, None))]
            node, conflicts = build_node(estate.facts[host], presences, estate.facts)
            known[who] = (node.digest, frozenset(conflict.text for conflict in conflicts))
        found[hour] = known[who]
    return found


def check_plan(plan: Plan, writes: Writes, before: dict[str, Hours], after: dict[str, Hours], now: int) -> None:
    told: set[str] = set()
    for host in HOSTS:
        spans = [(span_of(segment.interval), segment.node.digest) for segment in writes.timelines[host]]
        changes = {hour_of(node.start): (node.before, node.after) for node in plan.nodes if node.host == host}
        last: tuple[str | None, str | None] | None = None
        for hour in (hour for hour in GRID if hour >= now):
            (digest,) = [digest for span, digest in spans if holds(span, hour)]
            assert digest == after[host][hour][0], f"{host} at {hour}"
            told |= after[host][hour][1]
            last = changes.get(hour, last)
            if before[host][hour][0] != digest:
                assert last == (before[host][hour][0], digest), f"{host} at {hour}"
            else:
                assert last is None or last[0] == last[1], f"{host} at {hour}: agrees again, which is not told"
    assert {notice.text for notice in plan.refusals} == told
    assert all(notice.code == "conflict" for notice in plan.refusals)
    assert plan.now == at(now)


# --- small ones -------------------------------------------------------------------------------------------------------


def test_a_service_keeps_its_place_within_its_deployment() -> None:
    for _, random in dice(2000):
        outer = sorted(random.sample(range(12), 2))
        before: Span = (outer[0], random.choice((outer[1], None)))
        inner = sorted(random.sample(range(outer[0], 14), 2))
        service: Span = (max(before[0], inner[0]), inner[1] if before[1] is None else min(inner[1], before[1]))
        if service[1] is not None and service[0] >= service[1]:
            continue
        service = random.choice((service, before))
        moved = sorted(random.sample(range(14), 2))
        after: Span = (moved[0], random.choice((moved[1], None)))
        found = fit_interval(between(*service), between(*before), between(*after))
        start = after[0] if service[0] == before[0] else max(service[0], after[0])
        ends = [end for end in (service[1], after[1]) if end is not None]
        end = after[1] if service[1] == before[1] else min(ends, default=None)
        assert (None if found is None else span_of(found)) == ((start, end) if end is None or start < end else None)
        if service == before:
            assert found == between(*after)
        assert fit_interval(between(*service), between(*before), None) is None


def test_places_are_carried_over_unless_asked_otherwise() -> None:
    for _, random in dice(40):
        (each, *_) = make_estate(random).deployments
        here = [service.key for service in each.snapshot.services]
        key = random.choice(here)
        replaced = [{key: "h1", "gone": "h2"}, {key: "h2"}]
        assert dict(carry_over({}, replaced, each.snapshot, {})) == {key: "h2"}
        assert dict(carry_over({key: "h3"}, replaced, each.snapshot, {})) == {key: "h3"}
        assert dict(carry_over({"gone": "h3"}, replaced[:1], each.snapshot, {})) == {key: "h1", "gone": "h3"}
        assert dict(carry_over({}, [], each.snapshot, {})) == {}
        assert dict(carry_over({}, [{"old": "h1"}], each.snapshot, {"old": key})) == {key: "h1"}
        assert dict(carry_over({}, [{"new": "h1"}], each.snapshot, {key: "new"})) == {key: "h1"}


def test_touched_are_all_hosts_on_which_what_changes_stands() -> None:
    for _, random in dice(60):
        estate, _, changes, coming, _ = make_rollout(random)
        stands = {each.id: frozenset(f.host for f in each.footprint.footings) for each in estate.deployments}
        found = touched_hosts(changes, [as_addition(each) for each in coming], MappingProxyType(stands))
        assert found == {host for change in changes for host in stands[change.deployment]}
