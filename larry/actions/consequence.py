"""The consequence of an edit: which instances become dirty by it, and which could not be deployed any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from larry.actions.author import Author
from larry.core.document import Json
from larry.core.parameter_fault import ParameterFaults
from larry.core.service_graph import reach
from larry.nouns.item import Item, list_members
from larry.queries.address import list_addresses
from larry.queries.survey import Surveyed


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


def find_concerned(
    existing: Mapping[tuple[str, str], Item], changed: Iterable[Item], gone: Iterable[Item], author: Author
) -> frozenset[str]:
    """The paths of the standing instances that an edit may tell on, as far as the author sees them: those whose layers
    or requirements change, their templates' too, and those that reach a service that does. No SQL for who sees
    everything, else 1 statement.
    """
    changed, gone = tuple(changed), tuple(gone)
    left = {item.address for item in gone if item.noun == "instance"}
    instances = {a: item for (noun, a), item in existing.items() if noun == "instance" and a not in left}
    touched = {(item.noun, item.address) for item in changed if _tells(item, existing.get((item.noun, item.address)))}
    services = {address for noun, address in touched if noun == "service"}
    services |= {item.address for item in gone if item.noun == "service"}
    reached = _reach_up(services, (*_services(existing.values()), *_services(changed))) if services else frozenset()
    found = {
        path
        for path, item in instances.items()
        if ("instance", path) in touched
        or ("app", path.rpartition("/")[0]) in touched
        or ("customer", path.partition("/")[0]) in touched
        or (reached and not reached.isdisjoint(_texts(item.values["requires"])))
    }
    found |= _follow({path for noun, path in touched if noun == "instance"}, instances)
    if found and not author.sees.sees_everything:
        found &= {each.address for each in list_addresses("instance", "", author.sees, author.moment)}
    return frozenset(found)


def weigh(before: Mapping[str, Surveyed], after: Mapping[str, Surveyed]) -> Consequence:
    """What has become of instances that were surveyed before an edit and after it."""
    pairs = [(path, then, after[path]) for path, then in sorted(before.items()) if path in after]
    lacks = ((path, tuple(_new_faults(then.faults, now.faults))) for path, then, now in pairs)
    return Consequence(
        tuple(path for path, then, now in pairs if now.is_dirty and not then.is_dirty),
        tuple(path for path, then, now in pairs if then.is_dirty and not now.is_dirty),
        tuple(Lack(path, texts) for path, texts in lacks if texts),
    )


_FIELDS = {
    "service": ("sharing", "tools", "parameters", "needs", "audits"),
    "customer": ("parameters",),
    "app": ("parameters",),
    "instance": ("parameters", "requires", "template"),
}
"""What of a noun tells on instances: on their snapshots, or on whether one can be taken."""


def _tells(item: Item, standing: Item | None) -> bool:
    fields = _FIELDS.get(item.noun, ())
    return standing is None or any(item.values[name] != standing.values[name] for name in fields)


def _services(items: Iterable[Item]) -> Iterator[Item]:
    return (item for item in items if item.noun == "service")


def _reach_up(touched: Iterable[str], services: Iterable[Item]) -> frozenset[str]:
    """The services that bring a touched one along, before the edit or after it: those that need it, and those that it
    audits."""
    above: dict[str, set[str]] = {}
    for item in services:
        for key in _texts(item.values["needs"]):
            above.setdefault(key, set()).add(item.address)
        audits: Iterable[Any] = list_members(item.values["audits"])
        for audit in audits:
            above.setdefault(item.address, set()).add(str(audit["service"]))
    return reach(touched, lambda key: above.get(key, ()))


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
