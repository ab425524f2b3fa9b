"""A change of the estate as a page shows it before it is done: what becomes of which noun, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from larry.actions.apply import EstateChange, ItemChange
from larry.core.document import Json, canonical_text
from larry.core.node_text import mask_sealed
from larry.nouns.field_text import show_in_lines, show_value
from larry.nouns.item import is_same
from larry.nouns.table import NOUNS
from larry.web.address import noun_path

MOST_SHOWN = 100
MOST_HOSTS = 40
LONGEST_SIDE = 600
FIRST_INSTANCES = 10
MOST_INSTANCES = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, or one member of it: ``before`` and ``after`` are empty for what was not and will not be."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangedNoun:
    verb: str
    noun: str
    address: str
    href: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class NamedInstance:
    """An instance, and why it is named where that is not said for all at once."""

    path: str
    href: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedInstances:
    """Instances to which one thing happens: the first, which are shown at once, and others, which are opened."""

    total: int
    first: tuple[NamedInstance, ...]
    others: tuple[NamedInstance, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What `change.html` shows; ``digest`` is what the act then expects."""

    digest: str
    nouns: tuple[ChangedNoun, ...]
    more: int
    hosts: tuple[str, ...]
    more_hosts: int
    warnings: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    dirty: NamedInstances
    clean: NamedInstances
    lacking: NamedInstances

    @property
    def changes_nothing(self) -> bool:
        return not self.nouns


_DONE = {"create": "new", "update": "changed", "retire": "retired"}


def view_change(change: EstateChange) -> ChangeView:
    """The change, its first hundred nouns in full."""
    plan = change.plan
    hosts = tuple(dict.fromkeys(node.host for node in plan.nodes))
    verbs = [_DONE.get(each.verb, each.verb) for each in change.changes]
    return ChangeView(
        change.digest,
        tuple(map(_view_noun, change.changes[:MOST_SHOWN])),
        len(change.changes[MOST_SHOWN:]),
        hosts[:MOST_HOSTS],
        len(hosts[MOST_HOSTS:]),
        tuple(notice.text for notice in plan.warnings),
        tuple((verb, verbs.count(verb)) for verb in dict.fromkeys(verbs)),
        _name_instances((path, ()) for path in change.consequence.dirty),
        _name_instances((path, ()) for path in change.consequence.clean),
        _name_instances((lack.instance, lack.texts) for lack in change.consequence.lacking),
    )


def _name_instances(found: Iterable[tuple[str, tuple[str, ...]]]) -> NamedInstances:
    told = [NamedInstance(path, noun_path("instances", path), why) for path, why in found]
    shown = told[:MOST_INSTANCES]
    return NamedInstances(
        len(told), tuple(shown[:FIRST_INSTANCES]), tuple(shown[FIRST_INSTANCES:]), len(told[MOST_INSTANCES:])
    )


def _view_noun(change: ItemChange) -> ChangedNoun:
    spec = NOUNS[change.noun]
    href = noun_path(spec.plural, change.address)
    return ChangedNoun(change.verb, change.noun, change.address, href, tuple(_list_differences(change)))


def _list_differences(change: ItemChange) -> Iterator[Difference]:
    by_name = NOUNS[change.noun].by_name
    for name, (old, new) in change.fields.items():
        field = by_name.get(name)
        label = field.label if field else name
        if change.verb == "create":
            if show_value(new) != "-":
                yield Difference(label, "", _shorten("\n".join(show_in_lines(field, new))) if field else _side(new))
        else:
            yield from list_differences(label, old, new)


def list_differences(label: str, old: Json, new: Json) -> Iterator[Difference]:
    """Where two values of a field differ, member by member; secrets masked."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for member in dict.fromkeys((*old, *new)):
            if member not in old or member not in new or not is_same(old[member], new[member]):
                sides = (_side(side[member]) if member in side else "" for side in (old, new))
                yield Difference(f"{label} · {member}", *sides)
    elif _is_list(old) and _is_list(new):
        yield from _list_members(label, old, new)
    else:
        yield Difference(label, _side(old), _side(new))


def _list_members(label: str, old: Json, new: Json) -> Iterator[Difference]:
    """Members that come and go, of those that have a name what differs in them; where only their order changes, both
    lists."""
    was, becomes = _by_name(old), _by_name(new)
    if was is not None and becomes is not None and was != becomes:
        for name in dict.fromkeys((*was, *becomes)):
            told = f"{label} · {name}"
            if name not in was or name not in becomes:
                yield Difference(told, *(_say_member(side.get(name)) for side in (was, becomes)))
            elif not is_same(was[name], becomes[name]):
                yield from list_differences(told, was[name], becomes[name])
        return
    before, after = ([_side(member) for member in side] for side in (old, new) if isinstance(side, Sequence))
    gone = [text for text in before if text not in after]
    come = [text for text in after if text not in before]
    if gone or come:
        yield Difference(label, "\n".join(gone), "\n".join(come))
    else:
        yield Difference(label, ", ".join(before), ", ".join(after))


def _by_name(members: Json) -> Mapping[str, Json] | None:
    """The members of a list by the name that each has, or the service that each is about; None where not all have one
    of their own."""
    if not isinstance(members, Sequence) or isinstance(members, str):
        return None
    found: dict[str, Json] = {}
    for member in members:
        name = member.get("name") or member.get("service") if isinstance(member, Mapping) else None
        if not isinstance(name, str) or name in found:
            return None
        found[name] = member
    return found


def _say_member(member: Json) -> str:
    """What a member says, but its name and what is nothing."""
    told = member if isinstance(member, Mapping) else {}
    parts = (
        f"{word}: {_side(value)}"
        for word, value in sorted(told.items())
        if word not in {"name", "service"} and value not in (None, "", False)
    )
    return "" if member is None else "\n".join(parts) or "as usual"


def _is_list(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _side(value: Json) -> str:
    if value is None:
        return ""
    return _shorten(value if isinstance(value, str) else canonical_text(mask_sealed(value)))


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_SIDE else f"{text[:LONGEST_SIDE]}…"
