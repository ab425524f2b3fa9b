"""The real Ansible as a reader: what it makes of an inventory, and in which order a playbook runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OURS = Path(__file__).resolve().parents[2] / "ops" / "ansible"
BIN = Path(sys.executable).parent
LIMIT = 240.0
HERE = ("-c", "local", "-e", f"larry_gather_facts=no ansible_python_interpreter={sys.executable}")
"""Every host is this machine, of which nothing is asked."""

ROLE = """\
- name: write down
  ansible.builtin.command:
    argv: [sh, -c, 'cat > "$3/$0 $1.json"; echo "$0 $1 $2" >> "$3/log"', "{{ inventory_hostname }}",
           "{{ larry_service.key }}", "{{ larry_do }}", "{{ playbook_dir }}"]
    stdin: "{{ [larry_service, seen | default(none)] | to_json }}"
"""
"""A role that writes down what it was given, and when its turn was; ``seen`` is a variable of its own."""


@dataclass(frozen=True, slots=True)
class Ansible:
    """An Ansible whose every file lies under one folder."""

    folder: Path

    def run(self, program: str, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        known = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": str(self.folder / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(OURS),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": "2",
        }
        return subprocess.run(
            [str(BIN / program), *map(str, arguments)],
            cwd=self.folder,
            env=known | variables,
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )

    def script(self, text: str) -> Path:
        """A dynamic inventory that answers with the text."""
        (self.folder / "answer.json").write_text(text, encoding="utf-8")
        script = self.folder / "inventory"
        script.write_text(f"#!/bin/sh\nexec cat {self.folder}/answer.json\n")
        script.chmod(0o755)
        return script

    def read(self, inventory: Path, *, warned: str = "", **variables: str) -> Any:
        """What Ansible understood: ``--list``, read back; with the warning that it must give, or with none."""
        done = self.run("ansible-inventory", "-i", inventory, "--list", **variables)
        assert done.returncode == 0, done.stderr
        assert ("WARNING" in done.stderr) == bool(warned), done.stderr
        assert warned in " ".join(done.stderr.split())
        return opened(json.loads(done.stdout))

    def provide(self, *roles: str) -> None:
        for role in roles:
            (self.folder / f"roles/{role}/tasks").mkdir(parents=True, exist_ok=True)
            (self.folder / f"roles/{role}/tasks/main.yml").write_text(ROLE)

    def play(self, inventory: Path, playbook: str) -> list[tuple[str, str, str]]:
        """Run a playbook; (host, key, start or stop) in the order in which roles had their turn."""
        (self.folder / "site.yml").write_text(playbook, encoding="utf-8")
        done = self.run("ansible-playbook", "-i", inventory, "site.yml", *HERE)
        assert done.returncode == 0, done.stdout + done.stderr
        lines = (self.folder / "log").read_text(encoding="utf-8").splitlines()
        return [(host, key, do) for host, key, do in (line.split(" ") for line in lines)]

    def given(self, host: str, key: str) -> tuple[Any, Any]:
        """What a role was given: its entry, and its own variable."""
        entry, seen = json.loads((self.folder / f"{host} {key}.json").read_text(encoding="utf-8"))
        return entry, seen


def opened(value: Any) -> Any:
    """The value without the marks that keep texts from being templates."""
    if isinstance(value, Mapping):
        if set(value) == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {key: opened(member) for key, member in value.items()}
    return [opened(member) for member in value] if isinstance(value, list) else value


def in_order(document: Any) -> str:
    """A document as text in which types show, and the order of lists, but not that of keys."""
    return json.dumps(document, sort_keys=True)


def assert_read_back(said: str, understood: Any) -> None:
    """Every host, group, variable and type is as it was printed."""
    printed = opened(json.loads(said))
    hostvars = printed.pop("_meta")["hostvars"]
    read = understood["_meta"]["hostvars"]
    groups_of: dict[str, dict[str, Any]] = {host: {} for host in hostvars}
    for group in printed.values():
        for host in _all_hosts(group, printed):
            groups_of[host].update(group.get("vars", {}))
    assert set(read) == set(hostvars)
    for host, variables in hostvars.items():
        assert in_order(read[host]) == in_order({**groups_of[host], **variables}), host
    for name, group in printed.items():
        if name != "all":
            assert sorted(understood[name].get("hosts", [])) == sorted(group["hosts"]), name
            assert sorted(understood[name].get("children", [])) == sorted(group["children"]), name


def _all_hosts(group: Mapping[str, Any], groups: Mapping[str, Any]) -> set[str]:
    below = (host for child in group.get("children", ()) for host in _all_hosts(groups[child], groups))
    return {*group.get("hosts", ()), *below}
