"""A backup file is whole or refused: whichever byte is another one, wherever it ends."""

from __future__ import annotations

import io
import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from larry.core.backup import BackupHead, BackupIsDamaged, TableRows, UnusableBackup, tell_tables
from larry.core.document import Json
from larry.outside.backup_file import BackupIsNewer, NotABackup, open_backup, replace_backup, write_backup

HEAD = BackupHead("2026-11-01T12:00:00Z", "0.1.0", "sqlite", ("0001_first_light",), ())
ROWS: list[list[Json]] = [[number, f"row {number}", [{"n": number}]] for number in range(200)]


def lines() -> list[Json]:
    return list(tell_tables([TableRows("larry_app", ("id", "name", "parameters"), iter(ROWS))]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "larry.backup"
    replace_backup(path, HEAD, lines())
    return path


def read(path: Path) -> list[Json]:
    opened = open_backup(path)
    try:
        return list(opened.read_lines())
    finally:
        opened.close()


def test_what_was_written_is_read(path: Path) -> None:
    opened = open_backup(path)
    assert opened.head == HEAD
    assert list(opened.read_lines()) == lines()
    assert list(opened.read_lines()) == lines()  # and again
    opened.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_is_written_the_same() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    assert write_backup(first, HEAD, lines()) == write_backup(second, HEAD, lines())
    assert first.getvalue() == second.getvalue()


def test_every_byte_that_is_another_one_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    chance = random.Random(1)
    for place in range(len(whole)):
        faulty = bytearray(whole)
        faulty[place] ^= chance.randrange(1, 256)
        path.write_bytes(faulty)
        with pytest.raises(UnusableBackup):
            open_backup(path)
    path.write_bytes(whole)
    assert read(path) == lines()


def test_wherever_it_ends_or_goes_on_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UnusableBackup):
            open_backup(path)
    for more in (b"\n", b"\0" * 73, whole):
        path.write_bytes(whole + more)
        with pytest.raises(UnusableBackup):
            open_backup(path)


def test_content_that_lies_is_noticed_where_the_checksum_is_right(path: Path) -> None:
    """Such as one that was made by hand."""
    body = path.read_bytes()[:-73]
    for forged in (body[:-20], body + b"\0\1", body[: len(body) // 2] + b"more" + body[len(body) // 2 :]):
        path.write_bytes(_resealed(forged))
        opened = open_backup(path)
        try:
            with pytest.raises(BackupIsDamaged, match="damaged"):
                list(opened.read_lines())
        finally:
            opened.close()


def _resealed(body: bytes) -> bytes:
    import hashlib

    return body + f"\nsha256 {hashlib.sha256(body).hexdigest()}\n".encode()


def test_a_later_format_and_a_foreign_file_are_told_apart(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"larry backup 1", b"larry backup 2", 1))
    with pytest.raises(BackupIsNewer, match="later version"):
        open_backup(path)
    for foreign in (b"", b"PK\3\4", b"SQLite format 3\0", b"larry"):
        path.write_bytes(foreign)
        with pytest.raises(NotABackup, match="no backup"):
            open_backup(path)


def test_a_file_that_is_something_else_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "estate.yaml"
    path.write_text("larry: 1\n")
    with pytest.raises(NotABackup, match="left as it is"):
        replace_backup(path, HEAD, lines())
    assert path.read_text() == "larry: 1\n"


def test_a_backup_that_fails_half_way_leaves_the_one_before(path: Path) -> None:
    before = path.read_bytes()

    def break_off() -> object:
        yield from lines()[:50]
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        replace_backup(path, HEAD, break_off())  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_flush_that_fails_leaves_the_one_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def fail(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        replace_backup(path, HEAD, lines())
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


_WRITE = """
import sys
from pathlib import Path
from tests.outside.test_backup_file import HEAD, lines
from larry.outside.backup_file import replace_backup
replace_backup(Path(sys.argv[1]), HEAD, lines())
"""


def test_a_disk_that_is_full_leaves_the_one_before(path: Path) -> None:
    """A limit for the size of files stands for the disk: the kernel refuses the write in the same place."""
    before = path.read_bytes()

    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))

    done = subprocess.run(
        [sys.executable, "-B", "-c", _WRITE, path], preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert "File too large" in done.stderr
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
