"""P1 to P3 through real servers: two processes each, eight clients that keep their connections, on the loopback."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.bench.bare_site import lay_documents
from tests.bench.lookup_rows import choose_hosts, make_token
from tests.bench.measure import Row
from tests.bench.size import Size

PROCESSES, CLIENTS = 2, 8
SECONDS = float(os.environ.get("SECONDS_EACH", "2"))
ROUNDS = 5
_SERVE = """
import sys
import larry.cli.server as server
from larry.cli.address import Address
if sys.argv[2] != "larry":
    server.APPLICATION = sys.argv[2]
server.run_server(Address("127.0.0.1", int(sys.argv[1])), int(sys.argv[3]))
"""
"""`larry serve`, and the same server around the bare callable."""

_LUA = """
local asked, turn = {}, 0
for line in io.lines("%s") do asked[#asked + 1] = line end
local requests = {}
init = function()
    for number = 1, #asked, 2 do
        local headers = {Authorization = "Bearer %s"}
        if asked[number + 1] ~= "-" then headers["If-None-Match"] = asked[number + 1] end
        requests[#requests + 1] = wrk.format("GET", asked[number], headers)
    end
end
request = function()
    turn = turn %% #requests + 1
    return requests[turn]
end
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One lookup: its path, and the tag of what the client has already."""

    path: str
    tag: str = "-"


def served_rows(size: Size, now: datetime) -> Iterator[Row]:
    """Each row in turns A B A B; in seconds for one request. Logs from warnings on, as nothing is logged beside."""
    from django.db import connection, connections

    token, hosts = make_token(now), choose_hosts(min(1_000, size.hosts))
    lay_documents(now)
    vendor = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    connections.close_all()
    said = f"{size.hosts:,} hosts, {len(hosts)} in turn, {vendor}"
    plain = [Asked(f"/configuration/{host}.json") for host in hosts]
    days = random.Random(1)
    moments = [now - timedelta(days=days.random() * 360 * size.years) for _ in hosts]
    whens = [(moments[at], now, now + timedelta(days=20))[at % 3] for at in range(len(hosts))]
    dated = [
        Asked(f"/configuration/{host}.json?as_of={when:%Y-%m-%dT%H:%MZ}")
        for host, when in zip(hosts, whens, strict=True)
    ]
    with ExitStack() as stack:
        larry = stack.enter_context(serving("larry", token, plain[0].path))
        bare = stack.enter_context(serving("tests.bench.bare_served:application", token, plain[0].path))
        dated = [asked for asked in dated if answer(larry, asked, token)[0] == 200]
        known = [Asked(asked.path, answer(larry, asked, token)[1]) for asked in plain]
        load = stack.enter_context(loading(token))
        for port, asked in ((larry, plain), (bare, plain), (larry, dated)):  # what is printed once is kept
            load.measure(port, asked)
        mine, theirs = in_turns(load, (larry, plain), (bare, plain))
        yield Row("P1 served", said, mine, theirs, "the same server, bare callable", 1 / 0.7)
        mine, theirs = in_turns(load, (larry, known), (bare, known))
        yield Row("P2 served, 304", said, mine, theirs, "the same server, bare callable, 304", 1 / 0.8)
        mine, theirs = in_turns(load, (larry, dated), (larry, plain))
        yield Row("P3 served, past, now, future", said, mine, theirs, "P1 served in this run", 1 / 0.9)


def in_turns(
    load: Load, work: tuple[int, Sequence[Asked]], yardstick: tuple[int, Sequence[Asked]]
) -> tuple[float, float]:
    """Median seconds of one request of each."""
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(1 / load.measure(*work))
        theirs.append(1 / load.measure(*yardstick))
    return statistics.median(mine), statistics.median(theirs)


@dataclass(frozen=True, slots=True)
class Load:
    """Asks as often as it can: by wrk where that is, else by four processes of Python."""

    token: str
    folder: Path
    wrk: str | None

    def measure(self, port: int, asked: Sequence[Asked]) -> float:
        """Requests a second, all of them answered well."""
        return self._by_wrk(port, asked) if self.wrk else self._by_python(port, asked)

    def _by_wrk(self, port: int, asked: Sequence[Asked]) -> float:
        lines, script = self.folder / "asked", self.folder / "ask.lua"
        lines.write_text("".join(f"{each.path}\n{each.tag}\n" for each in asked))
        script.write_text(_LUA % (lines, self.token))
        command = [self.wrk or "", "-t1", f"-c{CLIENTS}", f"-d{SECONDS:g}s", "-s", str(script)]
        done = subprocess.run([*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True)
        told = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
        assert told is not None, done.stdout
        assert "Non-2xx" not in done.stdout, done.stdout
        assert "Socket errors" not in done.stdout, done.stdout
        return float(told[1])

    def _by_python(self, port: int, asked: Sequence[Asked]) -> float:
        said = json.dumps([port, CLIENTS // 4, SECONDS, [_write(each, self.token).decode() for each in asked]])
        command = [sys.executable, "-c", "from tests.bench.served_rows import ask_on; ask_on()"]
        askers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        for asker in askers:
            assert asker.stdin is not None
            asker.stdin.write(said)
            asker.stdin.close()
        total = sum(float(asker.stdout.read()) for asker in askers if asker.stdout is not None)
        assert all(asker.wait() == 0 for asker in askers)
        return total


@contextmanager
def loading(token: str) -> Iterator[Load]:
    with tempfile.TemporaryDirectory() as folder:
        yield Load(token, Path(folder), shutil.which("wrk"))


def ask_on() -> None:
    """In a process of its own: ask over some connections in turn, and print how often a second."""
    port, clients, seconds, texts = json.loads(sys.stdin.read())
    doors = [socket.create_connection(("127.0.0.1", port)) for _ in range(clients)]
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        for door in doors:
            door.sendall(texts[(done + os.getpid()) % len(texts)].encode())
            done += 1
        for door in doors:
            assert _receive(door)[0] in {200, 304}
    print(done / (time.perf_counter() - begun))


def _write(asked: Asked, token: str) -> bytes:
    tag = "" if asked.tag == "-" else f"If-None-Match: {asked.tag}\r\n"
    return f"GET {asked.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{tag}\r\n".encode()


def _receive(door: socket.socket) -> tuple[int, str]:
    """Status and tag of one answer, read to its end."""
    held = b""
    while b"\r\n\r\n" not in held:
        held += door.recv(65536) or _refuse()
    head, _, body = held.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    length = re.search(r"(?im)^content-length: *(\d+)", text)
    left = (int(length[1]) if length else 0) - len(body)
    while left > 0:
        left -= len(door.recv(65536) or _refuse())
    tag = re.search(r"(?im)^etag: *(\S+)", text)
    return int(text.split(" ", 2)[1]), tag[1] if tag else "-"


def _refuse() -> bytes:
    raise ConnectionError("the server has hung up")


def answer(port: int, asked: Asked, token: str) -> tuple[int, str]:
    """Status and tag of one lookup."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as door:
        door.sendall(_write(asked, token))
        return _receive(door)


@contextmanager
def serving(application: str, token: str, path: str) -> Iterator[int]:
    """The port of a server of this database, which has begun to answer."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
    surroundings: Mapping[str, str] = {**os.environ, "LARRY_LOG_LEVEL": "warning"}
    words = [sys.executable, "-c", _SERVE, str(port), application, str(PROCESSES)]
    with subprocess.Popen(words, env=surroundings, stdout=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + 60
            while not _answers(port, path, token):
                assert server.poll() is None, f"{application} does not start"
                assert time.monotonic() < until, f"{application} does not answer"
                time.sleep(0.1)
            yield port
        finally:
            server.terminate()


def _answers(port: int, path: str, token: str) -> bool:
    try:
        return answer(port, Asked(path), token)[0] == 200
    except OSError:
        return False
