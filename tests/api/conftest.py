"""A client that has signed in, in a small estate."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from larry.actions.sign_in import SESSION_STAMP, SESSION_USER
from larry.records.user import User
from tests.api.scene import WEB, lay, put
from tests.cli.terminal import Terminal
from tests.records.rows import add_user


@pytest.fixture
def somebody(db: None) -> Client:
    """Whoever has signed in by the page, without its token being asked for."""
    return sign_in()


def sign_in(name: str = "tess", *, checks: bool = False) -> Client:
    """A client with a session of that user; ``checks``: what it sends needs the page's token."""
    row = User.objects.filter(name=name).first()
    row = row or add_user(name=name, name_folded=name, is_administrator=True)
    client = Client(enforce_csrf_checks=checks)
    request = HttpRequest()
    request.session = client.session
    request.session[SESSION_USER], request.session[SESSION_STAMP] = row.id, row.get_session_auth_hash()
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""
    return client


@pytest.fixture
def estate() -> datetime:
    """An instance that is live on one of two hosts."""
    now = lay()
    put(WEB, now, at=-5, start=-3, end=5)
    return now


@pytest.fixture
def larry(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal beside the client."""
    monkeypatch.setenv("LARRY_ACTOR", "Tess Tester")
    return Terminal(capsys, monkeypatch)
