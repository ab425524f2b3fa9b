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


class TestRenameKey:
    def test_the_preview_tells_everything_and_changes_nothing(self, larry: Terminal) -> None:
        larry.deploy()
        world = read_world()
        said = larry.done("rename-key", "customer", "acme", "acme_ag", "--dry-run")
        assert read_world() == world
        lines = said.out.splitlines()
        assert lines[:-2] == [
            "~ customer acme", "    key: acme -> acme_ag", "    address: acme -> acme_ag",
            "  moves    app acme/shop -> acme_ag/shop",
            f"  moves    instance {LIVE} -> acme_ag/shop/live", f"  moves    instance {TEST} -> acme_ag/shop/test",
            "  dirty    acme_ag/shop/live on web1.example.com: becomes dirty, until it is deployed again",
            "The key acme stays its own. Until they are deployed again, hosts get what they have.",
        ]  # fmt: skip
        assert lines[-1] == "nothing has been changed: this was a dry run"
        seen = larry.done("rename-key", "customers", "acme", "acme_ag", "--dry-run", "--format", "json").json
        assert lines[-2] == f"Plan {seen['digest']}"
        text = larry.refused("rename-key", "customer", "acme", "acme_ag", "--expect", "f" * 64)
        assert "the ground has moved" in text
        done = larry.done(
            "rename-key",
            "customer",
            "acme",
            "acme_ag",
            "--expect",
            seen["digest"],
            "--reason",
            "merged",
            "--format",
            "json",
        )
        assert done.json == seen
        assert seen["after"] == {"address": "acme_ag", "key": "acme_ag"}
        assert seen["dirty"] == [{"hosts": ["web1.example.com"], "instance": "acme_ag/shop/live", "was_dirty": False}]

    def test_a_key_is_changed_and_everything_still_answers(self, larry: Terminal) -> None:
        larry.deploy()
        before = larry.done("config", "web1.example.com", "--format", "json").out
        larry.done("rename-key", "app", "acme/shop", "store", "--reason", "it is one now")
        path = "acme/store/live"
        assert larry.done("config", "web1.example.com", "--format", "json").out == before
        assert larry.done("plan", "-", stdin=larry.done("dump").out).out == "no changes\n"
        moved = larry.done("dump", "--with-deployments").out
        assert path in moved
        assert larry.done("plan", "--with-deployments", "-", stdin=moved).out == "no changes\n"
        assert [row["instance"] for row in larry.done("deployments", "--format", "json").json] == [path]
        said = larry.done("diff", path).out
        assert "app.key" in said
        assert "it is one now" in said
        assert [row["verb"] for row in larry.done("history", path, "--format", "json").json][-1] == "rename-key"
        assert f"{LIVE} is {path} now, by a change of its key" in larry.refused("history", LIVE)
        assert f"there is no instance {LIVE}: {LIVE} is {path} now" in larry.refused("show", "instance", LIVE)
        larry.done("redeploy", "--dirty", "--reason", "the key")
        told = larry.done("config", "web1.example.com", "--format", "json").json
        assert {each["path"] for each in told["instances"]} == {path}
        assert larry.done("diff", path).out.count("as described now") == 1

    def test_what_a_file_says_of_keys_is_refused_with_the_command(self, larry: Terminal) -> None:
        text = "larry: 1\ncustomers: [{name: Acme, key: acme_ag}]\n"
        (fault,) = refused_whole(larry("apply", "-", stdin=text))
        assert "by an act of its own: larry rename-key customer acme acme_ag" in fault
        larry.done("rename-key", "customer", "acme", "acme_ag")
        assert larry.done("apply", "-", stdin=text).out == "no changes\n"
        text = larry.refused("set", "customer", "acme", "name=Other", "key=acme")
        assert "the key acme was that of customer 'Acme' until" in text

    @pytest.mark.parametrize(
        "noun, address, key, why",
        [
            ("role", "web", "9", "is no key"),
            ("role", "web", "class", "reserved word"),
            ("host", "web1.example.com", "web2_example_com", "is taken by host 'web2.example.com'"),
            ("role", "nobody", "x", "there is no role nobody"),
        ],
    )
    def test_a_bad_key_is_refused_with_the_reason(
        self, noun: str, address: str, key: str, why: str, larry: Terminal
    ) -> None:
        assert why in larry.refused("rename-key", noun, address, key, "--reason", "x")


class TestLengths:
    """What does not fit is refused at the door, on every database alike; what just fits is kept."""

    def test_the_longest_that_fits_is_kept(self, larry: Terminal) -> None:
        host = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
        assert len(host) == 253
        key, name = "k" * 63, "n" * 200
        text = {
            "larry": 1,
            "hosts": [{"name": host, "key": key, "labels": {"l" * 63: "v" * 200}}],
            "services": [
                {"name": "e", "audits": [{"service": "rails", "where": {"host": host}}], "category": "c" * 200},
            ],
            "customers": [
                {
                    "name": name, "key": key, "description": "d" * 10_000,
                    "apps": [
                        {
                            "name": "\ufdfa" * 22, "key": key, "service_level": "s" * 200, "importance": 2**31 - 1,
                            "instances": [{"name": name, "key": key, "copies": 2**31 - 1}],
                        }
                    ],
                }
            ],
            "grades": [{"name": "\u0390" * 133, "key": key, "rank": -(2**31) + 1}],
        }  # fmt: skip
        larry.done("apply", "-", "--reason", "r" * 10_000, stdin=json.dumps(text))
        assert larry.done("plan", "-", stdin=larry.done("dump").out).out == "no changes\n"
        larry.done("rename-key", "instance", f"{key}/{key}/{key}", "j" * 63, "--reason", "r" * 10_000)
        larry.done("set", "host", host, 'addresses=["10.9.9.9"]')
        assert larry.done("show", "host", host, "--format", "json").json["key"] == key

    @pytest.mark.parametrize(
        "arguments, limit",
        [
            (("set", "host", "x", f"name={'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 62}"), "253"),
            (("set", "role", "x", f"name={'a' * 201}"), "200"),
            (("set", "role", "x", "name=" + "\ufdfa" * 23), "400"),
            (("set", "role", "x", "name=x", f"key={'a' * 64}"), "63"),
            (("set", "role", "web", f"description={'a' * 10_001}"), "10000"),
            (("set", "role", "web", "description=x", "--reason", "a" * 10_001), "10000"),
            (("set", "grade", "medium", "rank=2147483648"), "2147483647"),
            (("set", "instance", LIVE, "copies=2147483648"), "2147483647"),
            (("set", "app", "acme/shop", "importance=-2147483648"), "-2147483647"),
            (("set", "app", "acme/shop", f"service_level={'a' * 201}"), "200"),
            (("set", "service", "rails", f"category={'a' * 201}"), "200"),
            (("set", "host", "web1.example.com", f'labels={{"site": "{"a" * 201}"}}'), "200"),
            (("rename-key", "role", "web", "a" * 64), "63"),
            (("deploy", LIVE, "--host", "web1.example.com", "--reason", "a" * 10_001), "10000"),
        ],
    )
    def test_what_is_longer_is_refused_with_the_limit(
        self, arguments: tuple[str, ...], limit: str, larry: Terminal
    ) -> None:
        world = read_world()
        text = larry.refused(*arguments)
        assert limit in text
        assert "database" not in text
        assert read_world() == world
