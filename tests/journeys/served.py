"""The demonstration served by a real `larry serve` on the loopback, asked as of any moment."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from larry.core.interval import iso

LARRY = Path(sys.executable).parent / "larry"
PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Served:
    """Where a Larry answers; ``timed`` is a door before it, whose paths begin with the moment that is asked for."""

    url: str
    timed: str
    home: Path
    token: str = field(default="", repr=False)

    def at(self, moment: datetime) -> str:
        """The address at which Larry seems to live at a moment, for clients that ask only for now."""
        return f"{self.timed}/{iso(moment)}"

    def text(self, host: str, suffix: str, moment: datetime) -> str:
        asked = f"{self.url}/configuration/{host}.{suffix}?as_of={iso(moment)}"
        return _get(asked, self.token)[1].decode()

    def node(self, host: str, moment: datetime) -> Any:
        return json.loads(self.text(host, "json", moment))


@contextmanager
def serving_the_demonstration(folder: Path) -> Iterator[Served]:
    """`larry demo --no-serve`, then `larry serve`, called as anybody would, with nothing of the tests about them."""
    _run(folder, "demo", "--no-serve")
    home = folder / "demo"
    _run(home, "user", "add", "tool", "--machine")
    _run(home, "user", "grant", "tool", "machine")
    token = _run(home, "token", "add", "tool", "journeys").strip()
    with _serving(home, folder / "serve.log") as served:
        yield replace(served, token=token)


@contextmanager
def serving_nothing(folder: Path) -> Iterator[Served]:
    """`larry migrate`, then `larry serve`: nobody has described anything, and nobody can sign in."""
    _run(folder / "larry", "migrate")
    with _serving(folder / "larry", folder / "serve.log") as served:
        yield served


def add_user(served: Served, command: str, name: str, password: str) -> None:
    """What the page to sign in tells whoever runs Larry to do, done."""
    assert command.startswith("larry ")
    _run(served.home, *(name if word == "NAME" else word for word in command.split()[1:]), say=f"{password}\n")


def command(served: Served, *words: str) -> None:
    """`larry` with these words, called where this Larry lives."""
    _run(served.home, *words)


def _run(home: Path, *words: str, say: str = "") -> str:
    done = subprocess.run(
        [LARRY, *words], env=_bare(home), input=say, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _bare(home: Path) -> dict[str, str]:
    """With lookups as open as `larry demo` has them, for the walks of the guide."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_"))}
    return {**bare, "LARRY_HOME": str(home), "LARRY_ACTOR": "the tests", "LARRY_LOOKUPS_FROM": "127.0.0.1"}


@contextmanager
def _serving(home: Path, log: Path) -> Iterator[Served]:
    port = _free_port()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [LARRY, "serve", "--bind", f"127.0.0.1:{port}"], env=_bare(home), stdout=output, stderr=output
        )
    door = ThreadingHTTPServer(("127.0.0.1", 0), _door_to(f"http://127.0.0.1:{port}"))
    threading.Thread(target=door.serve_forever, daemon=True).start()
    try:
        served = Served(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{door.server_port}", home)
        _await(served.url, server, log)
        yield served
    finally:
        door.shutdown()
        door.server_close()
        server.terminate()
        server.wait(PATIENCE)


def _get(address: str, token: str = "") -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(address, headers=headers)  # noqa: S310  # an address that begins with http
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310  # an address that begins with http
        return answer.status, answer.read()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        with suppress(urllib.error.URLError, ConnectionError):
            _get(f"{url}/healthz")
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace"))


def _door_to(larry: str) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        """Passes /MOMENT/path on as /path?as_of=MOMENT, with its token, and the answer back as it is."""

        def do_GET(self) -> None:
            moment, _, path = self.path.removeprefix("/").partition("/")
            asked = f"{larry}/{path}?as_of={urllib.parse.quote(moment)}"
            try:
                status, body = _get(asked, self.headers.get("Authorization", "").removeprefix("Bearer "))
            except urllib.error.HTTPError as refusal:
                status, body = refusal.code, refusal.read()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing: Larry's own log says who asked for what."""

    return Door
