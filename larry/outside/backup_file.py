"""A backup file: a line that says what it is, a line that says of what, the lines packed, and a checksum of all that.

It is written beside its place and takes it when it is whole and on the disk. Nothing is read from a file before all of
it has been held against its checksum.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO

from larry.core.backup import BackupHead, BackupIsDamaged, UnusableBackup, read_head
from larry.core.document import Json
from larry.outside.half_file import clear_dead_halves, written_whole

_NAME = b"larry backup "
_FORMAT = b"1"
_FIRST = _NAME + _FORMAT + b"\n"
_LAST = re.compile(rb"\nsha256 ([0-9a-f]{64})\n")
_LAST_LENGTH = 73
_PIECE = 1 << 20
_BATCH = 100
"""Lines that are packed together: to call the packer for each takes longer than packing it."""


class NotABackup(UnusableBackup):
    """The file is something else."""


class BackupIsNewer(UnusableBackup):
    """The file was written by a later version of Larry."""


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A file that was held against its checksum, and is open."""

    head: BackupHead
    sha256: str
    _file: BinaryIO = field(repr=False)
    _begins: int
    _length: int

    def read_lines(self) -> Iterator[Json]:
        """The lines, one by one. Raises `BackupIsDamaged`."""
        self._file.seek(self._begins)
        packed = io.BufferedReader(_Part(self._file, self._length), _PIECE)
        try:
            with gzip.GzipFile(fileobj=packed) as lines:
                for line in lines:
                    yield json.loads(line)
        except (OSError, EOFError, zlib.error, ValueError) as fault:
            raise BackupIsDamaged(f"the backup is damaged: {fault}") from fault

    def close(self) -> None:
        self._file.close()


class _Part(io.RawIOBase):
    """So many bytes of a file, from where it stands."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file, self._left = file, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # what io hands over is a buffer
        piece = self._file.read(min(len(view), self._left))
        view[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)


class _Summed(io.RawIOBase):
    """Passes on what is written, and sums it up."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # what gzip hands over is a buffer
        self.sum.update(piece)
        self._file.write(piece)
        return len(piece)


def replace_backup(path: Path, head: BackupHead, lines: Iterable[Json]) -> str:
    """Write a backup to a path, durably; what stands there stays until the new one is whole. Its SHA-256.

    What an earlier one that was killed left beside it is removed first.

    Raises `NotABackup` if a file stands there that is no backup, and ``OSError``.
    """
    path = path.resolve()
    if path.exists():
        with path.open("rb") as file:
            if file.read(len(_NAME)) != _NAME:
                raise NotABackup(f"{path} is no backup of Larry's, and is left as it is: give another name")
    clear_dead_halves([path])
    with written_whole(path, 0o600) as file:
        return write_backup(file, head, lines)


def write_backup(file: IO[bytes], head: BackupHead, lines: Iterable[Json]) -> str:
    """Write a backup to an open file or pipe; its SHA-256."""
    out, left = _Summed(file), iter(lines)
    out.write(_FIRST + _line(head.document))
    with gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=6, mtime=0) as packed:
        while batch := list(islice(left, _BATCH)):
            packed.write(b"".join(map(_line, batch)))
    sha256 = out.sum.hexdigest()
    file.write(f"\nsha256 {sha256}\n".encode())
    return sha256


def open_backup(path: Path) -> BackupFile:
    """The backup at a path, held against its checksum first. Raises `UnusableBackup` and ``OSError``."""
    file = path.open("rb")
    try:
        return _check(path, file)
    except BaseException:
        file.close()
        raise


def _check(path: Path, file: BinaryIO) -> BackupFile:
    first = file.readline(len(_FIRST))
    if not first.startswith(_NAME):
        raise NotABackup(f"{path} is no backup of Larry's")
    if first != _FIRST and re.fullmatch(rb"[1-9][0-9]{0,3}\n?", first.removeprefix(_NAME)):
        raise BackupIsNewer(f"{path} was written by a later version of Larry: install that one")
    end = file.seek(0, os.SEEK_END) - _LAST_LENGTH
    file.seek(0)
    summed = hashlib.sha256()
    for piece in _pieces(file, max(0, end)):
        summed.update(piece)
    last = _LAST.fullmatch(file.read())
    if first != _FIRST or last is None or last[1].decode() != summed.hexdigest():
        raise BackupIsDamaged(f"{path} is damaged: it is not what was written (its checksum does not fit)")
    file.seek(len(_FIRST))
    try:
        head = read_head(json.loads(file.readline()))
    except ValueError as fault:
        raise BackupIsDamaged(f"{path} is damaged: {fault}") from fault
    return BackupFile(head, summed.hexdigest(), file, file.tell(), end - file.tell())


def _pieces(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0:
        piece = file.read(min(_PIECE, length))
        if not piece:
            return
        length -= len(piece)
        yield piece


_write = json.JSONEncoder(separators=(",", ":")).encode


def _line(value: Json) -> bytes:
    return _write(value).encode() + b"\n"
