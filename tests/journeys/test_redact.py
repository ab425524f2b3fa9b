"""A name becomes sensitive, by the very commands that people type: no file and no answer holds it in clear after."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.test_in_out import Shell

CANARY = "canary"
ESTATE = """
larry: 1
services:
  - {name: app, sharing: instance, parameters: [token]}
  - {name: watch, parameters: [token], audits: [{service: app, where: {host: mon}}]}
customers:
  - name: Acme
    parameters: {token: canary-one}
    apps: [{name: Shop, instances: [{name: Live, requires: [app]}]}]
hosts: [{name: web1}, {name: mon}]
"""
MARK = 'larry set service app parameters=\'[{"name": "token", "sensitive": true}]\''
READING = (
    "larry dump --with-deployments",
    "larry activity --limit 100 --format json",
    "larry history web1 --format json",
    "larry history web1.example.com",
    "larry history acme/shop/live --format json",
    "larry diff acme/shop/live --format json",
    "larry diff acme/shop/live",
    "larry show customer acme",
    "larry show customer acme --format json",
    "larry list customers --format csv",
    "larry instance acme/shop/live",
    "larry instance acme/shop/live --format json",
    "larry deployments --all --format json",
    "larry graph host web1.example.com --format json",
    "larry timeline web1.example.com --format json",
    "larry explain web1.example.com app token",
    "larry explain web1.example.com app token --format json",
    "larry publish tree && cat $(find tree -type f)",
    "larry plan - --format json < other.yaml",
    *(
        f"larry config {host}.example.com --format {form}"
        for host in ("web1", "mon")
        for form in ("json", "hiera", "shell", "enc")
    ),
    "larry config web1.example.com --as-of 2020-01-01 --format json",
)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    home = tmp_path / "home"
    home.mkdir()
    shell = Shell(home)
    shell("larry migrate")
    shell(
        "larry apply -",
        stdin=ESTATE.replace("name: web1", "name: web1.example.com").replace("mon}", "mon.example.com}"),
    )
    return shell


def bytes_at(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(home.rglob("*")) if file.is_file())


def test_a_name_becomes_sensitive(shell: Shell) -> None:
    deploy = "larry deploy acme/shop/live --host web1.example.com --reason live"
    shell(deploy)
    first = shell("larry snapshot acme/shop/live").split()[0]
    shell('larry set customer acme parameters=\'{"token": "canary-two"}\' --reason rotated')
    shell(f"{deploy} --start +5d")
    clear = shell("larry config web1.example.com --reveal --format json")
    assert "canary-one" in clear
    assert CANARY.encode() in bytes_at(shell.home)

    before = bytes_at(shell.home)
    shown = shell(f"{MARK} --dry-run")
    assert "* token: seals 1 value, redacts 2 snapshots, " in shown
    assert bytes_at(shell.home).count(CANARY.encode()) == before.count(CANARY.encode())
    done = shell(f"{MARK} --reason 'tokens are secrets'")
    assert done.splitlines()[:-1] == shown.splitlines()[:-1]
    assert CANARY not in shown + done
    assert CANARY.encode() not in bytes_at(shell.home)

    (shell.home / "other.yaml").write_text("larry: 1\ncustomers: [{name: Acme, description: told}]\n")
    for line in READING:
        told = shell(f"({line}) 2>&1 || true")
        assert told, line
        assert CANARY not in told, line
    now = json.loads(shell("larry config web1.example.com --reveal --format json"))
    assert now["services"][0]["parameters"] == json.loads(clear)["services"][0]["parameters"] == {"token": "canary-one"}
    later = json.loads(shell("larry config web1.example.com --reveal --as-of +6d --format json"))
    assert later["services"][0]["parameters"] == {"token": "canary-two"}
    assert CANARY.encode() not in bytes_at(shell.home), "revealing leaves nothing behind"

    told = json.loads(shell(f"larry diff acme/shop/live {first[:12]} --format json"))
    assert told["old"] != first
    assert {each["path"] for each in told["differences"]} == {
        "customer.parameters.token",
        "services.app.parameters.token",
        "services.watch.parameters.token",
    }
    undone = shell("larry set service app parameters='[\"token\"]'")
    assert "note: token is sensitive no longer: what is sealed stays sealed until it is written anew" in undone
    assert CANARY not in undone + shell("larry config web1.example.com") + shell("larry dump")
    assert CANARY.encode() not in bytes_at(shell.home)
