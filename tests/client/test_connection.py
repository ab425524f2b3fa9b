"""The connection: what is sent again and what is not, what is kept, whom the token is told."""

from __future__ import annotations

import json
import pickle
import traceback
from pathlib import Path

import pytest

from larry.client import failure
from larry.client.connection import Connection, Patience, read_url
from larry.client.failure import (
    BadServer,
    Conflict,
    Invalid,
    KeyReused,
    Moved,
    NotLarry,
    NotThere,
    RemoteProblem,
    Unavailable,
    Unreachable,
)
from larry.client.remote import RemoteLarry
from larry.client.token import NoToken, Token, find_token
from tests.client.loopback import TOKEN, Reply, Script, replies

PATIENCE = Patience(connect=2, read=2, tries=3)


class Watch:
    """A clock that goes when it is told to; and the pauses that were asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def connection(script: Script, watch: Watch) -> Connection:
    return Connection(script.url, Token(TOKEN), patience=PATIENCE, clock=watch, pause=watch.pauses.append)


def test_what_is_read_is_asked_for_again(script: Script, connection: Connection, watch: Watch) -> None:
    script.say(Reply(503, headers=(("Retry-After", "7"),)), Reply(0), Reply(200, b'{"is": 1}'))
    assert connection.get("/x").document == {"is": 1}
    assert [heard.method for heard in script.heard] == ["GET"] * 3
    assert watch.pauses[0] == 7


def test_not_for_ever(script: Script, connection: Connection, watch: Watch) -> None:
    script.say(Reply(503, headers=(("Retry-After", "9999"),)))
    with pytest.raises(Unavailable) as told:
        connection.get("/x")
    assert told.value.retry_after == 9999
    assert len(script.heard) == PATIENCE.tries
    assert max(watch.pauses) <= PATIENCE.longest_pause


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_what_writes_is_sent_once(script: Script, connection: Connection, method: str) -> None:
    script.say(*replies(503, 200))
    with pytest.raises(Unavailable):
        connection.send(method, "/x", {})
    script.say(Reply(0), Reply(200))
    with pytest.raises(Unreachable):
        connection.send(method, "/x", {})
    assert len(script.heard) == 1


def test_but_again_with_a_key_and_the_same(script: Script, connection: Connection) -> None:
    script.say(Reply(0), Reply(502), Reply(201, b'{"done": true}'))
    assert connection.send("POST", "/x", {"a": 1}, once=True).status == 201
    assert len({heard.headers["idempotency-key"] for heard in script.heard}) == 1
    assert {heard.body for heard in script.heard} == {b'{"a": 1}'}
    script.say(Reply(201))
    connection.send("POST", "/x", {}, key="mine")
    assert script.heard[0].headers["idempotency-key"] == "mine"


def test_a_refusal_is_no_reason_to_ask_again(script: Script, connection: Connection) -> None:
    script.say(Reply(404, b"there is no host of such a name\n", (("Content-Type", "text/plain; charset=utf-8"),)))
    with pytest.raises(NotThere, match="there is no host of such a name"):
        connection.get("/x")
    assert len(script.heard) == 1


@pytest.mark.parametrize(
    "code, status, kind",
    [
        ("refused", 409, Conflict),
        ("ground-moved", 409, Moved),
        ("already-there", 409, failure.AlreadyThere),
        ("key-reused", 422, KeyReused),
        ("invalid", 422, Invalid),
        ("changed-meanwhile", 412, failure.ChangedMeanwhile),
        ("not-signed-in", 401, failure.NotSignedIn),
        ("not-allowed", 403, failure.NotPermitted),
        ("defect", 500, failure.Defect),
    ],
)
def test_a_problem_is_of_its_class(
    script: Script, connection: Connection, code: str, status: int, kind: type[RemoteProblem]
) -> None:
    told = {
        "type": f"/api/v1/docs#problem-{code}", "title": "No", "status": status, "detail": "why not",
        "errors": [{"in": "body", "field": "/name", "text": "is none"}], "plan": {"digest": "d"},
    }  # fmt: skip
    script.say(Reply(status, json.dumps(told).encode(), (("Content-Type", "application/problem+json"),)))
    with pytest.raises(kind, match=r"^why not$") as caught:
        connection.send("POST", "/x", {})
    problem = caught.value
    assert type(problem) is kind
    assert (problem.code, problem.status, problem.title, problem.plan) == (code, status, "No", {"digest": "d"})
    assert [(each.place, each.field, each.reason) for each in problem.fields] == [("body", "/name", "is none")]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"errors": []}', b"\xff"])
def test_an_answer_that_is_no_problem_is_one_all_the_same(script: Script, connection: Connection, body: bytes) -> None:
    script.say(Reply(500, body, (("Content-Type", "application/problem+json"),)))
    with pytest.raises(failure.Defect, match="answered with 500"):
        connection.send("POST", "/x")


def test_redirections_are_not_followed(script: Script, connection: Connection) -> None:
    script.say(Reply(302, b"", (("Location", f"{script.url}/elsewhere"),)))
    with pytest.raises(NotLarry, match="302"):
        connection.get("/x")
    assert [heard.path for heard in script.heard] == ["/x"]


def test_half_an_answer_is_none(script: Script, connection: Connection) -> None:
    script.say(Reply(200, b'{"a": 1', claims=100))
    with pytest.raises(Unreachable):
        connection.get("/x")
    assert len(script.heard) == PATIENCE.tries


def test_nobody_there(watch: Watch) -> None:
    here = Connection("http://127.0.0.1:9", Token(TOKEN), patience=PATIENCE, pause=watch.pauses.append)
    with pytest.raises(Unreachable, match="refused") as caught:
        here.get("/x")
    assert "0x" not in str(caught.value)
    assert len(watch.pauses) == PATIENCE.tries - 1


# --- what is kept

KEPT = (
    ("ETag", '"1"'),
    ("Cache-Control", "max-age=60, stale-if-error=600"),
    ("Larry-Next-Change", "2027-01-01T00:00:00Z"),
)


def test_what_is_fresh_is_not_asked_for(script: Script, connection: Connection, watch: Watch) -> None:
    script.say(Reply(200, b"one", KEPT))
    assert connection.get("/c", keeps=True).text == "one"
    watch.now = 59
    assert connection.get("/c", keeps=True).text == "one"
    assert len(script.heard) == 1
    watch.now = 61
    script.say(Reply(304, b"", (("Cache-Control", "max-age=10, stale-if-error=5"),)))
    assert connection.get("/c", keeps=True).text == "one"
    assert script.heard[0].headers["if-none-match"] == '"1"'
    watch.now = 72
    script.say(Reply(200, b"two", (("ETag", '"2"'),)))
    assert connection.get("/c", keeps=True).text == "two"


@pytest.mark.parametrize("away", [0, 500, 503])
def test_while_larry_is_away_the_last_answer_stands_in_until_its_end(
    script: Script, connection: Connection, watch: Watch, away: int
) -> None:
    script.say(Reply(200, b"one", KEPT))
    assert not connection.get("/c", keeps=True).is_stale
    script.say(Reply(away))
    watch.now = 659
    told = connection.get("/c", keeps=True)
    assert (told.text, told.is_stale) == ("one", True)
    assert told.next_change is not None
    watch.now = 661
    with pytest.raises((Unreachable, RemoteProblem)):
        connection.get("/c", keeps=True)


def test_what_is_gone_is_never_told_from_memory(script: Script, connection: Connection, watch: Watch) -> None:
    script.say(Reply(200, b"one", KEPT))
    connection.get("/c", keeps=True)
    watch.now = 61
    script.say(Reply(404))
    with pytest.raises(NotThere):
        connection.get("/c", keeps=True)
    script.say(Reply(0))
    with pytest.raises(Unreachable):
        connection.get("/c", keeps=True)


def test_no_more_is_kept_than_wished(script: Script, watch: Watch) -> None:
    small = Connection(script.url, most_kept=2, clock=watch, patience=PATIENCE)
    script.say(Reply(200, b"x", KEPT))
    for path in ("/1", "/2", "/3", "/2", "/1"):
        small.get(path, keeps=True)
    assert [heard.path for heard in script.heard] == ["/1", "/2", "/3", "/1"]


# --- the token


def test_nobody_reads_the_token(script: Script, connection: Connection) -> None:
    token = Token(TOKEN)
    assert TOKEN not in f"{token} {token!r} {connection!r} {connection.__dict__} {RemoteLarry(script.url, TOKEN)!r}"
    with pytest.raises(TypeError):
        pickle.dumps(token)
    script.say(Reply(401))
    with pytest.raises(RemoteProblem) as caught:
        connection.get("/x", {"q": "secret question"})
    assert "secret question" not in str(caught.value)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    outer = [frame for frame in told.stack if frame.name != "_exchange"]  # where the header is made
    assert all(TOKEN not in str(frame.locals) for frame in outer if "tests" not in frame.filename)
    assert script.heard[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("text", ["", "two words", "line\nbreak", "ü", "x" * 5000])
def test_what_is_no_token(text: str) -> None:
    with pytest.raises(NoToken) as caught:
        Token(text)
    assert not text or text not in str(caught.value)


def test_where_a_token_is_found(tmp_path: Path) -> None:
    file, open_file = tmp_path / "token", tmp_path / "open"
    for path, mode in ((file, 0o600), (open_file, 0o644)):
        path.write_text("from-file\nand more\n")
        path.chmod(mode)
    environment = {"LARRY_TOKEN": "from-environment", "LARRY_TOKEN_FILE": str(file)}
    assert find_token("said", file, environment) == Token("said")
    assert find_token(None, file, environment) == Token("from-file")
    assert find_token(None, None, environment) == Token("from-environment")
    assert find_token(None, None, {"LARRY_TOKEN_FILE": str(file)}) == Token("from-file")
    assert find_token(None, None, {}) is None
    with pytest.raises(NoToken, match="chmod 600"):
        find_token(None, open_file, {})
    with pytest.raises(NoToken, match="No such file"):
        find_token(None, tmp_path / "none", {})


@pytest.mark.parametrize(
    "url, why",
    [
        ("http://larry.example.com", "in clear"),
        ("http://10.0.0.1", "in clear"),
        ("ftp://larry.example.com", "no address"),
        ("larry.example.com", "no address"),
        ("https://", "no address"),
        ("https://ada:secret@larry.example.com", "names nobody"),
        ("https://larry.example.com?x=1", "no address"),
        ("https://larry.example.com:x", "no address"),
        ("https://[::1", "no address"),
    ],
)
def test_where_no_token_goes(url: str, why: str) -> None:
    with pytest.raises(BadServer, match=why):
        read_url(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/", "http://[::1]/x/", "http://localhost", "https://l.example.com/"]
)
def test_where_it_does(url: str) -> None:
    assert read_url(url) == url.rstrip("/")


def test_in_clear_only_when_it_is_wished() -> None:
    assert read_url("http://larry.internal", in_clear=True) == "http://larry.internal"


def test_a_certificate_that_nobody_vouches_for_is_refused(watch: Watch, tmp_path: Path) -> None:
    with pytest.raises(BadServer, match="cannot be read"):
        Connection("https://127.0.0.1", ca_file=tmp_path / "none.pem")
