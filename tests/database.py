"""The database of a test session is laid here, before Django reads its settings: a plugin, `pytest -p tests.database`.

LARRY_TEST_DATABASE chooses: `sqlite` (the default; a file, since threads share none in memory) or `postgres`, for which
a throwaway cluster of Debian's binaries is started on a free port of the loopback, and stopped whatever happens:
it lives only as long as a pipe that this process holds. With pytest-xdist the controller starts it and the workers find
its address in their environment. Where the binaries are missing every test is skipped, loudly; with CI=true that fails.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CHOICE = "LARRY_TEST_DATABASE"
SESSION = "LARRY_TEST_SESSION"
"""Set by whoever laid the database: the folder of the session. Its children find it and lay nothing."""

BINARIES = Path("/usr/lib/postgresql")
PATIENCE = 60.0
ATTEMPTS = 3

MISSING = f"{CHOICE}=postgres, but there is no PostgreSQL in {BINARIES}: NOTHING WAS TESTED (apt install postgresql)"

# The server is a child of a shell that reads a pipe: when the other end closes, even by kill -9, both go.
_KEEPER = 'data=$1; shift; "$@" & cat; kill -QUIT "$(head -n 1 "$data/postmaster.pid")"; wait; cd /; rm -rf "$data"'

_CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "deadlock_timeout": "50ms",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "log_min_messages": "fatal",
}


class NoDatabaseForTests(Exception):
    """The throwaway cluster did not come up; the text says what it logged."""


@dataclass(slots=True)
class Session:
    """What this process laid, and has to take away."""

    folder: Path
    skipped: str = ""
    keeper: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def close(self) -> None:
        """Stop the cluster and remove the folder; a second time does nothing."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self) -> None:
        """Stop the cluster, if there is one, and remove what it kept."""
        keeper, self.keeper = self.keeper, None
        if keeper is not None and keeper.stdin is not None:
            keeper.stdin.close()
            try:
                keeper.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                keeper.kill()


_session: list[Session] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Lay the database and say so in the environment; pytest-django loads the settings right after."""
    if SESSION in os.environ:
        return
    choice = os.environ.setdefault(CHOICE, "sqlite")
    if choice not in {"sqlite", "postgres"}:
        raise pytest.UsageError(f"{CHOICE}={choice}: it is sqlite or postgres")
    session = Session(Path(tempfile.mkdtemp(prefix="larry-tests-")))
    session.folder.chmod(0o755)
    _session.append(session)
    atexit.register(session.close)
    home = session.folder / "home"
    for variable in [name for name in os.environ if name.startswith("LARRY_") and name != CHOICE]:
        del os.environ[variable]
    os.environ |= {SESSION: str(session.folder), "LARRY_HOME": str(home), "XDG_DATA_HOME": str(session.folder / "data")}
    if choice == "postgres":
        programs = find_programs()
        if programs is None:
            if os.environ.get("CI") == "true":
                session.close()
                raise pytest.UsageError(MISSING)
            session.skipped = MISSING
        else:
            os.environ["LARRY_DATABASE_URL"] = start_cluster(session, programs)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take away what was laid, also after a failure."""
    for session in _session:
        session.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip everything when there is no PostgreSQL to test on."""
    for session in _session:
        if session.skipped:
            for item in items:
                item.add_marker(pytest.mark.skip(reason=session.skipped))


def pytest_report_header() -> str:
    """Which database this session runs on."""
    skipped = next((session.skipped for session in _session), "")
    return f"larry: {skipped or os.environ[CHOICE]}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once more, where it is read, that nothing was tested."""
    for session in _session:
        if session.skipped:
            terminalreporter.write_sep("!", session.skipped, red=True, bold=True)


def find_programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs, or None."""
    found = [place.parent for place in BINARIES.glob("*/bin/postgres")]
    return max(found, key=lambda place: int(place.parent.name), default=None)


def start_cluster(session: Session, programs: Path) -> str:
    """Start a cluster in the session's folder, with an empty database `larry`; its URL."""
    log = session.folder / "cluster.log"
    for attempt in range(ATTEMPTS):  # somebody else may take the port between our asking for it and the server's
        port = _find_port()
        session.keeper = _start(session.folder / f"cluster{attempt}", log, programs, port)
        if _answers(programs, port):
            _run(programs, "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "larry")
            return f"postgres://postgres@127.0.0.1:{port}/larry"
        session.stop()
    raise NoDatabaseForTests(log.read_text(errors="replace")[-2000:])


def _start(data: Path, log: Path, programs: Path, port: int) -> subprocess.Popen[bytes]:
    """A new cluster and its server, under a keeper."""
    data.mkdir()
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(data, owner.pw_uid, owner.pw_gid)
    given = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    _run(programs, "initdb", "-D", data, *given)
    options = [part for name, value in _CARELESS.items() for part in ("-c", f"{name}={value}")]
    server = _as_postgres(str(programs / "postgres"), "-D", str(data), "-p", str(port), *options)
    with log.open("ab") as output:
        return subprocess.Popen(
            ["sh", "-c", _KEEPER, "keeper", str(data), *server],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=data,
            start_new_session=True,  # Ctrl-C ends the tests first, then the server
        )


def _as_postgres(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


def _run(programs: Path, program: str, *arguments: str | Path) -> None:
    command = _as_postgres(str(programs / program), *map(str, arguments))
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise NoDatabaseForTests(f"{program}: {done.stderr or done.stdout}")


def _find_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def _answers(programs: Path, port: int) -> bool:
    """Whether the server answers before patience ends."""
    until = time.monotonic() + PATIENCE / ATTEMPTS
    while time.monotonic() < until:
        asked = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        if subprocess.run(asked, check=False).returncode == 0:
            return True
        time.sleep(0.05)
    return False
