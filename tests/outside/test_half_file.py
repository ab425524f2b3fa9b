"""What a killed writer left by half is removed by the next; that of a living one, and whatever else, is left alone."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from larry.cli.output_file import LEDGER, replace_file, replace_folder
from larry.outside.backup_file import open_backup, replace_backup
from larry.outside.half_file import clear_dead_halves, written_whole
from tests.outside.test_backup_file import HEAD, lines

WRITER = """
import sys
from pathlib import Path
from larry.outside.half_file import written_whole
with written_whole(Path(sys.argv[1]), None) as file:
    file.write(b"half a")
    file.flush()
    print("written", flush=True)
    sys.stdin.read()
"""


def start_writer(path: Path) -> subprocess.Popen[str]:
    """A process that stands in the middle of writing that file, until its input ends."""
    writer = subprocess.Popen(
        [sys.executable, "-S", "-c", WRITER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert writer.stdout is not None
    assert writer.stdout.readline() == "written\n"
    return writer


def leave_half(path: Path) -> Path:
    """What stays of a writer that is killed; its half."""
    before = set(path.parent.iterdir())
    with start_writer(path) as writer:
        writer.kill()
    (half,) = set(path.parent.iterdir()) - before
    assert half.read_bytes() == b"half a"
    return half


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_text(path: Path) -> None:
    replace_file(path, "whole")


def write_folder(path: Path) -> None:
    replace_folder(path.parent, {path.name: "whole"})
    (path.parent / LEDGER).unlink()


def write_backup(path: Path) -> None:
    replace_backup(path, HEAD, lines())
    open_backup(path).close()


@pytest.mark.parametrize("write", [write_text, write_folder, write_backup])
def test_the_next_writer_removes_what_a_killed_one_left(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "a file.yaml"
    leave_half(path)
    (tmp_path / f".{path.name}.4711.half").touch()  # as it was named before it was locked
    write(path)
    assert names(tmp_path) == [path.name]
    leave_half(path)
    write(path)
    assert names(tmp_path) == [path.name], "also where nothing has changed"


def test_a_folder_loses_the_halves_of_what_is_no_longer_said(tmp_path: Path) -> None:
    replace_folder(tmp_path, {"deep/gone": "1", "stays": "1"})
    leave_half(tmp_path / "deep" / "gone")
    leave_half(tmp_path / LEDGER)
    replace_folder(tmp_path, {"stays": "1"})
    assert sorted(path.name for path in tmp_path.rglob("*")) == [LEDGER, "deep", "stays"]


def test_a_writer_that_lives_is_left_alone_and_finishes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with start_writer(path) as writer:
        write_text(path)
        assert len(names(tmp_path)) == 2
        assert writer.stdin is not None
        writer.stdin.close()
    assert writer.returncode == 0
    assert path.read_bytes() == b"half a"
    assert names(tmp_path) == ["file"]


def test_what_is_no_half_of_the_file_is_left_alone(tmp_path: Path) -> None:
    theirs = [".other.00ff00ff.half", "file.00ff00ff.half", ".file.half", ".file.theirs.half", ".file.00ff00ff.half~"]
    for name in theirs:
        (tmp_path / name).touch()
    (tmp_path / ".file.1.half").mkdir()
    (tmp_path / ".file.2.half").symlink_to(tmp_path / ".other.00ff00ff.half")
    os.mkfifo(tmp_path / ".file.3.half")
    before = names(tmp_path)
    write_text(tmp_path / "file")
    assert names(tmp_path) == sorted([*before, "file"])
    clear_dead_halves([tmp_path / "nowhere" / "file", tmp_path / "file" / "below"])


def test_who_is_taken_for_dead_before_the_lock_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, turns = fcntl.flock, []

    def meddle(handle: int, how: int) -> None:
        turns.append(handle)
        if len(turns) == 1:
            raise BlockingIOError(errno.EWOULDBLOCK, "somebody has it")
        if len(turns) == 2:
            for half in tmp_path.glob(".*.half"):
                half.unlink()
        real(handle, how)

    monkeypatch.setattr(fcntl, "flock", meddle)
    with written_whole(tmp_path / "file", 0o600) as file:
        file.write(b"whole")
    assert len(turns) == 3
    assert (tmp_path / "file").read_bytes() == b"whole"


def test_where_nothing_can_be_locked_files_are_written_and_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    half = tmp_path / ".file.00ff00ff.half"
    half.touch()
    write_text(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "whole"
    assert names(tmp_path) == [half.name, "file"]
