"""`larry serve` and `larry demo` as real processes."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.cli.server_process import COMMAND, PATIENCE, call, fetch, find_port, serving
from tests.cli.terminal import ESTATE, LIVE, SECRET


def wait_for_processes(port: int, count: int) -> None:
    """Until so many processes are told of, each from its start on; the last of them may begin late."""
    until = time.monotonic() + PATIENCE
    while len(re.findall(r"(?m)^process_resident_memory_bytes\{pid=", fetch(port, "/metrics")[2])) != count:
        assert time.monotonic() < until
        time.sleep(0.1)


def wait_for_figures(port: int, *counted: str) -> None:
    """Until so much was counted, by whichever process; another one's figures are told with the next second. How often
    is not known: `fetch` asks until it is answered."""
    until = time.monotonic() + PATIENCE
    patterns = [rf'larry_requests_total\{{method="GET",{each}\}} [1-9]\d*\.0' for each in counted]
    while not all(re.search(pattern, fetch(port, "/metrics")[2]) for pattern in patterns):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_an_estate_is_described_deployed_and_served_by_processes(surroundings: dict[str, str]) -> None:
    port = find_port()
    done = call(surroundings, "serve", "--bind", str(port))
    assert done.returncode == 1
    assert "larry migrate" in done.stderr
    for arguments, stdin in (
        (("migrate",), ""),
        (("user", "add", "tool", "--machine"), ""),
        (("user", "grant", "tool", "machine"), ""),
        (("apply", "-"), ESTATE),
        (("deploy", LIVE, "--host", "web1.example.com", "--reason", "go live"), ""),
    ):
        done = call(surroundings, *arguments, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, "")
    token = call(surroundings, "token", "add", "tool", "enc").stdout.strip()
    with serving(surroundings, "serve", "--bind", str(port), "--workers", "2") as (process, said):
        assert f"http://127.0.0.1:{port}/" in said
        assert fetch(port, "/healthz")[0] == 200
        assert fetch(port, "/readyz")[::2] == (200, "ready\n")
        assert fetch(port, "/configuration/web1.example.com.json")[0] == 401
        status, headers, body = fetch(port, "/configuration/web1.example.com.json", token)
        assert (status, headers["content-type"]) == (200, "application/json")
        assert json.loads(body)["services"][-1]["service"] == "rails"
        assert SECRET not in body
        assert body == call(surroundings, "config", "web1.example.com").stdout
        status, headers, body = fetch(port, "/")
        assert (status, headers["location"]) == (302, "/sign-in")
        assert "web1.example.com" not in body
        assert "larry user add NAME --administrator" in fetch(port, "/sign-in")[2]
        wait_for_figures(port, r'route="healthz",status="200"', r'route="start",status="302"')
        wait_for_processes(port, 2)
        taken = call(surroundings, "serve", "--bind", str(port))
        assert (taken.returncode, len(taken.stderr.splitlines())) == (1, 1)
        assert "--bind" in taken.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        told = process.stdout.read() if process.stdout else ""
        assert "Traceback" not in told
        assert re.search(r"larry\.request: answered request=\w+ route=healthz method=GET status=200 user=- ", told)


def test_the_demonstration_has_a_database_of_its_own(tmp_path: Path, surroundings: dict[str, str]) -> None:
    done = call(surroundings, "demo", "--no-serve")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "demo") in done.stdout
    shown = re.search(r"^What (\S+) is to be now", done.stdout, re.MULTILINE)
    assert shown is not None
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    at_demo = {**surroundings, "LARRY_HOME": str(tmp_path / "demo")}
    at_demo.pop("LARRY_DATABASE_URL", None)
    assert call(at_demo, "config", shown[1], "--format", "enc").returncode == 0
    told = re.search(r"name (\S+), password (\S+) ", done.stdout)
    assert told is not None
    sign_in_over_http(at_demo, told[1], told[2])
    # Another time it is made anew.
    before = call(at_demo, "deployments", "--all", "--format", "csv").stdout.count("\n")
    call(at_demo, "set", "pool", "mine", "name=Mine")
    assert call(surroundings, "demo", "--no-serve").returncode == 0
    assert call(at_demo, "deployments", "--all", "--format", "csv").stdout.count("\n") == before
    assert call(at_demo, "show", "pool", "mine").returncode == 1


def sign_in_over_http(surroundings: dict[str, str], name: str, password: str) -> None:
    """As a browser does: the form, its token, the cookies, and where one wanted to go."""
    port = find_port()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with serving(surroundings, "serve", "--bind", str(port)):
        assert fetch(port, "/healthz")[0] == 200
        form = browser.open(f"http://127.0.0.1:{port}/?as_of=%2B1d", timeout=PATIENCE).read().decode()
        hidden = dict(re.findall(r'name="(csrfmiddlewaretoken|next)" value="([^"]*)"', form))
        assert hidden["next"] == "/?as_of=%2B1d"
        sent = urllib.parse.urlencode({**hidden, "name": name, "password": password}).encode()
        arrived = browser.open(f"http://127.0.0.1:{port}/sign-in", sent, timeout=PATIENCE)
        assert arrived.url == f"http://127.0.0.1:{port}/?as_of=%2B1d"
        assert "This is not now" in arrived.read().decode()
        with pytest.raises(urllib.error.HTTPError) as refusal:
            browser.open(f"http://127.0.0.1:{port}/sign-in", sent.replace(password.encode(), b"no"), timeout=PATIENCE)
        assert refusal.value.code in {401, 403}
        refusal.value.close()


def test_a_wrong_port_is_wrong_usage(surroundings: dict[str, str]) -> None:
    for said in ("99999", "0", "port", "1.2.3.4"):
        assert call(surroundings, "serve", "--bind", said).returncode == 2
    assert call({**surroundings, "PORT": "x"}, "serve").returncode == 2


def test_a_process_of_pages_begins_with_a_head_start(tmp_path: Path, surroundings: dict[str, str]) -> None:
    for arguments, stdin in ((("migrate",), ""), (("apply", "-"), ESTATE)):
        assert call(surroundings, *arguments, stdin=stdin).returncode == 0
    told = tmp_path / "told"
    with told.open("w") as door:
        words = [*COMMAND, "serve", "--bind", str(find_port())]
        process = subprocess.Popen(words, env=surroundings, stdout=door, stderr=door)
        try:
            until = time.monotonic() + PATIENCE
            while "larry.head_start: looked through all instances, before anybody asks" not in told.read_text():
                assert time.monotonic() < until
                time.sleep(0.1)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    assert "Traceback" not in told.read_text()
