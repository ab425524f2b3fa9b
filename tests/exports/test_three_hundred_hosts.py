"""300 hosts with hostile values are read back equal by Puppet, Hiera, a shell, run-parts and make.

So are 10,000 generated texts, with `-m slow`.

One Ruby process compiles all catalogs, since a process for each would take a quarter of an hour.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from larry.core.document import thaw
from larry.core.fleet import Fleet, FleetHost
from larry.core.node_text import dated_document
from larry.exports.dialect import find_dialect
from larry.exports.puppet.declared import HOST_CLASS, declare
from larry.exports.puppet.hiera import render_tree
from larry.exports.puppet.top_scope import list_variables
from tests.exports.many import FLEETS
from tests.exports.puppet import OURS, Catalog
from tests.exports.test_puppet import as_json, assert_declared
from tests.tools import require

COMPILE_MANY = """
require 'puppet'
require 'json'
folder, modules = ARGV
Puppet.initialize_settings(%w[conf var ssl].map { |name| "--#{name}dir=#{folder}/#{name}" } +
  ["--environmentpath=#{folder}/environments", "--basemodulepath=#{modules}", '--color=false'])
Puppet.push_context(Puppet.base_context(Puppet.settings))
manifest = nil
STDIN.each_line do |line|
  asked = JSON.parse(line)
  if asked['manifest'] != manifest
    manifest = asked['manifest']
    File.write("#{folder}/environments/production/manifests/site.pp", manifest)
    Puppet.lookup(:environments).clear_all
  end
  environment = Puppet.lookup(:environments).get!(:production)
  # As the exec terminus reads what a classifier prints (indirector/node/exec.rb).
  answer = Puppet::Util::Yaml.safe_load(asked['answer'], [Symbol])
  node = Puppet::Node.new(asked['host'], environment: environment, parameters: answer['parameters'] || {})
  node.classes = answer['classes'] || {}
  Puppet.override(current_environment: environment) do
    puts JSON.generate(Puppet::Parser::Compiler.compile(node).to_data_hash)
  end
end
"""
Make = Callable[[], Fleet]
INCLUDE = "lookup('larry_classes', Array, 'first', []).include\n"


def compile_all(fleet: Fleet, folder: Path, asked: Iterable[dict[str, str]]) -> list[Catalog]:
    """A catalog for each host, in order, of modules that take what the fleet's classes are given."""
    require("puppet")
    taken: dict[str, set[str]] = {}
    for host in fleet.hosts:
        for one in declare(host.dated.node):
            if one.title is None:
                taken.setdefault(one.name, set()).update(one.parameters)
    site = folder / "environments/production"
    (site / "manifests").mkdir(parents=True)
    for name, parameters in taken.items():
        (site / f"modules/{name}/manifests").mkdir(parents=True)
        declared = ", ".join(f"${parameter} = undef" for parameter in sorted(parameters))
        (site / f"modules/{name}/manifests/init.pp").write_text(f"class {name}({declared}) {{}}\n")
    done = subprocess.run(
        ["/usr/bin/ruby", "-e", COMPILE_MANY, str(folder), str(OURS / "modules")],
        input="".join(json.dumps(each) + "\n" for each in asked),
        env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, encoding="utf-8", timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[:2000]
    return [Catalog(json.loads(line)) for line in done.stdout.split("\n") if line.startswith("{")]


@FLEETS
@pytest.mark.puppet
def test_every_classifiers_answer_compiles_to_what_the_node_says(make: Make, tmp_path: Path) -> None:
    fleet = make()
    answers = [{"host": host.name, "answer": find_dialect("enc").render(host.dated)} for host in fleet.hosts]
    catalogs = compile_all(fleet, tmp_path, [each | {"manifest": ""} for each in answers])
    assert len(catalogs) == len(fleet.hosts)
    for host, catalog in zip(fleet.hosts, catalogs, strict=True):
        assert_declared(catalog, host.dated)


@FLEETS
@pytest.mark.puppet
def test_every_manifest_compiles_to_what_the_node_says(make: Make, tmp_path: Path) -> None:
    fleet = make()
    manifests = [{"host": host.name, "manifest": find_dialect("puppet").render(host.dated)} for host in fleet.hosts]
    catalogs = compile_all(fleet, tmp_path, [each | {"answer": "{}"} for each in manifests])
    assert len(catalogs) == len(fleet.hosts)
    for host, catalog in zip(fleet.hosts, catalogs, strict=True):
        assert_declared(catalog, host.dated)


@FLEETS
@pytest.mark.puppet
def test_every_host_looks_up_in_hiera_what_the_node_says(make: Make, tmp_path: Path) -> None:
    fleet = make()
    files = {f"data/{path}": text for path, text in render_tree(host.dated for host in fleet.hosts).items()}
    files["hiera.yaml"] = (OURS / "hiera.yaml").read_text()
    for path, text in files.items():
        target = tmp_path / "environments/production" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
    asked = [
        {"host": host.name, "manifest": INCLUDE, "answer": json.dumps({"parameters": thaw(list_variables(host.dated))})}
        for host in fleet.hosts
    ]
    catalogs = compile_all(fleet, tmp_path, asked)
    for host, catalog in zip(fleet.hosts, catalogs, strict=True):
        declared = declare(host.dated.node)
        for one in declared:
            said = {name: value for name, value in one.parameters.items() if value is not None}
            found = catalog.parameters(one.reference)
            assert as_json({name: found[name] for name in said}) == as_json(said)
        classes = {one.name for one in declared if one.title is None}
        assert {each.lower() for each in catalog.classes} - {"main", "settings", "larry", HOST_CLASS} == classes


def by_script(folder: Path, host: FleetHost) -> list[str | Path]:
    (folder / "node.sh").write_text(find_dialect("shell").render(host.dated), encoding="utf-8", newline="")
    return [require("dash"), folder / "node.sh"]


def by_run_parts(folder: Path, host: FleetHost) -> list[str | Path]:
    fill(folder, "run-parts", host)
    return [require("run-parts"), "--exit-on-error", folder / "files" / host.name]


def by_make(folder: Path, host: FleetHost) -> list[str | Path]:
    fill(folder, "make", host)
    return [require("make"), "-s", "-C", folder / "files" / host.name]


def fill(folder: Path, dialect: str, host: FleetHost) -> None:
    render_files = find_dialect(dialect).render_files
    assert render_files is not None
    for path, text in render_files(Fleet((host,))).items():
        target = folder / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
        target.chmod(0o755)


@FLEETS
@pytest.mark.parametrize("prepare", [by_script, by_run_parts, by_make])
def test_every_service_is_handed_what_the_node_says_in_order(
    prepare: Callable[[Path, FleetHost], list[str | Path]], make: Make, tmp_path: Path
) -> None:
    """Scripts run for real on all hosts; each writes down what it was given, and make may choose among orders."""
    fleet = make()
    scripts, record = tmp_path / "scripts", tmp_path / "record"
    scripts.mkdir()
    for service in {each.service for host in fleet.hosts for each in host.dated.node.services}:
        (scripts / service).write_text('#!/bin/sh\n{ cat; printf "\\0"; } >> "$RECORD"\n')
        (scripts / service).chmod(0o755)
    known = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "LARRY_SCRIPTS": str(scripts), "RECORD": str(record)}
    for host in fleet.hosts:
        record.unlink(missing_ok=True)
        asked = prepare(tmp_path, host)
        done = subprocess.run(asked, env=known, capture_output=True, encoding="utf-8", timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        given = [json.loads(text) for text in record.read_text(encoding="utf-8").split("\0")[:-1]]
        document: Any = json.loads(json.dumps(thaw(dated_document(host.dated))))
        said = [{name: value for name, value in each.items() if name != "tools"} for each in document["services"]]
        if prepare is by_make:
            place = {each["key"]: number for number, each in enumerate(given)}
            services = host.dated.node.services
            assert all(place[other] < place[one.key] for one in services for other in one.after)
            given.sort(key=lambda each: [one["key"] for one in said].index(each["key"]))
        assert given == said
