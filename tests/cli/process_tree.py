"""The processes of this machine as the kernel tells of them: who started whom, and with which words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def list_children(pid: int) -> list[int]:
    """The processes that this one started and that live."""
    return [child for child, parent, state in _list_processes() if parent == pid and state != "Z"]


def list_descendants(pid: int) -> list[int]:
    """Those, and theirs."""
    children = list_children(pid)
    return children + [each for child in children for each in list_descendants(child)]


def find_spawned(pid: int) -> int | None:
    """The one among its children that began as a fresh Python by `multiprocessing`."""
    spawned = [child for child in list_children(pid) if "spawn_main" in _words(child)]
    return spawned[0] if spawned else None


def is_alive(pid: int) -> bool:
    return any(each == pid and state != "Z" for each, _, state in _list_processes())


def _list_processes() -> Iterator[tuple[int, int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it has ended meanwhile
        yield int(folder.name), int(parent), state


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
