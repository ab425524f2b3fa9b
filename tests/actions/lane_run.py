"""A run of steps through the real actions, compared after each with the oracle; and how a failing run is shrunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from larry.actions.author import Author, Refused
from larry.actions.undo import undo
from larry.queries.deployment import DeploymentFilter, State, list_deployments
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound
from larry.records.rollout import Rollout as RolloutRecord
from tests.actions import lane_oracle as oracle
from tests.actions.lane_oracle import NEW, Refusal, Rollout, Stay
from tests.actions.lane_site import (
    Site,
    all_moments,
    find_stray_services,
    find_wrong_nodes,
    has_conflict,
    moment,
    read_stays,
    second,
)
from tests.actions.lane_step import HOUR, Act, Choice, Step, make_act

LENGTH = 50
"""Steps of one run; the site is as new before each."""


@dataclass(slots=True)
class Run:
    """One life of the site: what the oracle says it is now, all rollouts, and what has been seen of each kind."""

    site: Site
    state: dict[str, Stay] = field(default_factory=dict)
    rollouts: list[Rollout] = field(default_factory=list)
    history: list[tuple[int, dict[str, Stay]]] = field(default_factory=list)
    now: int = 0
    recorded: int = -40 * 24 * HOUR
    seen: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Let the clock go on (or back), do the step, compare."""
        kind, numbers = step
        choice, numbers = Choice(numbers[:4]), numbers[4:]
        self.now += choice.among(0, 0, 0, 0, 1, HOUR, HOUR, 4 * HOUR, 20 * HOUR)
        clock = self.now - 5 * HOUR if choice.among(*range(15)) == 0 else self.now
        self.now = max(clock, self.recorded) if clock < self.now else self.now
        if kind == "undo" and self.rollouts:
            self._undo(self.rollouts[-1 - choice.among(0, 0, 0, 0, 1, 1, 2, 4) % len(self.rollouts)], clock)
        else:
            kind = kind if self.state and kind != "undo" else "deploy"
            self._act(kind, make_act((kind, numbers), self.state, self.now, self.site), clock)
        if numbers[0] % 4 == 0:
            self._look(numbers)
        _none(find_wrong_nodes(self._known, self._sample(numbers)))

    def close(self) -> None:
        """What is looked at once, when a run is over."""
        _none(find_wrong_nodes(self._known, all_moments(self.state, self.now)))
        _none(find_stray_services(self.state))
        connection.check_constraints()

    def _known(self, at: int) -> dict[str, Stay]:
        """What was on record when a moment came, which decides for ever what was delivered then; ahead, what is now."""
        if at >= self.now:
            return self.state
        return next((state for recorded, state in reversed(self.history) if recorded <= at), {})

    def _sample(self, numbers: Sequence[int]) -> list[int]:
        edges = all_moments(self.state, self.now)
        return [self.now, *(edges[number % len(edges)] for number in numbers[:5])]

    def _act(self, kind: str, act: Act, clock: int) -> None:
        wanted: dict[str, Stay] | None
        try:
            wanted = act.predict(self.state, self.now)
            since = min((s.start for id_, s in wanted.items() if id_.startswith(NEW)), default=self.now)
            if has_conflict(wanted, self.site.tones, min(since, self.now)):
                wanted = None
        except Refusal:
            wanted = None
        done = self._do(act.title, act.do, clock)
        assert (wanted is not None) == done, f"{'done' if done else 'refused'}, and the oracle says otherwise"
        self.seen[f"{kind}{'' if done else ' refused'}"] += 1
        self._settle(wanted if wanted is not None else self.state)

    def _undo(self, rollout: Rollout, clock: int) -> None:
        before = self.state
        may = oracle.may_undo(before, self.rollouts, rollout, self.now) and not has_conflict(
            oracle.without(before, rollout, self.now), self.site.tones, self.now
        )
        done = self._do(f"undo {rollout}", lambda author: undo(rollout.number, author), clock)
        assert may == done, f"{'done' if done else 'refused'}, and the oracle says otherwise"
        self.seen[f"undo{'' if done else ' refused'}"] += 1
        after = read_stays(self.site) if done else before
        _none(oracle.find_wrong_undo(before, after, rollout, self.now) if done else ())
        for id_, stay in after.items():
            if id_ not in before:
                assert stay.continues is not None
                assert stay.place == before[stay.continues].place
            elif not before[id_].is_live:
                assert stay == before[id_], "what is deactivated was changed"
        self._settle(after)

    def _do(self, title: str, do: Callable[[Author], object], clock: int) -> bool:
        self.told.append(f"at {self.now} (clock {clock}): {title}")
        try:
            do(Author("ada", "because", moment(clock)))
        except (Refused, NotFound) as reason:
            why = str(reason)
        else:
            return True
        self.told[-1] += f" -> refused: {why}"
        assert "the database refuses" not in why, "Larry did not see it coming"
        return False

    def _settle(self, wanted: dict[str, Stay]) -> None:
        """The rows are what the oracle says; what is new gets its id, and the act is remembered."""
        found, before = read_stays(self.site), self.state
        unmatched = [id_ for id_ in found if id_ not in before]
        for label in [label for label in wanted if label.startswith(NEW)]:
            twin = next((id_ for id_ in unmatched if found[id_] == wanted[label]), None)
            assert twin is not None, f"nothing new is {wanted[label]}; there is {[found[id_] for id_ in unmatched]}"
            unmatched.remove(twin)
            wanted = {**{id_: stay for id_, stay in wanted.items() if id_ != label}, twin: wanted[label]}
        assert found == wanted, f"{_difference(wanted, found)}"
        _none(oracle.find_overlaps(found))
        touched = {id_: (before.get(id_), stay) for id_, stay in found.items() if before.get(id_) != stay}
        self.state = found
        if touched:
            row = RolloutRecord.objects.order_by("-id")[0]
            self.recorded = second(row.recorded_at)
            assert self.recorded == self.now, "the act is recorded at another moment"
            assert all(row.id > rollout.number for rollout in self.rollouts[-1:])
            self.rollouts.append(Rollout(row.id, touched))
            self.history.append((self.now, found))

    def _look(self, numbers: Sequence[int]) -> None:
        """The list of deployments as of any moment, and as known at any."""
        edges = all_moments(self.state, self.now)
        as_of = edges[numbers[1] % len(edges)]
        _compare_list(self.state, as_of, None)
        known_at, _ = self.history[numbers[2] % len(self.history)] if self.history else (self.now, {})
        known = [state for at, state in self.history if at <= known_at]
        _compare_list(known[-1] if known else {}, as_of, known_at)


def _difference(wanted: dict[str, Stay], found: dict[str, Stay]) -> list[str]:
    ids = sorted(wanted.keys() | found.keys())
    return [f"{id_}: {found.get(id_)} instead of {wanted.get(id_)}" for id_ in ids if wanted.get(id_) != found.get(id_)]


def _compare_list(state: dict[str, Stay], as_of: int, known_at: int | None) -> None:
    """Each deployment once, in its state; what is deleted is not shown, what is deactivated only if asked for."""
    which = DeploymentFilter(states=frozenset(State))
    rows = list_deployments(which, LOCAL, Moment(moment(as_of), None if known_at is None else moment(known_at)))
    found = {
        row.id: (row.instance, row.host, second(row.start), row.end and second(row.end), row.state) for row in rows
    }
    wanted = {
        id_: (*stay.lane, stay.start, stay.end, _state(stay, as_of)) for id_, stay in state.items() if not stay.deleted
    }
    assert found == wanted, f"as of {as_of}, known at {known_at}"


def _state(stay: Stay, as_of: int) -> str:
    if not stay.is_live:
        return "deactivated"
    return "past" if stay.is_over(as_of) else "future" if stay.start > as_of else "current"


def _none(faults: Iterable[str]) -> None:
    found = list(faults)
    assert not found, found


def play(site: Site, steps: Sequence[Step]) -> Run:
    """All steps on the site as new, taken back afterwards. Raises what the first faulty one raises."""
    run = Run(site)
    with transaction.atomic():
        try:
            for step in steps:
                run.take(step)
            run.close()
        except Exception as fault:
            fault.add_note("\n".join(run.told))
            raise
        finally:
            transaction.set_rollback(True)
    return run


def fails(site: Site, steps: Sequence[Step]) -> BaseException | None:
    """What a sequence fails with, or None."""
    try:
        play(site, steps)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is looked for again in a shorter sequence
        return fault
    return None


def shrink(site: Site, steps: Sequence[Step], tries: int = 150) -> tuple[list[Step], BaseException]:
    """A shorter sequence that still fails: ever smaller pieces are left out while that is so."""
    kept, fault = list(steps), fails(site, steps)
    assert fault is not None
    size = len(kept) // 2
    while size and tries:
        for start in range(len(kept) - size, -1, -size):
            shorter = kept[:start] + kept[start + size :]
            tries -= 1
            if (found := fails(site, shorter)) is not None and type(found) is type(fault):
                kept, fault = shorter, found
            if not tries:
                break
        size //= 2
    return kept, fault
