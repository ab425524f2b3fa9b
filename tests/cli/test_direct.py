"""What is looked up directly is answered to the byte as by Django, and everything that is not plain is left to it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from tests.cli.terminal import ESTATE, LIVE, SECRET, WHY

HOST = "web1.example.com"
FUTURE, GONE = "2090-01-02T00:00Z", "2090-02-01T00:00Z"
NOTHING: dict[str, str] = {}

PLAIN = [
    ({"LARRY_TIME_ZONE": "Pacific/Auckland"}, ["config", HOST, "--as-of", "2090-01-01"]),
    (NOTHING, ["config", HOST, "--as-of", "2090-01-01"]),
    (NOTHING, ["config", HOST, "--as-of", FUTURE]),
    (NOTHING, ["config", HOST, "--as-of", GONE]),
    (NOTHING, ["config", HOST, "--as-of", "now"]),
    (NOTHING, ["config", HOST, "--as-of", "+2h"]),
    (NOTHING, ["config", "WEB1.Example.com"]),
    *((NOTHING, ["config", HOST, "--stop", "--as-of", FUTURE, "--format", form]) for form in ("json", "yaml")),
    *((NOTHING, ["config", HOST, "--as-of", FUTURE, "--format", form]) for form in ("enc", "puppet", "ansible")),
]
"""Variables and words of commands that need no Django."""

OTHER = [
    ({"LARRY_TIME_ZONE": "Mars/Phobos"}, ["config", HOST]),
    ({"LARRY_DATABASE_URL": "sqlite:///nowhere/larry.sqlite3"}, ["config", HOST]),
    (NOTHING, ["config", "' OR 1=1 --"]),
    (NOTHING, ["config", HOST, "--as-of", "1999-01-01T00:00Z"]),
    (NOTHING, ["config", HOST, "--as-of", "some day"]),
    (NOTHING, ["config", HOST, "--stop", "--leaving", GONE]),
]
"""Those that are refused, or need more than one statement."""

PROGRAM = """
import json, os, sys
from larry.cli.main import run
import larry.cli.commands.config, larry.core.node_text

way, cases = sys.argv[1], json.loads(sys.stdin.read())
for variables, words in cases:
    if way == "django" and not variables:  # the cases without come last
        import django
        os.environ["DJANGO_SETTINGS_MODULE"] = "larry.site.settings"
        django.setup()
        import larry.queries.node
    if os.fork() == 0:
        os.dup2(1, 2)
        os.environ |= variables
        if way == "django":
            import django.conf
        code = run(words)
        print("\\0", code, "django.conf" in sys.modules, end="\\0", flush=True)
        os._exit(0)
    os.wait()
"""

LAY = """
import io, json, sys
from larry.cli.main import run

estate, *commands = json.loads(sys.stdin.read())
for words in commands:
    sys.stdin = io.TextIOWrapper(io.BytesIO(estate.encode()))
    assert run(words) == 0
"""


@dataclass(frozen=True)
class Told:
    said: str
    code: int
    by_django: bool


def _has_none(case: tuple[dict[str, str], list[str]]) -> bool:
    return not case[0]


def tell(way: str, surroundings: dict[str, str]) -> list[Told]:
    words = [sys.executable, "-c", PROGRAM, way]
    cases = json.dumps(sorted([*PLAIN, *OTHER], key=_has_none))
    done = subprocess.run(words, env=surroundings, input=cases, capture_output=True, text=True, check=True, timeout=300)
    pieces = done.stdout.split("\0")[:-1]
    codes = [text.split() for text in pieces[1::2]]
    return [Told(said, int(code), by == "True") for said, (code, by) in zip(pieces[::2], codes, strict=True)]


def test_both_ways_answer_the_same_bytes_and_refuse_with_the_same_words(surroundings: dict[str, str]) -> None:
    stay = ["deploy", LIVE, "--host", HOST, "--start", "2090-01-01T00:00Z", "--end", "2090-01-31T12:00Z", *WHY]
    laid = json.dumps([ESTATE, ["migrate"], ["apply", "-"], stay])
    subprocess.run([sys.executable, "-c", LAY], env=surroundings, input=laid, check=True, text=True, timeout=300)
    directly, by_django = tell("directly", surroundings), tell("django", surroundings)
    assert [(each.said, each.code) for each in directly] == [(each.said, each.code) for each in by_django]
    cases = sorted([*PLAIN, *OTHER], key=_has_none)
    assert [each.by_django for each, case in zip(directly, cases, strict=True) if case in PLAIN] == [False] * len(PLAIN)
    assert all(each.by_django for each in by_django)
    found = {(*case[0], *case[1][2:]): each for case, each in zip(cases, directly, strict=True)}
    is_done = [case in PLAIN or "--leaving" in case[1] for case in cases]
    assert [each.code == 0 for each in directly] == is_done
    services = [entry["service"] for entry in json.loads(found["--as-of", FUTURE].said)["services"]]
    assert services.count("rails") == 1
    assert json.loads(found["--as-of", GONE].said)["services"] == []
    date = ("--as-of", "2090-01-01")
    assert found[date].said != found["LARRY_TIME_ZONE", *date].said, "a date begins at another moment in another zone"
    assert SECRET not in "".join(each.said for each in directly)
