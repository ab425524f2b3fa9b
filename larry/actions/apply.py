"""Apply: make the estate what is stated; the one way in which nouns are written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from django.db import connection, transaction

from larry.actions.activity import activity_of, record_all
from larry.actions.author import Author, GroundMoved
from larry.actions.consequence import NO_CONSEQUENCE, Consequence, find_concerned, weigh
from larry.actions.edge import write_edges
from larry.actions.noun import identity, retire_items, write_items
from larry.actions.permit import permit_changes
from larry.actions.redact import Redaction, redact
from larry.actions.sight import keep_known, show_plan
from larry.actions.timeline import recompile, write_timelines
from larry.actions.transaction import begin_recording, transact
from larry.core.deployable import LEVELS
from larry.core.document import Json, digest_of, is_sealed, read_marked
from larry.core.parameters import ParameterType, matches_type
from larry.core.plan import Plan
from larry.core.redaction import seal_defaults, seal_values
from larry.exports.plan import plan_document
from larry.nouns.check import check_items
from larry.nouns.completion import Completion, overlay
from larry.nouns.estate import EstateFaults
from larry.nouns.fault import Fault, FaultList
from larry.nouns.item import Item, find_parent_address, is_same
from larry.nouns.table import NOUNS
from larry.queries.noun import get_estate
from larry.queries.presence import list_hosts_beside
from larry.queries.survey import survey_instances
from larry.records.activity import Activity
from larry.records.gate import take_turn, wait_for_gate
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.remains import sweep_remains
from larry.records.secret import prepare_seals, seal

Existing: TypeAlias = Mapping[tuple[str, str], Item]
"""All nouns that are not retired, by (noun, address)."""

Check: TypeAlias = Callable[[Existing], None]
"""Raises what stands against an act, given all that exist; asked where nobody else writes."""

Leaving: TypeAlias = Callable[[Existing, Sequence[Item]], Collection[tuple[str, str]]]
"""Which of the existing nouns retire, given the stated ones completed."""

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
    SQL: about 60 statements and 1 for each 500 rows. Raises `EstateFaults` with every fault, `Refused` for what cannot
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
) -> EstateChange:
    """State some nouns and retire others, which ``leaving`` names given all that exist and what is stated."""

    def work() -> EstateChange:
        take_turn()
        existing = keep_known(get_estate(author.reader, author.moment), author)
        if check is not None:
            check(existing)
        decided = _decide(stated, existing, leaving)
        standing = {(item.noun, identity(item)): item for item in existing.values()}
        changes = (
            *(_change(item, standing.get((item.noun, identity(item))), decided.sensitive) for item in decided.changed),
            *(ItemChange(item.noun, item.address, "retire", MappingProxyType({})) for item in decided.gone),
        )
        permit_changes(((each.noun, each.address, each.verb, each.fields) for each in changes), author)
        if decided.newly:
            wait_for_gate()  # before any lock of those who keep it shut
        _lock(changes, author)
        concerned = find_concerned(existing, decided.changed, decided.gone, author)
        before = survey_instances(concerned, author.sees, author.moment)
        now = begin_recording(author)
        lines = _record(changes, now)
        _write(decided, lines, now)
        redacted = redact(decided.newly, _count_clear(existing, decided.newly), now) if decided.newly else None
        plan = _recompile(changes, redacted.hosts if redacted is not None else frozenset(), now)
        notes = tuple(_tell_unmarked(existing, decided))
        redaction = redacted.redaction if redacted is not None else None
        consequence = weigh(before, survey_instances(concerned, author.sees, author.moment))
        change = EstateChange(changes, show_plan(plan, author), redaction, notes, decided.changed, consequence)
        if expect is not None and expect != change.digest:
            raise GroundMoved("the ground has moved: this is no longer the change that was expected", change.plan)
        if dry_run:
            transaction.set_rollback(True)
        return change

    prepare_seals()
    change = transact(work)
    return change if dry_run else forget(change)


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


@dataclass(frozen=True, slots=True)
class _Decided:
    """The items that change, in the order of the table of nouns, secrets sealed, nothing at fault; those that retire,
    in the opposite order; which names of parameters are sensitive then, become so by this, and are no longer."""

    changed: tuple[Item, ...]
    gone: tuple[Item, ...]
    sensitive: frozenset[str]
    newly: frozenset[str]
    unmarked: frozenset[str]


def _decide(stated: Sequence[Item], existing: Existing, leaving: Leaving) -> _Decided:
    faults = FaultList()
    completed = Completion(stated, existing, faults).items
    gone = [existing[place] for place in leaving(existing, completed)] if not faults else []
    left = {(item.noun, item.address) for item in gone}
    after = [item for item in overlay(existing, completed) if (item.noun, item.address) not in left]
    for fault in (*_orphans(after, left), *check_items(after, left)):
        faults.add(fault)
    if faults:
        raise EstateFaults(faults.settle(item.position.file for item in stated if item.position is not None))
    sensitive, before = _sensitive_names(after), _sensitive_names(existing.values())
    wrong = tuple(_wrong_secrets(after, sensitive))
    if wrong:
        raise EstateFaults(wrong)
    changed = [item for item in (_seal(item, sensitive) for item in after) if _differs(item, existing)]
    order = tuple(NOUNS)
    return _Decided(
        tuple(sorted(changed, key=lambda item: (order.index(item.noun), item.address))),
        tuple(sorted(gone, key=lambda item: (-order.index(item.noun), item.address))),
        sensitive,
        sensitive - before,
        before - sensitive,
    )


def _orphans(after: Iterable[Item], left: Collection[tuple[str, str]]) -> Iterable[Fault]:
    """Children that would stay behind a parent that retires."""
    for item in after:
        parent = NOUNS[item.noun].parent
        if parent is not None and (parent, find_parent_address(item.address)) in left:
            address = find_parent_address(item.address)
            yield Fault(f"{parent} {address} cannot retire while it has the {item.noun} {item.address}")


def _differs(item: Item, existing: Existing) -> bool:
    return existing.get((item.noun, item.address)) != item


def _sensitive_names(items: Iterable[Item]) -> frozenset[str]:
    declared = (
        cast(Sequence[Mapping[str, Any]], item.values["parameters"]) for item in items if item.noun == "service"
    )
    return frozenset(stated["name"] for declarations in declared for stated in declarations if stated["sensitive"])


def _wrong_secrets(items: Collection[Item], sensitive: Collection[str]) -> Iterable[Fault]:
    """Secrets of another type than a service declares: told while they can still be read, and without the value."""
    types: dict[str, set[ParameterType]] = {}
    for item in items:
        for stated in cast(Sequence[Mapping[str, Any]], item.values["parameters"] if item.noun == "service" else ()):
            types.setdefault(stated["name"], set()).add(ParameterType(stated["type"]))
    for item in items:
        values = item.values.get("parameters") if item.noun != "service" else None
        for name, value in (values if isinstance(values, Mapping) else {}).items():
            clear = read_marked(value)
            wanted = [] if name not in sensitive else [t for t in types[name] if not matches_type(clear, t)]
            if wanted:
                at = item.position_of(("parameters", name))
                yield Fault(f"this is not of type {wanted[0]}", ("parameters", name), subject=item.label, position=at)


def _seal(item: Item, sensitive: Collection[str]) -> Item:
    """The item with every value of a sensitive name sealed, and every default that there still was."""
    parameters = item.values.get("parameters")
    sealed: Json = parameters
    if isinstance(parameters, Mapping):
        sealed = seal_values(parameters, sensitive, seal)
    elif isinstance(parameters, Sequence) and not isinstance(parameters, str):
        sealed = seal_defaults(parameters, sensitive, seal)
    if sealed is parameters:
        return item
    return replace(item, values=MappingProxyType({**item.values, "parameters": sealed}))


def _count_clear(existing: Existing, names: Collection[str]) -> int:
    """How many values of these names stand in clear."""
    layers = [item.values["parameters"] for item in existing.values() if item.noun in LEVELS]
    return sum(
        not is_sealed(values[name])
        for values in layers
        if isinstance(values, Mapping)
        for name in names & values.keys()
    )


def _tell_unmarked(existing: Existing, decided: _Decided) -> Iterable[str]:
    """A secret stays one when its name is sensitive no longer: nobody reveals it by an edit of a service."""
    layers = [item.values["parameters"] for item in existing.values() if item.noun in LEVELS]
    for name in sorted(decided.unmarked):
        if any(isinstance(values, Mapping) and is_sealed(values.get(name)) for values in layers):
            yield f"{name} is sensitive no longer: what is sealed stays sealed until it is written anew"


def _change(item: Item, standing: Item | None, sensitive: Collection[str]) -> ItemChange:
    """What changes, told without secrets: also what stands in clear until its name becomes sensitive by this."""
    before: Mapping[str, Json] = standing.values if standing is not None else {}
    told: Mapping[str, Json] = _seal(standing, sensitive).values if standing is not None else {}
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


def _write(decided: _Decided, lines: Mapping[tuple[str, str], Activity], author: Author) -> None:
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
