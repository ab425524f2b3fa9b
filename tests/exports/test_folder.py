"""run-parts and make run the folder's scripts in order, and every script hands on what the node says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from larry.cli.output_file import replace_folder
from larry.core.fleet import Fleet, FleetHost
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint, waves
from larry.exports.dialect import find_dialect
from tests.exports.hostile import every_value
from tests.exports.many import make_fleet
from tests.exports.specimen import HOST, PATH, dated, entry, subject
from tests.exports.test_ansible import on
from tests.exports.test_shell import RECORDER
from tests.tools import require


def three(**values: Any) -> DatedNode:
    scan = entry("scan", after=["ntp"], tools={"shell": {"skip": True}})
    rails = entry("rails", of=PATH, after=["scan"], tools={"shell": {"script": "ruby.sh"}}, **values)
    return dated(entry("ntp"), scan, rails, entry("watch", after=["ntp"], audits=[subject("ntp")]))


def fill(folder: Path, name: str, node: DatedNode) -> Path:
    """The host's folder, as ``larry config --into`` fills it."""
    scripts = folder / "scripts"
    scripts.mkdir(exist_ok=True)
    for script in ("ntp", "ruby.sh", "watch"):
        (scripts / script).write_text(RECORDER)
        (scripts / script).chmod(0o755)
    render_files = find_dialect(name).render_files
    assert render_files is not None
    replace_folder(folder / "files", render_files(Fleet((FleetHost(node),))))
    return folder / "files" / HOST


def run(folder: Path, *command: str | Path, **variables: str) -> tuple[int, list[dict[str, Any]], str]:
    """(code, what the scripts wrote down, standard error)."""
    record = folder / "record"
    record.unlink(missing_ok=True)
    known = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "RECORD": str(record)}
    known |= {"LARRY_SCRIPTS": str(folder / "scripts"), **variables}
    done = subprocess.run(command, env=known, capture_output=True, encoding="utf-8", timeout=60, check=False)
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    return done.returncode, [json.loads(line) for line in lines], done.stderr


def turns(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(record["LARRY_KEY"], *record["verb"]) for record in records]


ORDER = ["ntp", "acme-shop-production-rails", "watch"]


def test_run_parts_starts_in_order_and_stops_in_reverse(tmp_path: Path) -> None:
    parts = fill(tmp_path, "run-parts", three(values=every_value()))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", file.name) for file in parts.iterdir())
    code, records, told = run(tmp_path, require("run-parts"), "--exit-on-error", parts)
    assert (code, turns(records), told) == (0, [(key, "start") for key in ORDER], "")
    assert json.loads(records[1]["stdin"])["parameters"] == {"values": every_value()}
    assert records[1]["script"] == "ruby.sh"
    code, records, _ = run(tmp_path, require("run-parts"), "--reverse", "--arg=stop", parts)
    assert (code, turns(records)) == (0, [(key, "stop") for key in ORDER[::-1]])


def test_run_parts_ends_at_the_first_failure(tmp_path: Path) -> None:
    parts = fill(tmp_path, "run-parts", three())
    code, records, _ = run(tmp_path, require("run-parts"), "--exit-on-error", parts, FAIL_rails="42")
    assert code != 0
    assert [record["LARRY_KEY"] for record in records] == ORDER[:2]
    (tmp_path / "scripts/ruby.sh").unlink()
    assert run(tmp_path, require("run-parts"), "--exit-on-error", parts)[0] != 0
    code, records, told = run(tmp_path, require("run-parts"), "--exit-on-error", parts, LARRY_SKIP_MISSING="1")
    assert (code, [record["LARRY_KEY"] for record in records]) == (0, ["ntp", "watch"])
    assert "acme-shop-production-rails: skipped, there is no script" in told


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_host_makes_the_same_folder_by_the_printed_script(tmp_path: Path, shell: str) -> None:
    node = three(values=every_value())
    parts = fill(tmp_path, "run-parts", node)
    maker = tmp_path / "maker.sh"
    maker.write_text(find_dialect("run-parts").render(node), encoding="utf-8", newline="")
    made = tmp_path / "made"
    for _ in range(2):
        assert run(tmp_path, shell, maker, made) == (0, [], "")
        (made / "0000-stale").write_text("")
    (made / "0000-stale").unlink()
    assert {file.name: file.read_bytes() for file in made.iterdir()} == {
        file.name: file.read_bytes() for file in parts.iterdir()
    }
    assert all(os.access(file, os.X_OK) for file in made.iterdir())
    assert run(tmp_path, shell, maker)[0] == 2
    assert sorted(path.name for path in tmp_path.iterdir() if "new" in path.name) == []


def test_make_starts_and_stops_in_the_order_of_the_graph(tmp_path: Path) -> None:
    folder = fill(tmp_path, "make", three(values=every_value()))
    for jobs in ("-j1", "-j4"):
        code, records, told = run(tmp_path, require("make"), jobs, "-C", folder)
        assert (code, told) == (0, "")
        assert sorted(turns(records)) == sorted((key, "start") for key in ORDER)
        assert records[0]["LARRY_KEY"] == "ntp"
        code, records, _ = run(tmp_path, require("make"), jobs, "-C", folder, "stop")
        assert sorted(turns(records)) == sorted((key, "stop") for key in ORDER)
        assert records[-1]["LARRY_KEY"] == "ntp"
    code, records, _ = run(tmp_path, require("make"), "-C", folder, "start/acme-shop-production-rails")
    assert [record["LARRY_KEY"] for record in records] == ORDER[:2]
    code, records, _ = run(tmp_path, require("make"), "-C", folder, FAIL_ntp="3")
    assert (code, len(records)) == (2, 1)


def test_waves_say_what_may_start_in_parallel_on_all_hosts() -> None:
    fleet = make_fleet(40)
    told = json.loads(waves.render_fleet(fleet))["waves"]
    number = {(one["host"], one["key"]): n for n, members in enumerate(told) for one in members}
    assert number.keys() == fleet.entries.keys()
    for spot, earlier in fleet.before.items():
        assert number[spot] == 1 + max((number[other] for other in earlier), default=-1)
    assert all(fleet.entries[one["host"], one["key"]].service == one["service"] for wave in told for one in wave)
    pairs = "".join(f"{'/'.join(other)} {'/'.join(spot)}\n" for spot, of in fleet.before.items() for other in of)
    assert subprocess.run([require("tsort")], input=pairs.encode(), capture_output=True, check=False).returncode == 0


def test_waves_of_one_host_stop_in_reverse() -> None:
    node = dated(entry("ntp"), entry("a", after=["ntp"]), entry("b", after=["ntp"]))
    keys = [[one["key"] for one in members] for members in json.loads(waves.render(node))["waves"]]
    stopped = [[one["key"] for one in members] for members in json.loads(waves.render(node, stop=True))["waves"]]
    assert (keys, stopped) == ([["ntp"], ["a", "b"]], [["a", "b"], ["ntp"]])
    one = on("one", entry("a"), entry("b", after=["a"]))
    other = on("two", entry("b"), entry("a", after=["b"]))
    assert len(json.loads(waves.render_fleet(Fleet((FleetHost(one), FleetHost(other)))))["waves"]) == 2


@pytest.mark.parametrize("name", ["run-parts", "make"])
def test_what_has_no_text_for_stopping_says_what_to_do(name: str) -> None:
    with pytest.raises(CannotPrint, match=rf"{name} has no order of stopping: (run the folder|make stop)"):
        find_dialect(name).render(dated(), stop=True)
