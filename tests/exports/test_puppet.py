"""The real Puppet compiles what Larry prints, with the real modules of Debian, to the very classes and parameters."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from larry.core.node_text import DatedNode
from larry.exports.dialect import find_dialect
from larry.exports.puppet.declared import declare
from tests.exports.hostile import every_value
from tests.exports.puppet import OURS, Catalog, Puppet, PuppetFailed, find_circles, find_faults
from tests.exports.specimen import HOST, PATH, dated, entry, puppet, subject
from tests.tools import require

pytestmark = pytest.mark.puppet

STAGING = "acme/shop/staging"
PRODUCTION = "acme-shop-production"
MODULES = "ntp apache postgresql logrotate memcached redis mysql haproxy ssh postfix stdlib concat cron_core".split()
LIMIT = 240.0


def real_node() -> DatedNode:
    """A host full of what Debian packages modules for: 555 resources when compiled."""
    logs = puppet(**{"class": "logrotate::base"})
    database = puppet(define="postgresql::server::db")
    site = puppet(define="apache::vhost")
    auditor = puppet(define="larry::auditor")
    return dated(
        entry("ntp", servers=["0.pool.example.com", "1.pool.example.com"]),
        entry(
            "ssh",
            after=["ntp"],
            tools=puppet(**{"class": "ssh::server"}),
            storeconfigs_enabled=False,
            options={"Port": [22], "PermitRootLogin": "no"},
        ),
        entry("logs", tools=logs),
        entry("linux", after=["ssh", "logs"], tools=puppet(skip=True)),
        entry("postfix", after=["linux"], myorigin="example.com", relayhost="mail.example.com"),
        entry("memcached", after=["linux"], max_memory=256, listen_ip="127.0.0.1", tcp_port=11211),
        entry("redis", after=["linux"], port=6379, bind="127.0.0.1", maxmemory="64mb"),
        entry("mysql", after=["linux"], tools=puppet(**{"class": "mysql::server"}), root_password="********"),
        entry("haproxy", after=["linux"], global_options={"maxconn": "4000"}),
        entry("pg_version", after=["linux"], tools=puppet(**{"class": "postgresql::globals"}), version="15"),
        entry(
            "postgres", after=["pg_version"], tools=puppet(**{"class": "postgresql::server"}), port=5433
        ),
        entry("apache", after=["linux"], default_vhost=False, mpm_module="prefork", serveradmin=None),
        entry("db", of=PATH, after=["postgres"], tools=database, dbname="shop", user="shop", password="it's \\ $x"),
        entry("db", of=STAGING, after=["postgres"], tools=database, dbname="test", user="test", password="%{x}"),
        entry(
            "site",
            of=PATH,
            after=["apache", f"{PRODUCTION}-db"],
            tools=site,
            servername="shop.acme.example",
            docroot="/srv/acme/shop",
            port=80,
            serveraliases=["www.shop.acme.example"],
        ),
        entry("site", of=STAGING, after=["apache"], tools=site, docroot="/srv/acme/staging", port=8080),
        entry(
            "app_logs",
            of=PATH,
            after=["logs", f"{PRODUCTION}-site"],
            tools=puppet(define="logrotate::rule"),
            path="/srv/acme/shop/log/*.log",
            rotate="7",
            rotate_every="day",
            compress=True,
        ),
        entry("nightly", of=PATH, after=[f"{PRODUCTION}-site"], tools=puppet(define="cron"), command="/srv/n", hour=3),
        entry("rails", of=PATH, after=[f"{PRODUCTION}-db"], workers=4, rails_env="production"),
        entry("backup", after=[f"{PRODUCTION}-db"], audits=[subject("db", target="/b")], tools=auditor, keep=7),
        entry("checks", audits=[subject("apache")], tools=auditor),
        own={"acme": {"timezone": "Europe/Berlin"}, "acme/shop": {"currency": "EUR"}, PATH: {"workers": 4}},
    )  # fmt: skip


@pytest.fixture
def real_puppet(tmp_path: Path) -> Puppet:
    for module in MODULES:
        require(f"puppet-module-{module}")
    return Puppet(tmp_path)


def assert_declared(catalog: Catalog, node: DatedNode) -> None:
    """Every entry is there with its parameters, their types and its order. Null asks for the default."""
    for one in declare(node.node):
        said = {name: value for name, value in one.parameters.items() if value is not None}
        found = catalog.parameters(one.reference)
        assert as_json({name: found[name] for name in said}) == as_json(said)
        assert catalog.required(one.reference) == {other.reference for other in one.require}


def as_json(value: Any) -> str:
    return json.dumps(
        value, default=lambda other: dict(other) if hasattr(other, "keys") else list(other), sort_keys=True
    )


def test_the_answer_and_the_manifest_compile_to_what_the_node_says(real_puppet: Puppet) -> None:
    node = real_node()
    manifest = find_dialect("puppet").render(node)
    by_answer = real_puppet.compile(HOST, enc=real_puppet.answer(find_dialect("enc").render(node)))
    by_manifest = real_puppet.compile(HOST, manifest=manifest)
    assert_declared(by_answer, node)
    assert_declared(by_manifest, node)
    assert "Class[Apache::Mod::Prefork]" in by_answer.resources
    assert by_answer.resources["Class[Apache]"]["parameters"].get("serveradmin") == "root@localhost"
    levels = {"Larry::Customer::Acme", "Larry::App::Acme::Shop", "Larry::Instance::Acme::Shop::Production"}
    assert by_manifest.classes - levels == by_answer.classes - {"Larry::Host"}
    assert by_manifest.parameters("Class[Larry::Customer::Acme]") == {"timezone": "Europe/Berlin"}
    assert by_manifest.required("Class[Postfix]") == {"Class[Ssh::Server]", "Class[Logrotate::Base]"}
    assert set(by_answer.resources) - set(by_manifest.resources) == {"Class[Larry::Host]"}
    assert find_circles(by_answer, real_puppet.folder) == []


PROBE = """\
class probe ($values) {
  probe::variables { 'top':
    values => { 'data' => $larry_data, 'audits' => $larry_audits, 'host' => $larry_host, 'paths' => $larry_instances },
  }
}
"""


def test_no_text_means_anything_to_puppet(tmp_path: Path) -> None:
    manifests = tmp_path / "modules" / "probe" / "manifests"
    manifests.mkdir(parents=True)
    (manifests / "init.pp").write_text(PROBE)
    (manifests / "variables.pp").write_text("define probe::variables ($values) {\n}\n")
    oracle = Puppet(tmp_path, modules=(tmp_path / "modules",))
    values = every_value()
    node = dated(
        entry("probe", values=values),
        entry("rails", of=PATH, values=values),
        entry("watch", tools=puppet(define="larry::auditor"), audits=[subject("rails", values=values)]),
        own={"acme": {"values": values}, PATH: {"class": "x", "if": "y", "true": "z", "default": 1, "type": None}},
        data={"values": values},
    )
    answer, manifest = find_dialect("enc").render(node), find_dialect("puppet").render(node)
    subjects = [
        {
            "service": "rails",
            "host": "db1.example.com",
            "addresses": ["10.0.0.21"],
            "for": [PATH],
            "parameters": {"port": 5432},
            "settings": {"values": values},
        }
    ]
    for catalog in (
        oracle.compile(HOST, enc=oracle.answer(answer)),
        oracle.compile(HOST, manifest=manifest),
    ):
        assert catalog.parameters("Class[Probe]") == {"values": values}
        assert catalog.parameters(f"Larry::Service[{PRODUCTION}-rails]")["parameters"] == {"values": values}
        assert catalog.parameters("Larry::Auditor[watch]")["subjects"] == subjects
        assert catalog.parameters("Probe::Variables[top]")["values"] == {
            "data": {"values": values},
            "audits": {"watch": subjects},
            "host": HOST,
            "paths": [PATH],
        }
        written = catalog.parameters("File[/etc/larry/auditors/watch.json]")["content"]
        assert json.loads(written) == {"parameters": {}, "subjects": subjects}
    own = catalog.parameters("Class[Larry::Instance::Acme::Shop::Production]")
    assert own == {"class": "x", "if": "y", "true": "z", "default": 1}


def test_the_shipped_module_writes_what_it_was_given_and_removes_what_is_gone(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files to root, so what larry::service writes is not tested")
    oracle = Puppet(tmp_path, modules=())
    target = tmp_path / "larry"
    (target / "services").mkdir(parents=True)
    (target / "services" / "gone.json").write_text("{}")
    manifest = tmp_path / "apply.pp"
    values = {name: value for name, value in every_value().items() if name != "keys"}
    node = dated(entry("rails", of=PATH, **values))
    statement = (
        find_dialect("puppet").render(node).replace(" {\n", f" {{\n  class {{ 'larry': folder => '{target}' }}\n", 1)
    )
    manifest.write_text(statement, encoding="utf-8", newline="")
    done = oracle.run("apply", f"--certname={HOST}", "--detailed-exitcodes", str(manifest))
    assert done.returncode == 2, done.stdout + done.stderr
    written = target / "services" / f"{PRODUCTION}-rails.json"
    assert json.loads(written.read_text(encoding="utf-8")) == {"parameters": values, "subjects": []}
    assert written.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (target / "services").iterdir()] == [written.name]


def test_puppets_own_words_are_heard(tmp_path: Path) -> None:
    oracle = Puppet(tmp_path, modules=())
    answer = oracle.answer(find_dialect("enc").render(dated(entry("nobody_has_this"))))
    with pytest.raises(PuppetFailed, match="Could not find class nobody_has_this"):
        oracle.compile(HOST, enc=answer)


def test_a_circle_is_found_by_the_oracle(tmp_path: Path) -> None:
    """Larry's own order has none; this shows that the oracle above would see one."""
    oracle = Puppet(tmp_path, modules=())
    manifest = "notify { 'a': require => Notify['b'] }\nnotify { 'b': require => Notify['a'] }\n"
    (circle,) = find_circles(oracle.compile(HOST, manifest=manifest), tmp_path)
    assert set(circle) == {"Notify[a]", "Notify[b]"}


def test_a_host_may_name_its_environment(tmp_path: Path) -> None:
    oracle = Puppet(tmp_path, modules=())
    blue = tmp_path / "environments" / "blue" / "manifests"
    blue.mkdir(parents=True)
    (blue / "site.pp").write_text("notify { 'compiled in blue': }\n")
    answer = find_dialect("enc").render(dated(data={"puppet": {"environment": "blue"}}))
    assert "Notify[compiled in blue]" in oracle.compile(HOST, enc=oracle.answer(answer)).resources


def test_every_manifest_is_valid_and_ours_are_in_style(tmp_path: Path) -> None:
    printed = tmp_path / "site.pp"
    printed.write_text(find_dialect("puppet").render(real_node()), encoding="utf-8")
    ours = sorted((OURS / "modules").rglob("*.pp"))
    assert len(ours) == 4
    assert find_faults([printed, *ours]) == ""
    lint = [str(require("puppet-lint")), "--fail-on-warnings", *map(str, ours)]
    done = subprocess.run(lint, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_module_describes_itself() -> None:
    described = json.loads((OURS / "modules" / "larry" / "metadata.json").read_text())
    assert (described["name"], described["dependencies"]) == ("larry-larry", [])
