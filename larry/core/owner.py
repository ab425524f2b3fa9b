"""What owners set at their own level, as a node carries it: by customer, app and instance, for tools that have a place
for each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from larry.core.deployable import Snapshot
from larry.core.document import Json, canonical_text, is_alike, is_sealed
from larry.core.footprint import Cause
from larry.core.node import Presence

OwnParameters: TypeAlias = Mapping[str, Mapping[str, Json]]
"""By path of a customer, an app or an instance."""

_DEPTH = 2
"""Strokes in the path of an instance."""


def own_parameters(presences: Iterable[Presence]) -> OwnParameters:
    """What each customer, app and instance present sets at its own level.

    Snapshots frozen at different moments may disagree about their customer's value: then each app, and if need be each
    instance, carries its own, until all are redeployed. Hosts that merely audit an instance carry nothing of it, and no
    host a secret that no service of the instance there declares.
    """
    agreed = {path: _agreed(values) for path, values in _carry(presences).items()}
    return MappingProxyType({path: _beyond_parents(path, agreed) for path in sorted(agreed)})


def revise_own(
    own: OwnParameters, gone: Iterable[Presence], come: Iterable[Presence], paths: Collection[str]
) -> OwnParameters | None:
    """The same of a host where some instances' presences became others, told from what it was before; None where
    only the snapshots of the other instances of a customer or an app can tell. O(own).

    ``gone`` and ``come`` are all that the instances of these paths have there. What an app shares with its customer is
    not known from ``own``, nor asked: beneath both it is the same.
    """
    left, coming = _carry(gone), _carry(come)
    levels = left.keys() | coming.keys()
    if not levels:
        return own
    shared = _list_owners(path for path in own if path.count("/") == _DEPTH and path not in paths)
    known: dict[str, Mapping[str, Json]] = {}
    revised = {path: values for path, values in own.items() if path not in levels}
    for path in sorted(levels):
        if path in shared:
            known[path] = revised[path] = own[path]
            if not _is_kept(left.get(path, ()), coming.get(path, ()), _beneath(path, known)):
                return None
        elif path in coming:
            known[path] = _agreed(coming[path])
            revised[path] = _beyond_parents(path, known)
    return MappingProxyType({path: revised[path] for path in sorted(revised)})


def _list_owners(instances: Iterable[str]) -> set[str]:
    """The customers and apps of instances."""
    apps = {path[: path.rindex("/")] for path in instances}
    return apps | {path[: path.index("/")] for path in apps}


def _is_kept(
    left: Collection[Mapping[str, Json]], coming: Collection[Mapping[str, Json]], agreed: Mapping[str, Json]
) -> bool:
    """Whether all who carry something at a level agree on the same, with those that come instead of those that left,
    whatever the others carry: the same is said, or nobody left and all of what was agreed is said again."""
    said = {canonical_text(values) for values in coming}
    if not left:
        return all(name in values and is_alike(values[name], agreed[name]) for values in coming for name in agreed)
    return said == {canonical_text(values) for values in left}


def _carry(presences: Iterable[Presence]) -> dict[str, list[Mapping[str, Json]]]:
    """By path, what each snapshot carries there: all that is set at that level or above."""
    snapshots: dict[str, Snapshot] = {}
    declared: dict[str, list[Mapping[str, Json]]] = {}
    for p in presences:
        if p.cause is not Cause.AUDITS:
            snapshots[p.snapshot.digest] = p.snapshot
            declared.setdefault(p.snapshot.digest, []).append(p.frozen.parameters)
    owners: dict[str, list[Mapping[str, Json]]] = {}
    for digest, snapshot in snapshots.items():
        carried: dict[str, Json] = {}
        for level, path in zip(("customer", "app", "instance"), _level_paths(snapshot), strict=True):
            own = snapshot.own[level]
            carried.update(
                {n: v for n, v in own.items() if not is_sealed(v) or any(n in known for known in declared[digest])}
            )
            owners.setdefault(path, []).append(MappingProxyType(dict(carried)))
    return owners


def _level_paths(snapshot: Snapshot) -> tuple[str, str, str]:
    return snapshot.customer, f"{snapshot.customer}/{snapshot.app}", snapshot.path


def _agreed(values: list[Mapping[str, Json]]) -> dict[str, Json]:
    first, *others = values
    if not others:
        return dict(first)
    return {
        name: value
        for name, value in first.items()
        if all(name in other and is_alike(other[name], value) for other in others)
    }


def _beyond_parents(path: str, agreed: Mapping[str, Mapping[str, Json]]) -> Mapping[str, Json]:
    inherited = _beneath(path.rpartition("/")[0], agreed) if "/" in path else {}
    kept = {
        name: value
        for name, value in agreed[path].items()
        if name not in inherited or not is_alike(inherited[name], value)
    }
    return MappingProxyType(dict(sorted(kept.items())))


def _beneath(path: str, agreed: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    """What is agreed on at a level and above it, the nearer over the farther."""
    inherited: dict[str, Json] = {}
    for level in (*_levels_above(path), path):
        inherited.update(agreed[level])
    return inherited


def _levels_above(path: str) -> tuple[str, ...]:
    """Of an instance its customer and its app, of an app its customer."""
    parts = path.split("/")
    return tuple("/".join(parts[:length]) for length in range(1, len(parts)))
