"""logrotate itself reads the stanzas and rotates the logs that are meant, or the dialect refuses."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from larry.exports import CannotPrint
from larry.exports.watch import logrotate
from tests.exports.hostile import TEXTS
from tests.exports.specimen import HOST, PATH, dated, entry
from tests.exports.watching import STAGING, about, auditor, watching
from tests.tools import require


def run(text: str, folder: Path, *options: str) -> str:
    """What logrotate says; an error is one of the test."""
    (folder / "larry.conf").write_text(text, encoding="utf-8")
    (folder / "larry.conf").chmod(0o644)
    asked: list[str | Path] = [require("logrotate"), *options, "-s", "state", "larry.conf"]
    done = subprocess.run(
        asked,
        cwd=folder,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "error:" not in said, said
    return said


def patterns(said: str) -> list[tuple[str, str]]:
    """(paths, what is to be done) of each stanza, as logrotate understood them."""
    return re.findall(r"^rotating pattern: (.*?)  (.*)$", said, re.MULTILINE)


def test_stanzas_are_understood(tmp_path: Path) -> None:
    subjects = [
        about("website", HOST, paths=[path], settings={"path": f"/srv/{number}/log/*.log", "rotate": rotate})
        for number, (path, rotate) in enumerate(((PATH, "14"), (STAGING, 3)))
    ]
    said: Any = {"rotate": {"setting": "rotate"}, "every": "week", "compress": True, "notifempty": False}
    text = logrotate.write_stanzas(watching("logrotate", said, *subjects))
    read = run(text, tmp_path, "-d")
    assert patterns(read) == [
        ('"/srv/0/log/*.log"', "weekly (14 rotations)"),
        ('"/srv/1/log/*.log"', "weekly (3 rotations)"),
    ]
    assert read.count("empty log files are rotated") == 2


def test_logs_are_rotated_and_scripts_run(tmp_path: Path) -> None:
    logs = [tmp_path / name for name in ("a b.log", "ü #1.log", " c;$(touch x)&`id`.log", "%x~|*?.log", "-n\u2028.log")]
    for log in logs:
        log.write_text("said\n", encoding="utf-8")
    said: Any = {
        "rotate": 2,
        "create": "0640 root root",
        "postrotate": f'echo "it is # done" >> {tmp_path}/ran',
        "every": "day",
    }
    text = logrotate.write_stanzas(
        watching("logrotate", said, about("x", HOST, settings={"path": [str(log) for log in logs]}))
    )
    run(text, tmp_path, "-f")
    for log in logs:
        assert log.with_name(f"{log.name}.1").read_text(encoding="utf-8") == "said\n"
        assert log.read_text(encoding="utf-8") == ""
    assert (tmp_path / "ran").read_text().splitlines() == ["it is # done"] * len(logs)
    assert not (tmp_path / "x").exists()


def test_every_field_is_understood(tmp_path: Path) -> None:
    said: Any = {
        name: value
        for name in ("compress", "copytruncate", "dateext", "delaycompress", "missingok")
        for value in (False,)
    }
    said |= {
        "notifempty": True,
        "sharedscripts": True,
        "maxage": 3,
        "start": 1,
        "size": "100k",
        "su": "root root",
        "rotate": 5,
    }
    subject = about("x", HOST, settings={"path": "/nowhere.log"})
    text = logrotate.write_stanzas(watching("logrotate", {**said, "missingok": True}, subject))
    assert patterns(run(text, tmp_path, "-d")) == [('"/nowhere.log"', "102400 bytes (5 rotations)")]
    for name in (
        "nocompress",
        "nocopytruncate",
        "nodateext",
        "nodelaycompress",
        "notifempty",
        "sharedscripts",
        "su root root",
    ):
        assert f"    {name}\n" in text


def test_300_stanzas_are_understood(tmp_path: Path) -> None:
    entries = [
        auditor(
            "logrotate",
            {"rotate": {"setting": "rotate"}},
            about("website", HOST, paths=[path], settings={"path": f"/srv/{number}/*.log", "rotate": number}),
            service="rotation",
            of=path,
        )
        for number, path in enumerate(f"a/b/i{number}" for number in range(300))
    ]
    read = run(logrotate.write_stanzas(dated(*entries)), tmp_path, "-d")
    assert [paths for paths, _ in patterns(read)] == [f'"/srv/{number}/*.log"' for number in range(300)]
    assert [int(re.findall(r"\((\d+) rot", how)[0]) for _, how in patterns(read)[1:]] == list(range(1, 300))


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_texts_are_refused_or_rotated(text: str, tmp_path: Path) -> None:
    node = watching("logrotate", {}, about("x", HOST, settings={"path": f"{tmp_path}/{text}.log"}))
    if re.search("[\x00-\x1f\x7f\"'\\\\{}]", text):
        with pytest.raises(CannotPrint, match=r"watch: tools\.logrotate for x on web1.*: paths is"):
            logrotate.write_stanzas(node)
        return
    (tmp_path / f"{text}.log").write_text("said", encoding="utf-8")
    printed = logrotate.write_stanzas(node)
    if "[" not in text:
        assert f"considering log {tmp_path}/{text}.log" in run(printed, tmp_path, "-d")
    else:
        assert patterns(run(printed, tmp_path, "-d"))[0][0] == f'"{tmp_path}/{text}.log"'


def test_hosts_without_logs_are_read_too(tmp_path: Path) -> None:
    assert patterns(run(logrotate.write_stanzas(dated(entry("ntp"))), tmp_path, "-d")) == []


@pytest.mark.parametrize(
    "said,told",
    [
        ({}, "paths is null, but must be a list of paths"),
        ({"paths": ["log"]}, "must be a whole path"),
        ({"paths": ["/srv/../etc/shadow"]}, r"without \.\."),
        ({"paths": ["/x\n/etc/passwd"]}, "ends of lines"),
        ({"paths": ["/x"], "every": "moon"}, "must be one of hour, day"),
        ({"paths": ["/x"], "rotate": "many"}, "must be a whole number"),
        ({"paths": ["/x"], "size": "1T"}, "must be a text such as 100k"),
        ({"paths": ["/x"], "compress": "yes"}, "must be true or false"),
        ({"paths": ["/x"], "create": "rw"}, "a mode or mode"),
        ({"paths": ["/x"], "su": "a;b c"}, "must be a user and a group"),
        ({"paths": ["/x"], "postrotate": {"parameter": "a"}}, "nothing is looked up in what root runs"),
        ({"paths": ["/x"], "postrotate": "x\n endscript \ny"}, "has a line endscript"),
    ],
)
def test_what_is_wrong_is_told(said: Any, told: str) -> None:
    with pytest.raises(CannotPrint, match=told):
        logrotate.write_stanzas(watching("logrotate", said, about("x", HOST, a="rm")))


def test_logs_elsewhere_and_logs_of_two_are_refused() -> None:
    with pytest.raises(CannotPrint, match="audit with where: same-host"):
        logrotate.write_stanzas(watching("logrotate", {"paths": ["/x"]}, about("x", "elsewhere")))
    with pytest.raises(CannotPrint, match="/x would be rotated twice, by watch for x and by watch for y"):
        logrotate.write_stanzas(watching("logrotate", {"paths": ["/x"]}, about("x", HOST), about("y", HOST)))
