"""Decide: what stated items come to in an estate, or every fault with it; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from larry.core.deployable import LEVELS
from larry.core.document import Json, is_sealed, read_marked
from larry.core.parameters import ParameterType, matches_type
from larry.core.redaction import seal_defaults, seal_values
from larry.nouns.check import check_items
from larry.nouns.completion import Completion, overlay
from larry.nouns.directory import Others, nobody
from larry.nouns.estate import EstateFaults
from larry.nouns.fault import Fault, FaultList
from larry.nouns.item import Item, find_parent_address
from larry.nouns.table import NOUNS
from larry.records.secret import seal

Existing: TypeAlias = Mapping[tuple[str, str], Item]
"""All nouns that are not retired, by (noun, address)."""

Leaving: TypeAlias = Callable[[Existing, Sequence[Item]], Collection[tuple[str, str]]]
"""Which of the existing nouns retire, given the stated ones completed."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The items that change, in the order of the table of nouns, secrets sealed, nothing at fault; those that retire,
    in the opposite order; which names of parameters are sensitive then, become so by this, and are no longer."""

    changed: tuple[Item, ...]
    gone: tuple[Item, ...]
    sensitive: frozenset[str]
    newly: frozenset[str]
    unmarked: frozenset[str]


class NeedsWhole(Exception):
    """It cannot be told from an excerpt of the estate what is stated."""


def decide(
    stated: Sequence[Item],
    existing: Existing,
    leaving: Leaving,
    *,
    is_excerpt: bool = False,
    others: Others = nobody,
) -> Decided:
    """What becomes of which nouns; linear in the number of stated and existing items. No SQL but that of ``others``.

    Of an excerpt what stands in it already is not checked again. Raises `EstateFaults` with every fault, `NeedsWhole`
    for what tells on more than the excerpt has: names that become sensitive, are no longer, or are of another type; and
    where the whole estate might find other faults, or tell them otherwise.
    """
    faults = FaultList()
    completed = Completion(stated, existing, faults, others).items
    gone = [existing[place] for place in leaving(existing, completed)] if not faults else []
    left = {(item.noun, item.address) for item in gone}
    after = [item for item in overlay(existing, completed) if (item.noun, item.address) not in left]
    found = (*_orphans(after, left), *check_items(after, left, existing if is_excerpt else {}))
    for fault in found:
        faults.add(fault)
    if is_excerpt and stated and (found or (faults and any(_leads_on(item, existing) for item in completed))):
        raise NeedsWhole("services that are not here may be named first, and circles are found among all")
    if faults:
        raise EstateFaults(faults.settle(item.position.file for item in stated if item.position is not None))
    sensitive, before = _sensitive_names(after), _sensitive_names(existing.values())
    if is_excerpt and (
        sensitive != before or _secret_types(after, sensitive) != _secret_types(existing.values(), sensitive)
    ):
        raise NeedsWhole("values of other nouns may have to be sealed, or are of another type then")
    wrong = tuple(_wrong_secrets(after, sensitive))
    if is_excerpt and len(wrong) > 1:
        raise NeedsWhole("these stand in the order of the whole estate")
    if wrong:
        raise EstateFaults(wrong)
    changed = [item for item in (seal_item(item, sensitive) for item in after) if _differs(item, existing)]
    order = tuple(NOUNS)
    return Decided(
        tuple(sorted(changed, key=lambda item: (order.index(item.noun), item.address))),
        tuple(sorted(gone, key=lambda item: (-order.index(item.noun), item.address))),
        sensitive,
        sensitive - before,
        before - sensitive,
    )


def _leads_on(item: Item, existing: Existing) -> bool:
    """Whether a service needs or audits one that it did not, or an instance follows another template: only so a circle
    comes to be."""
    standing = existing.get((item.noun, item.address))
    if item.noun == "instance":
        template = item.values["template"]
        return template is not None and (standing is None or standing.values["template"] != template)
    return item.noun == "service" and not _list_ahead(item) <= (_list_ahead(standing) if standing else frozenset())


def _list_ahead(service: Item) -> frozenset[str]:
    needs, audits = cast(Sequence[str], service.values["needs"]), cast(Sequence[Any], service.values["audits"])
    return frozenset((*needs, *(str(audit["service"]) for audit in audits)))


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


def _secret_types(items: Iterable[Item], sensitive: Collection[str]) -> Mapping[str, set[ParameterType]]:
    types: dict[str, set[ParameterType]] = {}
    for item in items:
        for stated in cast(Sequence[Mapping[str, Any]], item.values["parameters"] if item.noun == "service" else ()):
            if stated["name"] in sensitive:
                types.setdefault(stated["name"], set()).add(ParameterType(stated["type"]))
    return types


def _wrong_secrets(items: Collection[Item], sensitive: Collection[str]) -> Iterable[Fault]:
    """Secrets of another type than a service declares: told while they can still be read, and without the value."""
    types = _secret_types(items, sensitive)
    for item in items:
        values = item.values.get("parameters") if item.noun != "service" else None
        for name, value in (values if isinstance(values, Mapping) else {}).items():
            clear = read_marked(value)
            wanted = [t for t in types.get(name, ()) if not matches_type(clear, t)]
            if wanted:
                at = item.position_of(("parameters", name))
                yield Fault(f"this is not of type {wanted[0]}", ("parameters", name), subject=item.label, position=at)


def seal_item(item: Item, sensitive: Collection[str]) -> Item:
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


def count_clear(existing: Existing, names: Collection[str]) -> int:
    """How many values of these names stand in clear."""
    layers = [item.values["parameters"] for item in existing.values() if item.noun in LEVELS]
    return sum(
        not is_sealed(values[name])
        for values in layers
        if isinstance(values, Mapping)
        for name in names & values.keys()
    )


def tell_unmarked(existing: Existing, decided: Decided) -> Iterable[str]:
    """A secret stays one when its name is sensitive no longer: nobody reveals it by an edit of a service."""
    layers = [item.values["parameters"] for item in existing.values() if item.noun in LEVELS]
    for name in sorted(decided.unmarked):
        if any(isinstance(values, Mapping) and is_sealed(values.get(name)) for values in layers):
            yield f"{name} is sensitive no longer: what is sealed stays sealed until it is written anew"
