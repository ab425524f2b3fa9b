"""A real Puppet compiles the hosts of the demonstration, now and later, and gets what their nodes say.

Nothing between the database and the catalog is a stand-in: `larry serve` answers on the loopback, Larry's own
classifier asks it, and Puppet compiles against the modules that Debian ships.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from larry.cli.demo import DOMAIN
from larry.outside import clock
from tests.exports.puppet import OURS, Catalog, Puppet, find_faults
from tests.journeys.served import Served, serving_the_demonstration
from tests.tools import require

pytestmark = pytest.mark.puppet

HOSTS = tuple(f"{name}.{DOMAIN}" for name in ("web1", "web3", "db2", "mon1"))
SMALL = f"cache1.{DOMAIN}"
DAYS = {"now": 0, "when the exhibition is on": 16, "when the winter sale is on": 32}
MODULES = (
    "stdlib",
    "apache",
    "apt",
    "concat",
    "firewall",
    "logrotate",
    "ntp",
    "postgresql",
    "redis",
    "rsync",
    "systemd",
)
OWN_PARAMETERS = {"larry::service", "larry::auditor"}
"""Defines that take all parameters in one, and what the service audits in another."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    for tool in ("puppet", "curl", *(f"puppet-module-{module}" for module in MODULES)):
        require(tool)
    with serving_the_demonstration(tmp_path_factory.mktemp("larry")) as one:
        yield one


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The facts of this machine. They take longer than a compilation, and are the same for all."""
    asked = Puppet(tmp_path_factory.mktemp("facts")).run("facts", "show", "--show-legacy", "--render-as", "json")
    return json.loads(asked.stdout)


@pytest.fixture
def puppet(tmp_path: Path, facts: Any) -> Puppet:
    """A Puppet that knows the facts of every host of the demonstration."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/puppet.conf").write_text("[main]\nfacts_terminus = yaml\n")
    folder = tmp_path / "var/yaml/facts"
    folder.mkdir(parents=True)
    for host in HOSTS:
        # What an agent adds to the facts of its machine.
        agent = {"clientcert": host, "clientversion": facts["puppetversion"], "clientnoop": False}
        told = {"name": host, "values": {**facts, **agent}}
        (folder / f"{host}.yaml").write_text("--- !ruby/object:Puppet::Node::Facts\n" + json.dumps(told))
    return Puppet(tmp_path)


def _moment(day: str) -> datetime:
    """Noon of that day: away from every boundary; now is now."""
    today = clock.now().astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return today + timedelta(days=DAYS[day]) if DAYS[day] else clock.now()


def _ask(served: Served, puppet: Puppet, moment: datetime) -> Mapping[str, str]:
    return {
        "LARRY_URL": served.at(moment),
        "LARRY_TOKEN": served.token,
        "LARRY_ENC_CACHE": str(puppet.folder / "cache"),
        "LARRY_ENC_CONF": "/nonexistent",
    }


def _tools(entry: Any) -> Any:
    return (entry["tools"] or {}).get("puppet", {})


def _type(name: str) -> str:
    return "::".join(part.capitalize() for part in name.split("::"))


def _reference(entry: Any) -> str | None:
    """How Puppet names what an entry is to it; None for what is not its business."""
    tools = _tools(entry)
    if tools.get("skip"):
        return None
    if "class" in tools:
        return f"Class[{_type(tools['class'])}]"
    return f"{_type(tools.get('define', 'larry::service'))}[{entry['key']}]"


def _expected_parameters(entry: Any) -> Mapping[str, Any]:
    tools = _tools(entry)
    if "class" in tools or tools.get("define", "larry::service") not in OWN_PARAMETERS:
        parameters: Mapping[str, Any] = entry["parameters"]
        return parameters
    subjects = {"subjects": entry["audits"]} if entry["audits"] else {}
    return {"parameters": entry["parameters"], **subjects}


def _compare(node: Any, catalog: Catalog) -> int:
    """Hold a catalog against a node: every resource, each parameter with its type, each edge; the number of edges."""
    entries = {entry["key"]: entry for entry in node["services"]}
    edges = 0
    for entry in entries.values():
        reference = _reference(entry)
        if reference is None:
            continue
        got = catalog.parameters(reference)
        for name, value in _expected_parameters(entry).items():
            # As JSON, so that 5 is not "5", and true is not 1.
            assert json.dumps(got[name], sort_keys=True) == json.dumps(value, sort_keys=True), f"{reference} {name}"
        earlier = {_reference(entries[key]) for key in entry["after"]}
        assert earlier <= catalog.required(reference), f"{reference} does not require {earlier}"
        edges += len(earlier)
    return edges


def _ours(catalog: Catalog, every: frozenset[str]) -> frozenset[str]:
    """What the catalog holds of all that any service of the demonstration could have put there."""
    return every & catalog.resources.keys()


@pytest.fixture(scope="module")
def every_reference(served: Served) -> frozenset[str]:
    """Everything that Puppet may be told of on any of the hosts at any of the moments."""
    nodes = [served.node(host, _moment(day)) for host in HOSTS for day in DAYS]
    return frozenset(name for node in nodes for entry in node["services"] if (name := _reference(entry)))


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("host", HOSTS)
def test_the_classifier_compiles_to_what_the_node_says(
    host: str, day: str, served: Served, puppet: Puppet, every_reference: frozenset[str]
) -> None:
    moment = _moment(day)
    node = served.node(host, moment)
    catalog = puppet.compile(host, enc=OURS / "larry-enc", variables=_ask(served, puppet, moment))
    assert _compare(node, catalog) >= len(node["services"]) // 3
    assert _ours(catalog, every_reference) == {_reference(entry) for entry in node["services"]} - {None}


@pytest.mark.parametrize("host", HOSTS)
def test_the_manifest_is_valid_and_compiles_to_the_same(
    host: str, served: Served, puppet: Puppet, every_reference: frozenset[str]
) -> None:
    moment = _moment("when the winter sale is on")
    manifest = served.text(host, "pp", moment)
    (puppet.folder / "whole.pp").write_text(manifest, encoding="utf-8")
    assert find_faults([puppet.folder / "whole.pp"]) == ""
    node = served.node(host, moment)
    catalog = puppet.compile(host, manifest=manifest)
    assert _compare(node, catalog) > 0 or host.startswith("mon1")
    assert _ours(catalog, every_reference) == {_reference(entry) for entry in node["services"]} - {None}
    for path, values in node["own_parameters"].items():
        level = ("customer", "app", "instance")[path.count("/")]
        name = "::".join(_type(part) for part in ("larry", level, *path.split("/")))
        assert catalog.parameters(f"Class[{name}]") == values


def test_the_future_differs_from_now_where_something_will_begin(served: Served) -> None:
    keys = [{entry["key"] for entry in served.node(HOSTS[0], _moment(day))["services"]} for day in DAYS]
    assert keys[0] == keys[1]
    assert keys[2] - keys[0] >= {
        "museum_fur_zeit-tickets-production-website",
        "museum_fur_zeit-archiv-production-website",
    }
    parameters = [
        next(entry["parameters"] for entry in served.node(SMALL, _moment(day))["services"] if entry["key"] == "redis")
        for day in DAYS
    ]
    assert [each["maxmemory"] for each in parameters] == ["256mb", "256mb", "4gb"]


def test_a_small_host_would_be_set_up_in_the_order_of_its_services(served: Served, tmp_path: Path) -> None:
    """`puppet apply --noop` plans the real changes on this machine; it finds circles that compiling does not."""
    puppet = Puppet(tmp_path)
    (tmp_path / "environments/production/manifests").mkdir(parents=True)
    classifier = ("--node_terminus", "exec", "--external_nodes", str(OURS / "larry-enc"))
    done = puppet.run(
        "apply", "--noop", "--certname", SMALL, *classifier, "-e", "", variables=_ask(served, puppet, clock.now())
    )
    errors = [line for line in (done.stdout + done.stderr).splitlines() if re.match(r"Error: (?!Facter)", line)]
    assert (done.returncode, errors) == (0, [])
    would = [done.stdout.find(f"Notice: Class[{name}]: Would have") for name in ("Ntp", "Redis", "Firewall")]
    assert -1 not in would
    assert would == sorted(would)
    assert [entry["key"] for entry in served.node(SMALL, clock.now())["services"]] == ["ntp", "redis", "firewall"]
