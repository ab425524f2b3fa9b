"""`larry publish`: the fleet as files, at changes and boundaries, with the database and without it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import OperationalError, connection

from larry.cli import publisher
from larry.cli.commands import publish as command
from larry.exports import CannotPrint
from larry.exports.dialect import find_dialect
from larry.outside import clock
from larry.outside.published_file import replace_files
from tests.cli.terminal import LIVE, SECRET, TEST, WHY, Terminal
from tests.exports.puppet import OURS
from tests.house.source import ROOT
from tests.tools import require

HOST, OTHER = "web1.example.com", "web2.example.com"
CLASSIFIER = OURS / "larry-enc"
INVENTORY = ROOT / "ops/ansible/larry-inventory"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tmp_path / "tree"


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """A database that stops answering, and comes back."""
    from larry.queries import activity

    asked = activity.get_latest_mark
    monkeypatch.setattr(connection, "close", lambda: None)  # it would take the test's own transaction with it

    def refuse(*_: object) -> tuple[int, int]:
        raise OperationalError("connection refused")

    def go(is_away: bool) -> None:
        monkeypatch.setattr(activity, "get_latest_mark", refuse if is_away else asked)

    return go


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return set_clock


def texts(tree: Path) -> dict[str, str]:
    """Every file that readers look at, by its path in the tree."""
    files = (path for path in tree.rglob("*") if path.is_file() and path.suffix not in (".sum", ".prev"))
    return {
        path.relative_to(tree).as_posix(): path.read_text(encoding="utf-8") for path in files if path.name != ".lock"
    }


def classify(tree: Path, host: str, at: datetime | None = None) -> subprocess.CompletedProcess[str]:
    """What the classifier prints of the tree alone, at a moment of a made-up clock."""
    require("curl")
    environment = {
        "PATH": os.environ["PATH"],
        "LARRY_PUBLISHED": str(tree),
        "LARRY_ENC_CONF": "/nonexistent",
        "LARRY_ENC_CACHE": str(tree.parent / "cache"),
    }
    if at is not None:
        folder = tree.parent / "bin"
        folder.mkdir(exist_ok=True)
        fake = folder / "date"
        fake.write_text(f"#!/bin/sh\necho {at:%Y%m%dT%H%M%S}\n")
        fake.chmod(0o755)
        environment["PATH"] = f"{folder}:{environment['PATH']}"
    return subprocess.run(
        [str(CLASSIFIER), host], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_every_host_has_what_the_commands_print(larry: Terminal, tree: Path) -> None:
    larry.deploy()
    publish = ("publish", str(tree), "--format", "json", "--format", "enc", "--format", "shell")
    said = larry.done(*publish)
    assert said.out.startswith("3 hosts in ")
    for form, suffix in (("json", "json"), ("enc", "enc"), ("shell", "sh")):
        for host in (HOST, OTHER, "mon.example.com"):
            printed = larry.done("config", host, "--format", form).out
            assert (tree / "hosts" / host / f"config.{suffix}").read_text() == printed
            assert larry.done("config", host, "--format", form, "--from", str(tree)).out == printed
    assert (tree / "enc" / HOST).read_text() == larry.done("config", HOST, "--format", "enc").out
    assert (tree / "inventory.json").read_text() == larry.done("inventory").out
    assert larry.done("inventory", "--from", str(tree)).out == larry.done("inventory").out
    assert SECRET not in "".join(texts(tree).values())
    assert (
        "0 files written"
        in larry.done("publish", str(tree), "--format", "json", "--format", "enc", "--format", "shell").out
    )


def at_moment(larry: Terminal, form: str, moment: datetime) -> str:
    return larry.done("config", HOST, "--format", form, "--as-of", f"{moment:%Y-%m-%dT%H:%M:%SZ}").out


def fleet_at(larry: Terminal, *more: str) -> str:
    return larry.done("inventory", "--format", "ansible", *more).out


def read_inventory(tree: Path) -> str:
    """What Ansible's script makes of the tree alone."""
    environment = {"PATH": os.environ["PATH"], "LARRY_INVENTORY_FILE": str(tree / "inventory.ansible")}
    done = subprocess.run(
        [sys.executable, str(INVENTORY), "--list"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_twenty_boundaries_pass_with_the_database_away(
    larry: Terminal, tree: Path, away: Callable[[bool], None], at: Callable[[datetime], None]
) -> None:
    now = clock.now()
    for day in range(1, 21, 2):
        larry.deploy(LIVE, HOST, "--start", f"+{day}d", "--end", f"+{day + 1}d")
    moments = [now + timedelta(days=day, minutes=1) for day in range(1, 21)]
    expected = [
        (
            at_moment(larry, "json", moment),
            at_moment(larry, "enc", moment),
            fleet_at(larry, "--as-of", f"{moment:%Y-%m-%dT%H:%M:%SZ}"),
        )
        for moment in moments
    ]
    assert len({answers[0] for answers in expected}) == 20
    publish = ("publish", str(tree), *(f"--format={form}" for form in ("json", "enc", "ansible")))
    larry.done(*publish)
    away(True)
    for moment, (as_json, as_enc, fleet) in zip(moments, expected, strict=True):
        # Whoever reads the tree finds the right one, though nobody has touched it since.
        done = classify(tree, HOST, moment)
        assert (done.returncode, done.stdout, done.stderr) == (0, as_enc, "")
        at(moment)
        assert larry.done("config", HOST, "--from", str(tree)).out == as_json
        assert fleet_at(larry, "--from", str(tree)) == fleet
    for moment, (as_json, as_enc, fleet) in zip(moments, expected, strict=True):
        # And a publisher goes on from what the tree itself says.
        at(moment)
        said = larry(*publish)
        assert said.code == 1
        assert "the database is away" in said.err
        assert (tree / "hosts" / HOST / "config.json").read_text() == as_json
        assert (tree / "enc" / HOST).read_text() == as_enc
        assert json.loads(read_inventory(tree)) == json.loads(fleet)


def test_nothing_published_and_no_database_is_refused(
    larry: Terminal, tree: Path, away: Callable[[bool], None]
) -> None:
    away(True)
    assert "nothing is published" in larry("publish", str(tree)).err


def test_watching_publishes_at_changes_and_boundaries_and_asks_in_between_only(
    larry: Terminal, tree: Path, at: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.now().replace(microsecond=0) + timedelta(seconds=1)  # not before what is recorded already
    at(start)
    larry.deploy(LIVE, HOST, "--start", "+10s")
    seen: list[tuple[float, dict[str, str]]] = []
    waits: Iterator[float] = iter(range(100))

    def wait(seconds: float) -> None:
        at(clock.now() + timedelta(seconds=seconds))
        turn = next(waits)
        if turn == 1:
            larry.deploy(TEST, OTHER)
        if turn == 8:
            raise KeyboardInterrupt
        seen.append((seconds, texts(tree)))

    monkeypatch.setattr(clock, "wait", wait)
    larry.done("publish", str(tree), "--watch", "--every", "4")
    assert [seconds for seconds, _ in seen[:3]] == [4.0, 4.0, 2.0], "to the boundary, not past it"
    before, after = seen[2][1], seen[3][1]
    assert "rails" not in before[f"hosts/{HOST}/config.json"]
    assert "rails" in after[f"hosts/{HOST}/config.json"]
    assert "rails" not in seen[1][1][f"hosts/{OTHER}/config.json"]
    assert "rails" in before[f"hosts/{OTHER}/config.json"], "a change is there after one turn"


def test_a_database_that_comes_back_is_noticed(
    larry: Terminal, tree: Path, away: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[str] = []

    def wait(_: float) -> None:
        turns.append((tree / "hosts" / HOST / "config.json").read_text())
        if len(turns) == 1:
            larry.deploy()
            away(True)
        if len(turns) == 3:
            away(False)
        if len(turns) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(clock, "wait", wait)
    larry.done("publish", str(tree), "--watch")
    assert ["rails" in text for text in turns] == [False, False, False, True, True]


def test_what_is_gone_is_taken_away(larry: Terminal, tree: Path) -> None:
    deployment = larry.deploy(LIVE, HOST, "--start", "+2d")
    larry.done("publish", str(tree))
    assert len(list((tree / "hosts" / HOST / "next").glob("*.json"))) == 1
    larry.done("delete", deployment, *WHY)
    larry.done("retire", "host", OTHER, *WHY)
    larry.done("publish", str(tree))
    assert list((tree / "hosts" / HOST / "next").iterdir()) == []
    assert not (tree / "enc" / OTHER).exists()
    assert [path for path in texts(tree) if OTHER in path] == []
    assert "nothing is published" in larry.refused("config", OTHER, "--from", str(tree))


def test_hosts_are_published_some_after_others(
    larry: Terminal, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    larry.deploy(LIVE, HOST, "--start", "+2d")
    publish = ("--format", "json", "--format", "hiera")
    larry.done("publish", str(tmp_path / "whole"), *publish)
    at_once: list[list[str]] = []

    def note(files: Mapping[Path, str], *, mode: int) -> int:
        parts = [path.relative_to(tree).parts for path in files]
        at_once.append(sorted({part[1] for part in parts if part[0] == "hosts"}))
        return replace_files(files, mode=mode)

    monkeypatch.setattr(publisher, "replace_files", note)
    monkeypatch.setattr(publisher, "HOSTS_AT_ONCE", 2)
    larry.done("publish", str(tree), *publish)
    assert texts(tree) == texts(tmp_path / "whole")
    assert at_once == [["mon.example.com", HOST], [OTHER], []], "what tells all of them comes last"


def test_secrets_are_there_when_asked_for_and_for_the_owner_only(larry: Terminal, tree: Path) -> None:
    larry.deploy()
    larry.done("publish", str(tree), "--secrets", *WHY)
    assert SECRET in (tree / "hosts" / HOST / "config.json").read_text()
    assert {path.stat().st_mode & 0o077 for path in tree.rglob("*") if path.is_file() and path.name != ".lock"} == {0}
    (line,) = larry.done("activity", "--limit", "1", "--format", "json").json
    assert (line["verb"], line["noun"], line["reason"]) == ("reveal", "secrets", WHY[1])
    larry.done("publish", str(tree))
    larry.done("publish", str(tree))
    assert SECRET not in "".join(texts(tree).values())
    assert SECRET in (tree / "hosts" / HOST / "config.json.prev").read_text(), "kept, and still for its owner only"
    assert (tree / "hosts" / HOST / "config.json.prev").stat().st_mode & 0o077 == 0


def test_two_publishers_do_not_share_a_folder(larry: Terminal, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def wait(_: float) -> None:
        said.append(larry("publish", str(tree)).err)
        raise KeyboardInterrupt

    monkeypatch.setattr(clock, "wait", wait)
    larry("publish", str(tree), "--watch")
    assert "another process is publishing" in said[0]


def test_what_a_dialect_cannot_say_leaves_the_file_as_it_was(
    larry: Terminal, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    larry.done("publish", str(tree))
    before = (tree / "hosts" / HOST / "config.enc").read_text()
    larry.deploy()
    broken = Broken("enc", "enc")
    monkeypatch.setattr(command, "choose_dialect", lambda name: broken if name == "enc" else find_dialect(name))
    said = larry("publish", str(tree))
    assert said.code == 1
    assert re.search(rf"hosts/{HOST}/config.enc is left as it was: nobody can say that", said.err)
    assert (tree / "hosts" / HOST / "config.enc").read_text() == before
    assert "rails" in (tree / "hosts" / HOST / "config.json").read_text()


class Broken:
    """A dialect that can say nothing of a host that has services."""

    render_fleet = render_files = None

    def __init__(self, name: str, suffix: str) -> None:
        self.name, self.suffix = name, suffix

    def render(self, dated: object, *, stop: bool = False) -> str:  # noqa: ARG002
        raise CannotPrint("nobody can say that")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "changed": lambda path: path.write_bytes(path.read_bytes().replace(b"a", b"b", 1)),
    "empty": lambda path: path.write_bytes(b""),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_answered_from_the_one_before_with_a_warning(
    damage: Callable[[Path], object], larry: Terminal, tree: Path
) -> None:
    larry.done("publish", str(tree))
    old = [larry.done("config", HOST, "--format", form).out for form in ("json", "enc")]
    larry.deploy()
    larry.done("publish", str(tree))
    for name in ("timeline.json", "config.enc"):
        damage(tree / "hosts" / HOST / name)
    said = larry.done("config", HOST, "--from", str(tree))
    assert "rails" not in said.out
    assert "was published before it" in said.err
    done = classify(tree, HOST)
    assert (done.returncode, done.stdout) == (0, old[1])
    assert "not what was published" in done.stderr or not (tree / "hosts" / HOST / "config.enc").exists()
    assert "published before it" in done.stderr
    larry.done("publish", str(tree))
    assert larry.done("config", HOST, "--from", str(tree)).err == ""


def test_options_that_do_not_go_together(larry: Terminal, tree: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("no key")
    assert "choose one" in larry.misused("publish", str(tree), "--secrets", "--eyaml-public-key", str(key))
    assert "--format hiera" in larry.misused("publish", str(tree), "--eyaml-public-key", str(key))
    told = larry.refused("publish", str(tree), "--format", "hiera", "--eyaml-public-key", str(key))
    assert "X.509" in told


def make_certificate() -> bytes:
    """What `eyaml createkeys` calls a public key."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "eyaml")])
    day = datetime(2026, 1, 1)  # noqa: DTZ001  # certificates know UTC only
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + timedelta(days=3650))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_secrets_for_hiera_are_locked_once(larry: Terminal, tree: Path, tmp_path: Path) -> None:
    certificate = tmp_path / "public.pem"
    certificate.write_bytes(make_certificate())
    larry.deploy()
    publish = ("publish", str(tree), "--format", "hiera", "--eyaml-public-key", str(certificate), *WHY)
    larry.done(*publish)
    data = (tree / "hiera" / "customer" / "acme.yaml").read_text()
    assert "ENC[PKCS7," in data
    assert SECRET not in "".join(texts(tree).values())
    assert "0 files written" in larry.done(*publish).out, "what is locked anew would differ each time"
    lines = larry.done("activity", "--noun", "secrets", "--format", "json").json
    assert [line["verb"] for line in lines] == ["reveal"]
