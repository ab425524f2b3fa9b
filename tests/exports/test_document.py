"""JSON and YAML print the pinned document, and YAML reads the same in Python and in Puppet's Ruby."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from larry.core.document import thaw
from larry.core.node_text import dated_document, read_node
from larry.exports.dialect import find_dialect
from tests.exports.hostile import every_value
from tests.exports.specimen import HOST, PATH, dated, entry, subject
from tests.tools import require

READ_ALIKE = """
require 'puppet'
require 'json'
STDOUT.set_encoding('UTF-8')
puts JSON.generate(ARGV.map { |path| Puppet::Util::Yaml.safe_load(File.read(path, encoding: 'UTF-8'), [Symbol]) })
"""
"""What Puppet does with a classifier's answer (indirector/node/exec.rb)."""

PINNED = (
    "host addresses labels data valid next_change digest instances services".split(),
    "service key sharing parameters for needs needs_elsewhere audits".split(),
    "service host addresses for parameters settings".split(),
)


def hostile_node() -> Any:
    return dated(
        entry("postgres", port=5432),
        entry("rails", of=PATH, after=["postgres"], values=every_value()),
        entry("watch", after=["postgres"], audits=[subject("postgres", target=every_value())]),
        own={"acme": {"values": every_value()}},
        data=every_value(),
    )


@pytest.fixture(scope="module")
def node() -> Any:
    return hostile_node()


def test_json_is_the_document(node: Any) -> None:
    text = find_dialect("json").render(node)
    assert json.loads(text) == thaw(dated_document(node))
    assert text.endswith("\n}\n")


def test_the_document_has_the_pinned_names(node: Any) -> None:
    document = json.loads(find_dialect("json").render(node))
    services = document["services"]
    for names, found in zip(PINNED, (document, services[0], services[2]["audits"][0]), strict=True):
        assert set(names) <= set(found)


def test_a_node_survives_json(node: Any) -> None:
    document = json.loads(find_dialect("json").render(node))
    assert read_node(json.dumps(document)).digest == node.node.digest


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_python_reads_yaml_as_json(node: Any, loader: Any) -> None:
    assert yaml.load(find_dialect("yaml").render(node), loader) == thaw(dated_document(node))  # noqa: S506  # both are safe


def test_yaml_has_blocks_and_no_plain_text() -> None:
    text = find_dialect("yaml").render(dated(entry("ntp", servers=["a", {"b": [], "c": {}}], since=None)))
    assert '  "parameters":\n      "servers":\n        - "a"\n        - "b": []\n          "c": {}\n' in text
    assert all(line.lstrip(" -")[0] in '"[{' or line.strip() == "null" for line in text.splitlines())


@pytest.mark.parametrize("name,read", [("json", json.loads), ("yaml", yaml.safe_load)])
def test_stopping_is_the_reverse(node: Any, name: str, read: Any) -> None:
    starting, stopping = (read(find_dialect(name).render(node, stop=stop)) for stop in (False, True))
    assert stopping.pop("services") == starting.pop("services")[::-1]
    assert stopping == starting


@pytest.mark.puppet
def test_puppets_ruby_reads_yaml_and_enc_as_python_does(node: Any, tmp_path: Path) -> None:
    require("puppet")
    paths = []
    for name in ("yaml", "enc"):
        paths.append(tmp_path / name)
        paths[-1].write_text(find_dialect(name).render(node), encoding="utf-8", newline="")
    done = subprocess.run(
        ["/usr/bin/ruby", "-e", READ_ALIKE, *map(str, paths)], capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    as_yaml, as_enc = json.loads(done.stdout)
    assert as_yaml == thaw(dated_document(node))
    assert as_enc == yaml.safe_load(paths[1].read_text(encoding="utf-8"))
    assert as_enc["parameters"]["larry_data"] == every_value()
    assert as_enc["classes"]["larry::host"]["services"]["acme-shop-production-rails"]["parameters"] == {
        "parameters": {"values": every_value()}
    }


def test_an_empty_node_is_printed_in_every_dialect() -> None:
    for name in ("json", "yaml"):
        assert yaml.safe_load(find_dialect(name).render(dated()))["services"] == []
    assert yaml.safe_load(find_dialect("enc").render(dated()))["classes"] == {}
    assert f"node '{HOST}'" in find_dialect("puppet").render(dated())
    assert find_dialect("shell").render(dated()).startswith("#!/bin/sh\n")
