"""Nagios itself finds the hosts, checks, groups and dependencies that are meant, or the dialect refuses."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from larry.core.node import Place
from larry.exports import CannotPrint
from larry.exports.watch import nagios
from tests.exports.hostile import TEXTS
from tests.exports.many import make_fleet
from tests.exports.nagios import Made, check, expand, read, understood
from tests.exports.specimen import PATH, entry
from tests.exports.watching import STAGING, about, auditor, fleet_of, make_watched_fleet, on, watch_everything, watching

TYPED = "(?! )[A-Za-z0-9 ._:/@%,=+~-]+(?<! )"


def assert_read_back(text: str, folder: Path) -> list[Made]:
    """Nagios has every object that was printed and no other, with every directive as it was; what it has."""
    found = understood(text, folder)
    said = expand(read(text))
    assert Counter(kind for kind, _ in found) == Counter(kind for kind, _ in said)
    kept = {identify(each): each[1] for each in found}
    for each in said:
        has = kept[identify(each)]
        for name, value in each[1].items():
            if name == "members":
                assert sorted(re.findall(r"[^,]+(?:,[^,]+)?", has[name])) == sorted(
                    re.findall(r"[^,]+(?:,[^,]+)?", value)
                )
            else:
                assert has[name] == value, (each, name)
    return found


def identify(each: Made) -> tuple[str, ...]:
    kind, of = each
    names = ("host_name", "service_description", "dependent_host_name", "dependent_service_description")
    return kind, of.get(f"{kind}_name", ""), *(of.get(name, "") for name in names)


def list_checks(found: list[Made]) -> dict[tuple[str, str], str]:
    services = [of for kind, of in found if kind == "service"]
    return {(of["host_name"], of["service_description"]): of["check_command"] for of in services}


def list_pairs(found: list[Made]) -> set[tuple[str, str, str, str]]:
    names = ("dependent_host_name", "dependent_service_description", "host_name", "service_description")
    return {tuple(of[name] for name in names) for kind, of in found if kind == "servicedependency"}  # type: ignore[misc]


def test_checks_have_their_commands_and_arguments(tmp_path: Path) -> None:
    said: Any = {
        "services": {
            "web": {"check": "check_http", "arguments": ["-S -w 5", {"parameter": "url"}, 0.5, {"setting": "every"}]},
            "db": {"port": {"parameter": "listen"}},
        }
    }
    subjects = [
        about("web", "web1.example.com", addresses=["2001:db8::1"], url="/status", settings={"every": 5}),
        about("db", "web1.example.com", addresses=["2001:db8::1"], listen="5432"),
        about("db", listen=5433),
        about("ntp"),
    ]
    found = assert_read_back(nagios.write_host_objects(watching("nagios", said, *subjects)), tmp_path)
    assert list_checks(found) == {
        ("web1.example.com", "web"): "check_http!-S -w 5!/status!0.5!5",
        ("web1.example.com", "db"): "check_tcp!5432",
        ("db1.example.com", "db"): "check_tcp!5433",
        ("db1.example.com", "ntp"): "check_ping!100.0,20%!500.0,60%",
    }
    assert {of["host_name"]: of["address"] for kind, of in found if kind == "host"} == {
        "web1.example.com": "2001:db8::1",
        "db1.example.com": "10.0.0.21",
    }
    members = {of[f"{kind}_name"]: of["members"] for kind, of in found if kind.endswith("group")}
    assert members["service-db"] == "db1.example.com,web1.example.com"
    assert members["instance-acme-shop-production"].count(",") == 7


def test_dependencies_are_the_nearest_that_are_watched(tmp_path: Path) -> None:
    web = on(
        "web1",
        entry("ntp"),
        entry("apache", after=["ntp"]),
        entry("hidden", after=["apache"]),
        entry("site", of=PATH, after=["hidden"], elsewhere=[Place("base", "data", ())]),
        entry("site", of=STAGING, after=["hidden"]),
    )
    data = on("data", entry("ntp"), entry("base", of=PATH, after=["ntp"]), entry("base", of=STAGING, after=["ntp"]))
    subjects = [
        about("ntp", "web1"),
        about("ntp", "data"),
        about("apache", "web1"),
        about("base", "data"),
        about("base", "data", paths=[STAGING]),
        about("site", "web1"),
        about("site", "web1", paths=[STAGING]),
    ]
    watch = on("watch", auditor("nagios", {"address": {"subject": "host"}}, *subjects))
    text = nagios.write_objects(fleet_of(data, watch, web))
    found = list_pairs(assert_read_back(text, tmp_path))
    live, staging = "acme-shop-production", "acme-shop-staging"
    assert found == {
        ("web1", "apache", "web1", "ntp"),
        ("web1", f"{live}-site", "web1", "apache"),
        ("web1", f"{staging}-site", "web1", "apache"),
        ("web1", f"{live}-site", "data", f"{live}-base"),
        ("data", f"{live}-base", "data", "ntp"),
        ("data", f"{staging}-base", "data", "ntp"),
    }
    assert nagios.write_object_files(fleet_of(data, watch, web)) == {"watch.cfg": text}
    assert list_pairs(read(nagios.write_host_objects(watch))) == set()


def test_300_hosts_with_all_that_is_on_them_are_read_back_equal(tmp_path: Path) -> None:
    fleet = watch_everything(make_fleet(300), "nagios", {"port": {"parameter": "port", "default": None}})
    found = assert_read_back(nagios.write_objects(fleet), tmp_path)
    subjects = [subject for host in fleet.hosts for each in host.dated.node.services for subject in each.audits]
    checks = list_checks(found)
    assert len(checks) == len(subjects) > 1500
    assert Counter(checks.values()) == Counter(
        f"check_tcp!{of.parameters['port']}" if "port" in of.parameters else "check_ping!100.0,20%!500.0,60%"
        for of in subjects
    )
    pairs = list_pairs(found)
    rails = {(pair[0], pair[1]) for pair in pairs if pair[3].endswith("database")}
    assert len(rails) == sum(of.service == "rails" for of in subjects)


def test_one_subject_of_300_instances_is_one_check(tmp_path: Path) -> None:
    paths = [f"customer/app/instance_{number}" for number in range(300)]
    found = assert_read_back(nagios.write_host_objects(watching("nagios", {}, about("ntp", paths=paths))), tmp_path)
    assert sum(kind == "servicegroup" for kind, _ in found) == 302


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_texts_are_refused_or_stand_as_they_are(text: str) -> None:
    for said, allowed in (
        ({"arguments": [text]}, TYPED),
        ({"arguments": [{"parameter": "a"}]}, "[A-Za-z0-9._:/@,+][A-Za-z0-9._:/@,+-]*"),
        ({"check": text}, "[A-Za-z0-9_][A-Za-z0-9_.-]*"),
        ({"service_template": text}, "[A-Za-z0-9_][A-Za-z0-9_.-]*"),
    ):
        node = watching("nagios", said, about("x", a=text))
        if re.fullmatch(allowed, text):
            (of,) = [of for kind, of in read(nagios.write_host_objects(node)) if kind == "service"]
            assert text in (of["use"], *of["check_command"].split("!"))
        else:
            with pytest.raises(CannotPrint, match=r"watch: tools\.nagios for x on db1\.example\.com: "):
                nagios.write_host_objects(node)


def test_arguments_that_are_printed_are_read_back(tmp_path: Path) -> None:
    typed = [text for text in TEXTS if re.fullmatch(TYPED, text)]
    subjects = [about(f"s{number}") for number in range(len(typed))]
    said: Any = {
        "services": {
            f"s{number}": {"check": "check_tcp", "arguments": ["a", text, "b"]} for number, text in enumerate(typed)
        }
    }
    found = assert_read_back(nagios.write_host_objects(watching("nagios", said, *subjects)), tmp_path)
    assert set(list_checks(found).values()) == {f"check_tcp!a!{text}!b" for text in typed}


@pytest.mark.parametrize(
    "said,told",
    [
        ({"arguments": "x"}, 'arguments is "x", but must be a list'),
        ({"arguments": [True]}, "must have numbers and texts only"),
        ({"arguments": ["a;b"]}, "put it into a command of your own, and name that in check"),
        ({"arguments": [{"parameter": "a"}]}, "arguments, the parameter a, is .* must be letters, digits"),
        ({"check": "a!b"}, "check is .* must be the name of a command"),
        ({"host_template": "a,b"}, "must be the name of a template"),
    ],
)
def test_what_is_wrong_is_told(said: Any, told: str) -> None:
    with pytest.raises(CannotPrint, match=told):
        nagios.write_host_objects(watching("nagios", said, about("x", a="-x --evil")))


def test_two_auditors_that_disagree_are_refused_unless_each_has_its_file() -> None:
    nodes = [on(name, auditor("nagios", {"port": number}, about("x"))) for number, name in enumerate(("one", "two"))]
    with pytest.raises(
        CannotPrint, match=r"db1\.example\.com x is to be checked .* by watch on one .* by watch on two"
    ):
        nagios.write_objects(fleet_of(*nodes))
    assert set(nagios.write_object_files(fleet_of(*nodes))) == {"one.cfg", "two.cfg"}
    alike = [on(name, auditor("nagios", {"port": 1}, about("x"))) for name in ("one", "two")]
    assert nagios.write_objects(fleet_of(*alike)).count("define service {") == 1


def test_circles_are_refused() -> None:
    nodes = [
        on("one", entry("a", of=PATH, elsewhere=[Place("b", "two", ())])),
        on("two", entry("b", of=PATH, elsewhere=[Place("a", "one", ())])),
        on("watch", auditor("nagios", {}, about("a", "one"), about("b", "two"))),
    ]
    with pytest.raises(CannotPrint, match="in a circle, one a -> two b -> one a: redeploy"):
        nagios.write_objects(fleet_of(*nodes))


def test_nothing_to_watch_is_read_too(tmp_path: Path) -> None:
    assert understood(
        nagios.write_objects(make_fleet(5)) + nagios.write_objects(make_watched_fleet("nagios", {}, 5)), tmp_path
    )
    assert "Error" in check("define host {\n    host_name x\n    use nothing\n}\n", tmp_path).stdout
