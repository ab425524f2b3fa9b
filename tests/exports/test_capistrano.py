"""Capistrano runs the tasks in the order of the services, and hands them what the node says."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from larry.core.document import thaw
from larry.core.fleet import Fleet, FleetHost
from larry.core.node_text import dated_document
from larry.exports import CannotPrint, capistrano
from tests.exports.ansible import in_order
from tests.exports.hostile import every_value
from tests.exports.many import FLEETS
from tests.exports.specimen import HOST, PATH, dated, entry, subject
from tests.exports.test_ansible import on
from tests.tools import require

CAPFILE = """\
require 'capistrano/setup'
require 'capistrano/deploy'
require 'capistrano/scm/git'
install_plugin Capistrano::SCM::Git
"""
TASKS = """\
require 'json'
namespace :larry do
  fetch(:larry)['tasks'].each do |of|
    task of['service'] do
      roles("service_#{of['service']}".to_sym).sort_by(&:hostname).each do |host|
        larry_entries(host, of['service']).each do |entry|
          File.write('turns', JSON.generate([host.hostname, host.user, host.roles.to_a, entry]) + "\\n", mode: 'a')
        end
      end
    end
  end
end
"""
"""Tasks that write down whose turn it was, and what they were given."""


def run(folder: Path, stage: str, *tasks: str) -> list[Any]:
    """The turns that were taken."""
    (folder / "config/deploy").mkdir(parents=True)
    (folder / "Capfile").write_text(CAPFILE)
    (folder / "config/deploy.rb").write_text("lock '>= 3'\nset :application, 'larry'\n")
    (folder / "config/deploy/larry.rb").write_text(stage + TASKS, encoding="utf-8", newline="")
    done = subprocess.run(
        [require("cap"), "larry", *(tasks or ("larry:deploy",))],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in (folder / "turns").read_text(encoding="utf-8").split("\n")[:-1]]


def fleet(*nodes: Any) -> Fleet:
    return Fleet(tuple(FleetHost(node, ("web",), ("production",)) for node in nodes))


def services_of(node: Any) -> Any:
    document: Any = json.loads(json.dumps(thaw(dated_document(node))))
    return document["services"]


def test_hostile_values_are_read_back_equal_and_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    values = {"values": every_value(), "code": f"#{{`touch {mark}`}}' + `touch {mark}` + '", "end": "\n__END__\n=begin"}
    node = dated(
        entry("ntp"),
        entry("website", of=PATH, after=["ntp"], audits=[subject("ntp", x="#{1}")], **values),  # type: ignore[arg-type]
        own={"acme": {}, PATH: {}},
        data={"capistrano": {"user": "deploy"}},
    )
    turns = run(tmp_path, capistrano.render_fleet(fleet(node)))
    assert [(host, user) for host, user, _, _ in turns] == [(HOST, "deploy")] * 2
    assert set(turns[0][2]) == {
        *("customer_acme", "instance_acme__shop__production", "service_ntp", "service_website"),
        *("role_web", "pool_production"),
    }
    assert in_order([given for _, _, _, given in turns]) == in_order(services_of(node))
    assert not mark.exists()


@FLEETS
def test_a_whole_fleet_is_run_in_order_and_read_back_equal(make: Callable[[], Fleet], tmp_path: Path) -> None:
    made = make()
    turns = run(tmp_path, capistrano.render_fleet(made))
    place = {(host, given["key"]): number for number, (host, _, _, given) in enumerate(turns)}
    assert place.keys() == made.entries.keys()
    for spot, earlier in made.before.items():
        assert all(place[other] < place[spot] for other in earlier), spot
    given: dict[str, list[Any]] = {}
    for host, _, _, entry_given in turns:
        given.setdefault(host, []).append(entry_given)
    for host in made.hosts:
        expected = {service["key"]: service for service in services_of(host.dated)}
        assert in_order({one["key"]: one for one in given[host.name]}) == in_order(expected), host.name


def test_a_task_brings_what_it_needs_and_nothing_else(tmp_path: Path) -> None:
    node = dated(entry("ntp"), entry("rails", of=PATH, after=["ntp"]), entry("cron"))
    turns = run(tmp_path, capistrano.render(node), "larry:rails")
    assert [given["key"] for _, _, _, given in turns] == ["ntp", "acme-shop-production-rails"]


def test_what_capistrano_would_misread_is_refused() -> None:
    nodes = on("one", entry("a"), entry("b", after=["a"])), on("two", entry("b"), entry("a", after=["b"]))
    with pytest.raises(CannotPrint, match="circle, a -> b -> a: redeploy"):
        capistrano.render_fleet(fleet(*nodes))
    with pytest.raises(CannotPrint, match="larry:deploy"):
        capistrano.render(dated(entry("deploy")))
    odd: tuple[Any, ...] = ("deploy", {"roles": []}, {"a b": 1})
    for wrong in odd:
        with pytest.raises(CannotPrint, match="must be a map of options"):
            capistrano.render(dated(data={"capistrano": wrong}))
