"""`larry import puppet-classes` and `ansible-roles`: what tools claim becomes services, real modules included."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.cli.terminal import WHY, Terminal
from tests.tools import require

MODULES = Path("/usr/share/puppet/modules")
REAL = ("apache", "ntp", "postgresql")
SPEC = """
argument_specs:
  main:
    options:
      port: {type: int, required: true}
      names: {type: list, default: [a]}
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module of our own, with a second manifest that Puppet cannot read."""
    manifests = tmp_path / "probe" / "manifests"
    manifests.mkdir(parents=True)
    (manifests / "init.pp").write_text("class probe(Integer $port, Boolean $on = $facts['on']) {}\n")
    (manifests / "broken.pp").write_text("class probe::broken( {\n")
    data = tmp_path / "probe" / "data"
    data.mkdir()
    (data / "common.yaml").write_text("probe::port: 7\n")
    return tmp_path


@pytest.mark.puppet
def test_a_module_becomes_services_that_plan_takes(larry: Terminal, module: Path) -> None:
    require("puppet")
    said = larry.done("import", "puppet-classes", str(module))
    (service,) = yaml.safe_load(said.out)["services"]
    assert service["parameters"] == [
        {"name": "port", "type": "integer", "default": None},
        {"name": "on", "type": "boolean", "default": None},
    ]
    assert "broken.pp" in said.err
    assert "probe" in larry("plan", "-", stdin=said.out).out
    larry.done("apply", "-", *WHY, stdin=said.out)
    assert "agrees" in larry.done("import", "puppet-classes", str(module / "probe"), "--check").out
    larry.done("set", "service", "probe", 'parameters=[{"name": "prot"}]', *WHY)
    checked = larry("import", "puppet-classes", str(module), "--check")
    assert (checked.code, checked.out) == (3, "service probe: probe has no parameter prot\n")


@pytest.mark.puppet
@pytest.mark.parametrize("name", REAL)
def test_real_modules_are_read(larry: Terminal, name: str) -> None:
    require("puppet")
    require(f"puppet-module-{name}")
    said = larry.done("import", "puppet-classes", str(MODULES / name))
    services = {service["tools"]["puppet"]["class"]: service for service in yaml.safe_load(said.out)["services"]}
    assert name in services or f"{name}::server" in services
    first = next(each for each in services.values() if each["parameters"])
    text = yaml.safe_dump({"larry": 1, "services": [first]})
    assert larry("plan", "-", stdin=text).code == 3


def test_roles_become_services(larry: Terminal, tmp_path: Path) -> None:
    for role, text in (("site", SPEC), ("odd", "[1, 2")):
        folder = tmp_path / role / "meta"
        folder.mkdir(parents=True)
        (folder / "argument_specs.yml").write_text(text)
    said = larry.done("import", "ansible-roles", str(tmp_path))
    (service,) = yaml.safe_load(said.out)["services"]
    assert service["tools"] == {"ansible": {"role": "site"}}
    assert "odd" in said.err
    assert larry("plan", "-", stdin=said.out).code == 3


def test_what_cannot_be_read_is_refused(larry: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "holds no manifests" in larry.misused("import", "puppet-classes", str(tmp_path))
    assert "holds no role" in larry.misused("import", "ansible-roles", str(tmp_path))
    assert "there is no" in larry.misused("import", "puppet-classes", str(tmp_path / "none"))
    assert "is for puppet-classes" in larry.misused("import", "hosts", "-", "--check")
    (tmp_path / "a.pp").write_text("class a {}\n")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "install Puppet" in larry.refused("import", "puppet-classes", str(tmp_path / "a.pp"))
