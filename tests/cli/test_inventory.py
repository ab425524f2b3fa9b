"""`larry inventory`: every dialect that tells all hosts, at any moment; and the folders that some dialects fill."""

from __future__ import annotations

from pathlib import Path

import pytest

from larry.cli.output_file import LEDGER, replace_folder
from larry.exports.dialect import DIALECTS, list_inventories
from tests.cli.terminal import LIVE, SECRET, WATCHERS, WATCHING, Terminal

HOST = "web1.example.com"


@pytest.mark.parametrize("dialect", list_inventories(), ids=lambda dialect: dialect.name)
def test_every_inventory_is_printed_without_secrets(dialect: object, larry: Terminal) -> None:
    larry.deploy()
    said = larry.done("inventory", "--format", dialect.name)  # type: ignore[attr-defined]
    assert "rails" in said.out
    assert SECRET not in said.out


def test_json_is_the_default_and_any_moment_answers(larry: Terminal) -> None:
    larry.deploy(LIVE, HOST, "--start", "+2d")

    def services(*options: str) -> int:
        return sum(len(host["services"]) for host in larry.done("inventory", *options).json["hosts"])

    assert services() == 0
    assert services("--as-of", "+3d") == 3


def test_what_tells_one_host_at_a_time_says_so(larry: Terminal) -> None:
    assert "tells one host at a time (larry config); all at once: json" in larry.misused("inventory", "--format", "enc")
    assert "there is no dialect 'klingon'" in larry.misused("inventory", "--format", "klingon")


def test_what_is_one_text_has_no_folder(larry: Terminal, tmp_path: Path) -> None:
    for command in (("inventory",), ("config", HOST)):
        told = larry.misused(*command, "--format", "json", "--into", str(tmp_path))
        assert "json has no folder of files, only hiera" in told
    assert "leave out --stop" in larry.misused("config", HOST, "--stop", "--into", str(tmp_path))


@pytest.mark.parametrize("dialect", [each for each in DIALECTS if each.render_files], ids=lambda each: each.name)
def test_a_folder_is_filled_without_secrets(dialect: object, larry: Terminal, tmp_path: Path) -> None:
    larry.deploy()
    name = dialect.name  # type: ignore[attr-defined]
    host = WATCHING if name in WATCHERS else HOST
    for command, folder in (("inventory",), tmp_path / "all"), (("config", host), tmp_path / "one"):
        said = larry.done(*command, "--format", name, "--into", str(folder))
        assert said.out == ""
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != LEDGER]
        assert f"{len(files)} files, {len(files)} changed" in said.err
        assert any(host in str(path) for path in files)
        assert all(SECRET not in path.read_text() for path in files)
        again = larry.done(*command, "--format", name, "--into", str(folder))
        assert f"{len(files)} files, 0 changed" in again.err


def test_what_is_no_longer_said_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    assert replace_folder(folder, {"a/one": "1", "two": "#!/bin/sh\n"}) == 2
    (folder / "theirs").write_text("x")
    (folder / "a/one").chmod(0o640)
    assert (folder / "two").stat().st_mode & 0o777 == 0o755
    assert replace_folder(folder, {"a/one": "2"}) == 2
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [LEDGER, "one", "theirs"]
    assert (folder / "a/one").stat().st_mode & 0o777 == 0o640
    assert replace_folder(folder, {"a/one": "2"}) == 0
