"""`larry plan` and `larry apply`: files, folders and standard input become the estate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import ESTATE, SECRET, Terminal

MORE = "larry: 1\nhosts: [{name: web9.example.com, addresses: [10.0.0.99]}]\n"


@pytest.mark.django_db
def test_plan_changes_nothing_and_exits_3_until_there_is_nothing_to_change(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "estate.yaml"
    file.write_text(ESTATE, encoding="utf-8")
    said = terminal("plan", str(file))
    assert said.code == 3
    assert "+ service rails" in said.out
    assert terminal.done("list", "hosts").out == "no hosts\n"
    assert terminal.done("apply", str(file)).out.splitlines()[-1].endswith("created")
    said = terminal.done("plan", str(file))
    assert said.out == "no changes\n"


def test_a_dry_run_of_apply_is_a_plan(larry: Terminal) -> None:
    said = larry.done("apply", "-", "--dry-run", stdin=MORE)
    assert "+ host web9.example.com" in said.out
    assert "dry run" in said.out
    assert larry.refused("show", "host", "web9.example.com")


def test_the_change_in_json(larry: Terminal) -> None:
    said = larry("plan", "-", "--format", "json", stdin=MORE)
    assert said.code == 3
    assert set(said.json) == {"changes", "digest", "plan", "redaction", "notes", "consequence"}
    assert (said.json["redaction"], said.json["notes"]) == (None, [])
    (change,) = said.json["changes"]
    assert (change["noun"], change["address"], change["verb"]) == ("host", "web9.example.com", "create")
    assert change["fields"]["addresses"] == {"before": None, "after": ["10.0.0.99"]}
    assert larry("apply", "-", "--format", "json", stdin=MORE).json["digest"] == said.json["digest"]


def test_an_edit_names_what_changes_and_shows_no_secret(larry: Terminal) -> None:
    edited = ESTATE.replace(SECRET, "another-secret").replace("service_level: gold", "service_level: silver")
    said = larry("plan", "-", stdin=edited)
    assert '~ app acme/shop\n    service_level: "gold" -> "silver"' in said.out
    assert 'parameters.password: "********" -> "********"' in said.out
    assert "secret" not in said.out


def test_a_folder_is_every_yaml_in_it(larry: Terminal, tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text(MORE, encoding="utf-8")
    (tmp_path / "a.yaml").write_text("larry: 1\nroles: [{name: cache}]\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not for Larry", encoding="utf-8")
    said = larry.done("apply", str(tmp_path))
    assert "+ role cache" in said.out
    assert "+ host web9.example.com" in said.out


def test_every_fault_is_told_with_its_place_and_nothing_is_changed(larry: Terminal) -> None:
    said = larry(
        "apply", "-", stdin="larry: 1\nroles: [{name: cache, colour: red}]\nhosts: [{name: x, grade: gigantic}]\n"
    )
    assert said.code == 1
    first, unknown, dangling = said.err.splitlines()
    assert first == "larry: 2 faults, and nothing has been changed:"
    assert "<standard input>:2:" in unknown
    assert "colour" in unknown
    assert "<standard input>:3:" in dangling
    assert "gigantic" in dangling
    assert "Traceback" not in said.err
    assert larry.refused("show", "role", "cache")


def test_many_faults_are_counted(larry: Terminal) -> None:
    said = larry("plan", "-", stdin="larry: 1\nroles: [{name: cache, colour: red}, {nam: x}]\nhots: []\n")
    assert said.code == 1
    first, *others = said.err.splitlines()
    assert first == f"larry: {len(others)} faults, and nothing has been changed:"
    assert all(line.startswith("<standard input>:") for line in others)


@pytest.mark.parametrize(
    "text", ["", "[]", "larry: 2", "a: &a [*a]", "\0", "!!python/object/apply:os.system [ls]", "{" * 500]
)
def test_what_is_no_estate_file_is_refused(text: str, larry: Terminal) -> None:
    said = larry("plan", "-", stdin=text)
    assert said.code == 1
    assert said.err.startswith("larry: ")
    assert "Traceback" not in said.err
    assert "defect" not in said.err


def test_files_that_are_not_there_are_wrong_usage(larry: Terminal, tmp_path: Path) -> None:
    assert "there is no file" in larry.misused("plan", str(tmp_path / "none.yaml"))
    assert "holds no *.yaml" in larry.misused("apply", str(tmp_path))
    assert "once" in larry.misused("plan", "-", "-")


def test_deployments_in_a_file_are_left_aside_aloud(larry: Terminal) -> None:
    stated = ESTATE + (
        "deployments: [{instance: acme/shop/live, host: web1.example.com, start: 2026-01-01T00:00Z, reason: x}]\n"
    )
    said = larry.done("plan", "-", stdin=stated)
    assert "1 deployments in the files are left aside" in said.err
    assert larry.done("deployments", "--all").out == "no deployments\n"


def test_an_estate_is_adopted_with_its_past(larry: Terminal) -> None:
    stated = ESTATE + (
        "deployments:\n"
        "  - {instance: acme/shop/live, host: web1.example.com, reason: old,\n"
        "     start: 2026-01-01T00:00Z, end: 2026-02-01}\n"
        "  - {instance: acme/shop/live, host: web1.example.com, reason: newer, start: 2026-02-01}\n"
    )
    assert larry("plan", "-", "--with-deployments", stdin=stated).code == 3
    larry.done("apply", "-", "--with-deployments", "--reason", "as we found it", stdin=stated)
    assert larry.done("plan", "-", "--with-deployments", stdin=stated).out == "no changes\n"
    rows = larry.done("deployments", "--format", "json").json
    assert [(row["start"], row["end"], row["reason"]) for row in rows] == [
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "old"),
        ("2026-02-01T00:00:00Z", None, "newer"),
    ]
    then = larry.done("config", "web1.example.com", "--as-of", "2026-01-15", "--format", "json").json
    assert [each["path"] for each in then["instances"]] == ["acme/shop/live"]
    assert then["next_change"] == "2026-02-01T00:00:00Z"
    taken = stated.replace("start: 2026-01-01T00:00Z, end: 2026-02-01", "start: 2026-01-10, end: 2026-01-20")
    assert "history is only filled in where it is empty" in larry.refused(
        "apply", "-", "--with-deployments", stdin=taken
    )
    wrong = stated.replace("start: 2026-02-01", "start: 0001-01-01")
    assert "<standard input>:" in larry.refused("apply", "-", "--with-deployments", stdin=wrong)


def test_apply_acts_only_on_the_change_it_expects(larry: Terminal) -> None:
    digest = larry("plan", "-", "--format", "json", stdin=MORE).json["digest"]
    assert "ground has moved" in larry.refused("apply", "-", "--expect", "0" * 64, stdin=MORE)
    larry.done("apply", "-", "--expect", digest, stdin=MORE)
