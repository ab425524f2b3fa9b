"""The throwaway database of the tests comes up for a session, and goes with it whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import database

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 60.0

TEST = """
import os, time
from pathlib import Path
import pytest
from django.db import connection

@pytest.mark.django_db
@pytest.mark.parametrize("number", range(4))
def test_it(number):
    Path({told!r}).write_text(f"{{os.environ['LARRY_TEST_SESSION']}} {{connection.vendor}}")
    {act}
"""

pytestmark = pytest.mark.skipif(os.environ[database.CHOICE] == "postgres", reason="slow: only in the other pass")

needs_postgresql = pytest.mark.skipif(database.find_programs() is None, reason="PostgreSQL is not installed")


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A folder with one test file, which uses what this session uses."""
    (tmp_path / "conftest.py").write_text(
        "from tests.conftest import _tables_are_emptied, django_db_modify_db_settings"
    )
    return tmp_path


def _command(session: Path, act: str, *options: str) -> list[str]:
    (session / "test_it.py").write_text(TEST.format(told=str(session / "told"), act=act))
    given = ("-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "no:cacheprovider")
    return [sys.executable, "-m", "pytest", *given, *options, str(session / "test_it.py")]


def _environment(choice: str, **variables: str) -> dict[str, str]:
    ours = ("LARRY_", "PYTEST_", "DJANGO_", "CI")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {database.CHOICE: choice} | variables


def _run(session: Path, act: str, choice: str, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(session, act, *options),
        env=_environment(choice, **more), cwd=ROOT, capture_output=True, text=True, timeout=ENOUGH * 2, check=False,
    )  # fmt: skip


def _servers(folder: str) -> list[int]:
    """The processes that have the session's folder in their command line."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(word.startswith(f"{folder}/") for word in words):
            found.append(int(place.parent.name))
    return found


def _wait_until_gone(folder: str) -> None:
    until = time.monotonic() + ENOUGH
    while _servers(folder) and time.monotonic() < until:
        time.sleep(0.05)
    assert _servers(folder) == []


@needs_postgresql
@pytest.mark.parametrize(
    "act, workers",
    [
        ("raise RuntimeError", "2"),
        pytest.param("pass", "2", marks=pytest.mark.slow),
        pytest.param("pass", "0", marks=pytest.mark.slow),
        pytest.param("raise RuntimeError", "0", marks=pytest.mark.slow),
    ],
)
def test_a_cluster_ends_with_its_session(session: Path, act: str, workers: str) -> None:
    done = _run(session, act, "postgres", "-n", workers)
    folder, vendor = (session / "told").read_text().split()
    assert vendor == "postgresql"
    assert done.returncode == (0 if act == "pass" else 1), done.stdout
    assert ("4 passed" if act == "pass" else "4 failed") in done.stdout
    assert _servers(folder) == []
    assert not Path(folder).exists()


@needs_postgresql
@pytest.mark.parametrize(
    "blow",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_a_cluster_ends_with_a_session_that_is_killed(session: Path, blow: signal.Signals) -> None:
    command = _command(session, "time.sleep(60)", "-n", "0")
    with subprocess.Popen(
        command, env=_environment("postgres"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        until = time.monotonic() + ENOUGH
        while not (session / "told").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.1)
        folder, _ = (session / "told").read_text().split()
        assert _servers(folder) != []
        running.send_signal(blow)
        running.wait(ENOUGH)
    _wait_until_gone(folder)
    assert not list(Path(folder).glob("cluster*/*"))
    shutil.rmtree(folder, ignore_errors=True)


def test_without_postgresql_all_is_skipped_loudly(session: Path) -> None:
    done = _run(session, "pass", "postgres", "-n", "0", **_hidden(session))
    assert done.returncode == 0
    assert "4 skipped" in done.stdout
    assert done.stdout.count("NOTHING WAS TESTED") >= 2


def test_without_postgresql_ci_fails(session: Path) -> None:
    done = _run(session, "pass", "postgres", "-n", "0", CI="true", **_hidden(session))
    assert done.returncode != 0
    assert "NOTHING WAS TESTED" in done.stderr + done.stdout


def _hidden(session: Path) -> dict[str, str]:
    """A plugin that hides PostgreSQL's binaries from the other one."""
    (session / "hide.py").write_text(
        "from pathlib import Path\nfrom tests import database\n"
        "database.BINARIES = Path('/nowhere')\ndatabase.MISSING = 'no PostgreSQL: NOTHING WAS TESTED'\n"
    )
    return {"PYTHONPATH": str(session), "PYTEST_PLUGINS": "hide"}


def test_another_choice_is_refused(session: Path) -> None:
    done = _run(session, "pass", "mysql", "-n", "0")
    assert done.returncode != 0
    assert "LARRY_TEST_DATABASE=mysql: it is sqlite or postgres" in done.stderr + done.stdout


def test_sqlite_is_a_file_in_the_folder_of_the_session(session: Path) -> None:
    done = _run(
        session, "assert connection.settings_dict['NAME'].startswith(os.environ['LARRY_TEST_SESSION'])", "sqlite"
    )
    assert "4 passed" in done.stdout
    folder, vendor = (session / "told").read_text().split()
    assert vendor == "sqlite"
    assert not Path(folder).exists()
