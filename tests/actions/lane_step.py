"""Steps on lanes: drawn as plain numbers, so that a sequence can be shrunk; read against what is there when taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias, TypeVar

from larry.actions.author import Author
from larry.actions.deploy import DeployItem, DeployRequest
from larry.actions.deploy import deploy as act_deploy
from larry.actions.edit_deployment import DeploymentEdit, delete_deployments, edit_deployment
from larry.actions.undeploy import undeploy as act_undeploy
from tests.actions import lane_oracle as oracle
from tests.actions.lane_oracle import State, Stay
from tests.actions.lane_site import HOSTS, LOUD, PATHS, Site, moment

HOUR = 3600
Step: TypeAlias = tuple[str, tuple[int, ...]]
"""What to do, and numbers that say to what, when and where, whatever is there."""

_T = TypeVar("_T")

BUSY_PATHS = (*PATHS, PATHS[1], PATHS[1], PATHS[1], PATHS[2])
BUSY_HOSTS = (*HOSTS, HOSTS[0], HOSTS[0], HOSTS[0], HOSTS[1])
"""Some lanes are busier than others, so that much meets in them."""

KINDS = {
    "deploy": 26, "deploy many": 5, "deploy in the past": 8, "undeploy": 12, "extend or shorten": 14, "move": 10,
    "re-host": 8, "place": 8, "delete": 6, "undo": 12,
}  # fmt: skip
"""How often each kind of step is drawn."""


def draw_steps(seed: int, count: int) -> list[Step]:
    """A sequence of steps; the same for the same seed."""
    random = Random(seed)
    kinds = random.choices(list(KINDS), weights=list(KINDS.values()), k=count)
    return [(kind, tuple(random.randrange(10_000) for _ in range(28))) for kind in kinds]


@dataclass(frozen=True, slots=True)
class Act:
    """One step made definite: what the oracle makes of it, and Larry's own action."""

    title: str
    predict: Callable[[State, int], dict[str, Stay]]
    do: Callable[[Author], object]


class Choice:
    """The numbers of one step, taken one by one."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = list(numbers)

    def among(self, *choices: _T) -> _T:
        return choices[self.numbers.pop() % len(choices)]

    def hours(self, most: int) -> int:
        return self.numbers.pop() % most * HOUR


def make_act(step: Step, state: State, now: int, site: Site) -> Act:
    """What a step means here and now. All but deploying take a state in which something was deployed."""
    kind, numbers = step
    choice = Choice(numbers)
    if kind.startswith("deploy"):
        return _deploy(choice, state, now, site, kind)
    shown = [id_ for id_, _ in sorted(state.items(), key=_age)]
    usual = [id_ for id_ in shown if state[id_].is_live and not state[id_].is_over(now)] or shown
    crowded = [id_ for id_ in usual if len(oracle.in_lane(state, state[id_].lane, now)) > 1]
    usual = crowded or usual
    if kind in {"move", "re-host", "delete"}:
        usual = [id_ for id_ in usual if state[id_].start > now] or usual
    id_ = choice.among(*(shown if choice.among(*range(12)) == 0 else usual))
    makers = {
        "undeploy": _undeploy,
        "extend or shorten": _change_end,
        "move": _move,
        "re-host": _change_host,
        "place": _place,
        "delete": _delete,
    }
    return makers[kind](choice, state, now, id_)


def _age(item: tuple[str, Stay]) -> tuple[object, ...]:
    """An order that does not hang on ids."""
    _, stay = item
    return (stay.lane, stay.start, stay.end is None, stay.end or 0, stay.content)


def _when(choice: Choice, state: State, now: int) -> int | None:
    """Mostly now or soon; where others begin or end; hardly past, or past."""
    edges = [edge for edge in oracle.moments(state) if now - HOUR // 2 < edge < now + 60 * HOUR]
    ways = (
        None,
        now,
        now + choice.hours(12),
        now + choice.hours(48),
        choice.among(now, *edges),
        choice.among(*edges, 0),
    )
    rare = (now - 60, now - 30, now - 61, now - 2 * HOUR)
    return choice.among(*rare) if choice.among(*range(10)) == 0 else choice.among(*ways)


def _places(choice: Choice) -> dict[str, str]:
    return {"store": choice.among(*HOSTS)}


def _deploy(choice: Choice, state: State, now: int, site: Site, kind: str) -> Act:
    path, backdate = choice.among(*BUSY_PATHS), kind == "deploy in the past"
    hosts = [choice.among(*BUSY_HOSTS)]
    place = _places(choice) if choice.among(*range(7)) == 0 else {}
    digests = site.contents[path]
    contents = {path: choice.among(*digests[:2])}
    if path == LOUD and choice.among(*range(6)) == 0:
        contents = {path: digests[-1]}
    if kind == "deploy many":
        other = PATHS[(PATHS.index(path) + 1) % len(PATHS)]
        contents[other] = site.contents[other][0]
        hosts.append(HOSTS[(HOSTS.index(hosts[0]) + 1) % len(HOSTS)])
    start = now - choice.hours(40) if backdate else _when(choice, state, now)
    length = choice.among(None, None, None, HOUR, 3 * HOUR, 3 * HOUR, 8 * HOUR, 8 * HOUR, 20 * HOUR, 0)
    end = None if length is None else (now if start is None else start) + length
    resume = choice.among(True, True, False)
    wishes = [((each, host), content, place) for each, content in contents.items() for host in hosts]
    request = DeployRequest(
        tuple(DeployItem(each, tuple(hosts), content, place) for each, content in contents.items()),
        None if start is None else moment(start), None if end is None else moment(end), resume, backdate=backdate,
    )  # fmt: skip
    return Act(
        f"deploy {wishes} [{start}, {end}) resume={resume} backdate={backdate}",
        lambda state, now: oracle.deploy(state, wishes, (start, end), now, resume=resume, backdate=backdate),
        lambda author: act_deploy(request, author),
    )


def _undeploy(choice: Choice, state: State, now: int, id_: str) -> Act:
    others = [other for other, stay in sorted(state.items(), key=_age) if stay.holds(now)]
    ids = (id_, choice.among(*others)) if others and choice.among(*range(5)) == 0 else (id_,)
    at = _when(choice, state, now)
    return Act(
        f"undeploy {ids} at {at}",
        lambda state, now: oracle.undeploy(state, ids, at, now),
        lambda author: act_undeploy(ids, author, at=None if at is None else moment(at)),
    )


def _delete(choice: Choice, state: State, now: int, id_: str) -> Act:
    return Act(
        f"delete {id_}",
        lambda state, now: oracle.delete(state, [id_], now),
        lambda author: delete_deployments((id_,), author),
    )


def _change_end(choice: Choice, state: State, now: int, id_: str) -> Act:
    is_open = choice.among(*range(4)) == 0
    return _edit(choice, id_, oracle.Edit(end=None if is_open else _when(choice, state, now), is_open=is_open))


def _move(choice: Choice, state: State, now: int, id_: str) -> Act:
    start = _when(choice, state, now)
    length = choice.among(None, None, 2 * HOUR, 9 * HOUR)
    return _edit(choice, id_, oracle.Edit(start=start, end=None if start is None or length is None else start + length))


def _change_host(choice: Choice, state: State, now: int, id_: str) -> Act:
    return _edit(choice, id_, oracle.Edit(host=choice.among(*HOSTS), start=choice.among(None, now + choice.hours(9))))


def _place(choice: Choice, state: State, now: int, id_: str) -> Act:
    end = choice.among(None, None, None, now + choice.hours(20))
    return _edit(choice, id_, oracle.Edit(place=_places(choice), end=end))


def _edit(choice: Choice, id_: str, asked: oracle.Edit) -> Act:
    resume = choice.among(True, True, False)
    change = DeploymentEdit(
        id_,
        None if asked.start is None else moment(asked.start),
        None if asked.end is None else moment(asked.end),
        asked.is_open,
        asked.host,
        asked.place,
    )
    return Act(
        f"edit {id_}: {asked} resume={resume}",
        lambda state, now: oracle.edit(state, id_, asked, now, resume=resume),
        lambda author: edit_deployment(change, author, resume=resume),
    )
