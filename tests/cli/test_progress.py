"""Bars are for people at a terminal: on standard error only, and for what takes long."""

from __future__ import annotations

import io

import pytest

from larry.cli import progress
from larry.cli.progress import progress_shown
from tests.cli.terminal import LIVE, TEST, WHY, Terminal


class Screen(io.StringIO):
    """A stream that a person may be looking at."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


def look(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool = True) -> Screen:
    """In the test itself: whatever pytest's capturing puts there before is replaced."""
    screen = Screen(is_terminal=is_terminal)
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    return screen


@pytest.mark.parametrize(
    "form, size, rows, is_shown",
    [
        ("text", None, 1001, True),
        ("table", None, 1001, True),
        ("text", None, 1000, False),
        ("text", 1000, 5000, False),
        ("json", None, 5000, False),
        ("yaml", None, 5000, False),
    ],
)
def test_a_bar_is_shown_for_what_takes_long(
    form: str, size: int | None, rows: int, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = look(monkeypatch)
    with progress_shown(form, size=size) as shown:
        assert list(shown.track(range(rows), "looking")) == list(range(rows))
    assert ("looking" in screen.getvalue()) is is_shown
    assert (screen.getvalue() == "") is not is_shown


def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = look(monkeypatch, is_terminal=False)
    with progress_shown(size=5000) as shown:
        assert list(shown.track(range(5000), "looking")) == list(range(5000))
        shown.wait("changing")
    assert screen.getvalue() == ""


def test_waiting_is_shown_only_for_what_is_known_to_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = look(monkeypatch)
    with progress_shown() as shown:
        shown.wait("changing")
    assert screen.getvalue() == ""
    with progress_shown(size=5000) as shown:
        shown.wait("changing")
    assert "changing" in screen.getvalue()


def fail() -> None:
    with progress_shown(size=5000) as shown:
        shown.wait("changing")
        raise ZeroDivisionError


def test_a_fault_takes_the_bar_away(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = look(monkeypatch)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert "\x1b[?25h" in screen.getvalue(), "the cursor is there again"


@pytest.mark.parametrize(
    "words, told",
    [
        (("check",), "looking through the parameters of instances"),
        (("redeploy", "--dirty", *WHY), "taking snapshots"),
        (("redeploy", "--dirty", "--dry-run"), "holding what is live"),
    ],
)
def test_long_commands_show_how_far_they_are(
    words: tuple[str, ...], told: str, larry: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = look(monkeypatch)
    for module in ("check", "redeploy"):
        monkeypatch.setattr(f"larry.cli.commands.{module}.CLOSURES_WORTH_A_BAR", 0)
    larry.deploy(LIVE, "web1.example.com")
    larry.deploy(TEST, "web2.example.com")
    larry.done("set", "app", "acme/shop", 'parameters={"workers": 9}')
    assert screen.getvalue() == ""
    said = larry(*words)
    assert told in screen.getvalue()
    assert told not in said.out
    shown = len(screen.getvalue())
    larry(*words, "--format", "json")
    assert len(screen.getvalue()) - shown <= len("nothing is dirty\n")


def test_applying_much_shows_what_is_done(larry: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = look(monkeypatch)
    lines = "".join(f"- {{name: role{number}}}\n" for number in range(progress.WORTH_A_BAR + 1))
    larry.done("apply", "-", "--dry-run", stdin=f"larry: 1\nroles:\n{lines}")
    assert "reading the files" in screen.getvalue()
    assert "finding out what would change" in screen.getvalue()
    told = screen.getvalue()
    larry.done("apply", "-", "--dry-run", "--format", "json", stdin=f"larry: 1\nroles:\n{lines}")
    assert screen.getvalue() == told
