"""The publisher puts the fleet's tree on a disk: at changes while the database answers, at boundaries without it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from larry.cli.failure import CannotStart
from larry.cli.published_tree import TIMELINE, Timelines, Tree, draw_fleet, draw_host, read_timeline
from larry.core.fleet import KnownHost, fleet_at
from larry.exports.dialect import Dialect
from larry.exports.puppet.hiera import Lock
from larry.outside.published_file import (
    NotPublished,
    clear_halves,
    list_published,
    read_published,
    remove_files,
    replace_files,
)

OPEN_MODE, SECRET_MODE = 0o644, 0o600
HOSTS_AT_ONCE = 500
"""So many hosts are drawn, and then put on the disk with one flush."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be published where; ``has_secrets``: in clear, so that only the owner may read it."""

    folder: Path
    dialects: tuple[Dialect, ...]
    has_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What stands in the tree after a publication: what it was drawn from and when, and what that took.

    ``faults`` has the paths that could not be printed, with the reason; what stood there before still does.
    """

    timelines: Timelines
    at: datetime
    written: int
    faults: Mapping[str, str]
    next_change: datetime | None


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Have the folder to oneself: two publishers would take turns in undoing one another. Raises `CannotStart`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            why = f"another process is publishing to {folder}: stop it, or choose another folder"
            raise CannotStart(why) from None
        clear_halves(folder)
        yield


def publish(
    order: Order, timelines: Timelines, now: datetime, before: Published | None, lock: Lock | None
) -> Published:
    """Bring the tree up to what is known at ``now``; hosts that are as they were ``before`` are not drawn again."""
    drawn = dict.fromkeys(h for h in timelines if before is None or _differs(h, timelines, now, before))
    kept = {} if before is None else {path: why for path, why in before.faults.items() if _host_of(path) in timelines}
    faults = {path: why for path, why in kept.items() if _host_of(path) not in drawn}
    told = bool(drawn) or before is None or before.timelines.keys() != timelines.keys()
    mode = SECRET_MODE if order.has_secrets else OPEN_MODE
    texts: set[str] = set()
    written = 0
    for trees in _draw(order, timelines, now, lock, tuple(drawn), told=told):
        some = {path: text for tree in trees for path, text in tree.texts.items()}
        faults.update({path: why for tree in trees for path, why in tree.faults.items()})
        written += replace_files({order.folder / path: text for path, text in some.items()}, mode=mode)
        texts |= some.keys()
    folders = [each.name for each in order.dialects if each.render_files and each.name not in faults] if told else []
    for path in _list_stale(order.folder, drawn, timelines, folders):
        name = path.relative_to(order.folder).as_posix()
        if name not in texts and name not in faults:
            remove_files([path])
    return Published(timelines, now, written, MappingProxyType(faults), fleet_at(timelines, now).end)


def _draw(
    order: Order, timelines: Timelines, now: datetime, lock: Lock | None, hosts: Sequence[str], *, told: bool
) -> Iterator[list[Tree]]:
    """Some hosts after others, so that not all of their texts are in memory; what tells all of them comes last."""
    for first in range(0, len(hosts), HOSTS_AT_ONCE):
        of_some = hosts[first : first + HOSTS_AT_ONCE]
        yield [draw_host(host, timelines[host], order.dialects, now) for host in of_some]
    if told:
        yield [draw_fleet(timelines, order.dialects, now, lock)]


def read_tree(folder: Path, warn: Callable[[str], None]) -> Timelines:
    """All timelines of a published tree. Raises `NotPublished` where there is none."""
    hosts = sorted(path.parent.name for path in list_published(folder / "hosts") if path.name == TIMELINE)
    if not hosts:
        raise NotPublished(f"nothing is published in {folder}")
    return {host: read_host(folder, host, warn) for host in hosts}


def read_host(folder: Path, host: str, warn: Callable[[str], None]) -> KnownHost:
    """The published timeline of one host; a warning where it is not the latest. Raises `NotPublished`."""
    found = read_published(folder / "hosts" / host / TIMELINE)
    if found.warning is not None:
        warn(found.warning)
    return read_timeline(found.text)


def _differs(host: str, timelines: Timelines, now: datetime, before: Published) -> bool:
    """Whether the host has another timeline than before, or has passed a boundary since."""
    old, new = before.timelines.get(host), timelines[host]
    if old is None or _mark(old) != _mark(new):
        return True
    return any(before.at < each.start <= now for each in new.segments)


def _mark(timeline: KnownHost) -> tuple[object, ...]:
    return timeline.roles, timeline.pools, [(each.start, each.end, each.digest) for each in timeline.segments]


def _host_of(path: str) -> str:
    """The host whose file it is; none for what tells all hosts, which is told again whenever any host is."""
    parts = path.split("/")
    return parts[1] if parts[0] == "hosts" else ""


def _list_stale(folder: Path, drawn: Collection[str], timelines: Timelines, folders: Sequence[str]) -> Iterator[Path]:
    """Every published file that this publication would have written, had it still something to say there. ``drawn`` is
    asked for each file whether a host is in it."""
    gone = {path.name for path in (folder / "hosts").glob("*")} - timelines.keys()
    for host in (*drawn, *sorted(gone)):
        yield from list_published(folder / "hosts" / host)
    yield from (path for path in list_published(folder / "enc") if path.name in drawn or path.name not in timelines)
    for name in folders:
        yield from list_published(folder / name)
