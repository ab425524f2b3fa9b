"""Completion as shells ask for it: bash itself, and zsh and fish by click's protocol."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from larry.cli import main
from larry.cli.commands.completion import SHELLS
from tests.cli.terminal import ESTATE, LIVE, TEST, WHY, Terminal


def ask(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, shell: str, *words: str) -> list[str]:
    """What a shell is told about the last of the words."""
    said = {"COMP_WORDS": " ".join(("larry", *words)), "COMP_CWORD": str(len(words))}
    if shell == "fish":
        said = {"COMP_WORDS": " ".join(("larry", *words[:-1])), "COMP_CWORD": words[-1]}
    with monkeypatch.context() as patch:
        for name, value in {**said, main.COMPLETE: f"{shell}_complete"}.items():
            patch.setenv(name, value)
        answer = terminal()
    assert answer.err == ""
    assert answer.code == 0
    lines = answer.out.splitlines()
    if shell == "zsh":
        return lines[1::3]
    return [re.split(r"[,\t]", line)[1] for line in lines if line]


@pytest.mark.parametrize(
    "words, told",
    [
        (("cov",), ["coverage"]),
        (("coverage", "--uncov"), ["--uncovered"]),
        (("deploy", "acme/"), [LIVE, TEST]),
        (("deploy", LIVE, "acme/shop/t"), [TEST]),
        (("deploy", LIVE, "--host", "WEB"), ["web1.example.com", "web2.example.com"]),
        (("explain", "mon"), ["mon.example.com"]),
        (("explain", "mon.example.com", "ra"), ["rails"]),
        (("explain", "mon.example.com", "rails", ""), ["password", "workers"]),
        (("coverage", "--customer", ""), ["acme"]),
        (("deployments", "--app", "a"), ["acme/shop"]),
        (("list", "ro"), ["role"]),
        (("import", "deb"), ["debian-packages"]),
        (("show", "role", ""), ["web"]),
        (("show", "grade", "m"), ["medium"]),
        (("history", "r"), ["rails"]),
        (("deploy", LIVE, "--place", "pa"), ["pager="]),
        (("list", "hosts", "--format", "y"), ["yaml"]),
        (("show", "unicorn", ""), []),
    ],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_commands_options_and_what_the_estate_holds(
    shell: str, words: tuple[str, ...], told: list[str], larry: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(larry, monkeypatch, shell, *words) == told


def test_deployments_rollouts_and_snapshots_of_the_instance(larry: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = larry.deploy(LIVE, "web1.example.com"), larry.deploy(TEST, "web2.example.com")
    rows = {row["id"]: row for row in larry.done("deployments", "--format", "json").json}
    assert ask(larry, monkeypatch, "zsh", "undeploy", "") == [one, other]
    assert ask(larry, monkeypatch, "zsh", "undo", "")[:2] == [str(rows[other]["rollout"]), str(rows[one]["rollout"])]
    assert ask(larry, monkeypatch, "zsh", "diff", TEST, "") == [rows[other]["snapshot"]]
    assert ask(larry, monkeypatch, "zsh", "deploy", LIVE, "--snapshot", "") == [rows[one]["snapshot"]]
    larry.done("undeploy", other, *WHY)
    assert ask(larry, monkeypatch, "zsh", "undeploy", "") == [one]


def test_bash_cuts_words_at_the_sign_and_is_told_the_last_piece(
    larry: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = ("deploy", LIVE, "--place", "watch", "=")
    assert ask(larry, monkeypatch, "bash", *cut) == ["mon.example.com", "web1.example.com", "web2.example.com"]
    assert ask(larry, monkeypatch, "bash", *cut, "we") == ["web1.example.com", "web2.example.com"]
    assert ask(larry, monkeypatch, "bash", *cut, "mon.example.com", "--host", "m") == ["mon.example.com"]
    assert ask(larry, monkeypatch, "bash", "coverage", "--customer", "=", "a") == ["acme"]
    assert ask(larry, monkeypatch, "fish", "deploy", "--place", "watch=m") == ["watch=mon.example.com"]


def test_a_database_that_fails_is_no_matter_of_whoever_presses_tab(
    larry: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("on fire")

    monkeypatch.setattr("larry.queries.address.list_addresses", fail)
    assert ask(larry, monkeypatch, "bash", "explain", "") == []


def test_a_question_that_no_shell_asks_is_met_with_silence(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    for question in ("bash_complete", "tcsh_complete", "nonsense"):
        monkeypatch.setenv(main.COMPLETE, question)
        monkeypatch.setenv("COMP_WORDS", "larry 'unclosed")
        monkeypatch.setenv("COMP_CWORD", "many")
        said = terminal()
        assert (said.code, said.out, said.err) == (1, "", "")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Larry of its own, as somebody has it on a machine, with `larry` on the path."""
    folder = tmp_path_factory.mktemp("completion")
    (folder / "bin").mkdir()
    script = folder / "bin" / "larry"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m larry.cli.main "$@"\n')
    script.chmod(0o755)
    (folder / "estate.yaml").write_text(ESTATE)
    for words in (("migrate",), ("apply", str(folder / "estate.yaml"))):
        run(folder, [str(script), *words])
    return folder


def run(home: Path, command: list[str], folder: str = "home") -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_"))}
    path = f"{home / 'bin'}:{clean['PATH']}"
    done = subprocess.run(
        command,
        env={**clean, "LARRY_HOME": str(home / folder), "PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


PRESS_TAB = """
source <(larry completion bash)
complete -p larry
COMP_WORDS=({words}) COMP_CWORD={last}
_larry_completion larry
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_itself_completes(home: Path) -> None:
    def press(*words: str, folder: str = "home") -> list[str]:
        quoted = " ".join(f"'{word}'" for word in ("larry", *words))
        lines = run(home, ["bash", "-c", PRESS_TAB.format(words=quoted, last=len(words))], folder).splitlines()
        assert "_larry_completion" in lines[0]
        return [line for line in lines[1:] if line]

    assert press("cover") == ["coverage"]
    assert press("deploy", "acme/shop/l") == [LIVE]
    assert press("deploy", LIVE, "--place", "watch", "=", "mo") == ["mon.example.com"]
    assert press("deploy", "acme/", folder="nowhere") == []
    assert not (home / "nowhere").exists(), "who asks makes no folder, no key and no database"


def test_each_shell_has_its_script(terminal: Terminal) -> None:
    for shell, sign in (("bash", "complete -o"), ("zsh", "#compdef larry"), ("fish", "complete --no-files")):
        said = terminal.done("completion", shell).out
        assert sign in said
        assert f"{main.COMPLETE}={shell}_complete" in said
    assert "tcsh" in terminal.misused("completion", "tcsh")


def test_completion_only_reads_and_waits_for_nobody(home: Path) -> None:
    """A writer holds the database; whoever presses Tab has an answer from before, or none."""
    hold = (
        "import sqlite3, subprocess, sys\n"
        f"at = sqlite3.connect({str(home / 'home' / 'larry.sqlite3')!r}, isolation_level=None)\n"
        "at.execute('BEGIN EXCLUSIVE')\n"
        "done = subprocess.run(['larry'], capture_output=True, text=True, timeout=30)\n"
        "print(done.stdout, done.stderr, done.returncode)\n"
    )
    environment = {"COMP_WORDS": "larry explain ", "COMP_CWORD": "2", main.COMPLETE: "bash_complete"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        said = run(home, [sys.executable, "-c", hold])
    assert "Traceback" not in said
    assert said.split()[-1] == "0"
