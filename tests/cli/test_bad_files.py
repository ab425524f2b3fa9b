"""Every bad estate file through the command: refused with all its faults, nothing changed, and cheaply."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.actions.world import read_world
from tests.cli.refusal import refused_whole
from tests.cli.terminal import Terminal
from tests.nouns.bad_estate import BAD
from tests.nouns.test_bad_estate import find_marks

MEGABYTES = 200
CPU_SECONDS = 120
"""For all of them together, on a slow machine; what hangs or explodes is stopped by it."""


@pytest.mark.django_db
def test_every_bad_file_is_refused_whole_at_its_places_and_changes_nothing(terminal: Terminal) -> None:
    terminal.done("apply", "-", stdin="larry: 1\npools: [{name: Not to be touched}]\n")
    before = read_world()
    wrong = {}
    for name, (marked, _) in BAD.items():
        text, places = find_marks(marked)
        faults = refused_whole(terminal("apply", "-", "--with-deployments", stdin=text))
        found = [tuple(map(int, place)) for fault in faults for place in re.findall(r"^<.*?>:(\d+):(\d+): ", fault)]
        if not set(places) <= set(found):
            wrong[name] = faults
        assert read_world() == before, name
    assert wrong == {}
    assert len(BAD) >= 150


def test_all_bad_files_in_one_process_stay_below_200_megabytes(tmp_path: Path) -> None:
    """The peak of one process that reads them all is no lower than that of any of them."""
    if os.environ.get("LARRY_TEST_DATABASE") == "postgres":
        pytest.skip("meets no particular database: done on SQLite")
    for number, (marked, _) in enumerate(BAD.values()):
        (tmp_path / f"{number}.yaml").write_text(find_marks(marked)[0], encoding="utf-8")
    program = f"""
        import contextlib, io, resource, sys
        resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
        resource.setrlimit(resource.RLIMIT_CPU, ({CPU_SECONDS}, {CPU_SECONDS}))
        from larry.cli.main import run
        assert run(["migrate"]) == 0
        codes = []
        for number in range({len(BAD)}):
            with contextlib.redirect_stderr(io.StringIO()) as said:
                codes.append(run(["apply", f"{{number}}.yaml"]))
            assert "Traceback" not in said.getvalue()
        # ru_maxrss would begin with the peak of whoever started this process.
        peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
        print("codes", sorted(set(codes)), "peak", int(peak.split()[1]) // 1024)
    """
    known = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=known | {"LARRY_HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path.cwd())},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (told,) = re.findall(r"codes \[1\] peak (\d+)", done.stdout)
    assert int(told) < MEGABYTES
