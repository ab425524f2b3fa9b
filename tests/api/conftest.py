"""A client that has signed in, in a small estate."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from larry.actions.sign_in import SESSION_STAMP, SESSION_USER
from larry.core.token import find_token_prefix, hash_token, make_token_text
from larry.outside import clock
from larry.records.pool import Pool
from larry.records.user import User
from tests.api.scene import WEB, lay, put
from tests.cli.terminal import Terminal
from tests.records.rows import add_grant, add_token, add_user

_NUMBERS = count(1)


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


def show_token(user: str = "tool", *, role: str = "machine", pool: Pool | None = None, reveals: bool = False) -> Client:
    """A client that shows a token of a machine; over one pool, or everything."""
    row = User.objects.filter(name=user).first()
    if row is None:
        row = add_user(name=user, name_folded=user)
        add_grant(user=row, role=role, pool=pool)
    number = next(_NUMBERS)
    text = make_token_text(number.to_bytes(6), number.to_bytes(32))
    expires = clock.now() + timedelta(days=1)
    prefix = find_token_prefix(text)
    add_token(user=row, digest=hash_token(text), prefix=prefix, expires_at=expires, reveals=reveals)
    return Client(headers={"Authorization": f"Bearer {text}"})


@pytest.fixture
def machine(db: None) -> Client:
    """Reads the configurations of all hosts, secrets masked."""
    return show_token()


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
