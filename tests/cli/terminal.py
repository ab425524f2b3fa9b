"""The command called in this process, and what it said."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from larry.cli.main import run

ESTATE = """
larry: 1
roles: [{name: web}]
grades: [{name: medium, rank: 2, floor: {cpu: 2}}]
pools: [{name: production, description: what pays}]
services:
  - {name: linux}
  - name: rails
    sharing: instance
    needs: [linux]
    parameters: [{name: workers, type: integer, default: 4}, {name: password, type: string, sensitive: true}]
  - name: watch
    audits: [{service: rails, where: {host: mon.example.com}}]
    tools:
      {prometheus: {}, nagios: {}, icinga: {}, nftables: {port: 80},
       borgmatic: {configuration: {location: {repositories: [/b]}}}}
  - {name: pager, audits: [{service: rails, where: manual}]}
customers:
  - name: Acme
    parameters: {password: hunter2-secret}
    apps:
      - name: Shop
        service_level: gold
        instances: [{name: Live, requires: [rails]}, {name: Test, requires: [rails]}]
hosts:
  - {name: web1.example.com, roles: [web], grade: medium, pools: [production], addresses: [10.0.0.1],
     labels: {site: fra}}
  - {name: web2.example.com, addresses: [10.0.0.2]}
  - {name: mon.example.com, addresses: [10.0.0.9]}
"""
LIVE, TEST = "acme/shop/live", "acme/shop/test"
SECRET = "hunter2-secret"
WATCHING, WATCHERS = "mon.example.com", ("prometheus", "nagios", "icinga", "nftables", "borgmatic")
"""The host of an auditor; dialects that tell only such hosts something."""
WHY = ("--reason", "because of the tests")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """A terminal without a screen: both streams are caught, and nothing is drawn."""

    def __init__(self, caught: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._caught, self._patch = caught, patch

    def __call__(self, *arguments: str, stdin: str = "") -> Said:
        self._caught.readouterr()
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        code = run(arguments)
        caught = self._caught.readouterr()
        return Said(code, caught.out, caught.err)

    def done(self, *arguments: str, stdin: str = "") -> Said:
        """The same, of a command that must succeed."""
        said = self(*arguments, stdin=stdin)
        assert said.code == 0, said
        return said

    def refused(self, *arguments: str, stdin: str = "") -> str:
        """The one line of a command that must be refused."""
        said = self(*arguments, stdin=stdin)
        assert said.code == 1, said
        assert "Traceback" not in said.err
        assert said.err.startswith("larry: ")
        assert len(said.err.splitlines()) == 1
        return said.err

    def misused(self, *arguments: str, stdin: str = "") -> str:
        """What a command used wrongly says about it."""
        said = self(*arguments, stdin=stdin)
        assert said.code == 2, said
        assert said.out == ""
        assert "Traceback" not in said.err
        return said.err

    def deploy(self, instance: str = LIVE, host: str = "web1.example.com", *more: str) -> str:
        """Deploy; the id of the new deployment."""
        plan = self.done("deploy", instance, "--host", host, *more, *WHY, "--format", "json").json
        found: str = next(change["deployment"] for change in plan["changes"] if change["kind"] == "add")
        return found
