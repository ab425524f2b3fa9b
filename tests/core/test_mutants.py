# ruff: noqa: E501 (the mutants are rows of a table)
"""Planted faults are found: each mutant of the timeline, the footprint and the merging is killed by the properties."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import ModuleType

import pytest

from larry.core.service_graph import ServiceSpec
from larry.core.timeline import IsOver, StartsInThePast, Turn
from tests.core.by_hand import FACTS, WEB, Site
from tests.core.ground import check_footprint, make_ground
from tests.core.host_scene import check_timeline, make_scene
from tests.core.hours import GRID, at, holds, pick_span
from tests.core.lane import as_stays, check_room, make_lane
from tests.core.lane_edit import check_edit, make_edit
from tests.core.mutant import Mutant, NoSuchText, grown

ENDS = "if resume and wish.end is not None and not wish.covers(Interval(wish.start, stay.interval.end)):"
MUTANTS: tuple[Mutant, ...] = (
    # Making room.
    Mutant("timeline", "deploys into the past", "if wish.start < now:\n        raise StartsInThePast(f\"{iso(wish.start)} is before now, {iso(now)}\")\n    wish, turns", "wish, turns"),
    Mutant("timeline", "refuses to start now", "if wish.start < now:\n        raise StartsInThePast(f\"{iso(wish.start)} is before now, {iso(now)}\")\n    wish, turns", "if wish.start <= now:\n        raise StartsInThePast('now')\n    wish, turns"),
    Mutant("timeline", "is bounded by a stay that starts with it", "stay.interval.start > wish.start), None)", "stay.interval.start >= wish.start), None)"),
    Mutant("timeline", "is never bounded", "), None) if wish.end is None else None", "), None) if False else None"),
    Mutant("timeline", "a bounded newcomer is bounded again", "), None) if wish.end is None else None", "), None) if True else None"),
    Mutant("timeline", "is bounded by the last, not the first", "lane = sorted(stays, key=lambda stay: stay.interval.start)", "lane = sorted(stays, key=lambda stay: stay.interval.start, reverse=True)"),
    Mutant("timeline", "does not order the lane", "lane = sorted(stays, key=lambda stay: stay.interval.start)", "lane = list(stays)"),
    Mutant("timeline", "an equal start counts as earlier", "lambda e, n: e.start < n.start, _end_and_resume", "lambda e, n: e.start <= n.start and e.start != n.end, _end_and_resume"),
    Mutant("timeline", "deactivates what goes on", "lambda e, n: n.covers(e), _deactivate", "lambda e, n: True, _deactivate"),
    Mutant("timeline", "within means the other way round", "lambda e, n: n.covers(e), _deactivate", "lambda e, n: e.covers(n), _deactivate"),
    Mutant("timeline", "always resumes", ENDS, ENDS.replace("resume and ", "")),
    Mutant("timeline", "never resumes", ENDS, ENDS.replace("resume and ", "False and ")),
    Mutant("timeline", "resumes only bounded stays", ENDS, ENDS.replace("resume and ", "resume and stay.interval.end is not None and ")),
    Mutant("timeline", "resumes for ever", "rest = Interval(wish.end, stay.interval.end)", "rest = Interval(wish.end, None)"),
    Mutant("timeline", "ends where the newcomer ends", "kept = Interval(stay.interval.start, wish.start)", "kept = Interval(stay.interval.start, wish.end or wish.start)"),
    Mutant("timeline", "starts late by its start", "moved = Interval(wish.end or stay.interval.start, stay.interval.end)", "moved = Interval(wish.start, stay.interval.end)"),
    Mutant("timeline", "touching counts as overlapping", "overlapping = (stay for stay in lane if stay.interval.overlaps(wish))", "overlapping = (stay for stay in lane if stay.interval.overlaps(wish) or stay.interval.end == wish.start)"),
    Mutant("timeline", "adds before it ends", "WRITTEN = (Kind.END, Kind.DEACTIVATE,", "WRITTEN = (Kind.ADD, Kind.END, Kind.DEACTIVATE,"),
    Mutant("timeline", "resumes before it ends", "WRITTEN = (Kind.END, Kind.DEACTIVATE,", "WRITTEN = (Kind.RESUME, Kind.END, Kind.DEACTIVATE,"),
    Mutant("timeline", "a continuation does not say whose it is", ", continues=stay.id)", ", continues=None)"),
    # Editing and undeploying.
    Mutant("timeline", "moves the start of what runs", "if stay.interval.start <= now and wish.start != stay.interval.start:", "if stay.interval.start < now and wish.start < now:"),
    Mutant("timeline", "ends in the past", "if wish.end is not None and wish.end < now:", "if False:"),
    Mutant("timeline", "moves into the past", "if stay.interval.start > now and wish.start < now:", "if False:"),
    Mutant("timeline", "extends what it has bounded", "return Kind.BOUND", "return Kind.EXTEND"),
    Mutant("timeline", "undeploys into the past", "if at < now:", "if at < stay.interval.start:"),
    Mutant("timeline", "undeploys what is over", "if stay.interval.is_over(now):\n        raise _over(stay, now)\n    if at < now:", "if at < now:"),
    Mutant("timeline", "undeploying extends", "if stay.interval.end is not None and at > stay.interval.end:", "if False:"),
    Mutant("timeline", "leaves an empty stay", "if at <= stay.interval.start:", "if at < stay.interval.start:"),
    # Footprints.
    Mutant("footprint", "needs ignore the choice", "there = (need, self.place.get(need, host))", "there = (need, host)"),
    Mutant("footprint", "needs go to the deployment's host", "there = (need, self.place.get(need, host))", "there = (need, self.place.get(need, self.host))"),
    Mutant("footprint", "required services ignore the choice", "(key, self.place.get(key, self.host))", "(key, self.host)"),
    Mutant("footprint", "does not tell what is elsewhere", "if there[1] != host:", "if False:"),
    Mutant("footprint", "tells what is here as elsewhere", "if there[1] != host:", "if True:"),
    Mutant("footprint", "same host is the deployment's", "return audited_host, \"\"", "return self.host, \"\""),
    Mutant("footprint", "auditors ignore the choice", "if auditor in self.place:", "if False:"),
    Mutant("footprint", "only the first auditor goes along", "            self._stand((auditor, host), Cause.AUDITS)\n", "            if (auditor, host) not in self.subjects:\n                self._stand((auditor, host), Cause.AUDITS)\n                break\n"),
    Mutant("footprint", "auditors are not audited", "            self._pull_auditors(site)\n", "            if self.cause[site] is not Cause.AUDITS:\n                self._pull_auditors(site)\n"),
    Mutant("footprint", "auditors need nothing", "            self._pull_needs(site)\n", "            if self.cause[site] is not Cause.AUDITS:\n                self._pull_needs(site)\n"),
    Mutant("footprint", "one uncovered a host is enough", "self.uncovered.add(Uncovered(auditor, *site, why))", "self.uncovered = {Uncovered(auditor, *site, why)}"),
    Mutant("footprint", "the first cause is told", "self.cause[site] = min(self.cause[site], cause, key=tuple(Cause).index)", "pass"),
    Mutant("footprint", "the last cause is told", "self.cause[site] = min(self.cause[site], cause, key=tuple(Cause).index)", "self.cause[site] = cause"),
    Mutant("footprint", "asks for a role again and again", "if edge not in self.chosen:", "if True:"),
    Mutant("footprint", "a role serves an auditor, not an edge", "edge = (auditor, audit.service)", "edge = (auditor, \"\")"),
    # Merging.
    Mutant("merge", "forgets boundaries where something ends", "for moment in (p.interval.start, p.interval.end) if moment", "for moment in (p.interval.start,) if moment"),
    Mutant("merge", "forgets boundaries where something starts", "for moment in (p.interval.start, p.interval.end) if moment", "for moment in (p.interval.end,) if moment"),
    Mutant("merge", "keeps equal neighbours apart", "if segments and segments[-1].node.digest == node.digest:", "if False:"),
    Mutant("merge", "joins all segments", "if segments and segments[-1].node.digest == node.digest:", "if segments:"),
    Mutant("merge", "ends are still in", "if piece.start in p.interval])", "if piece.start in p.interval or piece.start == p.interval.end])"),
    Mutant("merge", "keeps the last conflicts only", "conflicts.update({conflict.text: conflict for conflict in found})", "conflicts = {conflict.text: conflict for conflict in found}"),
    Mutant("merge", "knows an entry by its key", "made_of = frozenset(group)", "made_of = frozenset(group[:1])"),
    Mutant("merge", "hides the circle", "order = tuple(sorted(linked))", "conflicts.pop(); order = tuple(sorted(linked))"),
    Mutant("merge", "knows no circle's conflicts of others", "conflicts.extend(found)", "conflicts = list(found) or conflicts"),
    Mutant("merge", "an entry is for the first only", "paths=tuple(sorted({p.snapshot.path for p in group})),", "paths=(group[0].snapshot.path,),"),
    Mutant("merge", "needs elsewhere of the first only", "self._places(site for p in group for site in p.elsewhere)", "self._places(group[0].elsewhere)"),
    Mutant("merge", "does not compare tools", "*self._disagreements(group, \"tools\", lambda frozen: {\"\": frozen.tools}),", ""),
    Mutant("merge", "does not compare parameters", "*self._disagreements(group, \"parameter\", _entry_parameters),", ""),
    Mutant("merge", "absent is null", "if name in wanted else \"\"", "if name in wanted else canonical_text(None)"),
    Mutant("merge", "compares the names of the first only", "for name in values(p.frozen)})", "for name in values(group[0].frozen)})"),
    Mutant("merge", "a shared auditor carries everything", "return frozen.defaults if frozen.audits and", "return frozen.defaults if False and"),
    Mutant("merge", "every auditor carries only defaults", "frozen.audits and frozen.sharing is Sharing.HOST else", "frozen.audits else"),
    Mutant("merge", "tells auditors every secret", "if not is_sealed(v) or n in auditor.parameters}", "}"),
    Mutant("merge", "tells auditors no secret", "if not is_sealed(v) or n in auditor.parameters}", "if not is_sealed(v)}"),
    Mutant("merge", "what is not shared is one subject", "return path if audited.sharing is Sharing.INSTANCE else \"\"", "return \"\""),
    Mutant("merge", "what is shared is many subjects", "return path if audited.sharing is Sharing.INSTANCE else \"\"", "return path"),
    Mutant("merge", "a subject is for the last only", "tuple(sorted({*paths, path})),", "(path,),"),
    Mutant("merge", "settings are one for all", "alike = canonical_text((service, host, parameters, auditor.parameters,", "alike = canonical_text((service, host, parameters,"),
    Mutant("merge", "does not compare sharing", "if len(sides) > 1\n    ]", "if len(sides) > 2\n    ]"),
    Mutant("merge", "needs the neighbour's", "if service not in away:", "if True:"),
    Mutant("merge", "starts auditors at any time", "audited |= _present(service, p, entries)", "pass"),
    Mutant("merge", "follows subjects of other hosts", "if where == host:", "if True:"),
    Mutant("merge", "needs what is not here", "return {key} if key in entries else set()", "return {key}"),
    Mutant("merge", "names instances by deployment", "key=lambda each: (each.path, each.deployment)))", "key=lambda each: (each.deployment, each.path)))"),
)  # fmt: skip


def probe_timeline(module: ModuleType) -> None:
    for seed in range(400):
        random = Random(seed)
        check_room(module.make_room, make_lane(random), random)
        check_end(module.end_stay, random)
    for seed in range(400):
        random = Random(seed)
        if (made := make_edit(random)) is not None:
            check_edit(*made, random, change_stay=module.change_stay)


def check_end(end_stay: Callable[..., Turn | None], random: Random) -> None:
    span, when, now = pick_span(random, 10), random.randrange(10), random.randrange(10)
    over = span[1] is not None and span[1] <= now
    try:
        turn = end_stay(as_stays({"e": span})[0], at(when), now=at(now))
    except (IsOver, StartsInThePast):
        assert over or when < now or (span[1] is not None and when > span[1])
        return
    assert not over
    assert when >= now
    assert span[1] is None or when <= span[1]
    after = as_stays({"e": span})[0].interval if turn is None else turn.after
    for hour in GRID:
        assert (after is not None and at(hour) in after) == (holds(span, hour) and hour < when)


def probe_footprint(module: ModuleType) -> None:
    for seed in range(250):
        check_footprint(module.lay_out, make_ground(Random(seed)))


def probe_merge(module: ModuleType) -> None:
    older = (
        Site()
        .deploy("acme/a/x", WEB, ["web"], {"size": None})
        .deploy("globex/b/y", {"web": ServiceSpec("web")}, ["web"])
    )
    assert module.build_node(FACTS["h1"], older.on("h1"), FACTS)[1], "null is not absent"
    for seed in range(200):
        random = Random(seed)
        check_timeline(module.compile_timeline, make_scene(random), random)


PROBES: dict[str, Callable[[ModuleType], None]] = {
    "timeline": probe_timeline,
    "footprint": probe_footprint,
    "merge": probe_merge,
}
BROKEN = (NameError, SyntaxError, ImportError, TypeError, AttributeError)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.module}: {mutant.name}")
def test_a_mutant_does_not_survive(mutant: Mutant) -> None:
    with grown(mutant) as module:
        try:
            PROBES[mutant.module](module)
        except BROKEN:
            raise  # the mutant cannot even run: that proves nothing
        except Exception:  # noqa: BLE001  # any other failure is what a planted fault is to bring about
            return
    pytest.fail(f"survived: {mutant.name}: {mutant.after!r}", pytrace=False)


@pytest.mark.parametrize("name", PROBES)
def test_a_copy_without_a_fault_lives(name: str) -> None:
    opening = "from __future__ import annotations\n"
    with grown(Mutant(name, "nothing", opening, opening)) as module:
        PROBES[name](module)


def test_a_mutant_of_text_that_is_gone_is_told() -> None:
    with (
        pytest.raises(NoSuchText, match="nowhere: 'no such text' is 0 times"),
        grown(Mutant("merge", "nowhere", "no such text", "")),
    ):
        pass
    assert len(MUTANTS) >= 20
