"""The classifier script prints whole answers only: Larry's own, or while Larry is away the last good one."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from larry.exports.dialect import find_dialect
from tests.exports.hostile import every_value
from tests.exports.puppet import OURS, Puppet
from tests.exports.specimen import HOST, dated, entry
from tests.tools import require

SCRIPT = OURS / "larry-enc"
TOKEN = "a.token-of_letters~+/="
ANSWER = find_dialect("enc").render(dated(entry("ntp", servers=["a"], values=every_value()))).encode()
NEWER = ANSWER.replace(b'"a"', b'"b"')
AWAY = 30.0
"""Seconds that the slow server would take; it is stopped before."""

Behaviour = Callable[[http.server.BaseHTTPRequestHandler], None]


def send(body: bytes, status: int = 200, *, length: int | None = None) -> Behaviour:
    """An answer; with ``length`` another length than it has, with -1 none at all."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        if length != -1:
            handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@dataclass
class Larry:
    """A Larry on the loopback that behaves as it is told, and writes down what it was asked."""

    behaviour: Behaviour = field(default_factory=lambda: send(ANSWER))
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def sleep(self, _handler: object) -> None:
        self.over.wait(AWAY)


@pytest.fixture
def larry() -> Iterator[Larry]:
    larry = Larry()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            larry.asked.append((self.path, self.headers.get("Authorization")))
            larry.behaviour(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        larry.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield larry
        finally:
            larry.over.set()
            server.shutdown()
            thread.join(10)


@dataclass(frozen=True)
class Classifier:
    """The script with a cache of its own."""

    folder: Path
    larry: Larry

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
        known = {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.folder),
            "LARRY_ENC_CONF": str(self.folder / "enc.conf"),
            "LARRY_URL": self.larry.url,
            "LARRY_ENC_CACHE": str(self.cache),
            "LARRY_ENC_SECONDS": "2",
        }
        environment = {name: value for name, value in {**known, **variables}.items() if value}
        return subprocess.run([str(SCRIPT), *arguments], env=environment, capture_output=True, timeout=60, check=False)

    def leftovers(self) -> list[str]:
        return sorted(path.name for path in (*self.cache.glob(".*"), *self.folder.glob("tmp.*")))


@pytest.fixture
def classifier(tmp_path: Path, larry: Larry) -> Classifier:
    require("curl")
    return Classifier(tmp_path, larry)


def test_a_good_answer_is_printed_byte_for_byte_and_kept(classifier: Classifier) -> None:
    done = classifier.run(HOST)
    assert (done.returncode, done.stdout, done.stderr) == (0, ANSWER, b"")
    kept = classifier.cache / f"{HOST}.enc"
    assert kept.read_bytes() == ANSWER
    assert kept.stat().st_mode & 0o077 == 0
    assert classifier.larry.asked == [(f"/configuration/{HOST}.enc", None)]
    classifier.larry.behaviour = send(NEWER)
    assert classifier.run(HOST).stdout == kept.read_bytes() == NEWER
    assert classifier.leftovers() == []


AWAYS: Mapping[str, Callable[[Larry], Behaviour]] = {
    "500": lambda larry: send(b"oops", 500),
    "503": lambda larry: send(NEWER, 503),
    "429": lambda larry: send(b"", 429),
    "slow": lambda larry: larry.sleep,
    "cut off": lambda larry: send(NEWER[:-100], length=len(NEWER)),
    "cut off without a length": lambda larry: send(NEWER[:-2], length=-1),
    "cut off at the last line feed": lambda larry: send(NEWER[:-1], length=-1),
    "cut off inside, at a brace": lambda larry: send(NEWER[: NEWER.index(b"}\n") + 2], length=-1),
    "empty": lambda larry: send(b""),
    "another host": lambda larry: send(NEWER.replace(HOST.encode(), b"web1xexample.com")),
    "a page": lambda larry: send(b"<html>Welcome to the hotel</html>\n"),
    "no answer": lambda larry: lambda handler: handler.connection.close(),
}


@pytest.mark.parametrize("away", AWAYS.values(), ids=AWAYS)
def test_while_larry_is_away_the_last_good_answer_holds(
    classifier: Classifier, away: Callable[[Larry], Behaviour]
) -> None:
    classifier.run(HOST)
    os.utime(classifier.cache / f"{HOST}.enc", (1_790_000_000, 1_790_000_000))
    classifier.larry.behaviour = away(classifier.larry)
    done = classifier.run(HOST)
    assert (done.returncode, done.stdout) == (0, ANSWER)
    assert b"this is Larry's answer of 2026-09-21T14:13:20Z" in done.stderr
    assert classifier.leftovers() == []
    other = classifier.run("web2.example.com")
    assert (other.returncode, other.stdout) == (1, b"")
    assert b"there is no earlier answer" in other.stderr


def test_when_nobody_listens_the_last_good_answer_holds(classifier: Classifier) -> None:
    classifier.run(HOST)
    done = classifier.run(HOST, LARRY_URL="http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (0, ANSWER)
    assert b"Larry is away (status 000, curl 7)" in done.stderr


@pytest.mark.parametrize("curl", ["exit 127", "kill -9 $$", "printf '{'; exit 2"])
def test_where_curl_cannot_do_its_work_the_last_good_answer_holds(classifier: Classifier, curl: str) -> None:
    classifier.run(HOST)
    broken = classifier.folder / "bin"
    broken.mkdir()
    (broken / "curl").write_text(f"#!/bin/sh\n{curl}\n")
    (broken / "curl").chmod(0o755)
    done = classifier.run(HOST, PATH=f"{broken}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout) == (0, ANSWER)
    assert b"curl could not be run to its end" in done.stderr


def test_an_unknown_host_gets_nothing_then_or_later(classifier: Classifier) -> None:
    classifier.run(HOST)
    classifier.larry.behaviour = send(b"unknown host\n", 404)
    done = classifier.run(HOST)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", f"larry-enc: Larry knows no host {HOST}\n".encode())
    classifier.larry.behaviour = send(b"oops", 500)
    assert classifier.run(HOST).returncode == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403])
def test_a_refusal_is_no_absence(classifier: Classifier, status: int) -> None:
    classifier.run(HOST)
    classifier.larry.behaviour = send(ANSWER, status)
    done = classifier.run(HOST)
    assert (done.returncode, done.stdout) == (1, b"")
    assert f"Larry refused with status {status}".encode() in done.stderr


@pytest.mark.parametrize(
    "name", ["../etc/passwd", "a b", "$(id)", "-x", ".hidden", "", "UPPER.example.com", "a/b", "a\n", "é", "a?b", "a;b"]
)
def test_a_hostile_certname_is_never_asked_for(classifier: Classifier, name: str) -> None:
    done = classifier.run(name)
    assert (done.returncode, done.stdout, classifier.larry.asked) == (1, b"", [])
    assert b"this is no certname" in done.stderr
    assert not classifier.cache.exists()


@pytest.mark.parametrize("arguments", [(), (HOST, HOST)])
def test_one_argument_is_needed(classifier: Classifier, arguments: tuple[str, ...]) -> None:
    done = classifier.run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"usage" in done.stderr


def test_the_token_comes_from_a_file_and_is_in_no_argument(classifier: Classifier) -> None:
    secret = classifier.folder / "token"
    secret.write_text(f"{TOKEN}\n")
    (classifier.folder / "enc.conf").write_text(
        f"# where Larry is\nLARRY_URL={classifier.larry.url}/\nLARRY_TOKEN_FILE={secret}\n"
    )
    seen = classifier.folder / "arguments"
    wrapped = classifier.folder / "bin"
    wrapped.mkdir()
    (wrapped / "curl").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{seen}\nexec {require("curl")} "$@"\n')
    (wrapped / "curl").chmod(0o755)
    done = classifier.run(HOST, LARRY_URL="", PATH=f"{wrapped}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout) == (0, ANSWER)
    assert classifier.larry.asked == [(f"/configuration/{HOST}.enc", f"Bearer {TOKEN}")]
    assert f"{classifier.larry.url}/configuration/{HOST}.enc" in seen.read_text().splitlines()
    assert TOKEN not in seen.read_text()


def test_the_environment_wins_over_the_file(classifier: Classifier) -> None:
    (classifier.folder / "enc.conf").write_text("LARRY_URL=http://127.0.0.1:9\nLARRY_TOKEN=$(id)\n")
    done = classifier.run(HOST, LARRY_TOKEN=TOKEN)
    assert (done.returncode, done.stdout) == (0, ANSWER)
    assert classifier.larry.asked[0][1] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "variables,said",
    [
        ({"LARRY_URL": ""}, "LARRY_URL must begin with"),
        ({"LARRY_URL": "file:///etc/passwd"}, "LARRY_URL must begin with"),
        ({"LARRY_TOKEN": 'x"\noutput = "/tmp/x'}, "the token has characters"),
        ({"LARRY_TOKEN_FILE": "/nowhere"}, "/nowhere cannot be read"),
        ({"LARRY_TOKEN_FILE": "/"}, "/ cannot be read"),
    ],
)
def test_a_wrong_setting_is_told(classifier: Classifier, variables: dict[str, str], said: str) -> None:
    done = classifier.run(HOST, **variables)
    assert (done.returncode, done.stdout, classifier.larry.asked) == (1, b"", [])
    assert said in done.stderr.decode()


def test_a_file_with_more_than_a_token_is_no_token_file(classifier: Classifier) -> None:
    secret = classifier.folder / "token"
    secret.write_text(f"{TOKEN}\nheader=x\n")
    done = classifier.run(HOST, LARRY_TOKEN_FILE=str(secret))
    assert (done.returncode, done.stdout, classifier.larry.asked) == (1, b"", [])
    assert b"the token has characters" in done.stderr


def test_the_last_line_of_the_file_wins_and_needs_no_line_feed(classifier: Classifier) -> None:
    hostile = "LARRY_URL=$(exit 3)\nPATH=/nowhere\n*=x\nLARRY_TOKEN=first\nLARRY_ENC_SECONDS=\n"
    (classifier.folder / "enc.conf").write_text(f"{hostile}LARRY_URL={classifier.larry.url}\nLARRY_TOKEN={TOKEN}")
    done = classifier.run(HOST, LARRY_URL="", LARRY_ENC_SECONDS="")
    assert (done.returncode, done.stdout) == (0, ANSWER)
    assert classifier.larry.asked[0][1] == f"Bearer {TOKEN}"


def test_without_a_cache_the_answer_is_printed_all_the_same(classifier: Classifier) -> None:
    (classifier.folder / "file").write_text("")
    done = classifier.run(HOST, LARRY_ENC_CACHE=str(classifier.folder / "file" / "cache"))
    assert (done.returncode, done.stdout) == (0, ANSWER)
    assert b"the answer cannot be kept" in done.stderr
    assert classifier.leftovers() == []


def test_words_within_a_text_do_not_make_an_answer_one_about_this_host(classifier: Classifier) -> None:
    told = f' "larry_host": "{HOST}"\n'
    other = find_dialect("enc").render(dated(entry("ntp", told=told))).replace(f'"{HOST}"', '"web2.example.com"')
    classifier.larry.behaviour = send(other.encode())
    done = classifier.run(HOST)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"not about this host" in done.stderr


def test_a_bash_that_is_sh_prints_the_same(classifier: Classifier) -> None:
    variables = {"LARRY_URL": classifier.larry.url, "LARRY_ENC_CACHE": str(classifier.cache), "LARRY_TOKEN": TOKEN}
    words = ["bash", "--posix", str(SCRIPT), HOST]
    done = subprocess.run(words, env={**os.environ, **variables}, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, ANSWER, b"")
    assert (classifier.cache / f"{HOST}.enc").read_bytes() == ANSWER
    assert classifier.larry.asked[0][1] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_script_is_read_by_every_posix_shell(shell: str) -> None:
    done = subprocess.run([shell, "-n", str(SCRIPT)], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.puppet
def test_puppet_compiles_through_the_script(classifier: Classifier, tmp_path: Path) -> None:
    text = find_dialect("enc").render(dated(entry("rails", of="acme/shop/production", workers=4))).encode()
    classifier.larry.behaviour = send(text)
    variables = {"LARRY_URL": classifier.larry.url, "LARRY_ENC_CACHE": str(classifier.cache)}
    catalog = Puppet(tmp_path, modules=()).compile(HOST, enc=SCRIPT, variables=variables)
    assert catalog.parameters("Larry::Service[acme-shop-production-rails]")["parameters"] == {"workers": 4}
