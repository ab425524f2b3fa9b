"""Every promised row is on the page of proofs with files that exist, and a run says of each what came of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.rows import PROOFS, is_of, read_rows

ROOT = PROOFS.parent.parent
PROMISED = {*(f"R{number}" for number in range(1, 14) if number != 11), *(f"S{number}" for number in range(1, 9))}


def test_every_row_has_its_files() -> None:
    rows = read_rows(PROOFS.read_text(encoding="utf-8"))
    assert {row.split()[0] for row in rows} == PROMISED
    for row, files in rows.items():
        assert files, row
        assert [file for file in files if not (ROOT / file).exists()] == [], row


def test_a_name_alone_lies_where_the_one_before_does() -> None:
    rows = read_rows("| R1 all of it | a | b | `tests/a/test_b.py`, `test_c.py`, `tests/d` |\n| other | `x` |\n")
    assert rows == {"R1 all of it": ("tests/a/test_b.py", "tests/a/test_c.py", "tests/d")}
    assert is_of("tests/d/e/test_f.py::test_g[1::2]", rows["R1 all of it"])
    assert not is_of("tests/a/test_bb.py::test_g", rows["R1 all of it"])


def test_a_run_tells_of_each_row(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "nouns"
    folder.mkdir(parents=True)
    (folder / "test_fuzz.py").write_text(
        "import pytest\n"
        "@pytest.mark.slow\n"
        "def test_long(record_property):\n    record_property('texts', 7)\n"
        "def test_wrong():\n    assert 0\n"
        "@pytest.mark.skip(reason='no')\n"
        "def test_skipped():\n    pass\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.rows",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:django",
        "-n",
        "1",
    ]
    done = subprocess.run(
        [*command, "tests"], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    told = [line for line in lines if line.startswith("passed after 0 s: tests/nouns/test_fuzz.py::test_long")]
    assert len(told) == 1, done.stdout + done.stderr
    assert told[0].endswith("(S6 hostile files), texts: 7")
    assert "S6 hostile files: 1 failed, 1 passed, 1 skipped; 1 long; 0 s" in lines
    assert "R5 writers killed: NOTHING WAS RUN" in lines
