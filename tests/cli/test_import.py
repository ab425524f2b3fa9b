"""`larry import`: many nouns at once from CSV, all of them or none."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from larry.cli.progress import progress_shown
from larry.nouns.table import NOUNS
from tests.actions.world import read_world
from tests.cli.refusal import refused_whole
from tests.cli.terminal import WHY, Terminal
from tests.nouns.bad_csv import BAD_CSV

HOSTS = "name,roles,grade,addresses\nweb7.example.com,web,medium,10.0.0.7\nweb8.example.com,,,10.0.0.8\n"


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

    @pytest.mark.django_db
    def test_every_noun_is_imported(self, terminal: Terminal) -> None:
        for noun, text in {
            "roles": "name,floor\nweb,cpu=2\n",
            "grades": "name,rank\nmedium,2\n",
            "pools": "name\nproduction\n",
            "hosts": "name,roles,grade,pools,labels\nweb1,web,medium,production,site=fra\n",
            "services": "name,needs,audits,parameters\nlinux,,,\n"
            'rails,linux,,"[""a"", {""name"": ""b"", ""default"": 4}]"\n'
            'watch,,"[{""service"": ""rails"", ""where"": {""role"": ""web""}}]",\n',
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
        assert len(created) < 100
        with CaptureQueriesContext(connection) as changed:
            larry.done("import", "hosts", "-", stdin=f"name,roles,grade,addresses\n{lines.replace('10.1.', '10.2.')}")
        assert len(changed) < 100

    def test_a_bar_is_shown_to_people_who_wait_and_to_nobody_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for is_terminal, size, is_shown in ((True, 1001, True), (True, 1000, False), (False, 5000, False)):
            screen = io.StringIO()
            monkeypatch.setattr(screen, "isatty", lambda answer=is_terminal: answer)
            monkeypatch.setattr("sys.stderr", screen)
            monkeypatch.setenv("TERM", "xterm")
            with progress_shown(size=size) as progress:
                assert list(progress.track(range(size), "reading hosts")) == list(range(size))
                progress.wait("changing the estate")
            assert ("reading hosts" in screen.getvalue()) is is_shown
            assert (screen.getvalue() == "") is not is_shown
