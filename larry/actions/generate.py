"""Generate: fill an empty database with an estate that is made up, with its history and its future, all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from larry.actions.activity import activity_of
from larry.actions.apply import apply
from larry.actions.author import Author, Refused
from larry.actions.made_up_pool import Counted, lay_out_pool, write_pool
from larry.actions.transaction import transact
from larry.core.document import Json, digest_of
from larry.core.interval import iso
from larry.core.timeline import Kind
from larry.core.track import Track, untracked
from larry.nouns.recipe import MadeUpHost, Recipe, make_hosts, state_recipe
from larry.nouns.recipe_history import Era, make_history
from larry.queries.service import get_service_graph
from larry.records.activity import Activity
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.noun import NounRecord
from larry.records.rollout import Rollout
from larry.records.secret import prepare_seals
from larry.records.service import Service

_Pooled = TypeVar("_Pooled", Era, MadeUpHost)

_BATCH = 500
_MODELS: Sequence[type[NounRecord]] = (Host, Service, Instance)


@dataclass(frozen=True, slots=True)
class Generated:
    """How much was made up."""

    nouns: int
    rows: Counted


@dataclass(frozen=True, slots=True)
class _Line:
    """A deployment that begins or ends by a rollout."""

    moment: datetime
    kind: Kind
    deployment: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class _Event:
    """One act of the history: an era begins (and the one before it ends), or one ends and nothing follows at once."""

    moment: datetime
    verb: str
    era: Era

    @property
    def reason(self) -> str:
        return self.era.reason if self.verb == "deploy" else "goes out of use"


def generate(recipe: Recipe, author: Author, *, track: Track = untracked) -> Generated:
    """Make up an estate by a recipe: the nouns by `apply`, what is deployed in bulk, in one transaction.

    Each pool of hosts is laid out and compiled by the core, so that what is written is what deploying would have
    written. SQL: two applies, and for each pool about 13 statements and 1 for each 500 rows. Raises `Refused` where
    there is an estate.
    """
    items = state_recipe(recipe)
    history = make_history(recipe, items, author.now)
    beginning = replace(author, now=history.begin, reason="the estate as we found it")

    def work() -> Generated:
        if any(model._default_manager.exists() for model in _MODELS):
            raise Refused("there is an estate already: one is made up in an empty database only")
        apply(items, beginning)
        events = sorted(_list_events(history.eras, author.now), key=lambda e: (e.moment, e.era.path, e.verb))
        rollouts = _write_rollouts(events, author)
        services = get_service_graph(author.reader, beginning.moment)
        hosts, eras = _by_pool(make_hosts(recipe)), _by_pool(history.eras)
        rows, lines = Counted(0, 0, 0), dict[int, list[_Line]]()
        for number in track(sorted(eras), "deploying pool by pool"):
            pool = lay_out_pool(hosts[number], eras[number], services, beginning)
            rows += write_pool(pool, rollouts, beginning, author.now)
            for each in pool.deployments:
                for rollout, line in _tell(each.id, each.host, each.snapshot.digest, each.era, rollouts, author.now):
                    lines.setdefault(rollout, []).append(line)
        _write_activity(events, rollouts, lines, author)
        apply(history.edits, replace(author, now=author.now - timedelta(days=1), reason="more workers, next time"))
        return Generated(len(items), rows)

    prepare_seals()
    return transact(work)


def _by_pool(rows: Iterable[_Pooled]) -> Mapping[int, list[_Pooled]]:
    found: dict[int, list[_Pooled]] = {}
    for row in rows:
        found.setdefault(row.pool, []).append(row)
    return found


def _list_events(eras: Iterable[Era], now: datetime) -> Iterator[_Event]:
    """What was done; ``eras`` are in the order of recording, and those of one instance follow one another."""
    last: dict[str, Era] = {}
    for era in eras:
        before = last.get(era.path)
        if before is not None and before.interval.end != era.interval.start:
            yield from _end(before, now)
        yield _Event(era.recorded, "deploy", era)
        last[era.path] = era
    for era in last.values():
        yield from _end(era, now)


def _end(era: Era, now: datetime) -> Iterator[_Event]:
    end = era.interval.end
    if end is not None and end <= now:
        yield _Event(end, "undeploy", era)


def _write_rollouts(events: Sequence[_Event], author: Author) -> Mapping[tuple[str, datetime], int]:
    """A rollout for each event, in their order; the ids by instance and moment."""
    rows = Rollout.objects.bulk_create(
        [
            Rollout(
                reason=event.reason,
                actor=author.actor,
                recorded_at=event.moment,
                plan_digest=digest_of((event.era.path, iso(event.moment))),  # nobody was shown a Plan
            )
            for event in events
        ],
        batch_size=_BATCH,
    )
    return {(event.era.path, event.moment): row.pk for event, row in zip(events, rows, strict=True)}


def _tell(
    deployment: str, host: str, digest: str, era: Era, rollouts: Mapping[tuple[str, datetime], int], now: datetime
) -> Iterator[tuple[int, _Line]]:
    """The lines of activity of one deployment, by rollout."""
    start, end = era.interval.start, era.interval.end
    said: dict[str, Json] = {"instance": era.path, "host": host, "snapshot": digest, "start": iso(start), "end": None}
    if end is None or end > now:
        known = {**said, "end": iso(end) if end is not None else None}
        yield rollouts[era.path, era.recorded], _Line(era.recorded, Kind.ADD, deployment, None, known)
        return
    yield rollouts[era.path, era.recorded], _Line(era.recorded, Kind.ADD, deployment, None, said)
    yield rollouts[era.path, end], _Line(end, Kind.END, deployment, said, {**said, "end": iso(end)})


def _write_activity(
    events: Iterable[_Event],
    rollouts: Mapping[tuple[str, datetime], int],
    lines: Mapping[int, list[_Line]],
    author: Author,
) -> None:
    """The lines of each rollout, in the order of time."""
    rows: list[Activity] = []
    for event in events:
        rollout = rollouts[event.era.path, event.moment]
        acting = replace(author, now=event.moment, reason=event.reason)
        told = sorted(lines.get(rollout, ()), key=lambda line: (line.kind is Kind.ADD, line.deployment))
        counts: dict[str, Json] = dict(Counter(line.kind.value for line in told))
        rows.append(activity_of(acting, event.verb, "rollout", str(rollout), after=counts))
        rows += [
            activity_of(acting, each.kind.value, "deployment", each.deployment, before=each.before, after=each.after)
            for each in told
        ]
        for row in rows[-1 - len(told) :]:
            row.rollout_id = rollout
        if len(rows) > _BATCH:
            Activity.objects.bulk_create(rows)
            rows.clear()
    Activity.objects.bulk_create(rows)
