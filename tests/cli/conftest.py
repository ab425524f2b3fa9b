"""A terminal, and one with an estate behind it."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

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


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The environment of a Larry with an empty database of its own, of the sort that is being tested."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_", "PORT"))}
    url = os.environ.get("LARRY_DATABASE_URL")
    if url is None:
        return {**kept, "LARRY_HOME": str(tmp_path)}
    import psycopg

    name = f"cli_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    own = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    return {**kept, "LARRY_HOME": str(tmp_path), "LARRY_DATABASE_URL": own}
