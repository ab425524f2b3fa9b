"""A file is written beside its place and takes it when it is whole and on the disk; what a killed writer left goes.

Whoever writes a half holds a lock on it, which ends with them, however they end: what can be locked is a dead one's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_HALF = re.compile(r"\.(.+)\.[0-9a-f]+\.half", re.DOTALL)
"""Of which file it is to be; before there were locks, its writer's number stood where the token does."""

_NEW_FILE = 0o666


@contextmanager
def written_whole(path: Path, mode: int | None) -> Iterator[IO[bytes]]:
    """An open file that takes the path's place when the block ends without a fault, and is gone when it does not.

    The mode is what a new file gets where it is None. Nothing is under the path before it is on the disk.
    Raises ``OSError``.
    """
    half, handle = _create(path, _NEW_FILE if mode is None else mode)
    try:
        with os.fdopen(handle, "wb") as file:
            if mode is not None:
                os.fchmod(handle, mode)
            yield file
            file.flush()
            os.fsync(handle)
            half.replace(path)  # while it is locked, so that nobody takes it for a dead one's
    finally:
        half.unlink(missing_ok=True)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """So that what was renamed in it stays so. Raises ``OSError`` where there is no such folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some file systems cannot, and need not
            os.fsync(handle)
    finally:
        os.close(handle)


def clear_dead_halves(paths: Iterable[Path]) -> None:
    """Remove what writers of these files left half written when they were killed; each folder is listed once.

    A half that somebody is writing is left alone, on whatever machine they are, as is one that cannot be locked.
    """
    names: dict[Path, set[str]] = {}
    for path in paths:
        names.setdefault(path.parent, set()).add(path.name)
    for folder, known in names.items():
        with suppress(FileNotFoundError, NotADirectoryError):
            for half in folder.iterdir():
                found = _HALF.fullmatch(half.name)
                if found and found[1] in known:
                    with suppress(OSError):
                        _remove_dead(half)


def _create(path: Path, mode: int) -> tuple[Path, int]:
    """A half under a name that no other has, locked."""
    while True:
        half = path.with_name(f".{path.name}.{os.urandom(4).hex()}.half")
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        if _is_locked(handle) and os.fstat(handle).st_nlink:
            return half, handle
        os.close(handle)  # somebody took it for a dead one's before it was locked


def _is_locked(handle: int) -> bool:
    """Whether nobody else has it; where files cannot be locked nobody removes any either."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        return fault.errno not in {errno.EWOULDBLOCK, errno.EACCES}
    return True


def _remove_dead(half: Path) -> None:
    """Raises ``OSError`` where its writer lives, and where it cannot be known."""
    handle = os.open(half, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            half.unlink()
    finally:
        os.close(handle)
