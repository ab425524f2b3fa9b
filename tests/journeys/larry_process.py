"""Larry as processes of the machine: commands, and servers that a test may kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from tests.journeys.cluster import free_port

LARRY = Path(sys.executable).parent / "larry"
PATIENCE = 180.0
"""Seconds, on a machine that others use too: long enough that only what hangs takes longer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a Larry lives: its home, and settings beside; how many seconds a command of it may take, and the words of
    what it runs ``under``."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    patience: float = PATIENCE
    under: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_"))}
        return {**bare, "LARRY_HOME": str(self.home), "LARRY_ACTOR": "the tests", **self.settings}

    def run(self, *words: str, say: str = "") -> str:
        done = self.call(*words, say=say)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def call(self, *words: str, say: str = "") -> subprocess.CompletedProcess[str]:
        """Whatever comes of it."""
        return subprocess.run(
            [*self.under, LARRY, *words],
            env=self.environment,
            input=say,
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
        )


@dataclass(slots=True)
class Web:
    """One `larry serve`, with all its processes in one group."""

    place: Place
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [LARRY, "serve", "--bind", f"127.0.0.1:{self.port}"], env=self.place.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(OSError):
                if self.ask("/healthz")[0] == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("larry serve does not come up")

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], str]:
        """Status, headers (by their names in lower case) and body of an answer."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, dict(headers or {}), method=method)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
                return answer.status, _lower(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, _lower(refusal.headers), refusal.read().decode()

    def kill(self) -> None:
        """kill -9 of the server and of its workers."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)
            self.process = None


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def serving_web(place: Place) -> Iterator[Web]:
    web = Web(place, free_port())
    try:
        web.start()
        yield web
    finally:
        web.kill()
