"""The demonstration played into the test database, and what the journeys ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import transaction
from pytest_django import DjangoDbBlocker

from larry.cli.demo import DOMAIN, play
from larry.core.interval import iso
from larry.core.node_text import DatedNode
from larry.queries.deployment import DeploymentFilter, DeploymentRow, State, list_deployments
from larry.queries.host import list_hosts
from larry.queries.moment import Moment
from larry.queries.node import get_node, list_timeline
from larry.queries.reader import LOCAL

NOW = datetime(2026, 11, 22, 11, 20, 30, 123456, tzinfo=UTC)
FIRST = datetime(2025, 10, 18, tzinfo=UTC)
"""400 days before, at midnight: the first act."""


@contextmanager
def playing(blocker: DjangoDbBlocker, now: datetime = NOW) -> Iterator[None]:
    """The demonstration for all tests of a module: played once, in a transaction that is undone in the end."""
    with blocker.unblock(), transaction.atomic():
        play(now, "the tests")
        yield
        transaction.set_rollback(True)


def host(name: str) -> str:
    return f"{name}.{DOMAIN}"


def all_hosts() -> tuple[str, ...]:
    return tuple(row.name for row in list_hosts(LOCAL, Moment(NOW)))


def deployments(instance: str | None = None, on: str | None = None) -> tuple[DeploymentRow, ...]:
    """Every deployment that ever was planned, called-off ones too."""
    return list_deployments(DeploymentFilter(instance=instance, host=on, states=frozenset(State)), LOCAL, Moment(NOW))


def node(name: str, as_of: datetime) -> DatedNode:
    return get_node(name, LOCAL, Moment(as_of))


def boundaries(name: str, since: datetime, until: datetime) -> tuple[datetime, ...]:
    """The moments after ``since`` and up to ``until`` at which a host's node changes, each told by the node before."""
    found: list[datetime] = []
    moment = node(name, since).next_change
    while moment is not None and moment <= until:
        assert not found or moment > found[-1], f"{name}: after {iso(found[-1])} comes {iso(moment)}"
        found.append(moment)
        moment = node(name, moment).next_change
    return tuple(found)


def timeline(name: str, since: datetime, until: datetime) -> tuple[DatedNode, ...]:
    return list_timeline(name, LOCAL, Moment(since), until)
