"""Apply: make the estate what is stated; the one way in which nouns are written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TypeAlias, cast

from django.db import connection, transaction

from larry.actions.activity import activity_of, record_all
from larry.actions.author import Author, GroundMoved
from larry.actions.consequence import NO_CONSEQUENCE, Consequence, foresee
from larry.actions.decision import (
    Decided,
    Existing,
    Leaving,
    NeedsWhole,
    count_clear,
    decide,
    seal_item,
    tell_unmarked,
)
from larry.actions.edge import write_edges
from larry.actions.noun import identity, retire_items, write_items
from larry.actions.permit import permit_changes
from larry.actions.redact import Redaction, redact
from larry.actions.sight import keep_known, show_plan
from larry.actions.timeline import recompile, write_timelines
from larry.actions.transaction import BrokenPromise, Busy, begin_recording, transact
from larry.core.document import Json, digest_of
from larry.core.plan import Plan
from larry.exports.plan import plan_document
from larry.nouns.directory import Entry, nobody
from larry.nouns.item import Item, is_same
from larry.nouns.table import NOUNS
from larry.queries.excerpt import find_excerpt, list_entries
from larry.queries.kept_survey import freshen
from larry.queries.noun import get_estate
from larry.queries.presence import list_hosts_beside
from larry.records.activity import Activity
from larry.records.gate import take_turn, wait_for_gate
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.remains import sweep_remains
from larry.records.secret import prepare_seals

Check: TypeAlias = Callable[[Existing], None]
"""Raises what stands against an act, given all that exist; asked where nobody else writes."""

Excerpt: TypeAlias = Callable[[Author], Existing | None]
"""Of all that exist what an act concerns, or stands against it; None where that does not tell the same."""

MOST_IN_EXCERPT = 300
"""As many stated items are completed in an excerpt; of more the whole estate is read at once."""

_FACTS = ("name", "addresses", "labels", "data")
"""Fields of a host that its node shows: an edit is effective at once."""


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What becomes of one noun: by field, the value before (None for a new noun) and after."""

    noun: str
    address: str
    verb: str
    fields: Mapping[str, tuple[Json, Json]]

    @property
    def document(self) -> dict[str, Json]:
        """The change for programs."""
        fields: dict[str, Json] = {name: {"before": old, "after": new} for name, (old, new) in self.fields.items()}
        return {"noun": self.noun, "address": self.address, "verb": self.verb, "fields": fields}


@dataclass(frozen=True, slots=True)
class EstateChange:
    """What an edit of the estate changes: nouns, and by the Plan which nodes, because a host's own facts did, or what
    has become a secret is told to fewer services."""

    changes: tuple[ItemChange, ...]
    plan: Plan
    redaction: Redaction | None = None
    """What was recorded of names that become sensitive by this, and is sealed with it; no part of the digest."""
    notes: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    """What was created or changed, as it is then."""
    consequence: Consequence = NO_CONSEQUENCE
    """What it does to instances; no part of the digest, because what is live changes by other acts too."""

    @property
    def changes_nothing(self) -> bool:
        return not self.changes

    @property
    def digest(self) -> str:
        """Known by its content, so that an act can say what it expects."""
        content = [(c.noun, c.address, c.verb, {n: list(pair) for n, pair in c.fields.items()}) for c in self.changes]
        return digest_of([cast(Json, content), self.plan.digest])

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        redaction = self.redaction
        return {
            "changes": [each.document for each in self.changes],
            "digest": self.digest,
            "plan": plan_document(self.plan),
            "redaction": None if redaction is None else {**redaction.document, "remains": redaction.remains or None},
            "notes": self.notes,
            "consequence": self.consequence.document,
        }


def apply(
    items: Iterable[Item],
    author: Author,
    *,
    prune: bool = False,
    dry_run: bool = False,
    expect: str | None = None,
    check: Check | None = None,
) -> EstateChange:
    """Make the estate what the stated items say, in one transaction; what is not stated stays, or retires (``prune``).

    A dry run is the same act, undone. Values of sensitive names are sealed on the way in, those that stand already too.
    SQL: about 70 statements and 1 for each 500 rows. Raises `EstateFaults` with every fault, `Refused` for what cannot
    retire, `GroundMoved`.
    """
    leaving = _unstated if prune else _nobody
    return change_estate(tuple(items), author, leaving, dry_run=dry_run, expect=expect, check=check)


def change_estate(
    stated: Sequence[Item],
    author: Author,
    leaving: Leaving,
    *,
    dry_run: bool = False,
    expect: str | None = None,
    check: Check | None = None,
    excerpt: Excerpt | None = None,
) -> EstateChange:
    """State some nouns and retire others, which ``leaving`` names given all that exist and what is stated.

    A few are completed and checked in an excerpt of the estate (what is to retire in the one that is given), so that
    time is proportional to what they touch. Where the excerpt might tell another refusal than the whole estate, that is
    asked: so refusals are the same.
    """
    if leaving is _nobody and 0 < len(stated) <= MOST_IN_EXCERPT:
        excerpt = partial(_find_stated, stated)

    def work(read: Excerpt | None) -> EstateChange:
        take_turn()
        is_excerpt = read is not None
        existing = _read_known(author) if read is None else _read_excerpt(read, author)
        others = partial(_list_others, existing, author) if is_excerpt else nobody
        if check is not None:
            check(existing)
        decided = decide(stated, existing, leaving, is_excerpt=is_excerpt, others=others)
        standing = {(item.noun, identity(item)): item for item in existing.values()}
        changes = (
            *(_change(item, standing.get((item.noun, identity(item))), decided.sensitive) for item in decided.changed),
            *(ItemChange(item.noun, item.address, "retire", MappingProxyType({})) for item in decided.gone),
        )
        permit_changes(((each.noun, each.address, each.verb, each.fields) for each in changes), author)
        if decided.newly:
            wait_for_gate()  # before any lock of those who keep it shut
        _lock(changes, author)
        tell = foresee(
            existing, decided.changed, decided.gone, author, is_redacting=bool(decided.newly), is_excerpt=is_excerpt
        )
        now = begin_recording(author)
        lines = _record(changes, now)
        _write(decided, lines, now)
        redacted = redact(decided.newly, count_clear(existing, decided.newly), now) if decided.newly else None
        plan = _recompile(changes, redacted.hosts if redacted is not None else frozenset(), now)
        redaction = redacted.redaction if redacted is not None else None
        told = redaction, tuple(tell_unmarked(existing, decided)), decided.changed, tell()
        change = EstateChange(changes, show_plan(plan, author), *told)
        if expect is not None and expect != change.digest:
            raise GroundMoved("the ground has moved: this is no longer the change that was expected", change.plan)
        if dry_run:
            transaction.set_rollback(True)
        return change

    prepare_seals()
    freshen(author.reader, author.moment)
    change = _do_in(excerpt if MOST_IN_EXCERPT else None, work)
    return change if dry_run else forget(change)


def _do_in(excerpt: Excerpt | None, work: Callable[[Excerpt | None], EstateChange]) -> EstateChange:
    """Do it in the excerpt, if there is one; in the whole estate where that does not tell all."""
    if excerpt is not None:
        with suppress(NeedsWhole, BrokenPromise, Busy):
            return transact(partial(work, excerpt))
    return transact(partial(work, None))


def _read_known(author: Author) -> Existing:
    return keep_known(get_estate(author.reader, author.moment), author)


def _find_stated(stated: Sequence[Item], author: Author) -> Existing | None:
    return find_excerpt(stated, author.sees, author.moment)


def _read_excerpt(read: Excerpt, author: Author) -> Existing:
    excerpt = read(author)
    if excerpt is None:
        raise NeedsWhole("a word names what is not for the author to see")
    return excerpt


def _list_others(excerpt: Existing, author: Author, noun: str, parent: str) -> Iterable[Entry]:
    """The names that could have been meant and are not in the excerpt."""
    if not author.sees.sees_everything:
        raise NeedsWhole("of what others have, the whole estate tells what its author can speak of")
    entries = list_entries(noun, parent, author.reader, author.moment)
    return (entry for entry in entries if (noun, entry.address) not in excerpt)


def forget(change: EstateChange) -> EstateChange:
    """Once an act has redacted, and its transaction is over: make the database forget what was overwritten, and tell
    what is left of it. Inside another transaction nothing is done; whoever began that does this."""
    redaction = change.redaction
    if redaction is None or redaction.is_empty or connection.in_atomic_block:
        return change
    return replace(change, redaction=replace(redaction, remains=sweep_remains()))


def _nobody(existing: Existing, completed: Sequence[Item]) -> Collection[tuple[str, str]]:
    del existing, completed
    return ()


def _unstated(existing: Existing, completed: Sequence[Item]) -> Collection[tuple[str, str]]:
    stated = {(item.noun, identity(item)) for item in completed}
    return [place for place, item in existing.items() if (item.noun, identity(item)) not in stated]


def _change(item: Item, standing: Item | None, sensitive: Collection[str]) -> ItemChange:
    """What changes, told without secrets: also what stands in clear until its name becomes sensitive by this."""
    before: Mapping[str, Json] = standing.values if standing is not None else {}
    told: Mapping[str, Json] = seal_item(standing, sensitive).values if standing is not None else {}
    fields = {
        name: (told.get(name), value)
        for name, value in item.values.items()
        if name not in before or not is_same(before[name], value)
    }
    verb = "update" if standing is not None else "create"
    return ItemChange(item.noun, item.address, verb, MappingProxyType(fields))


def _lock(changes: Sequence[ItemChange], author: Author) -> None:
    """Lock what deployments lock too, in their order: instances, then hosts, with all that mention one that changes.

    Once such a host is locked nobody new comes to mention it; whoever came while this waited is locked then.
    """
    paths = [change.address for change in changes if change.noun == "instance"]
    list(Instance.objects.select_for_update(no_key=True).filter(path__in=paths).order_by("id").values_list("id"))
    standing = [change for change in changes if change.noun == "host" and change.verb != "create"]
    edited = {_address_before(change) for change in standing if _shows(change)}
    wanted, locked = frozenset(map(_address_before, standing)), frozenset[str]()
    while not wanted <= locked:
        locked = wanted | list_hosts_beside(edited, author.reader, author.moment)
        list(Host.objects.select_for_update(no_key=True).filter(name__in=locked).order_by("id").values_list("id"))
        wanted = locked | list_hosts_beside(edited, author.reader, author.moment)


def _address_before(change: ItemChange) -> str:
    before = change.fields["name"][0] if "name" in change.fields else None
    return str(before).lower() if before is not None else change.address


def _shows(change: ItemChange) -> bool:
    """Whether a host's node shows what changes of it."""
    return not change.fields.keys().isdisjoint(_FACTS)


def _record(changes: Iterable[ItemChange], author: Author) -> Mapping[tuple[str, str], Activity]:
    """A line of activity for each noun that changes, with the fields that do."""
    lines = [
        activity_of(
            author, change.verb, change.noun, change.address,
            before={name: pair[0] for name, pair in change.fields.items()} if change.verb == "update" else None,
            after={name: pair[1] for name, pair in change.fields.items()},
        )
        for change in changes
    ]  # fmt: skip
    record_all(lines)
    return {(line.noun, line.address): line for line in lines}


def _write(decided: Decided, lines: Mapping[tuple[str, str], Activity], author: Author) -> None:
    for noun in NOUNS:
        write_items([item for item in decided.changed if item.noun == noun], author)
    services = [_without_edges(item) for item in decided.gone if item.noun == "service"]
    services += [item for item in decided.changed if item.noun == "service"]
    if services:
        write_edges(services, lines)
    retire_items(decided.gone, author)


def _without_edges(item: Item) -> Item:
    return replace(item, values=MappingProxyType({**item.values, "needs": (), "audits": ()}))


def _recompile(changes: Iterable[ItemChange], redacted: frozenset[str], author: Author) -> Plan:
    """A host's facts are no part of any snapshot: what its node and those that mention it become is written at once.
    So is what a host is told of what has become a secret: only services that declare the name are."""
    edited = {change.address for change in changes if change.noun == "host" and _shows(change)}
    if not edited and not redacted:
        return Plan(author.now)
    beside = list_hosts_beside(edited, author.reader, author.moment) if edited else frozenset()
    plan, writes, ids = recompile(beside | redacted, author)
    write_timelines(writes.timelines, ids, author, author.now)
    return plan
