"""Edit: create or change one noun by stating some of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.actions.apply import EstateChange, apply
from larry.actions.author import Author, Refused
from larry.core.document import Json
from larry.core.key import fold
from larry.nouns.estate import EstateFaults
from larry.nouns.item import Item, find_parent_address
from larry.nouns.statement import LIKE, parse_statement
from larry.nouns.table import NOUNS
from larry.queries.noun import get_item, list_items
from larry.queries.reader import NotFound


def edit(
    noun: str,
    address: str,
    values: Mapping[str, Json],
    author: Author,
    *,
    dry_run: bool = False,
    expect: str | None = None,
) -> EstateChange:
    """Create the noun at ``address``, or change the fields that ``values`` states; costs what `apply` costs.

    Raises `Refused` for an unknown noun, `EstateFaults` with every fault.
    """
    if noun not in NOUNS:
        raise Refused(f"there is no noun {noun}: there are {', '.join(NOUNS)}")
    normal, faults = parse_statement(NOUNS[noun], values)
    if faults:
        raise EstateFaults(faults)
    if LIKE.name in normal:
        _refuse_standing(noun, address, normal.get("name"), author)
    if "name" in normal and not {"key", "was"} & normal.keys() and _stands(noun, address, author):
        normal["was"] = address.rpartition("/")[2]  # another name for what is there, not another noun
    item = Item(noun, address, MappingProxyType(normal), None)
    return apply([item], author, dry_run=dry_run, expect=expect)


def _refuse_standing(noun: str, address: str, name: Json, author: Author) -> None:
    """Only what is new can be made like another: refuse what stands at the address, or beside it under the name."""
    for item in list_items(noun, author.reader, author.moment):
        is_beside = find_parent_address(item.address) == find_parent_address(address.lower())
        is_named = isinstance(name, str) and fold(str(item.values["name"])) == fold(name)
        if item.address == address.lower() or (is_beside and is_named):
            raise Refused(f"{item.label} is there already: only a new one can be made like another")


def _stands(noun: str, address: str, author: Author) -> bool:
    try:
        get_item(noun, address, author.sees, author.moment)
    except NotFound:
        return False
    return True
