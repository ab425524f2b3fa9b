"""The history of an estate that is made up: which instance was, is and will be on which hosts, and as which release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import cast

from larry.core.document import Json
from larry.core.interval import Interval
from larry.nouns.item import Item
from larry.nouns.recipe import Recipe, make_hosts

_MEAN_DAYS = 300
_SHORTEST = 20
_NEVER, _ENDED, _ENDS, _FOLLOWED = 0.05, 0.08, 0.05, 0.04
"""Of all instances: never deployed, over, with an end to come, and with a successor to come."""
_MOVES = 0.15
_DIRTY = 0.03


@dataclass(frozen=True, slots=True)
class Era:
    """An instance on hosts during an interval, as one release; ``release`` None is the one that is described now.

    ``recorded`` is when it was deployed; an end that has passed was recorded when it came, others were known then.
    """

    path: str
    pool: int
    hosts: tuple[str, ...]
    interval: Interval
    recorded: datetime
    release: str | None

    @property
    def reason(self) -> str:
        """Why it was deployed."""
        return f"release {self.release}" if self.release is not None else "as described"


@dataclass(frozen=True, slots=True)
class MadeUpHistory:
    """``begin`` is before everything; ``eras`` are in the order of recording; ``edits`` make some instances dirty."""

    begin: datetime
    eras: tuple[Era, ...]
    edits: tuple[Item, ...]


def make_history(recipe: Recipe, items: Iterable[Item], now: datetime) -> MadeUpHistory:
    """What became of the instances until today, and what is planned; days count from today. Linear in the instances."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=max(30, round(recipe.years * 365)))
    stages: dict[int, list[str]] = {}
    for host in make_hosts(recipe):
        if host.role in {"web", "database"}:
            stages.setdefault(host.pool, []).append(host.name)
    instances = [item for item in items if item.noun == "instance"]
    eras: list[Era] = []
    for item in instances:
        dice = recipe.dice(item.address)
        pool = dice.choice(sorted(stages))
        eras.extend(_live(item, pool, stages[pool], _draw_dates(begin, today, dice), dice))
    edited = (item for item in instances if recipe.dice(f"edit {item.address}").random() < _DIRTY)
    edits = tuple(Item("instance", item.address, _edited(item), None) for item in edited)
    return MadeUpHistory(begin, tuple(sorted(eras, key=lambda era: (era.recorded, era.path))), edits)


def _edited(item: Item) -> Mapping[str, Json]:
    return MappingProxyType({"parameters": {**cast(Mapping[str, Json], item.values["parameters"]), "workers": 64}})


@dataclass(frozen=True, slots=True)
class _Dates:
    """The intervals of one instance in order, and the number of that which is or was the last to be live by now."""

    intervals: tuple[Interval, ...]
    latest: int


def _draw_dates(begin: datetime, today: datetime, dice: Random) -> _Dates:
    fate = dice.random()
    if fate < _NEVER:
        return _Dates((), 0)
    moment = begin + timedelta(days=1 + int(((today - begin).days - 10) * dice.random()), hours=dice.randrange(8, 18))
    past: list[Interval] = []
    while True:
        following = moment + timedelta(days=_SHORTEST + int(dice.expovariate(1 / _MEAN_DAYS)))
        if following >= today - timedelta(days=3):
            break
        past.append(Interval(moment, following))
        moment = following
    if fate < _NEVER + _ENDED and past:
        return _Dates(tuple(past), len(past) - 1)
    end = today + timedelta(days=dice.randrange(2, 60), hours=6)
    if fate > 1 - _FOLLOWED:
        return _Dates((*past, Interval(moment, end), Interval(end)), len(past))
    return _Dates((*past, Interval(moment, end if fate > 1 - _ENDS - _FOLLOWED else None)), len(past))


def _live(item: Item, pool: int, stage: Sequence[str], dates: _Dates, dice: Random) -> Iterator[Era]:
    """An era for each interval, mostly on the hosts of the one before; what is to come was planned an hour after what
    is live now."""
    copies = min(len(stage), cast(int, item.values["copies"]))
    hosts = tuple(sorted(dice.sample(stage, copies)))
    for number, during in enumerate(dates.intervals):
        if number and dice.random() < _MOVES:
            hosts = tuple(sorted(dice.sample(stage, copies)))
        is_to_come = number > dates.latest
        recorded = dates.intervals[dates.latest].start + timedelta(hours=1) if is_to_come else during.start
        release = None if number >= dates.latest else f"{number + 1}.0"
        yield Era(item.address, pool, hosts, during, recorded, release)
