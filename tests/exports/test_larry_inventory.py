"""Ansible asks Larry by the collection's plugin or by the script: over HTTP, by the command, or from a file."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from larry.exports.ansible.inventory import write_inventory
from larry.outside import clock
from larry.outside.published_file import replace_files
from tests.exports.ansible import BIN, OURS, Ansible, assert_read_back
from tests.exports.many import make_fleet

SCRIPT = OURS / "larry-inventory"
FUTURE = clock.now() + timedelta(days=300)
FLEET = make_fleet(12)
SAID = write_inventory(replace(FLEET, hosts=tuple(replace(h, dated=replace(h.dated, end=FUTURE)) for h in FLEET.hosts)))
OVER = write_inventory(
    replace(FLEET, hosts=tuple(replace(h, dated=replace(h.dated, end=clock.now())) for h in FLEET.hosts))
)


@dataclass
class Larry:
    """A Larry on the loopback, and what it was asked."""

    body: str = SAID
    status: int = 200
    url: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def larry() -> Iterator[Larry]:
    larry = Larry()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            larry.asked.append((self.path, self.headers.get("Authorization")))
            body = larry.body.encode()
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


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


def source(ansible: Ansible, **options: object) -> Path:
    file = ansible.folder / "here.larry.yml"
    file.write_text(json.dumps({"plugin": "larry.larry.larry", **options}))
    return file


def test_the_collection_is_built_and_installed_without_a_network(ansible: Ansible) -> None:
    built = ansible.run("ansible-galaxy", "collection", "build", OURS / "ansible_collections/larry/larry")
    assert built.returncode == 0, built.stderr
    (archive,) = ansible.folder.glob("larry-larry-*.tar.gz")
    path = {"ANSIBLE_COLLECTIONS_PATH": str(ansible.folder / "mine")}
    installed = ansible.run("ansible-galaxy", "collection", "install", archive, "-p", "mine", "--offline", **path)
    assert installed.returncode == 0, installed.stderr
    told = ansible.run("ansible-doc", "-t", "inventory", "-j", "larry.larry.larry", **path)
    options = json.loads(told.stdout)["larry.larry.larry"]["doc"]["options"]
    assert {"url", "token", "token_file", "command", "file", "as_of", "cache", "keyed_groups"} <= set(options)
    (ansible.folder / "fleet.json").write_text(SAID, encoding="utf-8")
    assert_read_back(SAID, ansible.read(source(ansible, file=str(ansible.folder / "fleet.json")), **path))


def test_the_plugin_asks_over_http_with_a_moment_and_a_token(ansible: Ansible, larry: Larry) -> None:
    (ansible.folder / "token").write_text("a.token\n")
    asked = source(
        ansible,
        url=f"{larry.url}/",
        token_file=str(ansible.folder / "token"),
        as_of="+2h",
        keyed_groups=[{"key": "larry_labels.site", "prefix": "site"}],
    )
    understood = ansible.read(asked)
    assert_read_back(SAID, understood)
    assert len(understood["site_fra"]["hosts"]) == 12
    assert larry.asked == [("/inventory.ansible?as_of=%2B2h", "Bearer a.token")]


def test_the_plugin_asks_the_command(ansible: Ansible) -> None:
    command = ansible.folder / "larry"
    (ansible.folder / "fleet.json").write_text(SAID, encoding="utf-8")
    command.write_text(f'#!/bin/sh\necho "$@" > {ansible.folder}/asked\ncat {ansible.folder}/fleet.json\n')
    command.chmod(0o755)
    assert_read_back(SAID, ansible.read(source(ansible, command=[str(command)], as_of="2026-12-01")))
    assert (ansible.folder / "asked").read_text() == "inventory --format ansible --as-of 2026-12-01\n"


def test_the_cache_holds_until_the_next_change_and_while_larry_is_away(ansible: Ansible, larry: Larry) -> None:
    keeping = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(ansible.folder / "kept"),
    }
    asked = source(ansible, url=larry.url, **keeping)
    for _ in range(2):
        assert_read_back(SAID, ansible.read(asked))
    assert len(larry.asked) == 1
    ansible.read(source(ansible, url=larry.url, as_of="+1d", **keeping))
    assert len(larry.asked) == 2, "another moment is another question"
    larry.body = OVER
    asked = source(ansible, url=larry.url, **keeping)
    assert ansible.run("ansible-inventory", "-i", asked, "--list", "--flush-cache").returncode == 0
    assert len(larry.asked) == 3
    ansible.read(asked)
    assert len(larry.asked) == 4, "what was announced has happened"
    larry.status = 503
    done = ansible.run("ansible-inventory", "-i", asked, "--list")
    assert done.returncode == 0
    assert "the inventory is an earlier one" in done.stderr
    larry.status = 403
    assert ansible.run("ansible-inventory", "-i", asked, "--list").returncode == 1


@pytest.mark.parametrize("body,status", [("oops", 200), ("{}", 200), (SAID[:-200], 200), (SAID, 500), (SAID, 404)])
def test_no_answer_is_no_empty_inventory(ansible: Ansible, larry: Larry, body: str, status: int) -> None:
    larry.body, larry.status = body, status
    done = ansible.run("ansible-inventory", "-i", source(ansible, url=larry.url), "--list")
    assert done.returncode == 1
    assert "larry: " in done.stderr


def test_one_source_is_needed(ansible: Ansible) -> None:
    for options in ({}, {"url": "http://127.0.0.1:9", "file": "x"}, {"file": "x", "as_of": "now"}):
        done = ansible.run("ansible-inventory", "-i", source(ansible, **options), "--list")
        assert done.returncode == 1
        assert "say one of url, command and file" in done.stderr or "a file is of one moment" in done.stderr


def ask(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "HOME": str(folder), "LARRY_INVENTORY_SECONDS": "10", **variables}
    return subprocess.run(
        [str(SCRIPT), *arguments], env=known, capture_output=True, encoding="utf-8", timeout=60, check=False
    )


def test_ansible_reads_the_script(ansible: Ansible, larry: Larry) -> None:
    assert_read_back(SAID, ansible.read(SCRIPT, LARRY_URL=larry.url, LARRY_AS_OF="+1d"))
    assert larry.asked == [("/inventory.ansible?as_of=%2B1d", None)]


def test_the_script_answers_list_and_host(tmp_path: Path, larry: Larry) -> None:
    listed = ask(tmp_path, "--list", LARRY_URL=larry.url, LARRY_TOKEN="a.token")
    assert json.loads(listed.stdout) == json.loads(SAID)
    assert larry.asked == [("/inventory.ansible", "Bearer a.token")]
    name = "host3.example.com"
    assert (
        json.loads(ask(tmp_path, "--host", name, LARRY_URL=larry.url).stdout)
        == (json.loads(SAID)["_meta"]["hostvars"][name])
    )
    (tmp_path / "fleet.json").write_text(SAID, encoding="utf-8")
    from_file = ask(tmp_path, "--list", LARRY_INVENTORY_FILE=str(tmp_path / "fleet.json"))
    assert json.loads(from_file.stdout) == json.loads(SAID)


def test_while_larry_is_away_the_script_prints_the_last_good_answer(tmp_path: Path, larry: Larry) -> None:
    ask(tmp_path, "--list", LARRY_URL=larry.url)
    for body, status in ((SAID, 503), (SAID[:-50], 200), ("<html>", 200)):
        larry.body, larry.status = body, status
        done = ask(tmp_path, "--list", LARRY_URL=larry.url)
        assert (done.returncode, json.loads(done.stdout)) == (0, json.loads(SAID))
        assert "this is Larry's answer of 20" in done.stderr
        other = ask(tmp_path, "--list", LARRY_URL=larry.url, LARRY_AS_OF="+1d")
        assert (other.returncode, other.stdout) == (1, "")
        assert "there is no earlier answer" in other.stderr
    larry.status, larry.body = 403, "not you\n"
    refused = ask(tmp_path, "--list", LARRY_URL=larry.url)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "larry-inventory: Larry refused with status 403: not you\n"


@pytest.mark.parametrize(
    "arguments,variables,code,said",
    [
        ((), {}, 2, "usage"),
        (("--list", "x"), {}, 2, "usage"),
        (("--list",), {"LARRY_URL": "file:///etc/passwd"}, 1, "must begin with https"),
        (("--list",), {"PATH": "/nonexistent"}, 1, "no command larry"),
        (("--list",), {"LARRY_URL": "http://127.0.0.1:9", "LARRY_TOKEN_FILE": "/nowhere"}, 1, "cannot be read"),
        (("--list",), {"LARRY_URL": "http://127.0.0.1:9", "LARRY_INVENTORY_SECONDS": "x"}, 1, "must be a number"),
        (("--list",), {"LARRY_INVENTORY_FILE": "/nowhere"}, 1, "/nowhere"),
        (("--list",), {"LARRY_INVENTORY_FILE": "x", "LARRY_AS_OF": "now"}, 1, "leave out LARRY_AS_OF"),
    ],
)
def test_a_wrong_call_is_told(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], code: int, said: str
) -> None:
    path = variables.pop("PATH", f"{BIN}:/usr/bin")
    known = {"HOME": str(tmp_path), "PATH": path, **variables}
    command = [str(BIN / "python"), str(SCRIPT), *arguments]
    done = subprocess.run(command, env=known, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "changed": lambda path: path.write_bytes(path.read_bytes().replace(b"host3", b"host4", 1)),
    "empty": lambda path: path.write_bytes(b""),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_published_file_that_is_damaged_is_answered_from_the_one_before(
    damage: Callable[[Path], object], tmp_path: Path, ansible: Ansible
) -> None:
    path = tmp_path / "tree" / "inventory.ansible"
    replace_files({path: SAID})
    replace_files({path: SAID.replace("host3.", "host333.")})
    whole = ask(tmp_path, "--list", LARRY_INVENTORY_FILE=str(path))
    assert ("host333." in whole.stdout, whole.stderr) == (True, "")
    body = path.read_bytes()
    path.unlink()
    path.write_bytes(body)
    damage(path)
    done = ask(tmp_path, "--list", LARRY_INVENTORY_FILE=str(path))
    assert json.loads(done.stdout) == json.loads(SAID)
    assert "not what was published" in done.stderr
    assert_read_back(SAID, ansible.read(source(ansible, file=str(path)), warned="published before it"))
    for each in (path, path.with_name("inventory.ansible.prev")):
        each.unlink(missing_ok=True)
    nothing = ask(tmp_path, "--list", LARRY_INVENTORY_FILE=str(path))
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert "publish again" in nothing.stderr
