"""Edit: create or change one noun by stating some of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.actions.apply import EstateChange, apply
from larry.actions.author import Author, Refused
from larry.core.document import Json
from larry.nouns.estate import EstateFaults
from larry.nouns.item import Item
from larry.nouns.statement import parse_statement
from larry.nouns.table import NOUNS
from larry.queries.noun import get_item
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
    if "name" in normal and not {"key", "was"} & normal.keys() and _stands(noun, address, author):
        normal["was"] = address.rpartition("/")[2]  # another name for what is there, not another noun
    item = Item(noun, address, MappingProxyType(normal), None)
    return apply([item], author, dry_run=dry_run, expect=expect)


def _stands(noun: str, address: str, author: Author) -> bool:
    try:
        get_item(noun, address, author.reader, author.moment)
    except NotFound:
        return False
    return True
