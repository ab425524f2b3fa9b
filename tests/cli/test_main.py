"""The command as a whole: help, start-up, and how it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from django.db import DatabaseError, OperationalError, ProgrammingError

from larry import __version__
from larry.cli import main
from larry.cli.failure import explain_failure
from tests.cli.terminal import Terminal

NAMES = tuple(name for section in main.SECTIONS.values() for name in section)


def run_python(code: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, "LARRY_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_larry(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_python(f"from larry.cli.main import main; main({list(arguments)!r})", home, **environment)


def test_help_names_every_command_with_a_line_about_it(terminal: Terminal) -> None:
    said = terminal.done("--help")
    for section, commands in main.SECTIONS.items():
        assert section in said.out
        for name, (_, about) in commands.items():
            assert f"\n  {name} " in said.out
            assert about.split()[0] in said.out


def test_help_is_there_without_django_and_without_rich(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom larry.cli.main import run\nassert run(['--help']) == 0\n"
        "print([name for name in ('django', 'rich', 'yaml', 'granian', 'larry.core') if name in sys.modules])"
    )
    done = run_python(code, tmp_path / "home")
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_every_command_has_an_example_of_it(name: str, terminal: Terminal) -> None:
    said = terminal.done(name, "--help")
    assert "Example" in said.out
    assert f"\n    larry {name}" in said.out or f"| larry {name}" in said.out
    assert max(map(len, said.out.splitlines())) <= 110


@pytest.mark.parametrize("name", NAMES)
def test_every_option_of_every_command_says_what_it_does(name: str) -> None:
    command = main.larry.get_command(click.Context(main.larry), name)
    assert command is not None
    for option in command.params:
        if isinstance(option, click.Option) and option.name != "form":
            assert option.help, option


def test_reading_commands_take_a_moment_and_writing_ones_a_reason_and_a_dry_run() -> None:
    def options(name: str) -> set[str]:
        command = main.larry.get_command(click.Context(main.larry), name)
        assert command is not None
        return {spelled for option in command.params for spelled in option.opts}

    for name in ("list", "show", "diff", "parameters", "order", "deployments", "config", "activity", "check"):
        assert {"--as-of", "--format"} <= options(name), name
    for name in ("apply", "set", "retire", "snapshot", "deploy", "redeploy", "edit-deployment", "undeploy"):
        assert {"--reason", "--dry-run", "--format"} <= options(name), name


def test_version(terminal: Terminal) -> None:
    assert terminal.done("--version").out == f"larry {__version__}\n"


@pytest.mark.parametrize("arguments", [("fly",), ("deploy", "--fly"), ("show", "host"), ("list", "unicorns")])
def test_wrong_usage_is_2(arguments: tuple[str, ...], terminal: Terminal) -> None:
    assert "Error:" in terminal.misused(*arguments)


def test_an_argument_that_is_no_text_is_wrong_usage(terminal: Terminal) -> None:
    assert terminal.misused("show", "host", "\udcff") == "larry: an argument is not UTF-8\n"


def test_a_defect_is_one_line_and_tells_how_to_see_more(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("one\nby\x1b[31m none")

    monkeypatch.setattr("larry.cli.session.open_session", fail)
    monkeypatch.setattr("larry.cli.commands.check.open_session", fail)
    line = terminal.refused("check")
    assert "a defect of Larry's: ZeroDivisionError: one\\nby\\x1b[31m none" in line
    monkeypatch.setenv("LARRY_TRACEBACK", "1")
    assert "Traceback" in terminal("check").err


def test_an_interruption_is_one_line(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("larry.cli.commands.check.open_session", interrupt)
    said = terminal("check")
    assert (said.code, said.out) == (1, "")
    assert said.err.strip().startswith("larry: interrupted")


def test_a_reader_who_has_read_enough_causes_no_complaint(tmp_path: Path) -> None:
    code = f'{sys.executable} -c \'from larry.cli.main import main; main(["deploy", "--help"])\' | true'
    done = subprocess.run(["sh", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""


def test_without_a_database_the_first_step_is_told_and_no_empty_file_is_made(tmp_path: Path) -> None:
    done = run_larry(tmp_path, "list", "hosts")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no database at" in done.stderr
    assert "larry migrate" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "larry.sqlite3").exists()


def test_a_database_without_tables_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "larry.sqlite3").touch()
    done = run_larry(tmp_path, "list", "hosts")
    assert done.returncode == 1
    assert "run `larry migrate`" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_is_no_database_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "larry.sqlite3").write_text("this is a letter to my aunt" * 100, encoding="utf-8")
    done = run_larry(tmp_path, "list", "hosts")
    assert done.returncode == 1
    assert "not a database" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_database_server_that_is_away_is_told_so(tmp_path: Path) -> None:
    done = run_larry(tmp_path, "list", "hosts", LARRY_DATABASE_URL="postgres://nobody@127.0.0.1:1/larry")
    assert done.returncode == 1
    assert "LARRY_DATABASE_URL" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_setting_is_told_in_its_own_words(tmp_path: Path) -> None:
    done = run_larry(tmp_path, "list", "hosts", LARRY_TIME_ZONE="Europe/Atlantis")
    assert done.returncode == 1
    assert "Europe/Atlantis" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_wrong_settings_are_told_one_a_line(tmp_path: Path) -> None:
    done = run_larry(tmp_path, "list", "hosts", LARRY_TIME_ZONE="Europe/At\nlantis", LARRY_ALLOWED_HOSTS="/")
    first, *others = done.stderr.splitlines()
    assert (done.returncode, first) == (1, "larry: 2 faults, and nothing has been changed:")
    assert [each.partition(" ")[0] for each in others] == ["allowed_hosts", "time_zone"]


def test_migrating_twice_is_as_good_as_once(tmp_path: Path) -> None:
    for _ in range(2):
        done = run_larry(tmp_path, "migrate")
        assert (done.returncode, done.stdout, done.stderr) == (0, "the database is up to date\n", "")
    assert run_larry(tmp_path, "list", "hosts").stdout == "no hosts\n"


@pytest.mark.parametrize(
    "error, told",
    [
        (OperationalError("database is locked"), "too long"),
        (OperationalError("canceling statement due to lock timeout"), "too long"),
        (OperationalError("attempt to write a readonly database"), "cannot be written to"),
        (OperationalError("no such table: larry_host"), "larry migrate"),
        (ProgrammingError('relation "larry_host" does not exist'), "larry migrate"),
        (OperationalError("connection refused\nis it running?"), "LARRY_DATABASE_URL"),
        (DatabaseError("something else"), "refused: something else"),
        (PermissionError(13, "Permission denied", "/etc/shadow"), "/etc/shadow: Permission denied"),
        (RecursionError("maximum recursion depth exceeded"), "nested too deeply"),
    ],
)
def test_failures_of_the_machine_say_what_to_do(error: Exception, told: str) -> None:
    line = explain_failure(error)
    assert told in line
    assert "\n" not in line


class LastWords(Exception):
    """As the driver tells what PostgreSQL said."""

    diag = SimpleNamespace(severity_nonlocalized="PANIC")


def test_whoever_lost_the_server_amid_a_commit_is_not_told_that_nothing_was_done() -> None:
    """Django asks for another connection then, in vain, and its error tells of that."""
    at_commit, after = OperationalError("could not flush"), OperationalError("connection failed: is it running?")
    at_commit.__cause__ = LastWords("could not flush file: Input/output error")
    after.__context__ = at_commit
    line = explain_failure(after)
    assert "could not flush file" in line
    assert "look whether this was done" in line
    assert "nothing was changed" not in line


@pytest.mark.parametrize("name", ["", "  ", "Tess Tester", "Zoë 田中"])
def test_whoever_acts_has_a_name(name: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    from larry.cli.session import find_actor

    monkeypatch.setenv("LARRY_ACTOR", name)
    assert find_actor() == name.strip() or (not name.strip() and find_actor())


@pytest.mark.parametrize("name", ["two\nlines", "x" * 201])
@pytest.mark.django_db
def test_a_name_that_would_spoil_the_record_is_refused(
    name: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LARRY_ACTOR", name)
    assert "LARRY_ACTOR" in terminal.refused("apply", "-", stdin="larry: 1\nroles: [{name: web}]")
