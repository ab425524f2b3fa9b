"""Say it where it happens: the last line of every action."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from larry.actions.announce import announce_lines
from larry.actions.author import Author
from larry.core.document import Json, thaw
from larry.records.activity import Activity
from larry.records.rollout import Rollout


def activity_of(
    author: Author,
    verb: str,
    noun: str,
    address: str,
    *,
    before: Json = None,
    after: Json = None,
    rollout: Rollout | None = None,
) -> Activity:
    """A line of activity, not yet written."""
    return Activity(
        at=author.now,
        actor=author.actor,
        verb=verb,
        noun=noun,
        address=address,
        reason=author.reason,
        before=thaw(before),
        after=thaw(after),
        rollout=rollout,
    )


def record(
    author: Author,
    verb: str,
    noun: str,
    address: str,
    *,
    before: Json = None,
    after: Json = None,
    rollout: Rollout | None = None,
) -> Activity:
    """Write one line of activity; 1 SQL statement."""
    line = activity_of(author, verb, noun, address, before=before, after=after, rollout=rollout)
    line.save(force_insert=True)
    return line


def record_all(lines: Sequence[Activity], wanted: Collection[str] | None = None) -> None:
    """Write many lines of activity, and put into the outbox what they tell of; 1 SQL statement for each 500, and 1 or 2
    where there are lines about deployments, 1 less where the kinds of event that are ``wanted`` are given."""
    Activity.objects.bulk_create(lines, batch_size=500)
    announce_lines(lines, wanted)
