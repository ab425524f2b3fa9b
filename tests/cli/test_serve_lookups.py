"""`larry serve --lookups`: processes of their own answer on the next port, are replaced, and end with the server."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable

from tests.cli.process_tree import find_spawned, is_alive, list_children, list_descendants
from tests.cli.server_process import PATIENCE, call, fetch, find_port, send, serving
from tests.cli.terminal import ESTATE, LIVE

WEB1, WEB2 = "/configuration/web1.example.com.json", "/configuration/web2.example.com.json"
STRANGER = {"X-Forwarded-For": "203.0.113.77"}


def find_two_ports() -> int:
    """A port that is free, as the next one is."""
    while True:
        port = find_port()
        if port < 65535 and can_listen(port + 1):
            return port


def can_listen(port: int) -> bool:
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_until(is_so: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def lay(surroundings: dict[str, str]) -> str:
    """An estate with web1 deployed, and the token of somebody who may do everything."""
    for arguments, stdin in (
        (("migrate",), ""),
        (("user", "add", "ada", "--administrator"), "correct horse battery staple\n"),
        (("apply", "-"), ESTATE),
        (("deploy", LIVE, "--host", "web1.example.com", "--reason", "go live"), ""),
    ):
        done = call(surroundings, *arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr
    return call(surroundings, "token", "add", "ada", "tests").stdout.strip()


def test_lookups_have_processes_of_their_own(surroundings: dict[str, str]) -> None:
    token, port = lay(surroundings), find_two_ports()
    behind = {**surroundings, "LARRY_PROXIES": "127.0.0.1"}
    with serving(behind, "serve", "--bind", str(port), "--lookups", "2") as (process, _):
        ask_and_write(port, token)
        told = re.findall(r"(?m)^process_resident_memory_bytes\{pid=", fetch(port, "/metrics")[2])
        assert len(told) == 3, "all count together, the web server's process and two for lookups"
        replace_who_dies(process.pid, port, token)
        started = list_descendants(process.pid)
        process.kill()  # -9: it can tell nobody
        process.wait(PATIENCE)
        wait_until(lambda: not any(map(is_alive, started)), "somebody outlives the server")
        said = process.stdout.read() if process.stdout else ""
    assert "what answers lookups has ended (-9), and is started again" in said
    assert re.search(r"route=configuration method=GET status=304 user=ada client=203\.0\.113\.77 ", said)
    assert "Traceback" not in said
    with serving(behind, "serve", "--bind", str(port), "--lookups", "1") as (process, _):  # both ports are free again
        assert fetch(port + 1, WEB1, token)[0] == 200
        started = list_descendants(process.pid)
        assert len(started) >= 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        wait_until(lambda: not any(map(is_alive, started)), "somebody outlives the server")
        assert "has ended" not in (process.stdout.read() if process.stdout else "")


def ask_and_write(port: int, token: str) -> None:
    """Now, before and after; with a token and without; what was written over the one port is read at once on the
    other."""
    lookups = port + 1
    assert fetch(lookups, WEB1)[0] == 401
    assert fetch(lookups, WEB1, token)[0] == 200  # the first use of a token is written down
    status, headers, body = fetch(lookups, WEB1, token)
    assert (status, json.loads(body)["services"][-1]["service"]) == (200, "rails")
    assert fetch(port, WEB1, token)[2] == body
    tag, before = headers["etag"], headers["larry-as-of"]
    assert fetch(lookups, WEB1, token, {"If-None-Match": tag, **STRANGER})[::2] == (304, "")
    assert not runs_rails(lookups, WEB2, token)
    for start in ("+3d", None):
        asked = {"deploy": [{"instance": LIVE, "hosts": ["web2.example.com"]}], "start": start, "reason": "more"}
        asked = {name: value for name, value in asked.items() if value is not None}
        assert send(port, "/api/v1/rollouts", asked, token)[0] == 201
        assert runs_rails(lookups, f"{WEB2}?as_of=%2B4d", token)
        assert runs_rails(lookups, WEB2, token) is (start is None)
    assert not runs_rails(lookups, f"{WEB2}?as_of={before}", token)
    assert fetch(lookups, f"{WEB1}?as_of={before}", token)[2] == body
    assert fetch(lookups, f"{WEB1}?as_of=2001-01-01", token)[0] == 404


def runs_rails(port: int, path: str, token: str) -> bool:
    status, _, body = fetch(port, path, token)
    assert status == 200, body
    return any(service["service"] == "rails" for service in json.loads(body)["services"])


def replace_who_dies(server: int, port: int, token: str) -> None:
    """First one of the processes, which their server replaces; then that server itself."""
    keeper = find_spawned(server)
    assert keeper is not None
    workers = list_children(keeper)
    os.kill(workers[0], signal.SIGKILL)
    wait_until(lambda: len(set(list_children(keeper)) - {workers[0]}) == len(workers), "one is missing")
    assert fetch(port + 1, WEB1, token)[0] == 200
    workers = list_children(keeper)
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: find_spawned(server) not in (None, keeper), "nobody answers lookups any more")
    wait_until(lambda: not any(map(is_alive, workers)), "the former processes are still there")
    assert fetch(port + 1, WEB1, token)[0] == 200
    assert fetch(port, WEB1, token)[0] == 200


def test_a_next_port_that_cannot_be_had_is_told(surroundings: dict[str, str]) -> None:
    assert call(surroundings, "migrate").returncode == 0
    port = find_two_ports()
    with socket.socket() as door:
        door.bind(("127.0.0.1", port + 1))
        door.listen(1)
        done = call(surroundings, "serve", "--bind", str(port), "--lookups", "1")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert f"cannot listen on 127.0.0.1 port {port + 1}" in done.stderr
    done = call(surroundings, "serve", "--bind", "65535", "--lookups", "1")
    assert (done.returncode, done.stderr.count("no port after 65535")) == (1, 1)
