"""Feeds: what was done, and what will happen by itself, as far as the reader may see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from larry.core.document import Json, canonical_text, freeze
from larry.core.feed import Feed, FeedEntry, FeedName
from larry.core.interval import iso
from larry.core.node_text import mask_sealed
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityFilter, ActivityRow, list_activity
from larry.queries.moment import Moment
from larry.queries.presence import list_standing
from larry.queries.reader import Reader, restrict
from larry.queries.tally import Boundary, list_boundaries
from larry.queries.view import read_view
from larry.records.node import NodeSegment

MOST_ENTRIES = 100
MOST_CHANGES, LONGEST_CHANGE = 60, 600

_PAGES = {"deployment": "deployments", "rollout": "rollouts", "user": "users", "group": "groups"}


def get_activity_feed(reader: Reader, at: Moment, *, before: int | None = None) -> Feed:
    """The latest hundred lines of activity, or those before the line of a number; 1 SQL statement.

    Who sees everything is told of a rollout once, others of those deployments of it that they may see.
    """
    which = ActivityFilter(before=before, whole=reader.sees_everything)
    rows = list_activity(reader, at, which, limit=MOST_ENTRIES + 1)
    shown = rows[:MOST_ENTRIES]
    older = f"before={shown[-1].id}" if len(rows) > len(shown) else ""
    return Feed(FeedName.ACTIVITY, "Larry: activity", tuple(map(_tell_activity, shown)), older)


def get_upcoming_feed(reader: Reader, at: Moment) -> Feed:
    """What happens next by itself, the soonest hundred: deployments that start or end, and nodes that change; 4 SQL
    statements."""
    with read_view():
        boundaries = list_boundaries(reader, at, MOST_ENTRIES)
        standing = list_standing({each.deployment for each in boundaries}, reader, at)
        segments = restrict(reader, NodeSegment.objects.filter(start__gt=at.as_of)).order_by("start", "host__name")
        columns = ("start", "host__name", "end", "recorded_at")
        nodes = list(segments.values_list(*columns)[:MOST_ENTRIES])
    told = [(each.moment, _tell_boundary(each, standing.get(each.deployment, frozenset()))) for each in boundaries]
    told += [(moment, _tell_node(moment, *rest)) for moment, *rest in nodes]
    told.sort(key=lambda pair: (pair[0], pair[1].key))
    return Feed(FeedName.UPCOMING, "Larry: upcoming", tuple(entry for _, entry in told[:MOST_ENTRIES]))


def _tell_activity(row: ActivityRow) -> FeedEntry:
    lines = [f"Who: {row.actor}", f"Why: {row.reason or '(no reason was given)'}"]
    if row.rollout is not None and row.noun != "rollout":
        lines.append(f"Rollout: {row.rollout}")
    changes = list(_list_changes(row.before, row.after))
    lines += changes[:MOST_CHANGES]
    if len(changes) > MOST_CHANGES:
        lines.append(f"and {len(changes) - MOST_CHANGES} more")
    plural = NOUNS[row.noun].plural if row.noun in NOUNS else _PAGES.get(row.noun, "")
    is_shown = plural and row.address and row.verb not in {"retire", "remove"}
    page = (plural, *row.address.split("/")) if is_shown else ()
    title = f"{row.verb} {row.noun} {row.address}"
    return FeedEntry(f"activity {row.id} {iso(row.at)}", title, row.actor, row.at, tuple(lines), page)


def _list_changes(before: Any, after: Any) -> Iterator[str]:
    """Each field that differs, of a map each member; secrets masked."""
    old = before if isinstance(before, Mapping) else {}
    new = after if isinstance(after, Mapping) else {}
    for name in dict.fromkeys((*old, *new)):
        was, becomes = freeze(old.get(name)), freeze(new.get(name))
        if isinstance(was, Mapping | None) and isinstance(becomes, Mapping | None) and (was or becomes):
            for member in dict.fromkeys((*(was or {}), *(becomes or {}))):
                yield from _tell_change(f"{name}.{member}", (was or {}).get(member), (becomes or {}).get(member))
        else:
            yield from _tell_change(name, was, becomes)


def _tell_change(path: str, was: Json, becomes: Json) -> Iterator[str]:
    is_same = canonical_text(was) == canonical_text(becomes)
    if not is_same and not (_is_nothing(was) and _is_nothing(becomes)):
        yield f"{path}: {_tell_value(was)} -> {_tell_value(becomes)}"


def _is_nothing(value: Json) -> bool:
    return value is None or (isinstance(value, Mapping | Sequence) and not value)


def _tell_value(value: Json) -> str:
    text = "nothing" if value is None else canonical_text(mask_sealed(value))
    return text if len(text) <= LONGEST_CHANGE else f"{text[:LONGEST_CHANGE]}…"


def _tell_boundary(boundary: Boundary, hosts: frozenset[str]) -> FeedEntry:
    verb = "starts" if boundary.starts else "ends"
    customer, app, *_ = boundary.instance.split("/")
    lines = [f"{verb.capitalize()}: {iso(boundary.moment)}"]
    if boundary.follows:
        lines.append("Another deployment takes over just then.")
    beside = sorted(hosts - {boundary.host})
    lines += [
        f"Host: {boundary.host}",
        *([f"Services on: {', '.join(beside)}"] if beside else []),
        f"Customer: {customer}",
        f"App: {customer}/{app}",
        f"Planned by: {boundary.actor}",
        f"Why: {boundary.reason}",
    ]
    return FeedEntry(
        f"deployment {boundary.deployment} {verb}",
        f"{boundary.instance} {verb} on {boundary.host} at {iso(boundary.moment)}",
        boundary.actor,
        boundary.recorded_at,
        tuple(lines),
        ("deployments", boundary.deployment),
    )


def _tell_node(moment: datetime, host: str, end: datetime | None, recorded_at: datetime) -> FeedEntry:
    lines = (
        f"Changes: {iso(moment)}",
        f"Host: {host}",
        f"Next change: {iso(end) if end is not None else 'none is known'}",
    )
    title = f"{host} changes at {iso(moment)}"
    return FeedEntry(f"node {host} {iso(moment)}", title, "", recorded_at, lines, ("hosts", host))
