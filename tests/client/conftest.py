"""A scripted server, and a client of it that never really waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.loopback import Script, scripted, serving


@pytest.fixture(scope="module")
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def served(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where Larry answers, on the database of the test."""
    with serving(monkeypatch) as url:
        yield url
