"""Retire: take a noun out of use; what it was stays on record, and its key stays its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from larry.actions.apply import EstateChange, change_estate
from larry.actions.author import Author
from larry.actions.decision import Existing
from larry.actions.describe import refuse_changed
from larry.core.key import fold
from larry.nouns.item import Item
from larry.queries.excerpt import find_surroundings
from larry.queries.reader import NotFound


def retire(
    noun: str,
    address: str,
    author: Author,
    *,
    dry_run: bool = False,
    expect: str | None = None,
    seen: str | None = None,
) -> EstateChange:
    """Retire one noun, as it was ``seen`` (the digest of its item). Raises `EstateFaults` when others refer to it,
    `Refused` when anything of it is live, `ChangedMeanwhile`, `NotFound`.
    """

    def leaving(existing: Existing, completed: Sequence[Item]) -> Collection[tuple[str, str]]:
        del completed
        named = [
            place
            for place, item in existing.items()
            if item.noun == noun and fold(str(item.values["name"])) == fold(address)
        ]
        found = [(noun, address.lower())] if (noun, address.lower()) in existing else named
        if not found:
            raise NotFound(f"there is no {noun} {address}")
        if len(found) > 1:
            several = ", ".join(sorted(known for _, known in found))
            raise NotFound(f"there are several {noun}s of that name: {several}")
        refuse_changed(existing[found[0]], seen)
        return found

    def surround(by: Author) -> Existing | None:
        return find_surroundings(noun, address, by.sees, by.moment)

    return change_estate((), author, leaving, dry_run=dry_run, expect=expect, excerpt=surround)
