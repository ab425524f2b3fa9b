"""Describe: create new nouns, or change standing ones, several in one act; nobody's later change is undone unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from larry.actions.apply import EstateChange, apply
from larry.actions.author import Author, Refused
from larry.actions.decision import Existing
from larry.core.document import Json
from larry.nouns.directory import Directory, Entry
from larry.nouns.estate import EstateFaults
from larry.nouns.fault import Fault
from larry.nouns.item import Item, join_address, quote_segment
from larry.nouns.statement import WAS, parse_statement
from larry.nouns.table import NOUNS
from larry.queries.reader import NotFound


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of one noun: ``address`` is its own, of a new one that of its parent; ``seen`` is the digest of the
    item that the change was made for, ``place`` where in a list of statements it stands."""

    address: str
    values: Mapping[str, Json]
    seen: str | None = None
    place: tuple[int, ...] = ()


class AlreadyThere(Refused):
    """A noun that is to be new has the name or the key of one that there is."""


class ChangedMeanwhile(Refused):
    """The noun is no longer as it was seen."""


def create(
    noun: str, statements: Sequence[Statement], author: Author, *, dry_run: bool = False, expect: str | None = None
) -> EstateChange:
    """Create nouns, all or none; costs what `apply` costs. Raises `AlreadyThere`, and what `apply` raises."""
    stated = _read(noun, statements, is_new=True)
    items = [Item(noun, join_address(each.address, _segment(values)), values) for each, values in stated]

    def check(existing: Existing) -> None:
        directory = Directory(existing.values())
        for each, values in stated:
            found = _find_twin(directory, noun, each.address, values)
            if found is not None:
                raise AlreadyThere(f"{found.label} is there already: change that one, or take another name")

    return apply(items, author, dry_run=dry_run, expect=expect, check=check)


def change(
    noun: str, statements: Sequence[Statement], author: Author, *, dry_run: bool = False, expect: str | None = None
) -> EstateChange:
    """Change the stated fields of nouns, all or none; costs what `apply` costs. Another name renames.

    Raises `ChangedMeanwhile`, `NotFound`, and what `apply` raises.
    """
    stated = _read(noun, statements, is_new=False)
    items = [Item(noun, each.address, _renaming(each.address, values)) for each, values in stated]

    def check(existing: Existing) -> None:
        for each, values in stated:
            item = existing.get((noun, each.address))
            if item is None:
                raise NotFound(f"there is no {noun} {each.address}")
            refuse_changed(item, each.seen)
            if values.get("key", item.values["key"]) != item.values["key"]:
                text = "a key is changed by an act of its own, which tells what becomes dirty: rename-key"
                raise EstateFaults([Fault(text, (*each.place, "key"), subject=item.label)])

    return apply(items, author, dry_run=dry_run, expect=expect, check=check)


def refuse_changed(item: Item, seen: str | None) -> None:
    """Raise `ChangedMeanwhile` for an item that is no longer as it was seen."""
    if seen is not None and seen != item.digest:
        raise ChangedMeanwhile(f"{item.label} has changed since it was read: read it again")


def _read(
    noun: str, statements: Iterable[Statement], *, is_new: bool
) -> tuple[tuple[Statement, Mapping[str, Json]], ...]:
    """Each with its values in normal form. Raises `EstateFaults` with the faults of all."""
    spec = NOUNS[noun]
    read: list[tuple[Statement, Mapping[str, Json]]] = []
    faults: list[Fault] = []
    for each in statements:
        values, wrong = parse_statement(spec, each.values)
        faults += [fault.under(*each.place) for fault in wrong]
        if WAS.name in each.values:
            faults.append(Fault("an estate file renames so; here another name does", (*each.place, WAS.name)))
        if is_new and not wrong and "name" not in values:
            faults.append(Fault(f"a new {noun} needs a name", (*each.place, "name")))
        if is_new and spec.parent and not each.address:
            faults.append(Fault(f"say whose it is: the address of one {spec.parent}", (*each.place, spec.parent)))
        read.append((each, MappingProxyType(values)))
    if faults:
        raise EstateFaults(faults)
    return tuple(read)


def _segment(values: Mapping[str, Json]) -> str:
    return quote_segment(str(values.get("key") or values["name"]))


def _renaming(address: str, values: Mapping[str, Json]) -> Mapping[str, Json]:
    """Another name for what is there, not another noun."""
    if "name" not in values or "key" in values:
        return values
    return MappingProxyType({**values, WAS.name: address.rpartition("/")[2]})


def _find_twin(directory: Directory, noun: str, parent: str, values: Mapping[str, Json]) -> Entry | None:
    """What has the name or the key already, beside it."""
    above = NOUNS[noun].parent
    owner = directory.follow(above, parent.split("/")) if above else None
    if above and owner is None:
        return None  # the estate says that there is no such owner
    where = owner.address if owner is not None else ""
    key = values.get("key")
    found = directory.find_by_key(noun, where, str(key)) if key is not None else None
    return found or directory.find_by_name(noun, where, str(values["name"]))
