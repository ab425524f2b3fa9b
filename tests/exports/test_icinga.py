"""Icinga itself finds the hosts, checks, groups and dependencies that are meant, or the dialect refuses."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from larry.exports import CannotPrint
from larry.exports.watch import icinga, nagios
from tests.exports.hostile import LONG, NUMBERS, TEXTS, every_value
from tests.exports.icinga import Made, check, understood
from tests.exports.many import make_fleet
from tests.exports.nagios import read
from tests.exports.specimen import PATH, entry
from tests.exports.watching import STAGING, about, auditor, fleet_of, on, watch_everything, watching


def list_checks(found: Made) -> dict[str, tuple[str, Any]]:
    """Command and variables by ``HOST!SERVICE``."""
    return {name: (of["check_command"], of["vars"] or {}) for (kind, name), of in found.items() if kind == "Service"}


def list_pairs(found: Made) -> set[tuple[str, str, str, str]]:
    words = ("child_host_name", "child_service_name", "parent_host_name", "parent_service_name")
    return {tuple(of[word] for word in words) for (kind, _), of in found.items() if kind == "Dependency"}


def test_checks_have_their_commands_and_variables(tmp_path: Path) -> None:
    said: Any = {
        "services": {
            "web": {
                "check": "http",
                "service_template": "slow",
                "vars": {
                    "http_uri": {"parameter": "url"},
                    "http_ssl": True,
                    "in": 0.0000001,
                    "many": [1, {"a b": None}],
                },
            },
            "db": {"port": {"parameter": "listen"}},
            "own": {"check": "mine"},
        }
    }
    subjects = [
        about("web", "web1.example.com", addresses=["2001:db8::1"], url="/status?a=$b$"),
        about("db", "web1.example.com", addresses=["2001:db8::1"], listen="5432"),
        about("db", listen=5433),
        about("own"),
        about("ntp"),
    ]
    found = understood(icinga.write_host_checks(watching("icinga", said, *subjects)), tmp_path)
    web = {"http_uri": "/status?a=$$b$$", "http_ssl": True, "in": 0.0000001, "many": [1, {"a b": None}]}
    assert list_checks(found) == {
        "web1.example.com!web": ("http", web),
        "web1.example.com!db": ("tcp", {"tcp_port": 5432}),
        "db1.example.com!db": ("tcp", {"tcp_port": 5433}),
        "db1.example.com!own": ("mine", {}),
        "db1.example.com!ntp": ("ping", {}),
    }
    assert found["Service", "web1.example.com!web"]["check_interval"] == 3600
    hosts = {name: (of["address"], of["address6"]) for (kind, name), of in found.items() if kind == "Host"}
    assert hosts == {"web1.example.com": ("", "2001:db8::1"), "db1.example.com": ("10.0.0.21", "")}
    assert found["Host", "db1.example.com"]["groups"] == ["service-db", "service-own", "service-ntp"]
    levels = ["customer-acme", "app-acme-shop", "instance-acme-shop-production"]
    assert found["Service", "db1.example.com!db"]["groups"] == levels
    assert {name for kind, name in found if kind == "ServiceGroup"} == set(levels)


def test_the_same_depends_on_the_same_as_for_nagios(tmp_path: Path) -> None:
    fleets = {
        dialect: fleet_of(
            on("web1", entry("ntp"), entry("apache", after=["ntp"]), entry("hidden", after=["apache"]),
               entry("site", of=PATH, after=["hidden"]), entry("site", of=STAGING, after=["hidden"])),
            on("watch", auditor(dialect, {"address": {"subject": "host"}}, about("ntp", "web1"),
               about("apache", "web1"), about("site", "web1"), about("site", "web1", paths=[STAGING]))),
        )
        for dialect in ("icinga", "nagios")
    }  # fmt: skip
    text = icinga.write_checks(fleets["icinga"])
    words = ("dependent_host_name", "dependent_service_description", "host_name", "service_description")
    said = [of for kind, of in read(nagios.write_objects(fleets["nagios"])) if kind == "servicedependency"]
    assert list_pairs(understood(text, tmp_path)) == {tuple(of[word] for word in words) for of in said}
    assert len(said) == 3
    assert icinga.write_check_files(fleets["icinga"]) == {"watch.conf": text}


def test_300_hosts_with_all_that_is_on_them_are_read_back_equal(tmp_path: Path) -> None:
    fleet = watch_everything(make_fleet(300), "icinga", {"port": {"parameter": "port", "default": None}})
    found = understood(icinga.write_checks(fleet), tmp_path)
    subjects = [subject for host in fleet.hosts for each in host.dated.node.services for subject in each.audits]
    checks = list_checks(found)
    assert len(checks) == len(subjects) > 1500
    assert Counter((command, variables.get("tcp_port")) for command, variables in checks.values()) == Counter(
        ("tcp", of.parameters["port"]) if "port" in of.parameters else ("ping", None) for of in subjects
    )
    assert {name for kind, name in found if kind == "Host"} == {subject.host for subject in subjects}
    rails = {(pair[0], pair[1]) for pair in list_pairs(found) if pair[3].endswith("database")}
    assert len(rails) == sum(of.service == "rails" for of in subjects)


def test_hostile_values_that_are_looked_up_are_read_back_or_refused(tmp_path: Path) -> None:
    """Dollars are doubled, since Icinga looks for macros in what it is told."""
    said: Any = {"check": "mine", "vars": {"v": [{"parameter": "v"}]}}
    taken: dict[str, Any] = {}
    subjects = []
    for number, value in enumerate([*TEXTS, LONG, *NUMBERS, None, True, [[], ["x", 1]], {"a": 1}]):
        subject = about(f"s{number}", v=value)
        if isinstance(value, dict) or (isinstance(value, str) and (value.startswith("-") or "\0" in value)):
            with pytest.raises(CannotPrint, match=r"may be no map|must not begin with -|a NUL"):
                icinga.write_host_checks(watching("icinga", said, subject))
        else:
            taken[f"db1.example.com!s{number}"] = [value]
            subjects.append(subject)
    found = understood(icinga.write_host_checks(watching("icinga", said, *subjects)), tmp_path)
    assert {name: undoubled(told["v"]) for name, (_, told) in list_checks(found).items()} == taken
    assert len(taken) > 77


def test_hostile_values_that_were_typed_into_tools_are_read_back(tmp_path: Path) -> None:
    value = json.loads(json.dumps(every_value()).replace("\\u0000", ""))
    text = icinga.write_host_checks(watching("icinga", {"check": "mine", "vars": {"v": value}}, about("x")))
    assert undoubled(list_checks(understood(text, tmp_path))["db1.example.com!x"][1]["v"]) == value


def undoubled(value: Any) -> Any:
    """What a check is told of it."""
    if isinstance(value, str):
        assert value.count("$") % 2 == 0
        return value.replace("$$", "$")
    if isinstance(value, list):
        return [undoubled(member) for member in value]
    return {name: undoubled(member) for name, member in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(
    "said,told",
    [
        ({"vars": "x"}, 'vars is "x", but must be a map'),
        ({"vars": {"a b": 1}}, "names of variables are letters"),
        ({"vars": {"x": "a\0b"}}, "no check can be told a NUL"),
        ({"vars": {"x": {"parameter": "a"}}}, "must not begin with -"),
        ({"check": 'a" }'}, "check is .* must be the name of a command"),
        ({"host_template": "a b"}, "must be the name of a template"),
        ({"arguments": []}, "has no field arguments; there are address, check,"),
    ],
)
def test_what_is_wrong_is_told(said: Any, told: str) -> None:
    with pytest.raises(CannotPrint, match=told):
        icinga.write_host_checks(watching("icinga", said, about("x", a="-x --evil")))


def test_two_auditors_that_disagree_are_refused_unless_each_has_its_file() -> None:
    nodes = [on(name, auditor("icinga", {"port": number}, about("x"))) for number, name in enumerate(("one", "two"))]
    with pytest.raises(
        CannotPrint, match=r"db1\.example\.com x is to be checked .* by watch on one .* by watch on two"
    ):
        icinga.write_checks(fleet_of(*nodes))
    assert set(icinga.write_check_files(fleet_of(*nodes))) == {"one.conf", "two.conf"}


def test_two_auditors_of_different_instances_share_a_check(tmp_path: Path) -> None:
    nodes = [on(f"watch{path[-1]}", auditor("icinga", {}, about("x", paths=[path]))) for path in (PATH, STAGING)]
    found = understood(icinga.write_checks(fleet_of(*nodes)), tmp_path)
    assert found["Service", "db1.example.com!x"]["groups"] == [
        "customer-acme", "app-acme-shop", "instance-acme-shop-production", "instance-acme-shop-staging"
    ]  # fmt: skip


def test_nothing_to_watch_is_read_too_and_a_fault_would_be_seen(tmp_path: Path) -> None:
    assert understood(icinga.write_checks(make_fleet(5)), tmp_path) == {}
    assert check('object Host "x" { groups = [ "none" ], check_command = "mine" }', tmp_path).returncode == 1
