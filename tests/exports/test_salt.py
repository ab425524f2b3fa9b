"""Salt gets the states in order and the pillar with every value, by the script; the real salt-call runs on request."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from larry.core.document import thaw
from larry.core.node_text import dated_document
from larry.exports import CannotPrint, salt
from tests.exports.ansible import in_order
from tests.exports.hostile import TEXTS, every_value
from tests.exports.many import make_fleet
from tests.exports.specimen import HOST, PATH, dated, entry, subject
from tests.house.source import ROOT

SCRIPT = ROOT / "ops/salt/larry-salt"
NODE = dated(
    entry("ntp", tools={"salt": {"state": "time.ntp"}}),
    entry("scan", after=["ntp"], tools={"salt": {"skip": True}}),
    entry("website", of=PATH, after=["scan"], audits=[subject("ntp", x="{{ 7 * 7 }}")], values=every_value()),
    entry("website", of="acme/shop/staging", after=["ntp"], port=80),
    own={"acme": {"x": "{% raw %}"}, PATH: {}},
)
DOCUMENT: Any = json.loads(json.dumps(thaw(dated_document(NODE))))
STATES = ["time.ntp", "website"]
PATIENCE = 3600
"""Seconds for the real Salt, which has 600 programs to start where others use the machine, too."""


@dataclass
class Larry:
    """A Larry on the loopback, and what it was asked."""

    body: str = salt.render(NODE)
    bodies: dict[str, str] = field(default_factory=dict)
    status: int = 200
    url: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def larry() -> Iterator[Larry]:
    larry = Larry()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            larry.asked.append((self.path, self.headers.get("Authorization")))
            host = self.path.removeprefix("/configuration/").removesuffix(".salt")
            body = larry.bodies.get(host, larry.body).encode()
            self.send_response(larry.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        larry.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield larry
        server.shutdown()
        thread.join(10)


def ask(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "LARRY_SALT_CACHE": str(folder / "kept"), "LARRY_SALT_CONF": "/nowhere"}
    return subprocess.run(
        [str(SCRIPT), *arguments],
        env=known | variables,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_script_answers_as_salt_reads(tmp_path: Path, larry: Larry) -> None:
    """ext_nodes reads YAML with PyYAML's safe loader, cmd_json reads JSON (salt/tops/ext_nodes.py, cmd_json.py)."""
    top = ask(tmp_path, "top", HOST, LARRY_URL=larry.url)
    assert yaml.safe_load(top.stdout) == {"classes": STATES}
    pillar = ask(tmp_path, "pillar", HOST, LARRY_URL=f"{larry.url}/", LARRY_TOKEN="a.token")
    assert in_order(json.loads(pillar.stdout)) == in_order({"larry": DOCUMENT})
    assert larry.asked == [(f"/configuration/{HOST}.salt", None), (f"/configuration/{HOST}.salt", "Bearer a.token")]


def test_the_answer_itself_is_yaml_too() -> None:
    answer = yaml.safe_load(salt.render(dated(entry("ntp", texts=list(TEXTS)))))
    assert answer["classes"] == ["ntp"]
    assert answer["larry"]["services"][0]["parameters"]["texts"] == list(TEXTS)


def test_every_host_of_a_large_fleet_is_told() -> None:
    for host in make_fleet(300).hosts:
        answer = json.loads(salt.render(host.dated))
        assert answer["classes"] == list(dict.fromkeys(one.service for one in host.dated.node.services))
        assert in_order(answer["larry"]) == in_order(thaw(dated_document(host.dated)))


def test_while_larry_is_away_the_last_good_answer_holds(tmp_path: Path, larry: Larry) -> None:
    ask(tmp_path, "top", HOST, LARRY_URL=larry.url)
    whole = larry.body
    for body, status in ((whole, 503), (whole[:-9], 200), (whole.replace(HOST, "web2.example.com"), 200), ("[]", 200)):
        larry.body, larry.status = body, status
        done = ask(tmp_path, "top", HOST, LARRY_URL=larry.url)
        assert (done.returncode, json.loads(done.stdout)) == (0, {"classes": STATES})
        assert "this is Larry's answer of 20" in done.stderr
        other = ask(tmp_path, "top", "web9.example.com", LARRY_URL=larry.url)
        assert (other.returncode, other.stdout) == (1, "")
    larry.status = 403
    assert "refused with status 403" in ask(tmp_path, "top", HOST, LARRY_URL=larry.url).stderr
    larry.status = 404
    assert ask(tmp_path, "top", HOST, LARRY_URL=larry.url).stderr == f"larry-salt: Larry knows no host {HOST}\n"
    larry.status = 503
    assert ask(tmp_path, "top", HOST, LARRY_URL=larry.url).returncode == 1, "it was forgotten"


@pytest.mark.parametrize("minion", ["../etc/passwd", "a b", "$(id)", "-x", "", "UPPER", "a/b", "a\n", "é"])
def test_a_hostile_minion_is_never_asked_for(tmp_path: Path, larry: Larry, minion: str) -> None:
    done = ask(tmp_path, "top", minion, LARRY_URL=larry.url)
    assert (done.returncode, done.stdout, larry.asked) == (1, "", [])


def test_a_wrong_call_or_setting_is_told(tmp_path: Path, larry: Larry) -> None:
    assert ask(tmp_path, "top").returncode == ask(tmp_path, "x", HOST).returncode == 2
    assert "LARRY_URL must begin" in ask(tmp_path, "top", HOST, LARRY_URL="file:///etc/passwd").stderr
    assert "must be a number" in ask(tmp_path, "top", HOST, LARRY_URL=larry.url, LARRY_SALT_SECONDS="x").stderr
    (tmp_path / "salt.conf").write_text(f"# where\nLARRY_URL={larry.url}\nLARRY_TOKEN_FILE=/nowhere\n")
    assert "/nowhere cannot be read" in ask(tmp_path, "top", HOST, LARRY_SALT_CONF=str(tmp_path / "salt.conf")).stderr


def test_odd_settings_are_refused() -> None:
    odd: tuple[Any, ...] = ("a b", "", "../x", "{{ x }}", 7)
    for state in odd:
        with pytest.raises(CannotPrint, match="is no name of a state"):
            salt.render(dated(entry("ntp", tools={"salt": {"state": state}})))
    with pytest.raises(CannotPrint, match="must be a map"):
        salt.render(dated(entry("ntp", tools={"salt": "x"})))
    with pytest.raises(CannotPrint, match="is no environment"):
        salt.render(dated(data={"salt": {"environment": "a b"}}))
    assert json.loads(salt.render(dated(data={"salt": {"environment": "live"}})))["environment"] == "live"
    with pytest.raises(CannotPrint, match="salt has no order of stopping"):
        salt.render(dated(), stop=True)


SLS = """\
{% for entry in pillar['larry']['services'] if entry['service'] == 'SERVICE' %}
{{ entry['key'] }}:
  test.configurable_test_state:
    - changes: False
    - result: True
    - comment: {{ entry['parameters'] | json | yaml_dquote }}
{% endfor %}
"""


def require_salt(program: str) -> Path:
    """A program of Salt's environment. Without it the test is skipped aloud; under CI it fails."""
    path = ROOT / ".venv/salt/bin" / program
    if not path.exists():
        reason = "Salt is not installed (make salt), so this is not tested: that Salt itself reads Larry"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return path


@pytest.mark.slow
def test_the_real_salt_runs_the_states_in_order_and_has_the_pillar(tmp_path: Path, larry: Larry) -> None:
    found = require_salt("salt-call")
    for place, service in (("time/ntp", "ntp"), ("website", "website")):
        file = tmp_path / f"states/{place}.sls"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SLS.replace("SERVICE", service))
    settings = {
        "id": HOST,
        "root_dir": str(tmp_path / "root"),
        "file_client": "local",
        "file_roots": {"base": [str(tmp_path / "states")]},
        "master_tops": {"ext_nodes": f"{SCRIPT} top"},
        "ext_pillar": [{"cmd_json": f"{SCRIPT} pillar %s"}],
        "log_level": "error",
    }
    (tmp_path / "minion").write_text(json.dumps(settings))

    def call(*arguments: str) -> Any:
        command = [str(found), "--local", "-c", str(tmp_path), "--out", "json", *arguments]
        known = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "LARRY_URL": larry.url}
        known |= {"LARRY_SALT_CACHE": str(tmp_path / "kept"), "LARRY_SALT_CONF": "/nowhere"}
        done = subprocess.run(command, env=known, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)["local"]

    assert call("state.show_top") == {"base": STATES}
    assert in_order(call("pillar.raw", "larry")) == in_order(DOCUMENT)
    results = sorted(call("state.apply").values(), key=lambda of: of["__run_num__"])
    keys = [one["key"] for one in DOCUMENT["services"] if one["service"] != "scan"]
    assert [of["__id__"] for of in results] == keys
    assert [json.loads(of["comment"]) for of in results] == [
        one["parameters"] for one in DOCUMENT["services"] if one["service"] != "scan"
    ]


READ_MANY = """
import json, shlex, subprocess, sys
from salt.pillar import cmd_json
from salt.tops import ext_nodes
script, hosts = sys.argv[1], json.load(sys.stdin)
cmd_json.__salt__ = {"cmd.run": lambda command: subprocess.check_output(shlex.split(command), text=True)}
ext_nodes.__opts__ = {"master_tops": {"ext_nodes": script + " top"}}
for host in hosts:
    top = ext_nodes.top(opts={"id": host})
    print(json.dumps([top, cmd_json.ext_pillar(host, {}, script + " pillar %s")]))
"""
"""Salt's own readers of both answers, for many minions in one process."""


@pytest.mark.slow
def test_the_real_salt_reads_300_hosts_equal(tmp_path: Path, larry: Larry) -> None:
    python = require_salt("python")
    fleet = make_fleet(300)
    larry.bodies = {host.name: salt.render(host.dated) for host in fleet.hosts}
    known = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "LARRY_URL": larry.url}
    known |= {"LARRY_SALT_CACHE": str(tmp_path / "kept"), "LARRY_SALT_CONF": "/nowhere"}
    done = subprocess.run(
        [str(python), "-c", READ_MANY, str(SCRIPT)], input=json.dumps([host.name for host in fleet.hosts]),
        env=known, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 300
    for host, (top, pillar) in zip(fleet.hosts, answers, strict=True):
        document: Any = json.loads(json.dumps(thaw(dated_document(host.dated))))
        assert top == {"base": list(dict.fromkeys(one.service for one in host.dated.node.services))}
        assert in_order(pillar) == in_order({"larry": document})
