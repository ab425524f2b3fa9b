"""Every dialect's page is followed as it stands, at the demonstration, with the real tool."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.page import Done, follow
from tests.journeys.served import Served, serving_the_demonstration
from tests.tools import require


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_the_demonstration(tmp_path_factory.mktemp("larry")) as one:
        yield one


def told(done: list[Done], beginning: str) -> str:
    """What the one command that begins so has printed."""
    (found,) = [each.output for each in done if each.command.startswith(beginning)]
    return found


def test_the_table_of_dialects(served: Served, tmp_path: Path) -> None:
    follow("dialects.md", served, tmp_path)
    assert (tmp_path / "fleet.json").read_text() != (tmp_path / "later.json").read_text()
    assert (tmp_path / "data/host/web1.nordlicht.example.yaml").is_file()


def test_puppet(served: Served, tmp_path: Path) -> None:
    for module in ("apache", "postgresql", "ntp", "firewall", "rsync", "redis", "logrotate"):
        require(f"puppet-module-{module}")
    done = follow("puppet.md", served, tmp_path)
    catalog = json.loads("{" + (tmp_path / "catalog.json").read_text().partition("\n{")[2])
    assert "Apache" in {each["title"] for each in catalog["resources"] if each["type"] == "Class"}
    assert "Error" not in told(done, "puppet parser validate")


def test_hiera(served: Served, tmp_path: Path) -> None:
    require("puppet")
    done = follow("hiera.md", served, tmp_path)
    assert '"larry_services":\n  - "ntp"' in told(done, "larry config")
    assert told(done, "puppet lookup").splitlines()[-1] == "--- 1"


def test_publishing(served: Served, tmp_path: Path) -> None:
    require("curl")
    done = follow("publishing.md", served, tmp_path, LARRY_ENC_CACHE=str(tmp_path / "kept"))
    assert re.fullmatch(
        r"12 hosts in tree: \d+ files written; the next change is at \S+\n", told(done, "larry publish")
    )
    assert "web1.nordlicht.example" in json.loads((tmp_path / "fleet.json").read_text())["_meta"]["hostvars"]
    as_published = (tmp_path / "tree/enc/web1.nordlicht.example").read_text()
    assert told(done, "LARRY_PUBLISHED").strip() == as_published.strip()


def test_ansible(served: Served, tmp_path: Path) -> None:
    done = follow("ansible.md", served, tmp_path)
    assert "|--@service_redis:" in told(done, "ansible-inventory -i demo.larry.yml --graph")
    assert "instance_acme__shop__production" in told(done, "LARRY_AS_OF")
    run = told(done, "ansible-playbook")
    assert '"msg": "start redis with 256mb"' in run
    plays = re.findall(r"^PLAY \[(\w+)\]", run, re.MULTILINE)
    assert plays.index("ntp") < plays.index("redis") < plays.index("firewall")
    assert "cache1.nordlicht.example" in told(done, "LARRY_URL")
    assert "web1.nordlicht.example" in told(done, "LARRY_INVENTORY_FILE")


def test_cfengine(served: Served, tmp_path: Path) -> None:
    require("cf-agent")
    work = tmp_path / "work/bin"
    work.mkdir(parents=True)
    (work / "cf-promises").symlink_to(require("cf-agent").with_name("cf-promises").resolve())
    variables = {"CFENGINE_TEST_OVERRIDE_WORKDIR": str(work.parent)}
    subprocess.run(
        [require("cf-agent").with_name("cf-key")], env=os.environ | variables, capture_output=True, check=True
    )
    done = follow("cfengine.md", served, tmp_path, **variables)
    run = told(done, "cf-agent")
    assert re.findall(r"^R: (.*)", run, re.MULTILINE) == [
        "service ntp",
        "service redis",
        "service firewall",
        "redis may use 256mb",
    ]
    assert "default:larry.order" in told(done, "cf-promises")


def test_chef(served: Served, tmp_path: Path) -> None:
    require("goiardi")
    done = follow("chef.md", served, tmp_path)
    found = json.loads(told(done, "curl -fsS -H"))
    assert {row["name"] for row in found["rows"]} >= {"cache1.nordlicht.example"}
    assert "instance-acme-shop-production.json" in told(done, "ls")


def test_capistrano(served: Served, tmp_path: Path) -> None:
    require("cap")
    done = follow("capistrano.md", served, tmp_path)
    assert "cache1.nordlicht.example: redis with 256mb" in told(done, "cap larry larry:deploy")
    traced = told(done, "cap larry larry:redis")
    assert "** Execute larry:ntp" in traced
    assert "** Execute larry:website" not in traced


def test_shell(served: Served, tmp_path: Path) -> None:
    require("run-parts")
    require("make")
    done = follow("shell.md", served, tmp_path)
    assert told(done, "sh cache1.sh --list").split() == ["ntp", "redis", "firewall"]
    for started in ("LARRY_SCRIPTS", "run-parts --exit-on-error parts", "make -j4 -C made/cache1.nordlicht.example"):
        outputs = [each.output for each in done if each.command.startswith(started)]
        assert "redis with 256mb" in outputs[0], started
    assert "no redis" in told(done, "run-parts --exit-on-error --reverse")
    assert {one["host"] for wave in json.loads((tmp_path / "waves.json").read_text())["waves"] for one in wave} > {
        "web1.nordlicht.example",
        "db1.nordlicht.example",
    }


def test_salt(served: Served, tmp_path: Path) -> None:
    done = follow("salt.md", served, tmp_path, LARRY_SALT_CACHE=str(tmp_path / "kept"))
    assert json.loads(told(done, "ops/salt/larry-salt top")) == {"classes": ["ntp", "redis", "firewall"]}
    pillar = json.loads(told(done, "ops/salt/larry-salt pillar"))
    assert [entry["key"] for entry in pillar["larry"]["services"]] == ["ntp", "redis", "firewall"]


def test_prometheus(served: Served, tmp_path: Path) -> None:
    done = follow("prometheus.md", served, tmp_path)
    targets = {group["targets"][0] for group in json.loads(told(done, "larry config mon1"))}
    assert {"10.20.1.11:9117", "10.20.1.21:9187", "10.20.1.31:9121"} <= targets


def test_nagios(served: Served, tmp_path: Path) -> None:
    require("nagios4")
    done = follow("nagios.md", served, tmp_path)
    counts = re.findall(r":(\d+)$", told(done, "grep"), re.MULTILINE)
    checked = re.findall(r"Checked (\d+) services", told(done, "nagios4"))
    assert counts[0] == counts[1] == checked[0] != "0"


def test_icinga(served: Served, tmp_path: Path) -> None:
    require("icinga2")
    done = follow("icinga.md", served, tmp_path)
    counts = re.findall(r":(\d+)$", told(done, "grep"), re.MULTILINE)
    checked = re.findall(r"Instantiated (\d+) Services", told(done, "icinga2"))
    assert counts[0] == counts[1] == checked[0] != "0"


def test_nftables(served: Served, tmp_path: Path) -> None:
    require("nft")
    done = follow("nftables.md", served, tmp_path)
    listed = told(done, "unshare")
    assert "elements = { 10.20.0.0/16 }" in listed
    assert 'tcp dport @postgres-ports drop comment "postgres"' in listed


def test_logrotate(served: Served, tmp_path: Path) -> None:
    require("logrotate")
    done = follow("logrotate.md", served, tmp_path)
    assert 'rotating pattern: "/srv/acme-shop/log/*.log"' in told(done, "logrotate -d")


def test_borgmatic(served: Served, tmp_path: Path) -> None:
    require("borgmatic")
    done = follow("borgmatic.md", served, tmp_path)
    assert "are valid" in told(done, "validate-borgmatic-config")
    assert "acme-shop-production-database" in told(done, "ls")
