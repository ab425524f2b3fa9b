"""The checks that need the whole estate: nothing dangles, nothing runs in a circle, services agree about parameters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from larry.core.document import Json
from larry.core.key import fold
from larry.core.parameters import ParameterType, matches_type
from larry.core.service_graph import find_circle
from larry.nouns.fault import Fault, FaultList, describe_value
from larry.nouns.field import Field, FieldKind
from larry.nouns.item import FieldPath, Item, find_parent_address, list_members
from larry.nouns.table import NOUNS

_Identity: TypeAlias = tuple[str, str, Json]
_NOTHING: Mapping[tuple[str, str], Item] = MappingProxyType({})

MOST_CIRCLES = 20
LONGEST_CIRCLE = 100
_REFERRING: Mapping[str, tuple[Field, ...]] = {
    noun.name: tuple(field for field in noun.fields if field.target is not None) for noun in NOUNS.values()
}


def check_items(
    items: Iterable[Item],
    retiring: Collection[tuple[str, str]] = (),
    standing: Mapping[tuple[str, str], Item] = _NOTHING,
) -> tuple[Fault, ...]:
    """What is wrong with an estate made of exactly these items, all in normal form; linear in their number and size.

    ``retiring`` are those that are to leave it, by (noun, address): what refers to one says so. Where the items are but
    an excerpt, ``standing`` are those that it had before: what they belong and refer to is there.
    """
    faults = FaultList()
    by_noun: dict[str, dict[str, Item]] = {noun: {} for noun in NOUNS}
    for item in items:
        twin = by_noun[item.noun].setdefault(item.address, item)
        if twin is not item:
            faults.add_to(item, f"there are two of the address {item.address}")
    before = {_identity(item): item for item in standing.values()}
    _check_names(by_noun, retiring, before, faults)
    _check_references(by_noun, retiring, before, faults)
    _check_circles(by_noun, faults)
    _check_declarations(by_noun["service"].values(), faults)
    return faults.settle()


def _identity(item: Item) -> _Identity:
    """What never changes of an item: a host's address is its name."""
    return item.noun, find_parent_address(item.address) if NOUNS[item.noun].parent else "", item.values["key"]


def _check_names(
    by_noun: Mapping[str, Mapping[str, Item]],
    retiring: Collection[tuple[str, str]],
    before: Mapping[_Identity, Item],
    faults: FaultList,
) -> None:
    for noun in NOUNS.values():
        taken: dict[tuple[str, str, Json], Item] = {}
        for item in by_noun[noun.name].values():
            parent = find_parent_address(item.address) if noun.parent else ""
            is_known = _identity(item) in before and (noun.parent, parent) not in retiring
            if noun.parent and parent not in by_noun[noun.parent] and not is_known:
                faults.add_to(item, f"there is no {noun.parent} {parent} that it could belong to")
            for word, text in (("name", fold(str(item.values["name"]))), ("key", item.values["key"])):
                twin = taken.setdefault((parent, word, text), item)
                if twin is not item:
                    faults.add_to(item, f"{twin.label} has the same {word}, {item.values[word]!r}", word)


def _check_references(
    by_noun: Mapping[str, Mapping[str, Item]],
    retiring: Collection[tuple[str, str]],
    before: Mapping[_Identity, Item],
    faults: FaultList,
) -> None:
    for noun, referring in _REFERRING.items():
        for item in by_noun[noun].values():
            old = before.get(_identity(item)) if before else None
            for field in referring:
                references = _list_references(field, item.values.get(field.name))
                known = {each[:2] for each in _list_references(field, old.values.get(field.name))} if old else ()
                for target, address, path in references:
                    if (target, address) in retiring:
                        faults.add_to(item, f"{target} {address!r} cannot retire while this refers to it", *path)
                    elif address not in by_noun[target] and (target, address) not in known:
                        faults.add_to(item, f"there is no {target} {address!r}", *path)


def list_referring(items: Iterable[Item], noun: str, address: str) -> Iterator[tuple[str, str, str]]:
    """(noun, address, field) of each item that refers to one noun."""
    for item in items:
        for field in _REFERRING[item.noun]:
            if (noun, address) in {found[:2] for found in _list_references(field, item.values.get(field.name))}:
                yield item.noun, item.address, field.name


def _list_references(field: Field, value: Json) -> Iterator[tuple[str, str, FieldPath]]:
    """Which nouns and addresses a field names. The path is the field's: normal form has an order of its own."""
    target, path = field.target or "", (field.name,)
    if isinstance(value, str):
        yield target, value, path
    for member in list_members(value):
        if isinstance(member, str):
            yield target, member, path
        elif isinstance(member, Mapping) and field.kind is FieldKind.AUDITS:
            yield target, str(member["service"]), path
            where = member["where"]
            if isinstance(where, Mapping):
                yield from ((kind, str(name), path) for kind, name in where.items())


def _check_circles(by_noun: Mapping[str, Mapping[str, Item]], faults: FaultList) -> None:
    services, instances = by_noun["service"], by_noun["instance"]
    edges: dict[str, set[str]] = {}
    for key, item in services.items():
        audited = {str(audit["service"]) for audit in list_members(item.values["audits"]) if isinstance(audit, Mapping)}
        needed = {str(service) for service in list_members(item.values["needs"])}
        if key in audited:
            faults.add_to(item, "a service cannot audit itself", "audits")
        if key in needed:
            faults.add_to(item, "a service cannot need itself", "needs")
        edges[key] = (audited | needed) - {key}
    for circle in _list_circles(edges):
        _note_circle(circle, "services in a circle (needs and audits)", services, faults)
    templates = {path: {str(item.values["template"])} for path, item in instances.items() if item.values["template"]}
    for circle in _list_circles(templates):
        _note_circle(circle, "templates in a circle", instances, faults)


def _list_circles(edges: Mapping[str, Collection[str]]) -> Iterator[tuple[str, ...]]:
    """Circles that share no node, each spelled out; at most a few, so that the cost stays linear."""
    left = edges
    for _ in range(MOST_CIRCLES):
        circle = find_circle(left)
        if not circle:
            return
        yield circle
        broken = frozenset(circle)
        left = {node: following for node, following in left.items() if node not in broken}


def _note_circle(circle: Sequence[str], text: str, items: Mapping[str, Item], faults: FaultList) -> None:
    """Note the circle at the first of its nodes that a file states, at the field that names the next."""
    at = next((place for place, node in enumerate(circle) if items[node].places is not None), 0)
    item, following = items[circle[at]], circle[min(at + 1, len(circle) - 1)]
    words = [
        field.name
        for field in _REFERRING[item.noun]
        if any(address == following for _, address, _ in _list_references(field, item.values[field.name]))
    ]
    spelled = circle if len(circle) <= LONGEST_CIRCLE else (*circle[:LONGEST_CIRCLE], f"... ({len(circle) - 1} in all)")
    faults.add_to(item, f"{text}: {' -> '.join(spelled)}", words[0])


def _check_declarations(services: Iterable[Item], faults: FaultList) -> None:
    """Services that declare one name agree on its type (any agrees with all) and merge; a secret has no default."""
    typed: dict[str, tuple[Item, Json]] = {}
    merged: dict[str, tuple[Item, Json]] = {}
    secret: dict[str, Item] = {}
    declared = [
        (item, index, declaration)
        for item in services
        for index, declaration in enumerate(list_members(item.values["parameters"]))
        if isinstance(declaration, Mapping)
    ]
    for item, index, declaration in declared:
        name, kind = str(declaration["name"]), declaration["type"]
        if declaration["sensitive"]:
            secret.setdefault(name, item)
        if kind != ParameterType.ANY:
            _compare(typed, item, index, "type", faults)
        _compare(merged, item, index, "merge", faults)
        default = declaration.get("default")  # null leaves it to the tool, whatever the type
        if default is not None and not matches_type(default, ParameterType(str(kind))):
            text = f"the default must be of type {kind}, not {describe_value(default)}"
            faults.add_to(item, text, "parameters", index, "default")
    for item, index, declaration in declared:
        name = str(declaration["name"])
        if "default" in declaration and name in secret:
            whose = "it is sensitive" if secret[name] is item else f"{secret[name].label} declares {name} sensitive"
            text = f"{whose}, and a default would be a secret shared by everybody: leave the default out"
            faults.add_to(item, text, "parameters", index, "default")


def _compare(known: dict[str, tuple[Item, Json]], item: Item, index: int, word: str, faults: FaultList) -> None:
    """Compare one word of one declaration with that of the first service that declares the name."""
    declaration = list_members(item.values["parameters"])[index]
    if not isinstance(declaration, Mapping):
        return
    name, value = str(declaration["name"]), declaration[word]
    other, first = known.setdefault(name, (item, value))
    if first == value:
        return
    if item.places is None and other.places is not None:
        text = f"{name} is declared with {word} {first} here and with {word} {value} by {item.label}"
        faults.add_to(other, text, "parameters", *_find_declaration(other, name), word)
    else:
        text = f"{name} is declared with {word} {value} here and with {word} {first} by {other.label}"
        faults.add_to(item, text, "parameters", index, word)


def _find_declaration(item: Item, name: str) -> list[int]:
    members = enumerate(list_members(item.values["parameters"]))
    return [index for index, member in members if isinstance(member, Mapping) and member["name"] == name]
