"""The classifier beside the embedded database prints what `larry config` prints, to the byte, whatever it has kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from larry.site import classifier
from larry.site.first_answer import UNUSED
from tests.exports.puppet import OURS, Puppet
from tests.site.embedded import BOUNDARY, HOST, PROGRAM, SECRET, SPARE, STAY, Larry, Said

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="it is about the embedded database alone")


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three homes: of these tests, of the demonstration, and of an estate that is made up."""
    folder = tmp_path_factory.mktemp("classifier")
    own, made = Larry(folder / "own"), Larry(folder / "made")
    demo = subprocess.Popen(
        [sys.executable, "-c", "from larry.cli.main import main; main()", "demo", "--no-serve"],
        env={**own.surroundings, "LARRY_HOME": str(folder)},
        stdout=subprocess.DEVNULL,
    )
    own.lay(["migrate"], ["apply", "-"], STAY)
    made.lay(["migrate"], ["generate", "--hosts", "12", "--services", "40"])
    assert demo.wait(120) == 0
    return folder


@pytest.fixture
def larry(laid: Path, tmp_path: Path) -> Larry:
    """A copy of the first home."""
    shutil.copytree(laid / "own", tmp_path / "home #1%41?")
    return Larry(tmp_path / "home #1%41?")


@pytest.mark.parametrize("home,least", [("demo", 4), ("made", 2)])
def test_every_host_is_answered_to_the_byte_as_by_larry_config(laid: Path, home: str, least: int) -> None:
    larry = Larry(laid / home)
    with sqlite3.connect(larry.database) as database:
        names = [name for (name,) in database.execute("SELECT name FROM larry_host ORDER BY name")]
    assert len(names) >= least
    by_larry = larry.ask(*(("larry", "", [name]) for name in names))
    first = larry.ask(*(("program", "", [name]) for name in names))
    again = [Said(code, out) for code, out, _ in (larry.run(name) for name in names)]
    assert first == again == by_larry
    assert sorted(each.name for each in larry.kept.iterdir()) == [
        name for name, said in zip(names, by_larry, strict=True) if said.code == 0
    ]
    assert sum(said.code == 0 for said in by_larry) >= least


def test_what_is_kept_is_printed_without_larry_or_much_else(larry: Larry) -> None:
    assert larry.run(HOST)[0] == 0
    larry.falsify()
    code, out, err = larry.run(HOST.upper(), flags=["-X", "importtime"])
    assert code == 0
    assert b"Larry_HOST" in out
    loaded = {line.rpartition("|")[2].strip() for line in err.splitlines()}
    assert "sqlite3" in loaded
    assert not loaded & {"django", "larry", "json", "re", "subprocess", "pathlib", "site", "urllib"}


def test_only_its_user_reads_what_is_kept_and_no_secret_is_in_it(larry: Larry) -> None:
    larry.ask(("program", BOUNDARY, [HOST]))
    (path,) = larry.kept.iterdir()
    assert (path.stat().st_mode & 0o777, larry.kept.stat().st_mode & 0o777) == (0o600, 0o700)
    text = path.read_text()
    assert "acme/shop/live" in text
    assert SECRET not in text


def test_the_answer_changes_at_the_boundary_by_itself(larry: Larry) -> None:
    at = datetime.fromisoformat(BOUNDARY)
    grain = timedelta(microseconds=1)
    moments = [(at + off).isoformat() for off in (-grain, -grain, timedelta(), grain, -grain, timedelta())]
    told = larry.ask(*(("program", moment, [HOST]) for moment in moments))
    assert told == larry.ask(*(("larry", moment, [HOST]) for moment in moments))
    assert [b"acme/shop/live" in said.out for said in told] == [False, False, True, True, False, True]
    before = larry.ask(("program", moments[0], [HOST]))
    larry.falsify()
    (after,) = larry.ask(("program", moments[2], [HOST]))
    assert b"Larry_HOST" not in after.out
    assert after == told[2] != before[0]


def test_an_edit_counts_at_once(larry: Larry) -> None:
    old = larry.run(HOST)
    larry.lay(["set", "host", HOST, 'data={"puppet": {"environment": "staging"}}', "--reason", "a test"])
    new = larry.run(HOST)
    assert b'"environment": "staging"' in new[1]
    assert old != new == larry.run(HOST)


ODD = [
    "--help",
    "-x",
    "../larry.sqlite3",
    "a/b",
    "a\nb",
    f"{HOST}\n",
    "",
    ".",
    "..",
    "' OR 1=1 --",
    "a" * 254,
    "ü.example.com",
]


@pytest.mark.parametrize("name", ODD)
def test_what_can_be_no_host_is_left_to_larry_unread(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, words: given.append(words))
    monkeypatch.setattr(classifier, "find_digest", given.append)
    classifier.answer(["/nowhere/larry.sqlite3", name])
    ((*_, database, host),) = given
    assert (database, host) == ("/nowhere/larry.sqlite3", name)


def test_what_is_no_host_is_told_as_larry_config_tells_it(larry: Larry) -> None:
    names = ["nowhere.example.com", "--help", "a\nb", ""]
    told = larry.ask(*(("program", "", [name]) for name in names))
    assert told == larry.ask(*(("larry", "", [name]) for name in names))
    assert [said.code for said in told] == [1] * len(names)
    assert not larry.kept.exists()
    assert larry.run("--help") == (1, b"", "larry: there is no host --help\n")
    assert larry.run(b"\xff") == (2, b"", "larry: an argument is not UTF-8\n")


def test_one_host_and_a_database_are_needed(larry: Larry) -> None:
    for words in ((), (HOST, HOST)):
        assert larry.run(*words) == (2, b"", "usage: classifier.py DATABASE CERTNAME\n")


def test_another_migration_is_left_to_larry(larry: Larry) -> None:
    whole = larry.run(HOST)
    path = larry.falsify()
    with sqlite3.connect(larry.database) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('larry', '9999_later', '2090-01-01')"
        )
    code, out, err = larry.run(HOST)
    assert (code, out) == whole[:2]
    assert "is not at migration" in err
    assert b"Larry_HOST" in path.read_bytes(), "and nothing is kept of it"


@pytest.mark.parametrize("content", [None, b"", b"no database at all, " * 99])
def test_a_database_that_cannot_be_read_is_left_to_larry(larry: Larry, content: bytes | None) -> None:
    assert larry.run(HOST)[0] == 0
    larry.database.unlink()
    if content is not None:
        larry.database.write_bytes(content)
    code, out, err = larry.run(HOST)
    assert (code, out) == (1, b"")
    ours, *theirs = err.splitlines()
    assert f"{larry.database} cannot be read here, and Larry is asked" in ours
    assert [line.startswith("larry: ") for line in theirs] == [True]


def lie(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"larry_host", b"Larry_HOST"))


def spoil(path: Path, how: str) -> None:
    whole = path.read_bytes()
    lie(path)
    if how == "open to others":
        path.chmod(0o622)
    elif how == "cut off":
        path.write_bytes(path.read_bytes()[:-1])
    elif how == "longer":
        path.write_bytes(path.read_bytes() + b"\n")
    elif how == "of another digest":
        path.write_bytes(path.read_bytes().replace(whole[:64], b"0" * 64))
    elif how == "of other code":
        head, _, text = path.read_bytes().partition(b"\n")
        digest, _, length = head.split(b" ")
        path.write_bytes(b" ".join([digest, b"1234", length]) + b"\n" + text)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "a link":
        path.rename(path.with_name("elsewhere"))
        path.symlink_to("elsewhere")
    elif how == "a pipe":
        path.unlink()
        os.mkfifo(path)


SPOILS = ["open to others", "cut off", "longer", "of another digest", "of other code", "empty", "a link", "a pipe"]


def test_what_is_not_whole_or_not_ours_is_not_believed(larry: Larry) -> None:
    whole = larry.run(HOST)
    kept = (larry.kept / HOST).read_bytes()
    for how in SPOILS:
        spoil(larry.kept / HOST, how)
        assert larry.run(HOST) == whole, how
        larry.falsify()
        assert b"Larry_HOST" in larry.run(HOST)[1], f"it was kept anew: {how}"
        (larry.kept / "elsewhere").unlink(missing_ok=True)
        (larry.kept / HOST).write_bytes(kept)


def test_many_at_once_print_the_same_and_leave_one_answer(larry: Larry) -> None:
    (expected,) = larry.ask(("larry", "", [HOST]))
    started = [larry.start(HOST) for _ in range(4)]
    assert [each.communicate(timeout=120)[0] for each in started] == [expected.out] * 4
    assert [each.name for each in larry.kept.iterdir()] == [HOST]


def test_what_nobody_asks_for_goes_and_what_is_asked_for_stays(larry: Larry) -> None:
    larry.run(HOST)
    long_ago = time.time() - UNUSED - 60  # noqa: TID251 — files have the time of the system
    for name in ("gone.example.com", f".{HOST}.0123abcd.half"):
        (larry.kept / name).write_bytes(b"")
        os.utime(larry.kept / name, (long_ago, long_ago))
    os.utime(larry.kept / HOST, (long_ago, long_ago))
    larry.falsify()
    os.utime(larry.kept / HOST, (long_ago, long_ago))
    assert b"Larry_HOST" in larry.run(HOST)[1]
    assert (larry.kept / HOST).stat().st_mtime > long_ago + UNUSED
    larry.run(SPARE)
    assert sorted(each.name for each in larry.kept.iterdir()) == [HOST, SPARE]


def test_where_nothing_can_be_kept_the_answer_is_printed_all_the_same(larry: Larry) -> None:
    larry.kept.write_bytes(b"")
    (expected,) = larry.ask(("larry", "", [HOST]))
    code, out, err = larry.run(HOST)
    assert (code, out) == (0, expected.out)
    assert f"larry: the answer cannot be kept in {larry.kept}: " in err


def test_whatever_changes_of_the_code_that_prints_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in classifier.PRINTERS:
        (tmp_path / room).mkdir(parents=True, exist_ok=True)
        (tmp_path / room / "one.py").write_text("pass")
    monkeypatch.setattr(classifier, "_LARRY", str(tmp_path))
    told = [classifier.tell_printers()]
    assert classifier.tell_printers() == told[0]
    for number, room in enumerate(classifier.PRINTERS, 1):
        os.utime(tmp_path / room / "one.py", ns=(number, number))
        told.append(classifier.tell_printers())
        (tmp_path / room / "two.py").write_text("")
        told.append(classifier.tell_printers())
    (tmp_path / "core" / "two.py").unlink()
    (tmp_path / "core" / "one.py").rename(tmp_path / "core" / "three.py")
    told.append(classifier.tell_printers())
    assert len(set(told)) == len(told)


def test_the_rooms_of_the_code_that_prints_are_named(larry: Larry) -> None:
    program = """
import sys
from larry.cli.main import run
run(["config", "--format", "enc", "--", sys.argv[1]])
names = [getattr(each, "__file__", None) or "" for each in list(sys.modules.values())]
print(*names, sep="\\n", file=sys.stderr)
"""
    words = [sys.executable, "-c", program, HOST]
    done = subprocess.run(words, env=larry.surroundings, capture_output=True, text=True, check=True)
    here = PROGRAM.parent.parent
    rooms = {
        str(Path(name).parent.relative_to(here)) for name in done.stderr.splitlines() if Path(name).is_relative_to(here)
    }
    assert "exports/puppet" in rooms
    assert rooms - set(classifier.PRINTERS) == {".", "cli", "outside", "site"}, "which say nothing of what is printed"


@pytest.mark.puppet
def test_puppet_compiles_through_the_classifier(larry: Larry, tmp_path: Path) -> None:
    variables = {
        **larry.surroundings,
        "LARRY_PYTHON": sys.executable,
        "LARRY_CLASSIFIER": str(PROGRAM),
        "LARRY_DATABASE": str(larry.database),
        "LARRY_CONFIG": str(tmp_path / "larry.toml"),
    }
    (tmp_path / "larry.toml").write_text(f"home = '{larry.home}'\n")
    larry.lay(["deploy", "acme/shop/live", "--host", HOST, "--end", "2089-01-01", "--reason", "a test"])
    for _ in "first", "kept":
        catalog = Puppet(tmp_path, modules=()).compile(HOST, enc=OURS / "larry-enc-embedded", variables=variables)
        motto = 'Grüße,\n    "larry_digest": "x",'
        assert catalog.parameters("Larry::Service[acme-shop-live-rails]")["parameters"] == {"motto": motto}
    assert (larry.kept / HOST).exists()
