"""Prometheus finds every target with every label as it was, or the dialect refuses; the real promtool on request."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from larry.exports import CannotPrint
from larry.exports.dialect import find_dialect
from larry.exports.watch import prometheus
from tests.exports.hostile import LONG, NUMBERS, TEXTS
from tests.exports.many import make_fleet
from tests.exports.specimen import HOST, dated, entry
from tests.exports.watching import STAGING, about, make_watched_fleet, watching
from tests.tools import require

PLAIN: Any = {"services": {"postgres": {"job": "pg", "port": 9187, "labels": {"team": "data"}}}}


def read(text: str) -> list[tuple[str, dict[str, str]]]:
    """As strict as Prometheus, and stricter: target groups of one target, labels by name with texts as values."""
    groups = json.loads(text)
    assert isinstance(groups, list)
    found = []
    for group in groups:
        assert set(group) == {"targets", "labels"}
        (target,) = group["targets"]
        assert re.fullmatch(r"\[[0-9a-f:]+\]:\d+|[\w.:-]+", target)
        for name, value in group["labels"].items():
            assert re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name)
            assert isinstance(value, str)
        found.append((target, group["labels"]))
    return found


def understood(text: str, folder: Path) -> list[tuple[str, Mapping[str, str]]]:
    """What Prometheus itself discovers in a file."""
    (folder / "targets.json").write_text(text, encoding="utf-8")
    job = {"job_name": "larry", "file_sd_configs": [{"files": [f"{folder}/targets.json"]}]}
    (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [job]}))
    promtool = require("promtool")
    check = ["check", "config", "prometheus.yml"]
    checked = subprocess.run([promtool, *check], cwd=folder, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    find = ["check", "service-discovery", "--timeout=3s", "prometheus.yml", "larry"]
    done = subprocess.run([promtool, *find], cwd=folder, capture_output=True, encoding="utf-8", check=True)
    each = [target["discoveredLabels"] for target in json.loads(done.stdout)]
    of_its_own = {"__address__", "__meta_filepath", "__scrape_interval__", "__scrape_timeout__"}
    return [(of["__address__"], {n: v for n, v in of.items() if n not in of_its_own}) for of in each]


def test_a_subject_is_a_target_with_labels() -> None:
    said = prometheus.write_host_targets(
        watching("prometheus", PLAIN, about("postgres", settings={"every": 5}, port=5432))
    )
    assert read(said) == [
        (
            "10.0.0.21:9187",
            {
                "job": "pg",
                "team": "data",
                "__meta_larry_host": "db1.example.com",
                "__meta_larry_service": "postgres",
                "__meta_larry_name": "postgres",
                "__meta_larry_customer": "acme",
                "__meta_larry_app": "shop",
                "__meta_larry_instance": "production",
                "__meta_larry_for": ",acme/shop/production,",
                "__meta_larry_addresses": ",10.0.0.21,",
                "__meta_larry_auditor": "watch",
                "__meta_larry_watcher": HOST,
                "__meta_larry_parameter_port": "5432",
                "__meta_larry_setting_every": "5",
            },
        )
    ]


def test_without_a_word_the_parameter_port_is_the_port_and_the_service_the_job() -> None:
    subjects = [
        about("postgres", port="5432"),
        about("ntp", addresses=()),
        about("ntp", "web1", addresses=("2001:db8::1",)),
        about("redis", addresses=("2001:db8::1", "10.0.0.1"), port=6379),
    ]
    found = read(prometheus.write_host_targets(watching("prometheus", {}, *subjects)))
    assert [target for target, _ in found] == ["10.0.0.21:5432", "db1.example.com", "2001:db8::1", "[2001:db8::1]:6379"]
    assert [labels["job"] for _, labels in found] == ["postgres", "ntp", "ntp", "redis"]


def test_values_are_looked_up() -> None:
    said: Any = {
        "path": {"parameter": "path"},
        "scheme": "https",
        "address": {"subject": "host"},
        "port": {"parameter": "none", "default": 9100},
        "labels": {"tier": {"setting": "tier"}, "name": {"subject": "name"}, "instance_of": {"subject": "instance"}},
    }
    twice = [about("web", paths=(path,), path="/m", settings={"tier": 1.5}) for path in ("acme/shop/live", STAGING)]
    found = read(prometheus.write_host_targets(watching("prometheus", said, *twice)))
    assert [target for target, _ in found] == ["db1.example.com:9100"] * 2
    shown = ("__metrics_path__", "__scheme__", "tier", "name", "instance_of")
    assert [tuple(labels[name] for name in shown) for _, labels in found] == [
        ("/m", "https", "1.5", "acme-shop-live-web", "live"),
        ("/m", "https", "1.5", "acme-shop-staging-web", "staging"),
    ]


def test_hosts_without_an_auditor_that_says_so_have_no_targets() -> None:
    assert prometheus.write_host_targets(dated(entry("ntp"), entry("watch", audits=[about("ntp")]))) == "[]\n"
    assert read(prometheus.write_host_targets(watching("prometheus", {"skip": True}, about("ntp")))) == []
    assert (
        read(prometheus.write_host_targets(watching("prometheus", {"services": {"ntp": {"skip": True}}}, about("ntp"))))
        == []
    )
    assert read(prometheus.write_targets(make_fleet(5))) == []


def test_hostile_texts_are_labels_as_they_are() -> None:
    values = {f"p{number}": value for number, value in enumerate([*TEXTS, LONG, *NUMBERS, None, True, {"a": [1]}])}
    said: Any = {"labels": {name: {"parameter": name} for name in values}}
    ((_, labels),) = read(prometheus.write_host_targets(watching("prometheus", said, about("x", **values))))
    for name, value in values.items():
        if isinstance(value, str):
            assert labels[name] == labels[f"__meta_larry_parameter_{name}"] == value
        else:
            assert json.loads(labels[f"__meta_larry_parameter_{name}"]) == value
            assert (name in labels) is (value is not None)


@pytest.mark.parametrize("text", [text for text in TEXTS if not re.fullmatch(r"[0-9]{1,9}", text)])
def test_hostile_texts_are_no_ports_and_no_labels(text: str) -> None:
    with pytest.raises(CannotPrint, match=r"watch: tools\.prometheus for x on db1.*: port is"):
        prometheus.write_host_targets(watching("prometheus", {}, about("x", port=text)))
    if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", text):
        with pytest.raises(CannotPrint, match="is no label"):
            prometheus.write_host_targets(watching("prometheus", {"labels": {text: "x"}}, about("x")))
    if not re.fullmatch("[A-Za-z0-9_.-]+", text):
        with pytest.raises(CannotPrint, match="must be an IP address or a host's name"):
            prometheus.write_host_targets(watching("prometheus", {"address": {"parameter": "a"}}, about("x", a=text)))


@pytest.mark.parametrize(
    "said,told",
    [
        ("x", "must be a map, such as"),
        ({"prot": 1}, r"tools\.prometheus has no field prot; there are address, job,"),
        ({"services": {"x": {"prot": 1}}}, r"tools\.prometheus\.services\.x has no field prot"),
        ({"services": {"x": 1}}, "must have a map for each audited service"),
        ({"port": {"parameter": "no"}}, "asks for the parameter no, but there is a; or give a default"),
        ({"port": {"setting": "no"}}, "asks for the setting no, but there is none"),
        ({"port": 65536}, "must be a whole number from 0 to 65535"),
        ({"port": True}, "must be a whole number"),
        ({"labels": {"__meta_larry_x": "y"}}, "not __meta_larry_ in front"),
        ({"labels": "x"}, 'labels is "x", but must be a map'),
        ({"per": "host.."}, "per must be instance or host"),
        ({"address": 7}, "address is 7, but must be an IP address"),
    ],
)
def test_what_is_wrong_is_told(said: Any, told: str) -> None:
    with pytest.raises(CannotPrint, match=told):
        prometheus.write_host_targets(watching("prometheus", said, about("x", a=1)))


def test_there_is_no_order_of_stopping() -> None:
    with pytest.raises(CannotPrint, match="prometheus has no order of stopping"):
        find_dialect("prometheus").render(dated(), stop=True)


def test_300_hosts_are_targets_in_order() -> None:
    fleet = make_watched_fleet("prometheus", {"services": {"website": {"address": {"subject": "host"}}}})
    subjects = [subject for host in fleet.hosts for each in host.dated.node.services for subject in each.audits]
    assert len({subject.host for subject in subjects}) == 269
    found = read(prometheus.write_targets(fleet))
    assert [(target, labels["__meta_larry_for"]) for target, labels in found] == [
        (f"{subject.host}:80", f",{subject.paths[0]},") for subject in subjects
    ]


def test_each_watching_host_has_a_file() -> None:
    fleet = make_watched_fleet("prometheus", {}, size=20)
    files = prometheus.write_target_files(fleet)
    assert files == {"host19.example.com.json": prometheus.write_targets(fleet)}


@pytest.mark.slow
def test_prometheus_itself_discovers_them(tmp_path: Path) -> None:
    values = {f"p{number}": text for number, text in enumerate([*TEXTS, LONG])}
    hostile = prometheus.write_host_targets(watching("prometheus", {"labels": values}, about("x", port=1, **values)))
    fleet = prometheus.write_targets(make_watched_fleet("prometheus", {"address": {"subject": "host"}}))
    for text in (hostile, fleet):
        read_back = {(target, json.dumps(labels, sort_keys=True)) for target, labels in understood(text, tmp_path)}
        defaults = {"__metrics_path__": "/metrics", "__scheme__": "http"}
        assert read_back == {
            # A label without a text is no label to Prometheus.
            (target, json.dumps(defaults | {n: v for n, v in labels.items() if v}, sort_keys=True))
            for target, labels in read(text)
        }
