"""A published file is whole at every moment: after a fault at any call, after any kill, and damage is noticed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from larry.outside.published_file import (
    NotPublished,
    clear_halves,
    list_published,
    read_published,
    remove_files,
    replace_files,
)

OLD, NEW = "old ü\n" * 400, "new ☃\n" * 500
CALLS = ("open", "fchmod", "fdopen", "fsync", "replace", "link", "sync", "unlink")


class PullThePlugError(Exception):
    """The machine stops here."""


def read(path: Path) -> str:
    found = read_published(path)
    assert found.warning is None
    return found.text


def test_what_was_published_is_read_and_what_stands_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "config.json"
    assert replace_files({path: OLD}) == 1
    assert read(path) == OLD
    inode = path.stat().st_ino
    assert replace_files({path: OLD}) == 0
    assert path.stat().st_ino == inode
    assert replace_files({path: NEW}) == 1
    assert read(path) == NEW
    assert path.with_name("config.json.prev").read_text(encoding="utf-8") == OLD
    assert list_published(tmp_path) == [path]
    assert sorted(each.name for each in path.parent.iterdir()) == ["config.json", "config.json.prev", "config.json.sum"]


def test_the_mode_is_as_asked_and_a_change_of_it_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    replace_files({path: OLD}, mode=0o600)
    assert [each.stat().st_mode & 0o777 for each in sorted(tmp_path.iterdir())] == [0o600, 0o600]
    assert replace_files({path: OLD}, mode=0o644) == 1
    assert path.stat().st_mode & 0o777 == 0o644


def test_many_files_are_published_in_one_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes: list[int] = []
    monkeypatch.setattr(os, "sync", lambda: flushes.append(1))
    assert replace_files({tmp_path / f"{n}": OLD for n in range(100)}) == 100
    assert len(flushes) == 2, "one for the checksums, one for the files"
    assert {read(tmp_path / f"{n}") for n in range(100)} == {OLD}


def test_what_is_taken_away_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    replace_files({path: OLD})
    replace_files({path: NEW})
    remove_files([path, tmp_path / "never"])
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotPublished, match="nothing is published at"):
        read_published(path)


def test_a_fault_at_every_call_leaves_old_or_new_and_the_next_publication_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = 0
    while True:
        folder = tmp_path / str(points)
        paths = [folder / "a", folder / "b"]
        for text in ("older\n", OLD):
            replace_files(dict.fromkeys(paths, text))
        with monkeypatch.context() as patch:
            left = [points]
            for name in CALLS:
                patch.setattr(os, name, failing(getattr(os, name), left))
            try:
                replace_files(dict.fromkeys(paths, NEW))
            except PullThePlugError:
                whole = False
            else:
                whole = True
        assert {read(path) for path in paths} <= {OLD, NEW}
        clear_halves(folder)
        replace_files(dict.fromkeys(paths, NEW))
        assert {read(path) for path in paths} == {NEW}
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
        if whole:
            break
        points += 1
    assert points > 20, "every call is a point at which it can stop"


def failing(call: Callable[..., object], left: list[int]) -> Callable[..., object]:
    def fail(*arguments: object, **options: object) -> object:
        if left[0] == 0:
            raise PullThePlugError
        left[0] -= 1
        return call(*arguments, **options)

    return fail


PUBLISHERS = """
import os, sys
from pathlib import Path
from larry.outside.published_file import clear_halves, replace_files

def publish(folder, number):
    os.write(1, f"born {os.getpid()}\\n".encode())
    clear_halves(folder)
    while True:
        number += 1
        replace_files({folder / name: f"{number}\\n" * 3000 for name in "ab"})
        os.write(1, f"{number}\\n".encode())

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        publish(Path(sys.argv[1]), int(line))
    os.waitpid(child, 0)
    os.write(1, b"dead\\n")
"""
"""For each line that comes in a publisher that goes on from that number, until it is killed: to start Python anew for
each of thousands would take longer than all that they do."""


@pytest.mark.parametrize("kills", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_kills_tear_no_file_and_lose_nothing_acknowledged(
    kills: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    command = [sys.executable, "-S", "-c", PUBLISHERS, str(tmp_path)]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    acknowledged = halves = 0
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as publishers:
        assert publishers.stdin is not None
        assert publishers.stdout is not None
        for kill in range(kills):
            publishers.stdin.write(f"{acknowledged}\n")
            publishers.stdin.flush()
            number = int(publishers.stdout.readline().removeprefix("born "))
            for _ in range(1 + kill % 4):  # some are killed in their first rounds, some later
                acknowledged = int(publishers.stdout.readline())
            os.kill(number, signal.SIGKILL)
            for line in iter(publishers.stdout.readline, "dead\n"):
                acknowledged = int(line)
            halves += any(each.name.startswith(".") for each in tmp_path.iterdir())
            for name in "ab":
                lines = set(read(tmp_path / name).splitlines())
                assert len(lines) == 1, "torn"
                assert acknowledged <= int(lines.pop()) <= acknowledged + 1
        publishers.stdin.close()
    assert publishers.returncode == 0
    record_property("killed amid a file", halves)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut off": cut, "a bit flipped": flip, "empty": lambda path: path.write_bytes(b""), "gone": Path.unlink,
}  # fmt: skip


def break_link(path: Path) -> None:
    """So that the damage is not done to the second name too."""
    body = path.read_bytes()
    path.unlink()
    path.write_bytes(body)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_noticed_and_what_stood_there_before_is_answered(
    damage: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    for text in (OLD, NEW):
        replace_files({path: text})
    break_link(path)
    damage(path)
    found = read_published(path)
    assert found.text == OLD
    assert found.warning is not None
    assert "before" in found.warning
    assert replace_files({path: NEW}) == 1
    assert read(path) == NEW
    assert path.with_name("config.json.prev").read_text(encoding="utf-8") == OLD, (
        "damage is never kept as the one before"
    )


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_where_both_are_damaged_nothing_is_answered(damage: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    for text in (OLD, NEW):
        replace_files({path: text})
    damage(path)
    damage(path.with_name("config.json.prev"))
    with pytest.raises(NotPublished, match="publish again"):
        read_published(path)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_without_good_checksums_nothing_is_taken_for_whole(damage: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    replace_files({path: NEW})
    damage(path.with_name("config.json.sum"))
    with pytest.raises(NotPublished):
        read_published(path)
