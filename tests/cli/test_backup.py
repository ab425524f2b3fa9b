"""`larry backup` and `larry restore`, called as anybody would: what they say, and what they refuse in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import SECRET, WHY, Terminal


@pytest.fixture
def file(larry: Terminal, tmp_path: Path) -> Path:
    path = tmp_path / "larry.backup"
    larry.done("backup", str(path))
    return path


@pytest.mark.django_db
def test_a_backup_says_what_it_is_and_which_keys_it_needs(larry: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "larry.backup"
    said = larry.done("backup", str(path)).out
    assert f"{path}: {path.stat().st_size} bytes, as of 20" in said
    assert "sealed with" in said
    assert SECRET.encode() not in path.read_bytes()
    checked = larry.done("restore", str(path), "--check").out
    assert "larry_customer" in checked
    assert "is whole" in checked
    assert larry.done("backup", str(path)).code == 0  # a newer one takes its place


def test_a_faulty_file_is_refused_in_one_line(larry: Terminal, file: Path) -> None:
    whole = file.read_bytes()
    for faulty, why in (
        (whole[:-1], "is damaged"),
        (whole[:1000] + b"x" + whole[1001:], "is damaged"),
        (whole.replace(b"backup 1", b"backup 7", 1), "later version"),
        (b"-- PostgreSQL database dump", "is no backup of Larry's"),
    ):
        file.write_bytes(faulty)
        assert why in larry.refused("restore", str(file), "--check")
        assert why in larry.refused("restore", str(file), *WHY)
    assert "is no backup of Larry's, and is left as it is" in larry.refused("backup", str(file))


def test_what_is_there_is_overwritten_only_if_asked_and_confirmed(larry: Terminal, file: Path) -> None:
    assert "--replace" in larry.refused("restore", str(file), *WHY)
    said = larry("restore", str(file), "--replace", *WHY, stdin="n\n")
    assert said.code == 1
    assert "This overwrites all that the database holds" in said.err


@pytest.mark.django_db(transaction=True)
def test_replacing_keeps_what_was_there(terminal: Terminal, tmp_path: Path) -> None:
    from tests.cli.terminal import ESTATE

    terminal.done("apply", "-", stdin=ESTATE)
    path = tmp_path / "first.backup"
    terminal.done("backup", str(path))
    terminal.done("set", "customer", "zeta", "name=Zeta", *WHY)
    said = terminal.done("restore", str(path), "--replace", "--yes", *WHY)
    assert "rows of" in said.out
    kept = Path(said.err.strip().rpartition(" ")[2])
    assert "zeta" not in terminal.done("list", "customers").out.lower()
    terminal.done("restore", str(kept), "--replace", "--yes", *WHY)
    assert "zeta" in terminal.done("list", "customers").out.lower()
