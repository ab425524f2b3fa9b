"""The real goiardi as a reader: a Chef server in memory, on the loopback, that takes objects and gives them back."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tools import require

PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Goiardi:
    """Where it answers."""

    url: str

    def ask(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        """(status, document); a refusal is an answer too."""
        body = None if document is None else json.dumps(document, ensure_ascii=False).encode()
        headers = {"X-Ops-UserId": "admin", "X-Chef-Version": "11.1.7", "Accept": "application/json"}
        headers["Content-Type"] = "application/json"
        asked = urllib.request.Request(f"{self.url}{path}", data=body, headers=headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310  # our own address
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read() or b"null")

    def load(self, objects: Any) -> None:
        """Give it everything that the dialect printed of a fleet; each must be accepted."""
        for kind in ("environments", "roles", "nodes"):
            for document in objects[kind]:
                status, told = self.ask("POST", f"/{kind}", document)
                assert status == 201, (document["name"], told)

    def read(self, kind: str, name: str) -> Any:
        status, document = self.ask("GET", f"/{kind}/{name}")
        assert status == 200, document
        return document


@contextmanager
def serving_goiardi(folder: Path) -> Iterator[Goiardi]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    with (folder / "goiardi.log").open("wb") as log:
        server = subprocess.Popen(
            [require("goiardi"), "-I", "127.0.0.1", "-P", str(port), "-H", "localhost"],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        goiardi = Goiardi(f"http://127.0.0.1:{port}")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and server.poll() is None:
            with suppress(urllib.error.URLError, ConnectionError):
                goiardi.ask("GET", "/nodes")
                break
            time.sleep(0.05)
        yield goiardi
    finally:
        server.terminate()
        server.wait(PATIENCE)


def as_kept(value: Any) -> Any:
    """The value as goiardi in memory keeps it: an empty list comes back as null (Go's nil), all else as it was."""
    if isinstance(value, dict):
        return {key: as_kept(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [as_kept(member) for member in value] or None
    return value
