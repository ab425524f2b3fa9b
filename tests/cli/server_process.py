"""`larry serve` as a process of its own, and what it answers."""

from __future__ import annotations

import http.client
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

PATIENCE = 180.0
COMMAND = (sys.executable, "-c", "from larry.cli.main import main; main()")


def find_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def call(surroundings: dict[str, str], *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=surroundings,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def serving(surroundings: dict[str, str], *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server that listens, and what it said until then; it is terminated whatever happens."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, _read_until(process, "Larry answers on")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(PATIENCE)
        if process.stdout is not None:
            process.stdout.close()


def _read_until(process: subprocess.Popen[str], sign: str) -> str:
    assert process.stdout is not None
    said, until = "", time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < until:
            if selector.select(0.2):
                line = process.stdout.readline()
                said += line
                if sign in line:
                    return said
                if not line:
                    break
    raise AssertionError(f"the server did not start: {said}")


Reply = tuple[int, dict[str, str], str]
"""Status, headers by their names in lower case, body."""


def fetch(port: int, path: str, token: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    """What is answered, once somebody answers."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return _ask(port, "GET", path, None, {**_bear(token), **(headers or {})})
        except (ConnectionError, TimeoutError, http.client.HTTPException):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def send(port: int, path: str, body: object, token: str) -> Reply:
    """Sent once, so waited for as long as anything is."""
    headers = {**_bear(token), "Content-Type": "application/json"}
    return _ask(port, "POST", path, json.dumps(body), headers, patience=PATIENCE)


def _bear(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _ask(
    port: int, method: str, path: str, body: str | None, headers: Mapping[str, str], *, patience: float = 30.0
) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, text
    finally:
        connection.close()
