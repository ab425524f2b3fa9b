"""`larry dump`, `import`, `schema`, pruning and renames: what goes out comes in again, and nothing wrong does."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

from larry.cli.progress import progress_shown
from larry.nouns.schema import estate_schema
from larry.nouns.table import NOUNS
from larry.queries.instance import list_dirty
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.actions.world import read_all_text, read_world
from tests.cli.terminal import ESTATE, LIVE, SECRET, TEST, WHY, Said, Terminal
from tests.exports.hostile import LONG, TEXTS
from tests.nouns.bad_csv import BAD_CSV
from tests.nouns.bad_estate import BAD, MARK

HOSTS = "name,roles,grade,addresses\nweb7.example.com,web,medium,10.0.0.7\nweb8.example.com,,,10.0.0.8\n"


def refused_whole(said: Said) -> list[str]:
    """The faults of a command that was refused, in an answer that is clear."""
    assert said.code == 1, said
    assert "Traceback" not in said.err
    assert "defect" not in said.err
    first, *others = said.err.splitlines()
    assert first.startswith("larry: ")
    if not others:
        return [first.removeprefix("larry: ")]
    assert first == f"larry: {len(others)} faults, and nothing has been changed:"
    return others


class TestDump:
    @pytest.mark.parametrize("form", ["yaml", "json"])
    def test_plan_finds_nothing_to_change_in_a_dump(self, form: str, larry: Terminal) -> None:
        dumped = larry.done("dump", "--format", form).out
        assert larry.done("plan", "-", stdin=dumped).out == "no changes\n"
        assert larry.done("plan", "-", "--prune", stdin=dumped).out == "no changes\n"
        assert dumped == larry.done("dump", "--format", form).out
        assert SECRET not in dumped
        assert '"sealed"' in dumped or "sealed:" in dumped

    def test_the_two_forms_say_the_same(self, larry: Terminal) -> None:
        assert yaml.safe_load(larry.done("dump").out) == larry.done("dump", "--format", "json").json

    def test_an_empty_estate_is_dumped(self, terminal: Terminal, db: None) -> None:
        assert terminal.done("dump").out == "larry: 1\n"
        assert terminal.done("plan", "-", stdin="larry: 1\n").out == "no changes\n"

    @pytest.mark.parametrize("text", [*TEXTS, LONG])
    def test_hostile_values_come_back(self, text: str, larry: Terminal) -> None:
        values = {text: [text, {text: text}]} if text != LONG else {"long": text}
        value = json.dumps(values, ensure_ascii=False)
        larry.done("set", "host", "web1.example.com", f"data={value}")
        larry.done("set", "customer", "acme", f"parameters={json.dumps({'p': values}, ensure_ascii=False)}")
        dumped = larry.done("dump").out
        assert larry.done("plan", "-", stdin=dumped).out == "no changes\n"
        assert yaml.safe_load(dumped)["hosts"][1]["data"] == values
        assert larry.done("plan", "-", stdin=larry.done("dump", "--format", "json").out).out == "no changes\n"

    def test_what_is_dumped_states_it_again_where_it_has_been_changed(self, larry: Terminal) -> None:
        dumped = larry.done("dump").out
        larry.done("set", "app", "acme/shop", "service_level=silver")
        larry.done("set", "service", "rails", "needs=[]", "category=Web")
        said = larry("plan", "-", stdin=dumped)
        assert said.code == 3
        assert '"silver" -> "gold"' in said.out
        assert 'needs: [] -> ["linux"]' in said.out

    def test_a_file_is_replaced_whole(self, larry: Terminal, tmp_path: Path) -> None:
        file = tmp_path / "estate.yaml"
        file.write_text("old", encoding="utf-8")
        file.chmod(0o640)
        assert larry.done("dump", "--output", str(file)).out == ""
        assert file.read_text(encoding="utf-8") == larry.done("dump").out
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        before = file.stat().st_mtime_ns
        larry.done("dump", "--output", str(file))
        assert file.stat().st_mtime_ns == before, "a file that says the same already is left alone"
        assert os.listdir(tmp_path) == ["estate.yaml"]  # noqa: PTH208 — hidden files too

    def test_a_link_is_followed_and_a_pipe_is_written_to(self, larry: Terminal, tmp_path: Path) -> None:
        (tmp_path / "link.yaml").symlink_to("estate.yaml")
        larry.done("dump", "--output", str(tmp_path / "link.yaml"))
        assert (tmp_path / "link.yaml").is_symlink()
        assert (tmp_path / "estate.yaml").is_file()
        larry.done("dump", "--output", "/dev/null")

    def test_a_folder_is_planned_as_it_was_dumped(self, larry: Terminal, tmp_path: Path) -> None:
        folder = tmp_path / "new" / "estate"
        larry.done("dump", "--output", f"{folder}/")
        assert {file.name for file in folder.iterdir()} == {
            "roles.yaml", "grades.yaml", "pools.yaml", "hosts.yaml", "services.yaml", "customer-acme.yaml",
        }  # fmt: skip
        assert larry.done("plan", str(folder), "--prune").out == "no changes\n"
        larry.done("set", "customer", "other", "name=Other")
        larry.done("dump", "--output", str(folder))
        assert (folder / "customer-other.yaml").exists()
        larry.done("retire", "customer", "other")
        (folder / "notes.yaml").write_text("# mine\n", encoding="utf-8")
        (folder / "customer-mine.yaml").write_text("# mine too\n", encoding="utf-8")
        said = larry.done("dump", "--output", str(folder))
        assert not (folder / "customer-other.yaml").exists()
        assert "customer-other.yaml is no longer true" in said.err
        assert "notes.yaml is none of Larry's" in said.err
        assert "customer-mine.yaml is none of Larry's" in said.err

    def test_a_folder_of_json_is_wrong_usage(self, larry: Terminal, tmp_path: Path) -> None:
        assert "leave --format out" in larry.misused("dump", "--format", "json", "--output", str(tmp_path))

    def test_a_place_that_cannot_be_written_is_told(self, larry: Terminal, tmp_path: Path) -> None:
        assert "No such file" in larry.refused("dump", "--output", str(tmp_path / "no" / "estate.yaml"))

    def test_another_moment_is_answered_as_now_and_says_so(self, larry: Terminal) -> None:
        said = larry.done("dump", "--as-of", "2026-01-01")
        assert "as they are now" in said.err
        assert said.out == larry.done("dump").out

    def test_deployments_are_dumped_when_asked_for(self, larry: Terminal) -> None:
        assert larry.deploy()
        assert larry.deploy(TEST, "web2.example.com", "--end", "+3d")
        assert "deployments" not in larry.done("dump").out
        dumped = larry.done("dump", "--with-deployments").out
        stated: Any = yaml.safe_load(dumped)["deployments"]
        assert [(each["instance"], each["host"]) for each in stated] == [
            (LIVE, "web1.example.com"),
            (TEST, "web2.example.com"),
        ]
        assert stated[0]["end"] is None
        assert "no changes" in larry.done("plan", "-", "--with-deployments", stdin=dumped).out


class TestImport:
    @pytest.mark.parametrize("word", ["host", "hosts"])
    def test_hosts_are_created_and_changed(self, word: str, larry: Terminal, tmp_path: Path) -> None:
        file = tmp_path / "hosts.csv"
        file.write_text(HOSTS, encoding="utf-8")
        world = read_world()
        said = larry.done("import", word, str(file), "--dry-run")
        assert "2 created; nothing has been changed" in said.out
        assert read_world() == world
        assert larry.done("import", word, str(file), "--reason", "the new racks").out.endswith("2 created\n")
        shown = larry.done("show", "host", "web7.example.com", "--format", "json").json
        assert (shown["roles"], shown["grade"], shown["addresses"]) == (["web"], "medium", ["10.0.0.7"])
        assert larry.done("import", word, str(file)).out == "no changes\n"
        assert {row["reason"] for row in larry.done("activity", "--format", "json").json[:2]} == {"the new racks"}
        said = larry.done("import", word, "-", stdin="name,addresses,grade\nWEB7.example.com,10.0.0.77,\n")
        assert '["10.0.0.7"] -> ["10.0.0.77"]' in said.out
        assert larry.done("show", "host", "web7.example.com", "--format", "json").json["grade"] == "medium"

    @pytest.mark.parametrize("noun", NOUNS)
    def test_what_list_writes_as_csv_is_read_as_it_is(self, noun: str, larry: Terminal) -> None:
        larry.done("set", "customer", "acme", "description='=1+1")
        larry.done("set", "pool", "production", 'description=-x, "y"\n;z')
        listed = larry.done("list", noun, "--format", "csv").out
        assert larry.done("import", noun, "-", stdin=listed).out == "no changes\n"

    def test_formulas_are_text_on_the_way_in_and_guarded_on_the_way_out(self, larry: Terminal) -> None:
        larry.done("import", "pools", "-", stdin="name,description\nspare,=1+1\n")
        assert larry.done("show", "pool", "spare", "--format", "json").json["description"] == "=1+1"
        listed = larry.done("list", "pools", "--format", "csv").out
        assert "'=1+1" in listed
        assert larry.done("import", "pools", "-", stdin=listed).out == "no changes\n"

    def test_every_noun_is_imported(self, terminal: Terminal, db: None) -> None:
        for noun, text in {
            "roles": "name,floor\nweb,cpu=2\n",
            "grades": "name,rank\nmedium,2\n",
            "pools": "name\nproduction\n",
            "hosts": "name,roles,grade,pools,labels\nweb1,web,medium,production,site=fra\n",
            "services": 'name,needs,audits,parameters\nlinux,,,\nrails,linux,,"[""a"", {""name"": ""b"", ""default"": 4}]"'
            '\nwatch,,"[{""service"": ""rails"", ""where"": {""role"": ""web""}}]",\n',
            "customers": 'name,parameters\nAcme,"{""a"": ""x""}"\n',
            "apps": "customer,name,importance\nacme,Shop,3\nACME,Blog,\n",
            "instances": "app,name,requires,template\nacme/shop,Live,rails,\nacme/blog,Live,rails,acme/shop/live\n",
        }.items():
            terminal.done("import", noun, "-", stdin=text)
        assert terminal.done("dump").out.count("name:") == 13
        terminal.done("deploy", "acme/blog/live", "--host", "web1", *WHY)

    def test_json_and_expect(self, larry: Terminal) -> None:
        said = larry.done("import", "hosts", "-", "--dry-run", "--format", "json", stdin=HOSTS).json
        assert [change["verb"] for change in said["changes"]] == ["create", "create"]
        assert "ground has moved" in larry.refused("import", "hosts", "-", "--expect", "0" * 64, stdin=HOSTS)
        larry.done("import", "hosts", "-", "--expect", said["digest"], stdin=HOSTS)

    @pytest.mark.parametrize("name", BAD_CSV)
    def test_bad_csv_is_refused_whole(self, name: str, larry: Terminal, tmp_path: Path) -> None:
        bad, file = BAD_CSV[name], tmp_path / "bad.csv"
        file.write_bytes(bad.content)
        world = read_world()
        faults = refused_whole(larry("import", bad.noun, str(file)))
        assert len(faults) == len(bad.told), faults
        for fault, told in zip(faults, bad.told, strict=True):
            assert fault.startswith(f"{file}:{told.split(' ')[0]}: ")
        assert read_world() == world
        refused_whole(larry("import", bad.noun, str(file), "--dry-run"))

    def test_what_is_no_file_is_wrong_usage(self, larry: Terminal, tmp_path: Path) -> None:
        assert "there is no file" in larry.misused("import", "hosts", str(tmp_path / "none.csv"))
        assert "is a folder" in larry.misused("import", "hosts", str(tmp_path))
        assert "there is no noun 'machines'" in larry.misused("import", "machines", "x.csv")
        assert "Missing argument" in larry.misused("import", "hosts")

    def test_a_thousand_hosts_take_no_statement_for_each(self, larry: Terminal) -> None:
        lines = "".join(f"web{n}.example.net,web,medium,10.1.{n // 256}.{n % 256}\n" for n in range(1000))
        with CaptureQueriesContext(connection) as created:
            larry.done("import", "hosts", "-", stdin=f"name,roles,grade,addresses\n{lines}")
        assert len(created) < 70
        with CaptureQueriesContext(connection) as changed:
            larry.done("import", "hosts", "-", stdin=f"name,roles,grade,addresses\n{lines.replace('10.1.', '10.2.')}")
        assert len(changed) < 70

    def test_a_bar_is_shown_to_people_who_wait_and_to_nobody_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for is_terminal, size, is_shown in ((True, 1001, True), (True, 1000, False), (False, 5000, False)):
            screen = io.StringIO()
            monkeypatch.setattr(screen, "isatty", lambda answer=is_terminal: answer)
            monkeypatch.setattr("sys.stderr", screen)
            monkeypatch.setenv("TERM", "xterm")
            with progress_shown(size) as progress:
                assert list(progress.track(range(size), "reading hosts")) == list(range(size))
                progress.wait("changing the estate")
            assert ("reading hosts" in screen.getvalue()) is is_shown
            assert (screen.getvalue() == "") is not is_shown


class TestSchema:
    def test_it_is_printed_without_a_database(self, terminal: Terminal, tmp_path: Path) -> None:
        assert terminal.done("schema").json == estate_schema()
        file = tmp_path / "estate.schema.json"
        assert terminal.done("schema", "--output", str(file)).out == ""
        assert json.loads(file.read_text(encoding="utf-8")) == estate_schema()


class TestFolder:
    def test_files_that_refer_to_one_another_are_one_estate(self, terminal: Terminal, tmp_path: Path, db: None) -> None:
        files = {
            "a.yaml": "hosts: [{name: web1, roles: [web], grade: Medium}]\n",
            "b.yml": "services: [{name: rails, needs: [linux]}]\nroles: [{name: web}]\n",
            "c.yaml": "grades: [{name: medium}]\nservices: [{name: linux}]\n",
            "d.yaml": "customers: [{name: A, apps: [{name: B, instances: [{name: C, requires: [rails]}]}]}]\n",
            "e.txt": "not read",
            ".f.yaml.swp": "not read",
        }
        for name, text in files.items():
            (tmp_path / name).write_text(f"larry: 1\n{text}", encoding="utf-8")
        assert terminal("plan", str(tmp_path)).code == 3
        terminal.done("apply", str(tmp_path))
        assert terminal.done("plan", str(tmp_path), "--prune").out == "no changes\n"

    def test_the_faults_of_all_files_and_of_all_sorts_are_in_one_answer(self, larry: Terminal, tmp_path: Path) -> None:
        texts = ("roles: 5\n", "hosts: [{name: x, grade: huge}]\n", "services: [{name: a, needs: [rails, b], x: 1}]\n")
        for name, text in zip("abc", texts, strict=True):
            (tmp_path / f"{name}.yaml").write_text(f"larry: 1\n{text}", encoding="utf-8")
        (tmp_path / "d.yaml").write_text("larry: 1\nservices: [{name: linux, needs: [rails]}]\n", encoding="utf-8")
        world = read_world()
        faults = refused_whole(larry("apply", str(tmp_path)))
        places = [fault.removeprefix(f"{tmp_path}/").split(": ")[0] for fault in faults]
        assert places == ["a.yaml:2:8", "b.yaml:2:27", "c.yaml:2:40", "c.yaml:2:44", "d.yaml:2:33"]
        assert read_world() == world
        for name in "abc":
            (tmp_path / f"{name}.yaml").unlink()
        assert "circle" in refused_whole(larry("apply", str(tmp_path)))[0]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_estate_file_is_refused_whole(name: str, larry: Terminal, tmp_path: Path) -> None:
    marked, fragments = BAD[name]
    file = tmp_path / "bad.yaml"
    file.write_text(marked.replace(MARK, ""), encoding="utf-8", newline="")
    world = read_world()
    faults = refused_whole(larry("apply", str(file)))
    assert all(fault.startswith(f"{file}:") for fault in faults), faults
    for fragment in fragments:
        assert any(fragment in fault for fault in faults) or "there is no" in fragment, (fragment, faults)
    assert read_world() == world
    assert refused_whole(larry("plan", str(file))) == faults


@pytest.mark.parametrize(
    "content, fragment",
    [
        (b"", "is empty"),
        (b"\xff\xfe", "not UTF-8"),
        ("larry: 1\n".encode("utf-16"), "not UTF-8"),
        (b"larry: 1\nroles: [{name: \xe4}]\n", "not UTF-8"),
        (b"larry: 1\nroles: [{name: web", "this is not YAML"),
        (b"larry: 1\n" + b"#" * (9 * 2**20), "at most"),
        (b"larry: 1\nroles: " + b"[" * 100_000, "nested deeper"),
        (b"larry: 1\na: &a [x]\nb: [" + b"*a," * 200_000 + b"]\n", "aliases are not read"),
        (b"larry: 1\nroles: [" + b"{name: a}," * 20_000 + b"]\n", "is stated already"),
        (b"larry: 1\n? " + b"x" * 500_000 + b"\n: 1\n", "an estate file has no"),
        (b"larry: 1\nroles: [{name: '" + b"x" * 500_000 + b"'}]\n", "at most 200 characters"),
        (b"{", "not YAML"),
    ],
)
def test_bytes_that_are_no_estate_are_refused_whole(
    content: bytes, fragment: str, larry: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    world = read_world()
    faults = refused_whole(larry("apply", str(file)))
    assert fragment in faults[0]
    assert len(faults) <= 1001
    assert read_world() == world


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
        "roles: [{name: pages, was: web}]\ngrades: [{name: middling, was: medium}]\npools: [{name: live, was: production}]\n"
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

        return list_dirty(LOCAL, Moment(clock.now()))

    def test_two_may_change_names(self, larry: Terminal) -> None:
        larry.deploy()
        larry.done("set", "role", "cache", "name=cache")
        text = (
            "larry: 1\nroles: [{name: cache, was: web}, {name: web, was: cache}]\n"
            "hosts: [{name: web1.example.com, was: web2.example.com}, {name: web2.example.com, was: web1.example.com}]\n"
            "customers: [{name: acme, apps: [{name: shop, instances: [{name: Live, was: test}, {name: Test, was: live}]}]}]\n"
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


def test_no_secret_leaves_by_any_of_these_doors(larry: Terminal, tmp_path: Path) -> None:
    said = [larry("dump"), larry("dump", "--format", "json"), larry("dump", "--output", f"{tmp_path}/e/")]
    said += [larry("list", "customers", "--format", "csv"), larry("plan", "-", "--prune", stdin="larry: 1\n")]
    said += [larry("import", "customers", "-", stdin=f'name,parameters\nAcme,"{{""password"": ""{SECRET}""}}"\n')]
    said += [larry("import", "customers", "-", stdin=f'name,parameters\nB,"{{""password"": ""{SECRET}""}}"\n')]
    said += [larry("import", "customers", "-", stdin=f'name,parameters\nC,"{{""password"": ""{SECRET}""\n')]
    assert all(SECRET not in each.out + each.err for each in said)
    assert all(SECRET not in file.read_text(encoding="utf-8") for file in (tmp_path / "e").iterdir())
    assert SECRET not in read_all_text()
