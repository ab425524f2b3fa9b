"""The checkers are themselves checked: faults planted in a copy of the house are found by ruff and by import-linter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tools
from tests.house.source import ROOT

BIN = Path(sys.executable).parent

BANNED = (
    ("larry/actions/deploy.py", "import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)\n"),
    ("larry/core/plan.py", "from datetime import date\n\nTODAY = date.today()\n"),
    ("larry/records/host.py", "from django.utils import timezone\n\nNOW = timezone.now()\n"),
    ("larry/worker/boundary.py", "import time\n\nNOW = time.time()\n"),
    ("larry/queries/host.py", "from django.db.models.signals import post_save\n\nSIGNAL = post_save\n"),
    ("larry/web/form.py", "from django.forms import ModelForm\n\nFORM = ModelForm\n"),
    (
        "larry/records/note.py",
        "from django.contrib.contenttypes.fields import GenericForeignKey\n\nKEY = GenericForeignKey\n",
    ),
)

# (contract, file, a line that breaks it)
CROSSINGS = (
    ("Imports go down only", "larry/nouns/planted.py", "import larry.queries"),
    ("Imports go down only", "larry/web/planted.py", "import larry.cli"),
    ("Inside the core, imports go down only", "larry/core/interval.py", "import larry.core.timeline"),
    ("The core knows no framework, clock, disk, network or log", "larry/core/key.py", "import os.path"),
    ("Printers know no framework, clock, disk, network or log", "larry/exports/planted.py", "import django.conf"),
    ("Actions and queries never reach outside", "larry/actions/planted.py", "import larry.outside"),
    (
        "The client needs nothing of Larry, and no framework: it may be used where Larry is not",
        "larry/client/token.py",
        "import larry.core.key",
    ),
    ("Only the command asks another Larry", "larry/web/planted.py", "import larry.client.remote"),
    ("Only queries and actions touch records", "larry/web/planted.py", "import larry.records"),
    ("Printers never import one another", "larry/exports/planted.py", "import larry.exports.other"),
)


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(folder), "NO_COLOR": "1"}
    asked: list[str | Path] = [BIN / "lint-imports", "--no-logo", "--no-cache"]
    return subprocess.run(asked, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _ruff(place: str, text: str) -> subprocess.CompletedProcess[str]:
    """What ruff says of a text that would stand at that place of the house."""
    asked: list[str | Path] = [BIN / "ruff", "check", "--no-cache", "--select", "TID251", "--output-format", "concise"]
    asked += ["--stdin-filename", ROOT / place, "-"]
    return subprocess.run(asked, cwd=ROOT, input=text, capture_output=True, text=True, check=False)


def _copy_house(folder: Path) -> None:
    shutil.copytree(ROOT / "larry", folder / "larry", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)


def test_imports_go_down_only() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_crossings_planted_in_a_copy_break_their_contracts(tmp_path: Path) -> None:
    _copy_house(tmp_path)
    (tmp_path / "larry/exports/other.py").write_text("", encoding="utf-8")
    for _, place, line in CROSSINGS:
        with (tmp_path / place).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    done = _lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE))
    assert set(verdicts.values()) == {"BROKEN"}, verdicts
    assert set(verdicts) == {contract for contract, _, _ in CROSSINGS}
    for _, place, line in CROSSINGS:
        source = place.removesuffix(".py").replace("/", ".")
        target = line.removeprefix("import ").removesuffix(".path").removesuffix(".conf")
        assert f"{source} -> {target}" in done.stdout.replace("is not allowed to import", "->"), (source, target)


@pytest.mark.parametrize("place", ["larry/cellar/__init__.py", "larry/core/cellar.py"])
def test_a_room_that_no_contract_places_is_found(place: str, tmp_path: Path) -> None:
    _copy_house(tmp_path)
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("", encoding="utf-8")
    done = _lint(tmp_path)
    assert done.returncode == 1
    assert "cellar" in done.stdout


@pytest.mark.parametrize("place, text", BANNED, ids=[place for place, _ in BANNED])
def test_ruff_bans_the_clock_and_the_shortcuts(place: str, text: str) -> None:
    done = _ruff(place, text)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "TID251" in done.stdout


@pytest.mark.parametrize(
    "place, text",
    [
        ("larry/outside/clock.py", "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n"),
        ("larry/records/apps.py", "from django.db.models.signals import post_migrate\n\nSIGNAL = post_migrate\n"),
    ],
)
def test_the_clock_may_read_the_time_and_the_guards_may_listen(place: str, text: str) -> None:
    done = _ruff(place, text)
    assert done.returncode == 0, done.stdout


def test_a_missing_tool_skips_aloud_and_fails_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = tools.Tool("absent", "absent-package", ("no-such-command", "/nowhere/*/absent"), "nothing at all")
    monkeypatch.setattr(tools, "TOOLS", (absent,))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"absent-package.*nothing at all"):
        tools.require("absent")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="absent-package"):
        tools.require("absent")


def test_a_tool_that_is_there_is_found_by_command_or_by_place(tmp_path: Path) -> None:
    for version in ("14", "15"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "postgres").touch()
    assert tools.find(tools.Tool("sh", "dash", ("sh",), "")) == Path(shutil.which("sh") or "")
    assert tools.find(tools.Tool("pg", "pg", (f"{tmp_path}/*/postgres",), "")) == tmp_path / "15/postgres"


def test_an_unlisted_tool_is_refused() -> None:
    with pytest.raises(KeyError, match=r"tests/tools\.py"):
        tools.require("perl-of-wisdom")


def test_pins_are_hashed_and_name_one_version_each() -> None:
    for name in ("run", "dev"):
        text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
        pins = re.findall(
            r"^([a-z0-9][a-z0-9.-]*)==(\S+)(?: ; .*)? \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE
        )
        named = re.findall(r"^[a-z0-9][^\n]*", text, re.MULTILINE)
        assert len(pins) == len(named) > 10
    run, dev = (
        set(
            re.findall(
                r"^[a-z0-9][^ ]*==\S+", (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8"), re.MULTILINE
            )
        )
        for name in ("run", "dev")
    )
    assert run <= dev
