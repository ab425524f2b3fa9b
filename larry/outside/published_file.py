"""A published file is replaced whole or not at all, and says of itself whether it is still what was published.

Beside ``NAME`` lie ``NAME.sum``, the checksums of what may stand there, and ``NAME.prev``, what stood there before.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from larry.outside.half_file import flush_folder

SUM, PREVIOUS, HALF = ".sum", ".prev", ".half"
_MANY = 64
"""From so many files on, one flush of the whole file system is quicker than one for each."""


class NotPublished(LookupError):
    """Nothing whole was ever published there, or neither it nor what stood before is whole any more."""


@dataclass(frozen=True, slots=True)
class PublishedText:
    """What a reader gets; ``warning`` says why it is the earlier one, if it is."""

    text: str
    warning: str | None = None


def replace_files(texts: Mapping[Path, str], *, mode: int = 0o644) -> int:
    """Put every text in its place, durably, and say how many differed; those that stand there already are left alone.

    At any moment, also after a crash, each name holds the whole old content or the whole new one, and the checksums
    say so of both. Order: checksums of old and new, then the old one's second name, then the new content. What begins
    with ``#!`` may be run by whoever may read it.
    """
    bodies = {path: text.encode() for path, text in texts.items()}
    changed = {path: body for path, body in bodies.items() if not _stands(path, body, _mode(body, mode))}
    for folder in {path.parent for path in changed}:
        folder.mkdir(parents=True, exist_ok=True)
    _put_whole({_beside(path, SUM): _sums(path, body) for path, body in changed.items()}, lambda _: mode)
    for path in changed:
        if path.exists() and _is_whole(path, path):
            _keep_previous(path)
    _put_whole(changed, lambda body: _mode(body, mode))
    return len(changed)


def remove_files(paths: Iterable[Path]) -> None:
    """Take files away with what lies beside them; no error where there are none."""
    for path in paths:
        for each in (path, _beside(path, PREVIOUS), _beside(path, SUM)):
            each.unlink(missing_ok=True)


def read_published(path: Path) -> PublishedText:
    """The text under a name, proven whole; what stood there before, with a warning, where it is not.

    Raises `NotPublished` where neither is whole.
    """
    if _is_whole(path, path):
        return PublishedText(path.read_text(encoding="utf-8"))
    before = _beside(path, PREVIOUS)
    why = "is not what was published" if path.exists() else "is gone"
    if _is_whole(before, path):
        return PublishedText(
            before.read_text(encoding="utf-8"), f"{path} {why}: this is what was published before it (publish again)"
        )
    if not _beside(path, SUM).exists():
        raise NotPublished(f"nothing is published at {path}")
    raise NotPublished(f"{path} {why}, and there is no whole one from before: publish again")


def list_published(folder: Path) -> list[Path]:
    """Every name under the folder, at any depth, that something was ever published under; in order."""
    return sorted(path.with_name(path.name.removesuffix(SUM)) for path in folder.rglob(f"*{SUM}"))


def clear_halves(folder: Path) -> None:
    """Remove what a publisher that was killed left half written; only for whoever holds the folder's lock."""
    for path in folder.rglob(f".*{HALF}"):
        path.unlink(missing_ok=True)


def _stands(path: Path, body: bytes, mode: int) -> bool:
    try:
        return path.read_bytes() == body and path.stat().st_mode & 0o777 == mode and _is_whole(path, path)
    except FileNotFoundError:
        return False


def _sums(path: Path, body: bytes) -> bytes:
    """A line for the coming content, and one each for what may still be read under either name."""
    known = _known_sums(path)
    there = [_sum(each) for each in (path, _beside(path, PREVIOUS)) if each.exists()]
    lines = dict.fromkeys([_line(body), *(line for line in there if line in known)])
    return "".join(f"{line}\n" for line in lines).encode()


def _known_sums(path: Path) -> Sequence[str]:
    try:
        return _beside(path, SUM).read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return ()


def _is_whole(content: Path, named: Path) -> bool:
    try:
        return _sum(content) in _known_sums(named)
    except FileNotFoundError:
        return False


def _sum(path: Path) -> str:
    return _line(path.read_bytes())


def _mode(body: bytes, mode: int) -> int:
    return mode | (mode & 0o444) >> 2 if body.startswith(b"#!") else mode


def _line(body: bytes) -> str:
    return f"{hashlib.sha256(body).hexdigest()} {len(body)}"


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _half(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{HALF}")


def _keep_previous(path: Path) -> None:
    """A second name for what stands there, which takes the place of the one before in a single step."""
    before = _beside(path, PREVIOUS)
    if before.exists() and before.samefile(path):
        return  # a publication that was cut short came this far; renaming one name of a file to another does nothing
    second = _half(before)
    second.unlink(missing_ok=True)
    os.link(path, second)
    second.replace(before)


def _put_whole(bodies: Mapping[Path, bytes], find_mode: Callable[[bytes], int | None]) -> None:
    """Write beside, flush, rename, flush the folders: nothing is under its name before it is on the disk.

    The mode is what ``find_mode`` says, or what a new file gets where that is None. A fault leaves no half behind.
    """
    try:
        for path, body in bodies.items():
            _write_half(path, body, find_mode(body), is_alone=len(bodies) < _MANY)
        if len(bodies) >= _MANY:
            os.sync()
        for path in bodies:
            _half(path).replace(path)
    finally:
        for path in bodies:
            _half(path).unlink(missing_ok=True)
    for folder in {path.parent for path in bodies}:
        flush_folder(folder)


def _write_half(path: Path, body: bytes, mode: int | None, *, is_alone: bool) -> None:
    half = _half(path)
    half.unlink(missing_ok=True)  # of a process of the same number that was killed
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    with os.fdopen(handle, "wb") as file:
        if mode is not None:
            os.fchmod(handle, mode)
        file.write(body)
        file.flush()
        if is_alone:
            os.fsync(handle)
