"""The kernel loads the rules, in a network of its own, and lists those that are meant; or none are printed."""

from __future__ import annotations

import json
import os
import subprocess
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from larry.exports import CannotPrint
from larry.exports.watch import nftables
from tests.exports.hostile import TEXTS
from tests.exports.specimen import HOST, PATH, dated, entry
from tests.exports.watching import STAGING, about, auditor, watching
from tests.tools import require

Rules = list[str]
IS_ROOT = os.geteuid() == 0
MANY = 300 if IS_ROOT else 100
"""More would be too long a message for one who is root in a namespace only; root itself may send any."""


def loaded(text: str, folder: Path) -> tuple[dict[str, list[Any]], dict[str, Rules]]:
    """(elements by set, rules by chain) that the kernel has after two loads in a namespace of its own."""
    nft = require("nft")
    (folder / "larry.nft").write_text(text, encoding="utf-8")
    script = f"{nft} -c -f larry.nft && {nft} -f larry.nft && {nft} -f larry.nft && {nft} -j list ruleset"
    done = subprocess.run(
        ["unshare", "-n" if IS_ROOT else "-rn", "sh", "-c", script],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sets: dict[str, list[Any]] = {}
    chains: dict[str, Rules] = {}
    for each in json.loads(done.stdout)["nftables"]:
        if of := each.get("set"):
            sets[of["name"]] = [_element(element) for element in of["elem"]]
        if of := each.get("chain"):
            chains[of["name"]] = [f"policy {of['policy']}"]
        if of := each.get("rule"):
            chains[of["chain"]].append(_rule(of["expr"]))
    return sets, chains


def _element(element: Any) -> Any:
    if not isinstance(element, dict):
        return element
    if "prefix" in element:
        return f"{element['prefix']['addr']}/{element['prefix']['len']}"
    return tuple(element["range"])


def _rule(expressions: list[Any]) -> str:
    words = []
    for each in expressions:
        if match := each.get("match"):
            left = match["left"].get("payload") or match["left"].get("meta") or match["left"].get("ct")
            words.append(f"{left.get('protocol', '')} {left.get('field', left.get('key'))} {match['right']}".strip())
        else:
            words += [word for word in each if word in ("accept", "drop")]
    return " ".join(words)


ALWAYS = [
    "state ['established', 'related'] accept",
    "iifname lo accept",
    "l4proto {'set': ['icmp', 'ipv6-icmp']} accept",
]


def test_sets_and_rules_are_loaded_as_meant(tmp_path: Path) -> None:
    said: Any = {
        "policy": "drop",
        "also": {"ssh": {"ports": [22], "sources": "10.9.0.0/24"}},
        "services": {
            "apache": {"ports": [443, "80", "8000-8002", 8003]},
            "base": {"sources": {"parameter": "allow"}},
            "time": {"ports": 123, "protocol": "udp", "sources": []},
        },
    }
    subjects = [
        about("apache", HOST),
        about("base", HOST, port=5432, allow=["10.20.0.0/16", "10.20.3.0/24", "2001:db8::/32", "192.0.2.1"]),
        about("time", HOST),
    ]
    sets, chains = loaded(nftables.write_table(watching("nftables", said, *subjects)), tmp_path)
    assert sets == {
        "apache-ports": [80, 443, (8000, 8003)],
        "base-ports": [5432],
        "base-from4": ["10.20.0.0/16", "192.0.2.1"],
        "base-from6": ["2001:db8::/32"],
        "time-ports": [123],
        "also-ssh-ports": [22],
        "also-ssh-from4": ["10.9.0.0/24"],
    }
    assert chains == {
        "input": [
            "policy drop",
            *ALWAYS,
            "tcp dport @apache-ports accept",
            "ip saddr @base-from4 tcp dport @base-ports accept",
            "ip6 saddr @base-from6 tcp dport @base-ports accept",
            "ip saddr @also-ssh-from4 tcp dport @also-ssh-ports accept",
            "tcp dport @base-ports drop",
            "udp dport @time-ports drop",
            "tcp dport @also-ssh-ports drop",
        ]
    }


def test_what_is_elsewhere_is_forwarded(tmp_path: Path) -> None:
    subjects = [
        about("base", "db1.example.com", addresses=["10.0.0.21", "2001:db8::21"], port=5432, allow="10.0.0.0/8"),
        about("apache", "web1", addresses=["10.0.0.22"], port=80, allow=None),
    ]
    said: Any = {"sources": {"parameter": "allow"}}
    node = dated(auditor("nftables", said, *subjects))
    sets, chains = loaded(nftables.write_table(node), tmp_path)
    base = "to-db1.example.com-base"
    assert sets[f"{base}-at6"] == ["2001:db8::21"]
    assert chains["forward"] == [
        "policy accept",
        ALWAYS[0],
        f"ip daddr @{base}-at4 ip saddr @{base}-from4 tcp dport @{base}-ports accept",
        "ip daddr @to-web1-apache-at4 tcp dport @to-web1-apache-ports accept",
        f"ip daddr @{base}-at4 tcp dport @{base}-ports drop",
        f"ip6 daddr @{base}-at6 tcp dport @{base}-ports drop",
    ]
    assert chains["input"] == ["policy accept", *ALWAYS]


def test_instances_on_one_port_do_not_shut_each_other_out(tmp_path: Path) -> None:
    subjects = [
        about("base", HOST, paths=[path], port=5432, allow=network)
        for path, network in ((PATH, "10.1.0.0/16"), (STAGING, "10.2.0.0/16"))
    ]
    text = nftables.write_table(watching("nftables", {"sources": {"parameter": "allow"}}, *subjects))
    _, chains = loaded(text, tmp_path)
    assert [rule.rpartition(" ")[2] for rule in chains["input"][4:]] == ["accept", "accept", "drop", "drop"]


def test_many_subjects_are_loaded(tmp_path: Path) -> None:
    subjects = [
        about("base", HOST, paths=[f"a/b/i{n}"], port=1000 + n, allow=[f"10.{n // 250}.{n % 250}.0/24"])
        for n in range(MANY)
    ]
    text = nftables.write_table(watching("nftables", {"sources": {"parameter": "allow"}}, *subjects))
    sets, chains = loaded(text, tmp_path)
    assert len(chains["input"]) == 4 + 2 * MANY
    for n, subject in enumerate(subjects):
        assert sets[f"a-b-i{n}-base-ports"] == [1000 + n]
        assert sets[f"a-b-i{n}-base-from4"] == list(subject.parameters["allow"])  # type: ignore[arg-type]


def test_hosts_without_a_firewall_lose_the_table(tmp_path: Path) -> None:
    assert loaded(nftables.write_table(dated(entry("ntp"))), tmp_path) == ({}, {})


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("field", ["ports", "sources", "protocol"])
def test_hostile_texts_are_refused(field: str, text: str) -> None:
    said: Any = {"port": 80, field: {"parameter": "a"}}
    if field == "sources":
        assert not _is_network(text)
    if field != "ports" or not text.isdecimal():
        with pytest.raises(CannotPrint, match=rf"watch: tools\.nftables for x on {HOST}: {field} is"):
            nftables.write_table(watching("nftables", said, about("x", HOST, a=text)))


@pytest.mark.parametrize(
    "said,told",
    [
        ({}, "ports is null, but must be a list, such as"),
        ({"ports": []}, "must be a list"),
        ({"ports": [65536]}, "must be a whole number from 0 to 65535"),
        ({"ports": ["90-80"]}, "ends before it begins"),
        ({"port": 1, "sources": "10.0.0.1/8"}, "with no bits behind its mask"),
        ({"port": 1, "sources": "fe80::1%eth0"}, "must be an IP address"),
        ({"port": 1, "protocol": "sctp"}, "must be tcp or udp"),
        ({"port": 1, "policy": "reject"}, "must be accept or drop"),
        ({"port": 1, "also": {"a b": {}}}, "also must be such as"),
        ({"port": 1, "also": {"a": {"prot": 1}}}, "also must be such as"),
        ({"port": 1, "also": {"a": {}}}, "ports is null"),
    ],
)
def test_what_is_wrong_is_told(said: Any, told: str) -> None:
    with pytest.raises(CannotPrint, match=told):
        nftables.write_table(watching("nftables", said, about("x", HOST)))


def test_two_policies_are_refused() -> None:
    both = [
        auditor("nftables", {"port": 1, "policy": each}, about("x", HOST), service=each) for each in ("accept", "drop")
    ]
    with pytest.raises(CannotPrint, match="policies accept and drop: make them alike"):
        nftables.write_table(dated(*both))


def test_what_has_no_address_is_not_forwarded() -> None:
    with pytest.raises(CannotPrint, match="db1 has no addresses; nftables knows no hosts by name"):
        nftables.write_table(watching("nftables", {"port": 1}, about("x", "db1", addresses=())))
