"""Lines of activity for a template: who did what to what, where that is shown, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from larry.core.document import canonical_text, freeze
from larry.nouns.table import NOUNS
from larry.queries.activity import ActivityRow
from larry.web.address import noun_path
from larry.web.difference_view import DifferenceLine, tell_value

_PLACES = {"deployment": "deployments", "rollout": "rollouts", "user": "users", "group": "groups"}
MOST_CHANGES = 60


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One line; ``name`` is what it was done to, and ``href`` where that is shown, or nothing."""

    row: ActivityRow
    name: str
    href: str
    changes: tuple[DifferenceLine, ...]
    more: int


def list_activity_lines(rows: Iterable[ActivityRow]) -> tuple[ActivityLine, ...]:
    """The lines of `activity_feed.html`, secrets masked."""
    return tuple(map(_line, rows))


def _line(row: ActivityRow) -> ActivityLine:
    plural = NOUNS[row.noun].plural if row.noun in NOUNS else _PLACES.get(row.noun, "")
    changes = tuple(_list_changes(row.before, row.after))
    href = noun_path(plural, row.address) if plural and row.address and row.verb not in {"retire", "remove"} else ""
    return ActivityLine(row, _name(row), href, changes[:MOST_CHANGES], len(changes[MOST_CHANGES:]))


def _name(row: ActivityRow) -> str:
    """The address; of a deployment, whose address is a number, what is where."""
    told = row.after or row.before
    if row.noun == "deployment" and isinstance(told, Mapping) and told.get("instance") and told.get("host"):
        return f"{told['instance']} on {told['host']}"
    return row.address


def _list_changes(before: Any, after: Any) -> Iterator[DifferenceLine]:
    """Each field that differs; of a map each member."""
    old = before if isinstance(before, Mapping) else {}
    new = after if isinstance(after, Mapping) else {}
    for name in dict.fromkeys((*old, *new)):
        was, becomes = old.get(name), new.get(name)
        if isinstance(was, Mapping | None) and isinstance(becomes, Mapping | None) and (was or becomes):
            members = dict.fromkeys((*(was or {}), *(becomes or {})))
            for member in members:
                yield from _change(f"{name}.{member}", (was or {}).get(member), (becomes or {}).get(member))
        else:
            yield from _change(name, was, becomes)


def _change(path: str, was: Any, becomes: Any) -> Iterator[DifferenceLine]:
    if _is_same(was, becomes) or (_is_nothing(was) and _is_nothing(becomes)):
        return
    kind = "added" if was is None else "removed" if becomes is None else "changed"
    yield DifferenceLine(path, kind, tell_value(freeze(was)), tell_value(freeze(becomes)))


def _is_same(was: Any, becomes: Any) -> bool:
    """Whether both are equal as JSON; of most the types alone tell."""
    if was is None or becomes is None:
        return was is becomes
    if type(was) is type(becomes) is str:
        return bool(was == becomes)
    return canonical_text(freeze(was)) == canonical_text(freeze(becomes))


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping | Sequence) and not value)
