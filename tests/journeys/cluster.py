"""Servers of PostgreSQL that a test may kill: durable, on the loopback, ending with the tests whatever happens."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.database import SESSION, find_programs

PATIENCE = 300.0
"""Seconds, on a machine that others use too: long enough that only what hangs takes longer."""
_KEEPER = 'data=$1; shift; "$@" & cat; kill -QUIT "$(head -n 1 "$data/postmaster.pid")" 2>/dev/null; wait'
"""The server is a child of a shell that reads a pipe: when the other end closes, even by kill -9, both go."""


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@dataclass(slots=True)
class Cluster:
    """One server and its data; it may be killed and started again."""

    programs: Path
    data: Path
    port: int
    keeper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/larry"

    def run(self, program: str, *words: str | Path) -> str:
        """What one of PostgreSQL's programs says."""
        command = as_postgres(str(self.programs / program), *map(str, words))
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def ask(self, statement: str) -> str:
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", "larry")
        return self.run("psql", *place, "-qAtc", statement)

    def read_rows(self) -> str:
        """Every row of every table; not how far the counters of numbers are, which no server takes back."""
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "larry")
        differs = ("SELECT pg_catalog.setval", "\\restrict ", "\\unrestrict ")
        lines = self.run("pg_dump", "--data-only", *place).splitlines()
        return "\n".join(line for line in lines if not line.startswith(differs))

    def start(self) -> None:
        """Start, and wait until it answers; after a kill it recovers first."""
        until = time.monotonic() + PATIENCE
        options = ("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=50")
        server = as_postgres(
            str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port), "-c", "log_min_messages=fatal",
            *options,
        )  # fmt: skip
        while time.monotonic() < until:
            self._close_keeper()
            self.keeper = subprocess.Popen(
                ["sh", "-c", _KEEPER, "keeper", str(self.data), *server],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                start_new_session=True,
            )  # fmt: skip
            tries = 0
            while time.monotonic() < until and (tries < 100 or self._is_starting()):
                if self.answers():
                    return
                time.sleep(0.05)
                tries += 1
        raise AssertionError("the server does not come up")

    def _is_starting(self) -> bool:
        """Whether it is at it, recovering perhaps. While the one before still holds its memory, it gives up."""
        try:
            os.kill(self.read_pid(), 0)
        except (OSError, IndexError, ValueError):
            return False
        return True

    def read_pid(self) -> int:
        """The number of the server's first process."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """kill -9 of the server; its children notice, and end without a word."""
        os.kill(self.read_pid(), signal.SIGKILL)

    def answers(self) -> bool:
        """Whether it takes connections."""
        asked = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0

    def close(self) -> None:
        self._close_keeper()

    def _close_keeper(self) -> None:
        keeper, self.keeper = self.keeper, None
        if keeper is not None and keeper.stdin is not None:
            with suppress(OSError):
                keeper.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                keeper.wait(10)


def as_postgres(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cluster-", dir=os.environ[SESSION]))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


@contextmanager
def serving_cluster(data: Path | None = None, *options: str) -> Iterator[Cluster]:
    """A fresh server with an empty database `larry`, which keeps what it acknowledges; ``options`` are initdb's."""
    programs = find_programs()
    assert programs is not None
    cluster = Cluster(programs, data or _folder() / "data", free_port())
    given = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", *options)
    cluster.run("initdb", "-D", cluster.data, *given)
    try:
        cluster.start()
        cluster.run("createdb", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres", "larry")
        yield cluster
    finally:
        cluster.close()


@contextmanager
def serving_replica(primary: Cluster) -> Iterator[Cluster]:
    """A streaming replica of a server."""
    replica = Cluster(primary.programs, _folder() / "data", free_port())
    place = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres")
    replica.run("pg_basebackup", "-D", replica.data, "-R", "-X", "stream", "-c", "fast", *place)
    try:
        replica.start()
        yield replica
    finally:
        replica.close()
