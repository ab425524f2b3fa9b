"""Adopt: make the estate what files state together with what they say is deployed, its past included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from larry.actions.apply import EstateChange, apply, forget
from larry.actions.author import Author
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.transaction import transact
from larry.core.plan import Plan
from larry.core.track import Track, untracked
from larry.nouns.item import Item
from larry.queries.deployment import DeploymentFilter, list_deployments
from larry.records.gate import wait_for_gate
from larry.records.secret import prepare_seals


@dataclass(frozen=True, slots=True)
class Stated:
    """A deployment that is stated: an instance's path, a host's name, from when, until when (None: open), and why."""

    instance: str
    host: str
    start: datetime
    end: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """What adopting changed: nouns, and a Plan for each group of deployments of one start, end and reason."""

    estate: EstateChange
    plans: tuple[Plan, ...]

    @property
    def changes_nothing(self) -> bool:
        return self.estate.changes_nothing and not self.plans


def adopt(
    items: Iterable[Item],
    stated: Sequence[Stated],
    author: Author,
    *,
    prune: bool = False,
    dry_run: bool = False,
    track: Track = untracked,
) -> Adopted:
    """Apply the items, then put in place each stated deployment that is not there already, earliest first; one
    transaction, all or nothing. Snapshots are of the estate as it is described by then. Raises as `apply` and `deploy`.
    """
    described = tuple(items)

    def work() -> Adopted:
        wait_for_gate()  # alone: what each step locks it would else lock after others wait for what the one before did
        change = apply(described, author, prune=prune)
        groups = track(_groups(stated, author), "putting deployments in place")
        plans = tuple(_deploy(group, author) for group in groups)
        if dry_run:
            transaction.set_rollback(True)
        return Adopted(change, plans)

    prepare_seals()
    adopted = transact(work)
    return adopted if dry_run else replace(adopted, estate=forget(adopted.estate))


def _groups(stated: Iterable[Stated], author: Author) -> list[list[Stated]]:
    """Those that are not there yet, together where they begin, end and are explained alike, earliest first."""
    rows = list_deployments(DeploymentFilter(), author.reader, author.moment)
    there = {(row.instance, row.host, row.start) for row in rows}  # its end may have made room for the next since
    groups: dict[tuple[datetime, datetime, str], list[Stated]] = {}
    for each in stated:
        if (each.instance, each.host, each.start) not in there:
            key = (each.start, each.end or datetime.max.replace(tzinfo=each.start.tzinfo), each.reason)
            groups.setdefault(key, []).append(each)
    return [groups[key] for key in sorted(groups)]


def _deploy(group: Sequence[Stated], author: Author) -> Plan:
    first = group[0]
    hosts: dict[str, list[str]] = {}
    for each in group:
        hosts.setdefault(each.instance, []).append(each.host)
    request = DeployRequest(
        tuple(DeployItem(path, tuple(on)) for path, on in sorted(hosts.items())),
        start=first.start,
        end=first.end,
        backdate=True,
    )
    return deploy(request, replace(author, reason=first.reason))
