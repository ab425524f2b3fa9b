"""The script runs under every POSIX shell, in order, and hands each service what the node says, byte for byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from larry.core.document import thaw
from larry.core.node import Place
from larry.core.node_text import DatedNode, dated_document
from larry.exports import CannotPrint
from larry.exports.dialect import find_dialect
from tests.exports.hostile import LONG, every_value
from tests.exports.specimen import HOST, PATH, dated, entry, subject
from tests.tools import require

RECORDER = f"""#!{sys.executable} -S
import json, os, sys
record = {{name: value for name, value in os.environ.items() if name.startswith("LARRY_")}}
record |= {{"script": os.path.basename(sys.argv[0]), "verb": sys.argv[1:], "stdin": sys.stdin.buffer.read().decode()}}
with open(os.environ["RECORD"], "a", encoding="utf-8") as file:
    file.write(json.dumps(record) + "\\n")
sys.exit(int(os.environ.get("FAIL_" + record["LARRY_SERVICE"], "0")))
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """A shell, and a folder of scripts that write down how they were called."""

    shell: str
    folder: Path

    def run(
        self, node: DatedNode, *arguments: str, stop: bool = False, variables: Mapping[str, str] | None = None
    ) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
        script = self.folder / "node.sh"
        script.write_text(find_dialect("shell").render(node, stop=stop), encoding="utf-8", newline="")
        record = self.folder / "record"
        record.unlink(missing_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "LARRY_SCRIPTS": str(self.folder / "scripts"),
            "RECORD": str(record),
            **(variables or {}),
        }
        done = subprocess.run(
            [self.shell, str(script), *arguments],
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        return done, [json.loads(line) for line in lines]

    def provide(self, *names: str, mode: int = 0o755) -> None:
        for name in names:
            (self.folder / "scripts" / name).write_text(RECORDER)
            (self.folder / "scripts" / name).chmod(mode)


@pytest.fixture(params=["dash", "bash"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    (tmp_path / "scripts").mkdir()
    return Bench(str(require("dash")) if request.param == "dash" else "/bin/bash", tmp_path)


def three() -> DatedNode:
    return dated(entry("ntp"), entry("rails", of=PATH, after=["ntp"]), entry("watch", after=["ntp"]))


def test_scripts_run_in_start_order_and_stop_in_reverse(bench: Bench) -> None:
    bench.provide("ntp", "rails", "watch")
    for stop, verb in ((False, "start"), (True, "stop")):
        done, records = bench.run(three(), stop=stop)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        called = [(record["LARRY_KEY"], record["script"], record["verb"]) for record in records]
        expected = [(key, key.rpartition("-")[2], [verb]) for key in ("ntp", "acme-shop-production-rails", "watch")]
        assert called == (expected[::-1] if stop else expected)


def test_a_script_reads_back_what_the_node_says(bench: Bench) -> None:
    bench.provide("watch")
    node = dated(
        entry(
            "watch",
            audits=[subject("postgres", target="it's $(id)")],
            elsewhere=[Place("postgres", "db1.example.com", ("10.0.0.21",))],
            values=every_value(),
        )
    )
    done, (record,) = bench.run(node)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    document = json.loads(json.dumps(thaw(dated_document(node))))["services"][0]
    assert record["LARRY_HOST"] == HOST
    assert (record["LARRY_SERVICE"], record["LARRY_KEY"], record["LARRY_FOR"]) == ("watch", "watch", PATH)
    whole = json.loads(record["stdin"])
    assert whole == {name: value for name, value in document.items() if name != "tools"}
    assert whole["parameters"] == {"values": every_value()}
    assert json.loads(record["LARRY_AUDITS"]) == document["audits"]


def test_the_environment_reads_back_every_text(bench: Bench) -> None:
    bench.provide("watch")
    values = {**every_value(), "texts": every_value()["texts"][:-1], "keys": {}}
    for parameters in ({"values": values}, {"long": LONG[:65536]}):
        _, (record,) = bench.run(dated(entry("watch", audits=[subject("pg", **parameters)], **parameters)))
        assert json.loads(record["LARRY_PARAMETERS"]) == parameters
        assert json.loads(record["LARRY_AUDITS"])[0]["settings"] == parameters


def test_what_no_environment_can_hold_comes_by_standard_input(bench: Bench) -> None:
    bench.provide("watch", "deaf")
    (bench.folder / "scripts" / "deaf").write_text("#!/bin/sh\nexit 0\n")
    audits = [subject("postgres", f"db{number}.example.com", target="/backup") for number in range(3_000)]
    done, (record,) = bench.run(dated(entry("deaf", audits=audits), entry("watch", audits=audits, keep=7)))
    assert (done.returncode, done.stderr) == (0, "")
    assert record["LARRY_AUDITS"] == ""
    assert json.loads(record["LARRY_PARAMETERS"]) == {"keep": 7}
    assert len(json.loads(record["stdin"])["audits"]) == 3_000


def test_the_first_failure_ends_it_with_its_code(bench: Bench) -> None:
    bench.provide("ntp", "rails", "watch")
    done, records = bench.run(three(), variables={"FAIL_rails": "42"})
    assert done.returncode == 42
    assert [record["LARRY_SERVICE"] for record in records] == ["ntp", "rails"]
    assert done.stderr == (
        f"larry: acme-shop-production-rails: {bench.folder}/scripts/rails start failed with code 42; "
        "what comes after it was not run\n"
    )


def test_a_missing_script_is_told_before_anything_runs(bench: Bench) -> None:
    bench.provide("ntp")
    bench.provide("watch", mode=0o644)
    done, records = bench.run(three())
    assert (done.returncode, records) == (127, [])
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["acme-shop-production-rails", "watch"]
    assert f"there is no script {bench.folder}/scripts/rails that can be run" in done.stderr


def test_a_missing_script_may_be_passed_over(bench: Bench) -> None:
    bench.provide("ntp", "watch")
    done, records = bench.run(three(), variables={"LARRY_SKIP_MISSING": "1"})
    assert done.returncode == 0
    assert [record["LARRY_SERVICE"] for record in records] == ["ntp", "watch"]
    assert done.stderr.startswith("larry: acme-shop-production-rails: skipped, there is no script")


def test_a_script_that_may_not_run_is_not_passed_over(bench: Bench) -> None:
    bench.provide("ntp", "watch", mode=0o644)
    done, records = bench.run(three(), variables={"LARRY_SKIP_MISSING": "1"})
    assert (done.returncode, records) == (127, [])


def test_list_prints_keys_and_runs_nothing(bench: Bench) -> None:
    bench.provide("ntp", "rails", "watch")
    done, records = bench.run(three(), "--list")
    assert (done.returncode, records) == (0, [])
    assert done.stdout.splitlines() == ["ntp", "acme-shop-production-rails", "watch"]
    done, _ = bench.run(three(), "--list", stop=True)
    assert done.stdout.splitlines() == ["watch", "acme-shop-production-rails", "ntp"]


def test_another_argument_is_refused(bench: Bench) -> None:
    bench.provide("ntp", "rails", "watch")
    done, records = bench.run(three(), "stop")
    assert (done.returncode, records) == (2, [])
    assert "no such argument: stop" in done.stderr


def test_scripts_may_be_named_and_left_out(bench: Bench) -> None:
    bench.provide("time.sh")
    entries = [
        entry("ntp", tools={"shell": {"script": "time.sh"}}),
        entry("apache", tools={"shell": {"skip": True}, "puppet": {"class": "apache"}}),
    ]
    done, records = bench.run(dated(*entries))
    assert done.returncode == 0
    assert [(record["LARRY_KEY"], record["script"]) for record in records] == [("ntp", "time.sh")]


def test_a_node_of_nothing_does_nothing(bench: Bench) -> None:
    done, records = bench.run(dated())
    assert (done.returncode, done.stdout, done.stderr, records) == (0, "", "", [])


@pytest.mark.parametrize("script", ["../x", "/bin/id", "a b", "", "-x", ".hidden", "$(id)", "a\n", 7, ["a"]])
def test_a_script_is_a_plain_file_name(script: Any) -> None:
    with pytest.raises(CannotPrint, match=r"ntp: tools\.shell\.script .* is no plain file name"):
        find_dialect("sh").render(dated(entry("ntp", tools={"shell": {"script": script}})))


def test_tools_for_the_shell_are_a_map() -> None:
    with pytest.raises(CannotPrint, match=r"ntp: tools\.shell must be a map"):
        find_dialect("sh").render(dated(entry("ntp", tools={"shell": "ntp.sh"})))
