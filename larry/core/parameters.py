"""Parameters come in layers, later wins; every value knows whence it came and what it overrode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from larry.core.document import Json, canonical_text, freeze, is_sealed


class ParameterType(StrEnum):
    ANY = "any"
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    MAP = "map"


class Merge(StrEnum):
    REPLACE = "replace"
    DEEP = "deep"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One parameter that a service needs."""

    name: str
    type: ParameterType = ParameterType.ANY
    has_default: bool = False
    default: Json = None
    sensitive: bool = False
    merge: Merge = Merge.REPLACE
    description: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """The values one owner sets: level ``template``, ``customer``, ``app`` or ``instance``, owner its path of keys."""

    level: str
    owner: str
    values: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value stands: the level, whose it is, and the value as written there."""

    level: str
    owner: str
    value: Json

    @property
    def document(self) -> dict[str, Json]:
        """The origin for programs."""
        return {"level": self.level, "owner": self.owner, "value": self.value}


@dataclass(frozen=True, slots=True)
class Match:
    """A parameter that is needed and has a value; ``overrode`` is in the order of the layers."""

    name: str
    value: Json
    whence: Origin
    overrode: tuple[Origin, ...]
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A parameter that is needed and has neither value nor default."""

    name: str
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrongType:
    """A value that is not of the type a service declares."""

    name: str
    value: Json
    expected: ParameterType
    whence: Origin
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A parameter that is set and that no service needs."""

    name: str
    value: Json
    whence: Origin


@dataclass(frozen=True, slots=True)
class ParameterLine:
    """One parameter of an instance and its group; ``expected`` is the type that a wrong value is not of."""

    group: str
    name: str
    value: Json = None
    whence: Origin | None = None
    overrode: tuple[Origin, ...] = ()
    needed_by: tuple[str, ...] = ()
    expected: str = ""

    @property
    def document(self) -> dict[str, Json]:
        """The line for programs."""
        return {
            "group": self.group,
            "name": self.name,
            "value": self.value,
            "whence": self.whence.document if self.whence else None,
            "overrode": [each.document for each in self.overrode],
            "needed_by": self.needed_by,
            "expected": self.expected or None,
        }


@dataclass(frozen=True, slots=True)
class Resolved:
    """The parameters of an instance in their groups, and what each service receives (only what it declares)."""

    matching: tuple[Match, ...]
    missing: tuple[Missing, ...]
    wrong: tuple[WrongType, ...]
    unknown: tuple[Unknown, ...]
    by_service: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def lines(self) -> tuple[ParameterLine, ...]:
        """Every parameter as one line: first what keeps from deploying, then what is given, then what nobody needs."""
        return (
            *(ParameterLine("missing", each.name, needed_by=each.needed_by) for each in self.missing),
            *(ParameterLine("wrong", w.name, w.value, w.whence, (), w.needed_by, w.expected.value) for w in self.wrong),
            *(ParameterLine("matching", m.name, m.value, m.whence, m.overrode, m.needed_by) for m in self.matching),
            *(ParameterLine("unknown", each.name, each.value, each.whence) for each in self.unknown),
        )


def matches_type(value: Json, expected: ParameterType) -> bool:
    """Whether the value is of the declared type; a sealed value is taken as it is, null only by ``any``."""
    if expected is ParameterType.ANY or is_sealed(value):
        return True
    if expected is ParameterType.STRING:
        return isinstance(value, str)
    if expected is ParameterType.BOOLEAN:
        return isinstance(value, bool)
    if expected is ParameterType.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if expected is ParameterType.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if expected is ParameterType.LIST:
        return isinstance(value, Sequence) and not isinstance(value, str)
    return isinstance(value, Mapping)


def merge_deep(earlier: Json, later: Json) -> Json:
    """Maps merge key by key, lists concatenate without duplicates, anything else is replaced by the later."""
    if is_sealed(earlier) or is_sealed(later):
        return later
    if isinstance(earlier, Mapping) and isinstance(later, Mapping):
        merged = dict(earlier)
        for key, value in later.items():
            merged[key] = merge_deep(merged[key], value) if key in merged else value
        return freeze(merged)
    if _is_list(earlier) and _is_list(later):
        members: dict[str, Json] = {}
        for member in (*earlier, *later):  # type: ignore[misc]  # both are lists, by the line above
            members.setdefault(canonical_text(member), member)
        return tuple(members.values())
    return later


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a settled value and where it stands: ``path`` is empty for the whole, ``a.b`` or ``a[]`` within."""

    path: str
    value: Json
    origin: Origin


def trace(chain: Sequence[Origin], merge: Merge) -> tuple[Part, ...]:
    """Which of the layers that set a value (earliest first, at least one) gave each part of what they settle on; an
    origin that is named nowhere was overridden. One part, unless values were merged.
    """
    if merge is Merge.REPLACE:
        return (Part("", chain[-1].value, chain[-1]),)
    return tuple(_parts("", [(origin.value, origin) for origin in chain]))


def _parts(path: str, said: Sequence[tuple[Json, Origin]]) -> Iterator[Part]:
    """The parts of what layers say of one path; what is of another sort than the last replaced what was before it."""
    last, origin = said[-1]
    maps: list[tuple[Mapping[str, Json], Origin]] = []
    lists: list[tuple[Sequence[Json], Origin]] = []
    for value, by in reversed(said):
        if isinstance(value, Mapping) and not is_sealed(value) and not lists:
            maps.insert(0, (value, by))
        elif isinstance(value, Sequence) and not isinstance(value, str) and not maps:
            lists.insert(0, (value, by))
        else:
            break
    keys = dict.fromkeys(key for value, _ in maps for key in value)
    members: dict[str, Part] = {}
    for each, by in lists:
        for member in each:
            members.setdefault(canonical_text(member), Part(f"{path}[]", member, by))
    for key in keys:
        yield from _parts(f"{path}.{key}" if path else key, [(value[key], by) for value, by in maps if key in value])
    yield from members.values()
    if not keys and not members:
        yield Part(path, last, origin)


def resolve(layers: Iterable[Layer], declared: Mapping[str, Iterable[Declaration]]) -> Resolved:
    """Put the layers (earliest first) over one another and hand every service what it declares.

    ``declared`` maps the key of each service to its declarations. Linear in layers' values plus declarations.
    """
    origins: dict[str, list[Origin]] = {}
    for layer in layers:
        for name, value in layer.values.items():
            origins.setdefault(name, []).append(Origin(layer.level, layer.owner, value))
    wanted: dict[str, list[tuple[str, Declaration]]] = {}
    for service, declarations in declared.items():
        for declaration in declarations:
            wanted.setdefault(declaration.name, []).append((service, declaration))

    matching: list[Match] = []
    missing: list[Missing] = []
    wrong: list[WrongType] = []
    received: dict[str, dict[str, Json]] = {service: {} for service in declared}
    for name in sorted(wanted):
        without: list[str] = []
        for service, declaration in sorted(wanted[name], key=lambda pair: pair[0]):
            chain = _chain(origins.get(name, ()), declaration, service)
            if not chain:
                without.append(service)
                continue
            value = settle(chain, declaration)
            received[service][name] = value
            left_to_the_tool = value is None and chain[-1].level == "default"
            if not left_to_the_tool and not matches_type(value, declaration.type):
                wrong.append(WrongType(name, value, declaration.type, chain[-1], (service,)))
            _add_match(matching, Match(name, value, chain[-1], tuple(chain[:-1]), (service,)))
        if without:
            missing.append(Missing(name, tuple(without)))
    unknown = tuple(
        Unknown(name, chain[-1].value, chain[-1]) for name, chain in sorted(origins.items()) if name not in wanted
    )
    by_service = MappingProxyType({service: MappingProxyType(values) for service, values in received.items()})
    return Resolved(tuple(matching), tuple(missing), tuple(wrong), unknown, by_service)


def settle(chain: Sequence[Origin], declaration: Declaration) -> Json:
    """The value that a service receives of what is said of a parameter, earliest first, its default among it."""
    if declaration.merge is Merge.REPLACE:
        return chain[-1].value
    value = chain[0].value
    for origin in chain[1:]:
        value = merge_deep(value, origin.value)
    return value


def settle_layers(name: str, declaration: Declaration, layers: Iterable[Layer]) -> Json:
    """The same of layers, of which at least one sets it, or it has a default."""
    said = [Origin(layer.level, layer.owner, layer.values[name]) for layer in layers if name in layer.values]
    return settle(_chain(said, declaration, ""), declaration)


def _chain(origins: Sequence[Origin], declaration: Declaration, service: str) -> list[Origin]:
    default = [Origin("default", service, declaration.default)] if declaration.has_default else []
    return [*default, *origins]


def _add_match(matching: list[Match], match: Match) -> None:
    """Services that receive the same value from the same place share one line, which tells each default it overrode."""
    last = matching[-1] if matching else match
    if last is match or (last.name, last.whence) != (match.name, match.whence) or not _is_same(last.value, match.value):
        matching.append(match)
        return
    told = (*last.overrode, *(origin for origin in match.overrode if origin not in last.overrode))
    overrode = tuple(sorted(told, key=lambda origin: origin.level != "default"))
    matching[-1] = replace(last, overrode=overrode, needed_by=(*last.needed_by, *match.needed_by))


def _is_same(one: Json, other: Json) -> bool:
    """Equal as JSON; to Python 1 and true are equal too."""
    return one is other or canonical_text(one) == canonical_text(other)


def _is_list(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
