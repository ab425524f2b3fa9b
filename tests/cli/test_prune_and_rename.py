"""`larry apply --prune` and `was:`: what is no longer stated retires, what is called otherwise stays the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from larry.nouns.table import NOUNS
from larry.queries.dirty import list_dirty_causes
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.actions.world import read_world
from tests.cli.refusal import refused_whole
from tests.cli.terminal import ESTATE, LIVE, TEST, Terminal


class TestPrune:
    def dump(self, larry: Terminal) -> Any:
        return larry.done("dump", "--format", "json").json

    def test_what_is_not_stated_retires_children_first(self, larry: Terminal) -> None:
        estate = self.dump(larry)
        del estate["customers"], estate["pools"]
        estate["hosts"] = [host for host in estate["hosts"] if host["name"] != "web2.example.com"]
        for host in estate["hosts"]:
            host["pools"] = []
        world = read_world()
        said = larry("plan", "--prune", "-", stdin=json.dumps(estate))
        assert said.code == 3
        gone = [line for line in said.out.splitlines() if line.startswith("- ")]
        assert gone == [
            f"- instance {LIVE}", f"- instance {TEST}", "- app acme/shop", "- customer acme", "- host web2.example.com",
            "- pool production",
        ]  # fmt: skip
        assert read_world() == world
        assert larry("plan", "-", stdin=json.dumps(estate)).code == 3, "only the pools of a host change"
        done = larry.done("apply", "--prune", "-", "--reason", "the lease is over", stdin=json.dumps(estate))
        assert done.out.splitlines()[-1] == "1 changed, 6 retired"
        assert larry.done("list", "customers").out == "no customers\n"
        assert larry.done("plan", "--prune", "-", stdin=json.dumps(estate)).out == "no changes\n"
        rows = larry.done("activity", "--format", "json").json
        assert [row["verb"] for row in rows if row["reason"] == "the lease is over"].count("retire") == 6

    def test_what_is_live_is_not_pruned(self, larry: Terminal) -> None:
        larry.deploy()
        estate = self.dump(larry)
        estate["hosts"] = [host for host in estate["hosts"] if host["name"] != "web1.example.com"]
        world = read_world()
        text = larry.refused("apply", "--prune", "-", stdin=json.dumps(estate))
        assert f"host web1.example.com cannot retire while it holds {LIVE}" in text
        assert larry.refused("plan", "--prune", "-", stdin=json.dumps(estate)) == text
        del estate["customers"]
        text = larry.refused("apply", "--prune", "-", stdin=json.dumps(estate))
        assert f"instance {LIVE} cannot retire while it is live on web1.example.com" in text
        assert read_world() == world

    def test_what_the_stated_refers_to_is_not_pruned(self, larry: Terminal) -> None:
        estate = self.dump(larry)
        del estate["roles"]
        (fault,) = refused_whole(larry("apply", "--prune", "-", stdin=json.dumps(estate)))
        assert "host 'web1.example.com', roles: role 'web' cannot retire while this refers to it" in fault
        for host in estate["hosts"]:
            host.pop("roles", None)  # what is not said of a host stays as it is, and refers still
        assert "role 'web' cannot retire" in larry.refused("plan", "--prune", "-", stdin=json.dumps(estate))

    def test_a_service_may_take_the_place_of_one_that_retires(self, larry: Terminal) -> None:
        larry.done("apply", "-", stdin="larry: 1\nservices: [{name: old, parameters: [{name: p, type: string}]}]\n")
        estate = self.dump(larry)
        estate["services"] = [each for each in estate["services"] if each["name"] != "old"]
        estate["services"].append({"name": "new", "parameters": [{"name": "p", "type": "integer"}]})
        assert larry.done("apply", "--prune", "-", stdin=json.dumps(estate)).out.endswith("1 created, 1 retired\n")

    def test_nothing_stated_retires_everything(self, larry: Terminal) -> None:
        assert larry.done("apply", "--prune", "-", stdin="larry: 1\n").out.splitlines()[-1] == "14 retired"
        assert larry.done("dump").out == "larry: 1\n"
        said = larry("apply", "-", stdin=ESTATE)
        assert said.code == 1, "keys and names of what has retired stay reserved"
        assert "its key stays its own" in said.err

    def test_the_name_of_what_has_retired_is_not_given_again(self, larry: Terminal) -> None:
        larry.done("set", "pool", "spare", "name=Spare One")
        larry.done("retire", "pool", "spare_one")
        text = larry.refused("set", "pool", "other", "name=SPARE ONE", "key=other")
        assert "pool 'Spare One' retired at" in text
        assert "its name stays its own" in text


class TestRenames:
    TEXT = (
        "larry: 1\n"
        "customers: [{name: Acme International, was: acme, apps: [{name: Store, was: Shop,"
        " instances: [{name: Production, was: live}]}]}]\n"
        "services: [{name: Ruby on Rails, was: rails}]\n"
        "hosts: [{name: www1.example.com, was: web1.example.com}, {name: eye.example.com, was: mon_example_com}]\n"
        "roles: [{name: pages, was: web}]\ngrades: [{name: middling, was: medium}]\n"
        "pools: [{name: live, was: production}]\n"
    )

    def test_everything_is_renamed_and_nothing_becomes_dirty(self, larry: Terminal) -> None:
        larry.deploy(LIVE, "web1.example.com", "--place", "pager=web2.example.com")
        before = {item["address"]: item["key"] for noun in NOUNS for item in self.listed(larry, noun) if noun != "host"}
        said = larry("plan", "-", stdin=self.TEXT)
        assert '    name: "Acme" -> "Acme International"' in said.out
        assert "node     eye.example.com from now" in said.out, "the auditor's host is compiled anew"
        assert "node     www1.example.com from now" in said.out
        larry.done("apply", "-", stdin=self.TEXT)
        after = {item["address"]: item["key"] for noun in NOUNS for item in self.listed(larry, noun) if noun != "host"}
        assert after == before
        assert {item["key"] for item in self.listed(larry, "host")} == {
            "web1_example_com", "web2_example_com", "mon_example_com",
        }  # fmt: skip
        assert self.dirty() == ()
        assert larry.done("plan", "-", stdin=self.TEXT).out == "no changes\n", "a rename that is done is done"
        assert larry.done("plan", "-", stdin=larry.done("dump").out).out == "no changes\n"
        watched = larry.done("config", "eye.example.com", "--format", "json").json
        (entry,) = (service for service in watched["services"] if service["key"] == "watch")
        assert [subject["host"] for subject in entry["audits"]] == ["www1.example.com"]
        larry.refused("config", "mon.example.com", "--format", "json")
        (audit,) = larry.done("show", "service", "watch", "--format", "json").json["audits"]
        assert audit["where"] == {"host": "eye.example.com"}

    def listed(self, larry: Terminal, noun: str) -> Any:
        return larry.done("list", noun, "--format", "json").json

    def dirty(self) -> tuple[str, ...]:
        from larry.outside import clock

        return tuple(each.path for each in list_dirty_causes(LOCAL, Moment(clock.now())))

    def test_two_may_change_names(self, larry: Terminal) -> None:
        larry.deploy()
        larry.done("set", "role", "cache", "name=cache")
        text = (
            "larry: 1\nroles: [{name: cache, was: web}, {name: web, was: cache}]\nhosts:\n"
            "- {name: web1.example.com, was: web2.example.com}\n- {name: web2.example.com, was: web1_example_com}\n"
            "customers:\n- name: acme\n  apps:\n"
            "  - {name: shop, instances: [{name: Live, was: test}, {name: Test, was: live}]}\n"
        )
        larry.done("apply", "-", stdin=text)
        keys = {item["name"]: item["key"] for noun in ("role", "host", "instance") for item in self.listed(larry, noun)}
        assert keys == {
            "cache": "web", "web": "cache", "web1.example.com": "web2_example_com", "web2.example.com":
            "web1_example_com", "Live": "test", "Test": "live", "mon.example.com": "mon_example_com",
        }  # fmt: skip
        assert self.dirty() == ()
        assert larry.done("deployments", "--format", "json").json[0]["host"] == "web2.example.com"

    def test_names_are_passed_on_in_a_row(self, larry: Terminal) -> None:
        larry.done("apply", "-", stdin="larry: 1\npools: [{name: a}, {name: b}, {name: c}]\n")
        larry.done("apply", "-", stdin="larry: 1\npools: [{name: b, was: a}, {name: c, was: b}, {name: d, was: c}]\n")
        assert {item["key"]: item["name"] for item in self.listed(larry, "pool")} == {
            "a": "b", "b": "c", "c": "d", "production": "production",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "text, fragment",
        [
            ("roles: [{name: x, was: nobody}]", "nothing to rename: there is no role 'nobody'"),
            ("roles: [{name: x, was: }]", "must be the key or name of one noun, not nothing"),
            ("roles: [{name: x, was: 5}]", "must be the key or name of one noun, not the number 5"),
            ("roles: [{name: x, was: [web]}]", "must be the key or name of one noun, not a list"),
            ("roles: [{was: web}]", "every role needs a name"),
            ("roles: [{name: x, was: web, key: y}]", "keeps the key web"),
            ("roles: [{name: a, was: web}, {name: b, was: web}]", "is stated already"),
            ("roles: [{name: a, was: web}, {name: web}]", "is stated already"),
            ("roles: [{name: cache}, {name: cache, was: web}]", "is stated already"),
            ("hosts: [{name: web2.example.com, was: web1.example.com}]", "is taken"),
            ("hosts: [{name: www_1, was: web1.example.com}]", "is no DNS name"),
            ("hosts: [{name: www, was: web1.example.com}, {name: x, roles: [web, web1.example.com]}]", "no role"),
            ("services: [{name: x, was: rails, needs: [x]}]", "a service cannot need itself"),
            ("customers: [{name: x, was: acme/shop}]", "nothing to rename"),
            ("customers: [{name: Acme, apps: [{name: x, was: acme/shop}]}]", "nothing to rename"),
            ("customers: [{name: B, apps: [{name: Store, was: shop}]}]", "nothing to rename"),
            ("deployments: [{was: x}]", "a deployment has no 'was'"),
            ("roles: [{name: 日本, was: nobody}]", "nothing to rename"),
        ],
    )  # fmt: skip
    def test_what_is_no_rename_is_refused(self, text: str, fragment: str, larry: Terminal) -> None:
        world = read_world()
        assert any(fragment in fault for fault in refused_whole(larry("apply", "-", stdin=f"larry: 1\n{text}\n")))
        assert read_world() == world

    def test_a_name_without_a_key_of_its_own_is_fine_for_what_has_one(self, larry: Terminal) -> None:
        larry.done("apply", "-", stdin="larry: 1\nroles: [{name: 日本, was: web}]\n")
        assert larry.done("show", "role", "web", "--format", "json").json["name"] == "日本"
        assert larry.done("plan", "-", stdin=larry.done("dump").out).out == "no changes\n"
