"""`larry dump`, `schema` and estate folders: what goes out comes in again, and nothing wrong does."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from larry.nouns.schema import estate_schema
from tests.actions.world import read_all_text, read_world
from tests.cli.refusal import refused_whole
from tests.cli.terminal import LIVE, SECRET, TEST, Terminal
from tests.exports.hostile import LONG, TEXTS
from tests.nouns.bad_estate import BAD, MARK


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

    @pytest.mark.django_db
    def test_an_empty_estate_is_dumped(self, terminal: Terminal) -> None:
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


class TestSchema:
    def test_it_is_printed_without_a_database(self, terminal: Terminal, tmp_path: Path) -> None:
        assert terminal.done("schema").json == estate_schema()
        file = tmp_path / "estate.schema.json"
        assert terminal.done("schema", "--output", str(file)).out == ""
        assert json.loads(file.read_text(encoding="utf-8")) == estate_schema()


class TestFolder:
    @pytest.mark.django_db
    def test_files_that_refer_to_one_another_are_one_estate(self, terminal: Terminal, tmp_path: Path) -> None:
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
        assert places == ["a.yaml:2:8", "b.yaml:2:26", "c.yaml:2:37", "c.yaml:2:41", "d.yaml:2:33"]
        assert read_world() == world
        for name in "abc":
            (tmp_path / f"{name}.yaml").unlink()
        assert "circle" in refused_whole(larry("apply", str(tmp_path)))[0]


@pytest.mark.django_db
@pytest.mark.parametrize("name", BAD)
def test_a_bad_estate_file_is_refused_whole(name: str, terminal: Terminal, tmp_path: Path) -> None:
    marked, fragments = BAD[name]
    file = tmp_path / "bad.yaml"
    file.write_text(marked.replace(MARK, ""), encoding="utf-8", newline="")
    terminal.done("apply", "-", stdin="larry: 1\n")
    world = read_world()
    faults = refused_whole(terminal("apply", str(file)))
    assert all(fault.startswith(f"{file}:") for fault in faults), faults
    told = [fault.replace(str(file), "bad.yaml") for fault in faults]
    assert all(any(fragment in fault for fault in told) for fragment in fragments), (fragments, told)
    assert read_world() == world
    assert refused_whole(terminal("plan", str(file))) == faults


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
    assert any(fragment in fault for fault in faults)
    assert len(faults) <= 1001
    assert read_world() == world


def test_a_file_that_is_trusted_may_be_larger(larry: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"larry: 1\nroles: [{name: From a large file}]\n" + b"#" * (9 * 2**20))
    for words in (("apply", str(file)), ("plan", str(file), "--largest", "9")):
        assert any("raise the limit" in fault for fault in refused_whole(larry(*words)))
    assert larry("plan", str(file), "--largest", "10").code == 3
    larry.done("apply", str(file), "--largest", "10", "--reason", "it is ours")
    assert "From a large file" in larry.done("list", "roles").out
    elsewhere = larry("--server", "http://127.0.0.1:1", "plan", str(file), "--largest", "10")
    assert (elsewhere.code, "--largest is for a database here" in elsewhere.err) == (2, True)


def test_no_secret_leaves_by_any_of_these_doors(larry: Terminal, tmp_path: Path) -> None:
    said = [larry("dump"), larry("dump", "--format", "json"), larry("dump", "--output", f"{tmp_path}/e/")]
    said += [larry("list", "customers", "--format", "csv"), larry("plan", "-", "--prune", stdin="larry: 1\n")]
    said += [larry("import", "customers", "-", stdin=f'name,parameters\nAcme,"{{""password"": ""{SECRET}""}}"\n')]
    said += [larry("import", "customers", "-", stdin=f'name,parameters\nB,"{{""password"": ""{SECRET}""}}"\n')]
    said += [larry("import", "customers", "-", stdin=f'name,parameters\nC,"{{""password"": ""{SECRET}""\n')]
    assert all(SECRET not in each.out + each.err for each in said)
    assert all(SECRET not in file.read_text(encoding="utf-8") for file in (tmp_path / "e").iterdir())
    assert SECRET not in read_all_text()
