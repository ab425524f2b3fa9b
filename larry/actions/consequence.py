"""The consequence of an edit: which instances become dirty by it, and which could not be deployed any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from larry.actions.author import Author
from larry.core.document import Json
from larry.core.parameter_fault import ParameterFaults
from larry.core.service_graph import reach
from larry.nouns.item import Item, is_same, list_members
from larry.queries.address import list_addresses
from larry.queries.concern import list_concerned
from larry.queries.outlook import Edited, NewValues, look_after, open_outlook
from larry.queries.service import list_bringing
from larry.queries.survey import Shift, Surveyed, survey_instances


@dataclass(frozen=True, slots=True)
class Lack:
    """An instance that could be deployed before and cannot be after, and why, one text for each parameter."""

    instance: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an edit does to instances that stand, by path: those that become dirty, those that are dirty no longer, and
    those that lack a parameter from then on. Only what the author may see is in it, and counted.
    """

    dirty: tuple[str, ...] = ()
    clean: tuple[str, ...] = ()
    lacking: tuple[Lack, ...] = ()

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {
            "dirty": self.dirty,
            "clean": self.clean,
            "lacking": [{"instance": each.instance, "why": each.texts} for each in self.lacking],
        }

    @property
    def texts(self) -> tuple[str, ...]:
        """The same for people, one line for each sort; of many instances the first are named."""
        told = (
            ("becomes dirty", "become dirty", self.dirty),
            ("is no longer dirty", "are no longer dirty", self.clean),
        )
        lines = [
            f"{_count(paths)} {one if len(paths) == 1 else many}: {_name(paths)}" for one, many, paths in told if paths
        ]
        if self.lacking:
            could = f"{_count(self.lacking)} can no longer be deployed: "
            shown = (f"{each.instance} ({'; '.join(each.texts)})" for each in self.lacking[:MOST_NAMED])
            lines.append(could + _more(", ".join(shown), len(self.lacking)))
        return tuple(lines)


MOST_NAMED = 10


def _count(found: Sequence[object]) -> str:
    return "1 instance" if len(found) == 1 else f"{len(found):,} instances"


def _name(paths: Sequence[str]) -> str:
    return _more(", ".join(paths[:MOST_NAMED]), len(paths))


def _more(shown: str, total: int) -> str:
    return shown if total <= MOST_NAMED else f"{shown} and {total - MOST_NAMED:,} more"


NO_CONSEQUENCE = Consequence()


def foresee(
    existing: Mapping[tuple[str, str], Item],
    changed: Sequence[Item],
    gone: Sequence[Item],
    author: Author,
    *,
    is_redacting: bool,
    is_excerpt: bool,
) -> Callable[[], Consequence]:
    """Look at what instances are before an edit is written; once it is, what is given back tells its consequence."""
    reader, at = author.sees, author.moment
    find = find_concerned_beside if is_excerpt else find_concerned
    concerned = partial(find, existing, changed, gone, author)
    if is_redacting:  # what is live has another digest then
        paths = concerned()
        before = survey_instances(paths, reader, at)
        return lambda: _weigh(_compare(before, survey_instances(paths, reader, at)))
    touched = find_touched(existing, changed, gone)
    stock = open_outlook(touched, concerned, reader, at)
    return lambda: _weigh(look_after(stock, touched, reader, at))


def find_touched(
    existing: Mapping[tuple[str, str], Item], changed: Iterable[Item], gone: Iterable[Item]
) -> Edited:  # fmt: skip
    """What of an edit tells on instances."""
    telling = [item for item in changed if _tells(item, existing.get((item.noun, item.address)))]
    named = [(item.noun, item.address) for item in (*telling, *gone)]
    values = {
        noun: {
            item.address: _new_values(item, existing.get((noun, item.address))) for item in telling if item.noun == noun
        }
        for noun in ("customer", "app")
    }
    brought = {"instance": "requires", "service": "needs"}
    return Edited(
        values["customer"],
        values["app"],
        frozenset(address for noun, address in named if noun == "instance"),
        frozenset(address for noun, address in named if noun == "service"),
        frozenset(key for item in telling if item.noun in brought for key in _texts(item.values[brought[item.noun]])),
    )


def _new_values(item: Item, standing: Item | None) -> NewValues:
    after, before = _map(item.values["parameters"]), _map(standing.values["parameters"] if standing is not None else {})
    fresh = {name: value for name, value in after.items() if name not in before or not is_same(before[name], value)}
    return NewValues(fresh, frozenset(before.keys() - after.keys()))


def _map(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def find_concerned(
    existing: Mapping[tuple[str, str], Item], changed: Iterable[Item], gone: Iterable[Item], author: Author
) -> frozenset[str]:
    """The paths of the standing instances that an edit may tell on, as far as the author sees them: those whose layers
    or requirements change, their templates' too, and those that reach a service that does. No SQL for who sees
    everything, else 1 statement.
    """
    changed, gone = tuple(changed), tuple(gone)
    touched = find_touched(existing, changed, gone)
    left = {item.address for item in gone if item.noun == "instance"}
    instances = {a: item for (noun, a), item in existing.items() if noun == "instance" and a not in left}
    services = touched.services
    reached = _reach_up(services, (*_services(existing.values()), *_services(changed))) if services else frozenset()
    found = {
        path
        for path, item in instances.items()
        if path in touched.instances
        or path.rpartition("/")[0] in touched.apps
        or path.partition("/")[0] in touched.customers
        or (reached and not reached.isdisjoint(_texts(item.values["requires"])))
    }
    found |= _follow(set(touched.instances), instances)
    if found and not author.sees.sees_everything:
        found &= {each.address for each in list_addresses("instance", "", author.sees, author.moment)}
    return frozenset(found)


def find_concerned_beside(
    excerpt: Mapping[tuple[str, str], Item], changed: Iterable[Item], gone: Iterable[Item], author: Author
) -> frozenset[str]:
    """The same where only an excerpt of the estate is known, and nothing written yet: in time proportional to those
    that are found. About 5 SQL statements, and 1 for each step of templates following templates.
    """
    changed = tuple(changed)
    edited = find_touched(excerpt, changed, gone)
    reached: frozenset[str] = frozenset()
    if edited.services:
        # What needs a service after the edit and did not before is itself edited, and so is what audits one.
        audited = {key for item in _services(changed) for key in _audited(item)}
        reached = edited.services | list_bringing(edited.services | audited, author.reader, author.moment)
    touched = [("customer", address) for address in edited.customers]
    touched += [("app", address) for address in edited.apps]
    touched += [("instance", address) for address in edited.instances]
    return list_concerned(touched, reached, author.sees, author.moment)


def _compare(before: Mapping[str, Surveyed], after: Mapping[str, Surveyed]) -> Shift:
    """What has become of instances that were surveyed before an edit and after it."""
    pairs = [(path, then, after[path]) for path, then in sorted(before.items()) if path in after]
    return Shift(
        tuple(path for path, then, now in pairs if now.is_dirty and not then.is_dirty),
        tuple(path for path, then, now in pairs if then.is_dirty and not now.is_dirty),
        {path: (then.faults, now.faults) for path, then, now in pairs if then.faults != now.faults},
    )


def _weigh(shift: Shift) -> Consequence:
    """What has become of instances, in words."""
    lacks = ((path, tuple(_new_faults(then, now))) for path, (then, now) in sorted(shift.faults.items()))
    return Consequence(shift.dirty, shift.clean, tuple(Lack(path, texts) for path, texts in lacks if texts))


_FIELDS = {
    "service": ("sharing", "tools", "parameters", "needs", "audits"),
    "customer": ("parameters",),
    "app": ("parameters",),
    "instance": ("parameters", "requires", "template"),
}
"""What of a noun tells on instances: on their snapshots, or on whether one can be taken."""


def _tells(item: Item, standing: Item | None) -> bool:
    fields = _FIELDS.get(item.noun, ())
    return standing is None or any(not is_same(item.values[name], standing.values[name]) for name in fields)


def _services(items: Iterable[Item]) -> Iterator[Item]:
    return (item for item in items if item.noun == "service")


def _reach_up(touched: Iterable[str], services: Iterable[Item]) -> frozenset[str]:
    """The services that bring a touched one along, before the edit or after it: those that need it, and those that it
    audits."""
    above = _above(services)
    return reach(touched, lambda key: above.get(key, ()))


def _above(services: Iterable[Item]) -> dict[str, set[str]]:
    above: dict[str, set[str]] = {}
    for item in services:
        for key in _texts(item.values["needs"]):
            above.setdefault(key, set()).add(item.address)
        above.setdefault(item.address, set()).update(_audited(item))
    return above


def _audited(service: Item) -> Iterable[str]:
    audits: Iterable[Any] = list_members(service.values["audits"])
    return (str(audit["service"]) for audit in audits)


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple | list) else ()


def _follow(templates: set[str], instances: Mapping[str, Item]) -> frozenset[str]:
    """Those that follow a template, or one that does."""
    followers: dict[str, list[str]] = {}
    for path, item in instances.items():
        if item.values["template"] is not None:
            followers.setdefault(str(item.values["template"]), []).append(path)
    return (
        reach(templates & (instances.keys() | followers.keys()), lambda path: followers.get(path, ()))
        & instances.keys()
    )


def _new_faults(before: ParameterFaults, after: ParameterFaults) -> Iterator[str]:
    """What is missing or of a wrong type by the edit, each parameter once."""
    known = {each.name for each in before.missing} | {name for name, _ in before.wrong}
    for missing in after.missing:
        if missing.name not in known:
            yield f"{missing.name} is missing: needed by {', '.join(missing.needed_by)}"
    for name, expected in dict(after.wrong).items():
        if name not in known:
            yield f"{name} is not of type {expected}"
