"""Named: by which words stated items can mean nouns that exist, so that no others need be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from larry.core.document import Json
from larry.core.key import NoKeyFromName, derive_key
from larry.nouns.directory import spell_out_parents
from larry.nouns.field import FieldKind
from larry.nouns.item import Item, list_members, unquote_segment
from larry.nouns.statement import LIKE, WAS
from larry.nouns.table import NOUNS


@dataclass(frozen=True, slots=True)
class Named:
    """By noun the words that may be keys or names of one; the nouns that are stated; which parameters are set.

    ``renames_hosts`` where a host may get another name, ``follows_apps`` where an app is to be like another,
    ``inherits`` where an instance may take over what another requires; ``declared`` are the names that stated services
    declare.
    """

    words: Mapping[str, frozenset[str]]
    set_names: frozenset[str]
    declared: frozenset[str]
    declares: bool
    renames_hosts: bool
    follows_apps: bool
    inherits: bool


def list_named(stated: Iterable[Item]) -> Named:
    """Every word by which completing the items asks for a noun; of nouns with parents the words for those too. Linear
    in the size of what is stated."""
    items = tuple(stated)
    words: dict[str, set[str]] = {noun: set() for noun in NOUNS}
    for item in items:
        for noun, word in (*_own(item), *_referred(item)):
            words[noun].add(word)
    declarations = [
        item.values["parameters"] for item in items if item.noun == "service" and "parameters" in item.values
    ]
    values = [item.values.get("parameters") for item in items if item.noun != "service"]
    return Named(
        {noun: frozenset(found) for noun, found in words.items()},
        frozenset(name for each in values if isinstance(each, Mapping) for name in each),
        frozenset(name for each in declarations for name in list_declared(each)),
        bool(declarations),
        any(item.noun == "host" and "name" in item.values for item in items),
        any(LIKE.name in item.values for item in items),
        any(LIKE.name in item.values or item.values.get("template") is not None for item in items),
    )


def list_declared(declarations: Json) -> Iterator[str]:
    """The names of a service's declarations."""
    return (str(each["name"]) for each in list_members(declarations) if isinstance(each, Mapping))


def _own(item: Item) -> Iterator[tuple[str, str]]:
    """What the item itself may be called, and whose it is."""
    yield from _path(item.noun, item.address)
    for word in ("key", WAS.name, "name"):
        value = item.values.get(word)
        if isinstance(value, str):
            yield item.noun, value
    name = item.values.get("name")
    if isinstance(name, str):
        try:
            yield item.noun, derive_key(name)
        except NoKeyFromName:
            return  # which is told where it matters


def _referred(item: Item) -> Iterator[tuple[str, str]]:
    like = item.values.get(LIKE.name)
    if isinstance(like, str):
        yield from _path("app", like)
    for word, value in item.values.items():
        field = NOUNS[item.noun].by_name.get(word)
        if field is None or field.target is None:
            continue
        if isinstance(value, str):
            yield from _path(field.target, value)
        for member in list_members(value):
            if isinstance(member, str):
                yield from _path(field.target, member)
            elif isinstance(member, Mapping) and field.kind is FieldKind.AUDITS:
                yield from _path(field.target, str(member["service"]))
                where = member["where"]
                if isinstance(where, Mapping):
                    yield from ((kind, str(name)) for kind, name in where.items())


def _path(noun: str, path: str) -> Iterator[tuple[str, str]]:
    """A path of words, as written and as it reads."""
    steps = spell_out_parents(noun)
    segments = path.split("/") if len(steps) > 1 else [path]
    for step, segment in zip(steps, segments, strict=False):
        yield step, segment
        yield step, unquote_segment(segment)
