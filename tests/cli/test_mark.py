"""States have their signs and colours at a terminal; what is piped is plain, and JSON is the same everywhere."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest

from larry.cli.main import run
from larry.cli.mark import MARKS, mark_line
from larry.queries.deployment import State
from tests.cli.terminal import LIVE, WHY, Terminal

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
Shown = Callable[..., str]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What a command shows to a person at a terminal wide enough."""

    def show(*words: str) -> str:
        with monkeypatch.context() as patch:
            screen = Screen()
            patch.setattr("sys.stdout", screen)
            patch.setenv("TERM", "xterm-256color")
            patch.setenv("COLUMNS", "300")
            run(words)
            return screen.getvalue()

    return show


def plain(text: str) -> str:
    return COLOUR.sub("", text)


@pytest.fixture
def busy(larry: Terminal) -> Terminal:
    """An estate with deployments current and future, dirty, and uncovered."""
    larry.deploy(LIVE, "web1.example.com", "--end", "+2d")
    larry.deploy(LIVE, "web2.example.com", "--start", "+9d")
    larry.done("set", "app", "acme/shop", 'parameters={"workers": 9}')
    return larry


def test_every_state_has_a_sign_of_its_own() -> None:
    assert MARKS.keys() >= {state.value for state in State} | {"covered", "uncovered", "dirty", "conflict"}
    assert len({mark.sign for mark in MARKS.values()}) == len(MARKS)


@pytest.mark.parametrize(
    "words, signs",
    [
        (("deployments",), ["● current", "○ future", "! pager"]),
        (("coverage",), ["! uncovered", "✓ covered"]),
        (("check",), ["! uncovered", "~ dirty"]),
        (("diff", LIVE), ["~ "]),
        (("history", "web1.example.com"), ["· ", "● ", "○ "]),
        (("explain", "web1.example.com", "rails", "workers"), ["~   dirty: as described today it would be 9"]),
        (("deploy", LIVE, "--host", "mon.example.com", "--dry-run"), ["! warning (uncovered)"]),
    ],
)
def test_people_at_a_terminal_see_signs_and_colours(
    words: tuple[str, ...], signs: list[str], busy: Terminal, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = shown(*words)
    assert COLOUR.search(coloured)
    assert [sign for sign in signs if sign not in plain(coloured)] == []
    monkeypatch.setenv("NO_COLOR", "1")
    uncoloured = shown(*words)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", uncoloured)
    assert [sign for sign in signs if sign not in plain(uncoloured)] == []
    piped = busy(*words).out
    assert "\x1b" not in piped
    assert [mark.sign for mark in MARKS.values() if mark.sign not in "!~" and mark.sign in piped] == []


def test_programs_read_the_same_at_a_terminal(busy: Terminal, shown: Shown) -> None:
    for words in (("deployments",), ("coverage",), ("diff", LIVE)):
        assert shown(*words, "--format", "json") == busy.done(*words, "--format", "json").out


def test_what_would_be_refused_is_marked(busy: Terminal, shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    busy.done("set", "customer", "acme", "parameters={}")
    busy.done("set", "app", "acme/shop", "parameters={}")
    assert "✗ REFUSED" in plain(shown("deploy", LIVE, "--host", "mon.example.com", "--dry-run", *WHY))
    monkeypatch.setattr("sys.stdout", Screen())
    assert mark_line("x", "conflict").endswith("\x1b[0m")
    monkeypatch.setenv("NO_COLOR", "")
    assert mark_line("x", "conflict").endswith("\x1b[0m"), "an empty variable is none"
