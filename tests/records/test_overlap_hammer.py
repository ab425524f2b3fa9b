"""Sixteen writers hammer at few lanes, without asking first; what is acknowledged stays, and no lane is taken twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from larry.records import guards
from larry.records.models import Deployable, Deployment, DeploymentVersion, Host, Instance, Rollout
from tests.records.rivalries import find_overlaps
from tests.records.rows import DAWN, add_deployable, add_host, add_instance, add_rollout, hour

WRITERS = 16
GUARD = "live_deployments_of_a_lane_do_not_overlap"
HOURS = 200
"""The moments of the hammer are whole hours, so that intervals often touch; few enough to collide, and to miss."""

State = tuple[int, int, datetime, datetime | None, bool]
"""Instance, host, start, end, whether deactivated."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where it happens: two instances on two hosts are four lanes."""

    instances: tuple[Instance, ...]
    hosts: tuple[Host, ...]
    deployables: tuple[Deployable, ...]
    rollout: Rollout


@dataclass(slots=True)
class Hammer:
    """One writer: a seed, and what the database acknowledged, by (deployment, version)."""

    number: int
    ground: Ground
    operations: int
    acknowledged: dict[tuple[str, int], State] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    again: int = 0
    chance: random.Random = field(init=False)
    _pending: dict[tuple[str, int], State] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)

    def run(self) -> None:
        """All operations of this writer; an operation that is told to try again is tried again."""
        verbs: tuple[Callable[[], object], ...] = (
            self._insert, self._insert, self._move, self._split, self._shorten, self._deactivate, self._reactivate,
        )  # fmt: skip
        try:
            left = self.operations
            while left:
                verb = self.chance.choice(verbs)
                left -= self._try(verb)
        finally:
            connection.close()

    def _try(self, verb: Callable[[], object]) -> int:
        self._pending.clear()
        try:
            with transaction.atomic():
                verb()
        except IntegrityError as error:
            if GUARD not in str(error):
                raise
            self.refused += 1
        except OperationalError:
            self.again += 1
            if self.again > 10 * self.operations:
                raise
            return 0
        else:
            self.acknowledged |= self._pending
            if self._pending:
                self.done[verb.__name__] += 1
        return 1

    def _span(self) -> tuple[datetime, datetime | None]:
        start = self.chance.randrange(HOURS)
        return hour(start), None if self.chance.random() < 0.05 else hour(start + self.chance.randint(1, 12))

    def _insert(self) -> None:
        which = self.chance.randrange(len(self.ground.instances))
        instance, host = self.ground.instances[which], self.chance.choice(self.ground.hosts)
        start, end = self._span()
        self._add(instance.pk, host.pk, start, end)

    def _add(self, instance: int, host: int, start: datetime, end: datetime | None) -> None:
        deployable = next(one for one in self.ground.deployables if one.instance_id == instance)
        row = Deployment.objects.create(
            id=f"{self.number}-{self.chance.getrandbits(40):010x}", instance_id=instance, host_id=host,
            deployable=deployable, rollout=self.ground.rollout, start=start, end=end, reason="hammered",
            ordinal=self.chance.getrandbits(31), recorded_at=DAWN,
        )  # fmt: skip
        self._record(row)

    def _pick(self, *, live: bool) -> Deployment | None:
        """Any row, locked: what a writer reads before it changes must not change under its hands."""
        some = f"{self.chance.randrange(WRITERS)}-{self.chance.getrandbits(40):010x}"
        rows = Deployment.objects.filter(pk__gte=some, deactivated_at__isnull=live).order_by("pk")
        return rows.select_for_update().first()

    def _move(self) -> None:
        if row := self._pick(live=True):
            row.start, row.end = self._span()
            row.host_id = self.chance.choice(self.ground.hosts).pk
            self._save(row)

    def _split(self) -> None:
        row = self._pick(live=True)
        if row and row.end and (row.end - row.start).total_seconds() >= 7200:
            end, row.end = row.end, row.start + (row.end - row.start) / 2
            self._save(row)
            self._add(row.instance_id, row.host_id, row.end, end)

    def _shorten(self) -> None:
        if row := self._pick(live=True):
            row.end = row.start + ((row.end or row.start + (hour(8) - hour(0))) - row.start) / 2
            self._save(row)

    def _deactivate(self) -> None:
        if row := self._pick(live=True):
            row.deactivated_at = DAWN
            self._save(row)

    def _reactivate(self) -> None:
        if row := self._pick(live=False):
            row.deactivated_at = None
            self._save(row)

    def _save(self, row: Deployment) -> None:
        row.version += 1
        row.save()
        self._record(row)

    def _record(self, row: Deployment) -> None:
        DeploymentVersion.objects.create(
            deployment=row, version=row.version, host_id=row.host_id, start=row.start, end=row.end,
            deactivated_at=row.deactivated_at, recorded_at=DAWN,
        )  # fmt: skip
        self._pending[row.pk, row.version] = _state(row)


def _state(row: Deployment) -> State:
    return row.instance_id, row.host_id, row.start, row.end, row.deactivated_at is not None


def _hammer(operations: int) -> list[Hammer]:
    instances, hosts = (add_instance(), add_instance()), (add_host(), add_host())
    deployables = tuple(add_deployable(instance=instance) for instance in instances)
    ground = Ground(instances, hosts, deployables, add_rollout())
    hammers = [Hammer(number, ground, operations) for number in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as threads:
        for done in [threads.submit(hammer.run) for hammer in hammers]:
            done.result()
    return hammers


def _check(hammers: list[Hammer], operations: int) -> None:
    """Against the rows alone, with no help of the database: lanes, acknowledged versions, and what stands last."""
    rows = {row.pk: row for row in Deployment.objects.all()}
    live = [row for row in rows.values() if row.deactivated_at is None]
    assert find_overlaps(((row.instance_id, row.host_id), row.start, row.end) for row in live) == []

    acknowledged = {key: state for hammer in hammers for key, state in hammer.acknowledged.items()}
    assert len(acknowledged) == sum(len(hammer.acknowledged) for hammer in hammers)  # no version was given out twice
    recorded = {
        (row.deployment_id, row.version): (
            rows[row.deployment_id].instance_id, row.host_id, row.start, row.end, row.deactivated_at is not None,
        )
        for row in DeploymentVersion.objects.all()
    }  # fmt: skip
    assert recorded == acknowledged
    for pk, row in rows.items():
        assert acknowledged[pk, row.version] == _state(row)
        assert (pk, row.version + 1) not in acknowledged

    tried = sum(hammer.done.total() + hammer.refused for hammer in hammers)
    assert tried >= WRITERS * operations * 0.5  # the rest found nothing to change
    verbs = {verb for hammer in hammers for verb in hammer.done}
    assert verbs == {"_insert", "_move", "_split", "_shorten", "_deactivate", "_reactivate"}
    assert sum(hammer.refused for hammer in hammers) >= WRITERS  # it was not idle


@pytest.mark.django_db(transaction=True)
def test_3200_operations_of_16_writers_leave_no_overlap_and_lose_nothing() -> None:
    _check(_hammer(200), 200)


@pytest.mark.django_db(transaction=True)
def test_without_the_guard_the_check_finds_overlaps() -> None:
    guards.remove(connection, GUARD)
    with pytest.raises(AssertionError):
        _check(_hammer(10), 10)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_100000_operations_of_16_writers_leave_no_overlap_and_lose_nothing() -> None:
    _check(_hammer(6250), 6250)
