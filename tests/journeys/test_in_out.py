"""An estate leaves Larry and comes back, by the very commands that people type, and nothing of it has changed."""

from __future__ import annotations

import json
import os
import resource
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from pytest_django import DjangoDbBlocker

from larry.actions.apply import apply
from larry.actions.author import Author
from larry.core.document import Json
from larry.exports.estate import write_estate, write_estate_folder, write_estate_json
from larry.nouns.estate import parse_estate
from larry.nouns.schema import estate_schema
from larry.queries.moment import Moment
from larry.queries.noun import get_estate
from larry.queries.reader import LOCAL
from tests.cli.terminal import ESTATE, SECRET
from tests.exports.hostile import TEXTS
from tests.journeys.played import NOW, playing
from tests.journeys.served import LARRY
from tests.nouns.strategies import estates, spell, texts
from tests.nouns.test_schema import allows

MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
"""What a command costs: told by a small process, since one that is born of a large one counts as large."""

SMALL = 0.7
"""Seconds of the processor that planning one role takes on a quiet machine with two cores."""

US = Author("the tests", "round trips", NOW)


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell at the Larry of one home, as anybody would have it."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_"))}
        return known | {"LARRY_HOME": str(self.home), "LARRY_ACTOR": "the tests"}

    def __call__(self, line: str, *, code: int = 0, stdin: str = "", seconds: float = 120) -> str:
        """What the line prints; both streams when it is to fail."""
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line.replace("larry ", f"{shlex.quote(str(LARRY))} ")],
            env=self.environment,
            cwd=self.home,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return done.stdout + (done.stderr if code else "")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    home = tmp_path / "home"
    home.mkdir()
    shell = Shell(home)
    shell("larry migrate")
    return shell


@pytest.mark.django_db
def test_the_demonstration_is_what_its_dump_says(db: None, django_db_blocker: DjangoDbBlocker) -> None:
    with playing(django_db_blocker):
        estate = get_estate(LOCAL, Moment(NOW))
        written = write_estate(estate.values())
        folder = write_estate_folder(estate.values())
        for texts_of in ([written], [write_estate_json(estate.values())], list(folder.values())):
            files = [(str(place), text) for place, text in enumerate(texts_of)]
            assert apply(parse_estate(files).items, US, prune=True, dry_run=True).changes_nothing
    assert allows(estate_schema(), yaml.safe_load(written)), "editors mark nothing in it"
    assert len(written.splitlines()) < 1000, "a person reads it in a sitting"


def _sensitive(document: Json, secret: str) -> Json:
    """The estate with a secret for each sensitive name, in each of its layers."""
    stated: Any = json.loads(json.dumps(document))
    names = [
        declared["name"]
        for service in stated["services"]
        for declared in service.get("parameters", [])
        if isinstance(declared, dict) and declared.get("sensitive")
    ]
    for customer in stated["customers"]:
        for holder in (customer, *customer["apps"], *(one for app in customer["apps"] for one in app["instances"])):
            holder.setdefault("parameters", {}).update(dict.fromkeys(names, secret))
    result: Json = stated
    return result


@pytest.mark.django_db
@settings(
    max_examples=25,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(estates(), texts)
def test_any_estate_is_what_its_dump_says(document: Json, secret: str) -> None:
    with transaction.atomic():
        apply(parse_estate([("made", spell(_sensitive(document, secret)))]).items, US)
        estate = get_estate(LOCAL, Moment(NOW))
        for text in (write_estate(estate.values()), write_estate_json(estate.values())):
            change = apply(parse_estate([("dumped", text)]).items, US, prune=True, dry_run=True)
            assert change.changes_nothing, change.changes
        transaction.set_rollback(True)


def test_a_dump_goes_through_the_pipe(shell: Shell) -> None:
    hostile = {"texts": list(TEXTS), **dict.fromkeys(TEXTS)}
    shell("larry apply -", stdin=ESTATE)
    shell(f"larry set host web2.example.com data={shlex.quote(json.dumps(hostile, ensure_ascii=False))}")
    assert shell("larry dump | larry plan -") == "no changes\n"
    assert shell("larry dump --format json | larry plan - --prune") == "no changes\n"
    assert shell("larry dump --output kept/ && larry plan kept --prune") == "no changes\n"
    assert shell("larry dump | head -1", code=shell_code_of_head(shell)).startswith("larry: 1\n")
    for noun in ("hosts", "services", "customers", "instances"):
        assert shell(f"larry list {noun} --format csv | larry import {noun} -") == "no changes\n"
    assert SECRET not in shell("larry dump; larry list customers --format csv; cat kept/*")


def shell_code_of_head(shell: Shell) -> int:
    """A reader that has read enough may or may not be noticed by who writes: the estate is small."""
    return int(shell("larry dump | head -1 > /dev/null; echo ${PIPESTATUS[0]}"))


def test_an_estate_is_rebuilt_elsewhere_with_what_is_live(shell: Shell, tmp_path: Path) -> None:
    shell("larry apply -", stdin=ESTATE)
    live = "{instance: acme/shop/live, host: web1.example.com, start: 2026-01-01T09:00:00Z, reason: first}"
    shell("larry apply - --with-deployments", stdin=f"larry: 1\ndeployments: [{live}]\n")
    shell("larry deploy acme/shop/test --host web2.example.com --start 2027-01-01 --end 2099-01-01 --reason later")
    dumped = shell("larry dump --with-deployments")
    assert shell("larry dump --with-deployments | larry plan - --with-deployments").startswith("no changes")
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Shell(tmp_path / "elsewhere")
    elsewhere("larry migrate")
    refused = elsewhere("larry apply - --with-deployments", code=1, stdin=dumped)
    assert "parameters.password: a seal stands only for the secret that is there already" in refused
    assert elsewhere("larry list hosts") == "no hosts\n"
    stated = yaml.safe_load(dumped)
    stated["customers"][0]["parameters"]["password"] = SECRET
    elsewhere("larry apply - --with-deployments", stdin=json.dumps(stated))
    told = yaml.safe_load(elsewhere("larry dump --with-deployments"))
    assert told["deployments"] == stated["deployments"]
    assert _without_seal(told) == _without_seal(yaml.safe_load(dumped))
    for host in ("web1.example.com", "mon.example.com"):
        here, there = (json.loads(each(f"larry config {host} --format json")) for each in (shell, elsewhere))
        assert here["services"] == there["services"]


def _without_seal(estate: Any) -> Any:
    del estate["customers"][0]["parameters"]
    return estate


def test_somebody_who_waits_sees_a_bar_and_a_file_does_not(shell: Shell) -> None:
    lines = "".join(f"web{number}.example.com\n" for number in range(1500))
    (shell.home / "hosts.csv").write_text(f"name\n{lines}", encoding="utf-8")
    # `script` gives the command a terminal of its own, to which only standard error goes.
    shell("script -qec 'larry import hosts hosts.csv --dry-run > plain.txt' seen.txt < /dev/null > /dev/null")
    assert "reading hosts" in (shell.home / "seen.txt").read_text(encoding="utf-8")
    assert "reading" not in (shell.home / "plain.txt").read_text(encoding="utf-8")
    assert (shell.home / "plain.txt").read_text(encoding="utf-8").count("+ host ") == 1500
    shell("larry import hosts hosts.csv --dry-run 2> quiet.txt")
    assert (shell.home / "quiet.txt").read_text(encoding="utf-8") == ""


def measure(shell: Shell, file: str) -> tuple[float, float, float]:
    """The exit code of planning a file, its seconds of the processor and its megabytes."""
    (shell.home / "measure.py").write_text(MEASURE, encoding="utf-8")
    code, seconds, megabytes = map(float, shell(f"python3 measure.py larry plan {file} 2> told.txt").split())
    return code, seconds, megabytes


def measure_slowness(shell: Shell) -> float:
    """How many times as long as on a quiet machine the processor takes now: while others use its caches it is more."""
    (shell.home / "small.yaml").write_text("larry: 1\nroles: [{name: web}]\n", encoding="utf-8")
    return max(1.0, measure(shell, "small.yaml")[1] / SMALL)


@pytest.mark.parametrize(
    "content",
    [
        b"larry: 1\na: &a [x]\nb: [" + b"*a," * 2_000_000 + b"]\n",
        b"larry: 1\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 1000)),
        b"larry: 1\nroles: " + b"[" * 8_000_000,
        b"larry: 1\nroles: " + b"{a: " * 2_000_000,
        b"larry: 1\n" + b"roles: []\n" * 800_000,
        b"larry: 1\nroles: [{name: a, description: '" + b"x" * 8_000_000 + b"'}]\n",
        b"larry: 1\n" + b"#" * (64 * 2**20),
        b"larry: 1\n" + b"\x07" * 8_000_000,
        b"\x00" * 8_000_000,
        b"larry: 1\nroles:\n" + b"- {nam: x}\n" * 90_000,  # a megabyte, in as many pieces as can be
    ],
    ids="aliases laughs lists maps twins text oversize bells zeros words".split(),
)
def test_a_file_that_means_harm_costs_two_seconds_and_200_megabytes_at_most(content: bytes, shell: Shell) -> None:
    (shell.home / "harm.yaml").write_bytes(content)
    code, seconds, megabytes = measure(shell, "harm.yaml")
    told = (shell.home / "told.txt").read_text(encoding="utf-8")
    assert code == 1
    assert seconds < 2 or seconds < 2 * measure_slowness(shell)
    assert megabytes < 200
    assert told.startswith("larry: ")
    assert "Traceback" not in told
    assert len(told.splitlines()) <= 1002


@pytest.mark.slow
def test_ten_thousand_hosts_come_in_and_go_out(shell: Shell) -> None:
    header = "name,roles,addresses,labels,capacity,description\n"

    def hosts(count: int, what: str) -> str:
        return header + "".join(
            f"web{n}.example.com,web,10.{n // 65536}.{n // 256 % 256}.{n % 256},rack=r{n % 40},cpu=4,{what} {n}\n"
            for n in range(count)
        )

    shell("larry apply -", stdin="larry: 1\nroles: [{name: web}]\n")
    for number, what in enumerate(("the host", "the changed host")):
        (shell.home / "hosts.csv").write_text(hosts(10_000, what), encoding="utf-8")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = shell("larry import hosts hosts.csv | tail -1", seconds=1800)
        assert said == f"10000 {('created', 'changed')[number]}\n"
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert after.ru_utime - before.ru_utime < 60
    assert shell("larry import hosts hosts.csv") == "no changes\n"
    assert shell("larry dump | larry plan -") == "no changes\n"
