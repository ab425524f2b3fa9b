"""The real Puppet as an oracle: compiles a host's catalog from a classifier or a manifest, in a folder of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.exports.facts import debian_facts
from tests.tools import PUPPET_MODULES, require

OURS = Path(__file__).resolve().parents[2] / "ops" / "puppet"
LIMIT = 240.0
"""Seconds; a compilation takes two or three, more only on a machine that does much else."""


class PuppetFailed(AssertionError):
    """Puppet refused; the text is what it said."""


@dataclass(frozen=True)
class Catalog:
    """What Puppet made of a host. References read ``Class[Apache]`` and ``Apache::Vhost[title]``."""

    document: Mapping[str, Any]

    @cached_property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        return {f"{each['type']}[{each['title']}]": each for each in self.document["resources"]}

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(each["title"] for each in self.document["resources"] if each["type"] == "Class")

    def parameters(self, reference: str) -> Mapping[str, Any]:
        """The parameters of a resource without the metaparameters of order."""
        said: Mapping[str, Any] = self.resources[reference].get("parameters", {})
        return {name: value for name, value in said.items() if name not in ("require", "before")}

    def required(self, reference: str) -> frozenset[str]:
        """The references that a resource itself requires."""
        said = self.resources[reference].get("parameters", {}).get("require", ())
        return frozenset([said] if isinstance(said, str) else said)


@dataclass(frozen=True, slots=True)
class Puppet:
    """A Puppet whose every file lies under one folder. ``modules`` are module paths besides Larry's own."""

    folder: Path
    modules: tuple[Path, ...] = (PUPPET_MODULES,)

    def compile(
        self,
        certname: str,
        *,
        enc: Path | None = None,
        manifest: str = "",
        environment: str = "production",
        variables: Mapping[str, str] | None = None,
    ) -> Catalog:
        """`puppet catalog compile`: 2 to 4 seconds. ``variables`` are added to its environment and the classifier's.

        Raises `PuppetFailed` with Puppet's own words.
        """
        manifests = self.folder / "environments" / environment / "manifests"
        manifests.mkdir(parents=True, exist_ok=True)
        (manifests / "site.pp").write_text(manifest, encoding="utf-8", newline="")
        terminus = ("--node_terminus", "exec", "--external_nodes", str(enc)) if enc else ("--node_terminus", "plain")
        facts = self._write_facts(certname)
        asked = ("catalog", "compile", certname, *facts, *terminus, "--environment", environment)
        done = self.run(*asked, variables=variables)
        _, brace, text = ("\n" + done.stdout).partition("\n{")
        if not brace:
            raise PuppetFailed(_told(done))
        return Catalog(json.loads(brace + text))

    def run(self, *arguments: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Any subcommand, with our folders and module path."""
        paths = [OURS / "modules", *self.modules]
        folders = [f"--{name}dir={self.folder / name}" for name in ("conf", "var", "ssl")]
        command = [
            str(require("puppet")),
            *arguments,
            *folders,
            f"--environmentpath={self.folder / 'environments'}",
            f"--basemodulepath={':'.join(map(str, paths))}",
            "--color=false",
        ]
        return subprocess.run(
            command,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(variables or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )

    def _write_facts(self, certname: str) -> tuple[str, str]:
        """Facts as Puppet keeps them; they are JSON, which is YAML."""
        folder = self.folder / "var" / "yaml" / "facts"
        folder.mkdir(parents=True, exist_ok=True)
        said = {"name": certname, "values": debian_facts(certname)}
        (folder / f"{certname}.yaml").write_text(f"--- !ruby/object:Puppet::Node::Facts\n{json.dumps(said)}\n")
        return "--facts_terminus", "yaml"

    def answer(self, text: str) -> Path:
        """A classifier that gives every host the one answer."""
        (self.folder / "answer.yaml").write_text(text, encoding="utf-8", newline="")
        script = self.folder / "classifier"
        script.write_text(f"#!/bin/sh\nexec cat {shlex.quote(str(self.folder / 'answer.yaml'))}\n")
        script.chmod(0o755)
        return script


FIND_CIRCLES = """
require 'puppet'
require 'json'
folder, paths = ARGV
Puppet.initialize_settings(['--confdir', folder, '--vardir', folder, '--color=false'])
environment = Puppet::Node::Environment.create(:production, paths.split(':'))
Puppet.override(current_environment: environment, loaders: Puppet::Pops::Loaders.new(environment)) do
  environment.each_plugin_directory { |directory| $LOAD_PATH << directory }
  resources = Puppet::Resource::Catalog.from_data_hash(JSON.parse(STDIN.read)).to_ral
  resources.finalize
  circles = resources.relationship_graph.find_cycles_in_graph
  puts JSON.generate(circles.map { |circle| circle.map(&:to_s) })
end
"""
"""What `puppet apply` finds and `puppet catalog compile` does not (transaction.rb, relationship_graph.rb)."""


def find_circles(catalog: Catalog, folder: Path) -> list[list[str]]:
    """The circles in the order of a catalog's resources, with all that Puppet orders by itself; 2 to 3 seconds."""
    require("puppet")
    done = subprocess.run(
        ["/usr/bin/ruby", "-e", FIND_CIRCLES, str(folder), f"{OURS / 'modules'}:{PUPPET_MODULES}"],
        input=json.dumps(catalog.document),
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )
    if done.returncode:
        raise PuppetFailed(_told(done))
    circles: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    return circles


def find_faults(paths: Iterable[Path]) -> str:
    """What `puppet parser validate` says about manifests (1 second for all of them); empty when they are valid."""
    done = subprocess.run(
        [str(require("puppet")), "parser", "validate", "--color=false", *map(str, paths)],
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _told(done: subprocess.CompletedProcess[str]) -> str:
    """Puppet's errors without what custom facts of other modules complain about."""
    lines = (done.stdout + done.stderr).splitlines()
    errors = [line for line in lines if line.startswith("Error:") and "Facter" not in line]
    return "\n".join(errors or lines[-20:])
