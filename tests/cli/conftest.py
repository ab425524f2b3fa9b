"""A terminal, and one with an estate behind it."""

from __future__ import annotations

import pytest

from tests.cli.terminal import ESTATE, Terminal


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("LARRY_ACTOR", "Tess Tester")
    return Terminal(capsys, monkeypatch)


@pytest.fixture
def larry(terminal: Terminal, db: None) -> Terminal:
    """A terminal at a Larry that knows the estate of these tests."""
    terminal.done("apply", "-", stdin=ESTATE)
    return terminal
