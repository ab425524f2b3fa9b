"""Rename a key: what tools know a noun by becomes another, as an act of its own; the old key stays its own for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr

from larry.actions.activity import activity_of, record, record_all
from larry.actions.author import Author, GroundMoved, Refused
from larry.actions.describe import refuse_changed
from larry.actions.noun import find_row, refuse_former_keys
from larry.actions.permit import permit_everything
from larry.actions.transaction import begin_recording, transact
from larry.core.document import Json, digest_of
from larry.core.interval import iso
from larry.core.plan import Plan
from larry.core.rights import Permission
from larry.nouns.check import list_referring
from larry.nouns.item import Item, find_parent_address, join_address
from larry.nouns.parser import parse_field
from larry.nouns.table import NOUNS
from larry.queries.activity import RENAME_KEY
from larry.queries.concern import list_concerned
from larry.queries.dirty import list_dirty_among
from larry.queries.excerpt import find_surroundings
from larry.queries.noun import get_item, load_items
from larry.queries.service import list_bringing
from larry.records.app import App
from larry.records.former_key import FormerKey
from larry.records.gate import take_turn
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.noun import NounRecord


@dataclass(frozen=True, slots=True)
class Soiled:
    """An instance that a change of a key makes dirty: its path after it, where it is live, whether it was dirty."""

    path: str
    hosts: tuple[str, ...]
    was_dirty: bool


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What a change of a key changes: the noun's own key and address, the addresses below it, which nouns refer to it
    (noun, address, field), which instances become dirty until they are deployed again, and which are no longer dirty.
    """

    noun: str
    key: tuple[str, str]
    address: tuple[str, str]
    moved: tuple[tuple[str, str, str], ...]
    references: tuple[tuple[str, str, str], ...]
    dirty: tuple[Soiled, ...]
    clean: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Known by its content, so that an act can say what it expects."""
        dirty: list[Json] = [[each.path, each.hosts, each.was_dirty] for each in self.dirty]
        return digest_of([self.noun, self.key, self.address, self.moved, self.references, dirty, self.clean])

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {
            "noun": self.noun,
            "before": {"key": self.key[0], "address": self.address[0]},
            "after": {"key": self.key[1], "address": self.address[1]},
            "moved": [{"noun": noun, "before": before, "after": after} for noun, before, after in self.moved],
            "references": [{"noun": noun, "address": at, "field": field} for noun, at, field in self.references],
            "dirty": [{"instance": each.path, "hosts": each.hosts, "was_dirty": each.was_dirty} for each in self.dirty],
            "clean": self.clean,
            "digest": self.digest,
        }


def rename_key(
    noun: str,
    address: str,
    key: str,
    author: Author,
    *,
    dry_run: bool = False,
    expect: str | None = None,
    seen: str | None = None,
) -> KeyChange:
    """Give one noun another key, as it was ``seen`` (the digest of its item). A dry run is the same act, undone.

    What is live keeps the keys that it was frozen with until it is deployed again. SQL: about 70 statements and 1 for
    each 500 instances. Time is proportional to what the noun concerns.

    Raises `Refused` saying who has the key or why it is none, `GroundMoved`, `ChangedMeanwhile`, `NotFound`.
    """
    if noun not in NOUNS:
        raise Refused(f"there is no noun {noun}: there are {', '.join(NOUNS)}")
    permit_everything(author, Permission.EDIT, "keys, which tools know things by")
    _, faults = parse_field(NOUNS[noun].by_name["key"], key)
    if faults:
        raise Refused("; ".join(fault.text for fault in faults))

    def work() -> KeyChange:
        take_turn()
        item = get_item(noun, address, author.reader, author.moment)
        refuse_changed(item, seen)
        around = find_surroundings(noun, item.address, author.reader, author.moment) or {}
        row = find_row(item)
        _refuse_taken(item, key, row, author)
        moved = _moved(item, key, row)
        ids = _lock(item, row)
        now = begin_recording(author)
        concerned = _find_concerned(item, moved, around.values(), now)
        now_at = {then: at for _, then, at in moved} | {item.address: _address_after(item, key)}
        behind = _differences(concerned, now)
        _write(item, key, row, moved, ids, now)
        after = _differences({now_at.get(path, path) for path in concerned}, now)
        change = _tell(item, key, moved, list_referring(around.values(), noun, item.address), (behind, after))
        if expect is not None and expect != change.digest:
            raise GroundMoved("the ground has moved: this is no longer the change that was expected", Plan(now.now))
        if dry_run:
            transaction.set_rollback(True)
        return change

    return transact(work)


def _refuse_taken(item: Item, key: str, row: NounRecord, author: Author) -> None:
    """A key is had by one noun of a sort (of a customer's apps, of an app's instances), now and ever, and is nobody
    else's name."""
    if key == item.values["key"]:
        raise Refused(f"{item.label} has the key {key} already")
    refuse_former_keys(item.noun, [(_parent_id(row), key, row.pk, item.label)])
    beside = type(row)._default_manager.filter(Q(key=key) | Q(name_folded=key), **_beside(row)).exclude(pk=row.pk)
    standing = beside.filter(retired_at=None).values_list("pk", flat=True)
    for other in load_items(item.noun, list(standing), author.reader, author.moment):
        if other.values["key"] == key:
            raise Refused(f"the key {key} is taken by {other.label}: take another")
        raise Refused(f"the key {key} is the name of {other.label}, which it would be mistaken for: take another")
    for gone in beside:
        if gone.retired_at is None:
            continue  # told above
        word = "key" if gone.key == key else "name"
        raise Refused(
            f"{item.noun} {gone.name!r} retired at {iso(gone.retired_at)}, and its {word} {key} stays its own: "
            "take another key"
        )


def _parent_of(item: Item) -> str:
    return find_parent_address(item.address) if NOUNS[item.noun].parent else ""


def _beside(row: NounRecord) -> Mapping[str, Any]:
    """Which rows have keys that must differ from this one's."""
    if isinstance(row, Instance):
        return {"app_id": row.app_id}
    return {"customer_id": row.customer_id} if isinstance(row, App) else {}


def _parent_id(row: NounRecord) -> int:
    return next(iter(_beside(row).values()), 0)


def _address_after(item: Item, key: str) -> str:
    return item.address if item.noun == "host" else join_address(_parent_of(item), key)


def _moved(item: Item, key: str, row: NounRecord) -> tuple[tuple[str, str, str], ...]:
    """(noun, address before, address after) of the apps and instances below; those that have retired move untold."""
    if item.noun not in {"customer", "app"}:
        return ()
    after = _address_after(item, key)
    standing = Instance.objects.filter(retired_at=None, **{item.noun: row.pk})
    below = [("instance", path) for path in standing.values_list("path", flat=True)]
    if item.noun == "customer":
        apps = App.objects.filter(customer=row.pk, retired_at=None)
        below += [("app", join_address(item.address, of)) for of in apps.values_list("key", flat=True)]
    return tuple(
        (noun, address, f"{after}{address.removeprefix(item.address)}")
        for noun, address in sorted(below, key=lambda each: each[1])
    )


def _find_concerned(
    item: Item, moved: Iterable[tuple[str, str, str]], around: Iterable[Item], author: Author
) -> frozenset[str]:
    """The paths, before the change, of the instances that may become dirty or clean by it: those whose own address
    changes, with those that follow them, and those with which a service comes along that has the key in it."""
    touched = [(noun, address) for noun, address, _ in moved if noun == "instance"]
    touched += [("instance", item.address)] if item.noun == "instance" else []
    services = {each.address for each in around if each.noun == "service"}
    reached = list_bringing(services, author.reader, author.moment)
    return list_concerned(touched, reached, author.reader, author.moment)


def _lock(item: Item, row: NounRecord) -> tuple[int, ...]:
    """The instances whose paths change, retired ones too, locked in the order in which deployments lock them, or the
    host: before one's turn, as deployments do."""
    if item.noun == "host":
        list(Host.objects.select_for_update().filter(pk=row.pk).values_list("id"))
    which = {"customer": Q(customer=row.pk), "app": Q(app=row.pk), "instance": Q(pk=row.pk)}.get(item.noun)
    if which is None:
        return ()
    locked = Instance.objects.select_for_update().filter(which).order_by("id")
    return tuple(locked.values_list("id", flat=True))


def _differences(paths: Collection[str], author: Author) -> Mapping[str, tuple[tuple[str, ...], frozenset[str]]]:
    """By path of each of the instances that is dirty, where it is live and at what it differs. About 15 SQL statements,
    none for no path."""
    found = list_dirty_among(paths, author.reader, author.moment) if paths else ()
    return {each.path: (each.hosts, frozenset(c.difference.path for c in each.causes)) for each in found}


def _write(
    item: Item, key: str, row: NounRecord, moved: Iterable[tuple[str, str, str]], ids: Iterable[int], author: Author
) -> None:
    before, after = item.address, _address_after(item, key)
    line = record(
        author, RENAME_KEY, item.noun, after,
        before={"key": row.key, "address": before}, after={"key": key, "address": after},
    )  # fmt: skip
    FormerKey.objects.get_or_create(
        noun=item.noun, parent=_parent_id(row), key=row.key,
        defaults={"owner": row.pk, "until": author.now, "activity": line},
    )  # fmt: skip
    type(row)._default_manager.filter(pk=row.pk).update(key=key)
    if before != after:
        rest = Substr(F("path"), len(before) + 1)
        Instance.objects.filter(pk__in=ids).update(path=Concat(Value(after), rest))
    record_all(
        [
            activity_of(author, RENAME_KEY, noun, now, before={"address": then}, after={"address": now})
            for noun, then, now in moved
        ]
    )


def _tell(
    item: Item,
    key: str,
    moved: tuple[tuple[str, str, str], ...],
    references: Iterable[tuple[str, str, str]],
    behind: tuple[
        Mapping[str, tuple[tuple[str, ...], frozenset[str]]], Mapping[str, tuple[tuple[str, ...], frozenset[str]]]
    ],
) -> KeyChange:
    after = _address_after(item, key)
    now_at = {then: now for _, then, now in moved} | {item.address: after}
    was = {now_at.get(path, path): found for path, found in behind[0].items()}
    soiled = tuple(
        Soiled(path, hosts, path in was)
        for path, (hosts, differences) in sorted(behind[1].items())
        if path not in was or not differences <= was[path][1]
    )
    return KeyChange(
        item.noun,
        (str(item.values["key"]), key),
        (item.address, after),
        moved,
        tuple(sorted(references)),
        soiled,
        tuple(sorted(was.keys() - behind[1].keys())),
    )
