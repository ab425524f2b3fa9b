"""Somebody in front of the pages: signed in without a password being tried, or a stranger."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from larry.actions.sign_in import SignedIn
from larry.records.user import User
from larry.web.visitor import begin_session, read_visitor
from tests.records.rows import add_user


def sign_in_as(name: str, **fields: Any) -> Client:
    """A client with a session of that user, who is added as an administrator if there is none of that name.

    The row is written as it is: an act would have to be later than all that the tests do in the past afterwards.
    """
    row = User.objects.filter(name=name).first()
    row = row or add_user(**({"name": name, "name_folded": name, "is_administrator": True} | fields))
    client = Client()
    begin(client, SignedIn(row.id, row.name, row.get_session_auth_hash()))
    return client


def begin(client: Client, signed: SignedIn) -> None:
    """Give the client a session, as the page to sign in does."""
    request = HttpRequest()
    request.session = client.session
    begin_session(request, signed)
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""


def whoever(client: Client) -> str:
    """The name under which the client acts; empty for a stranger."""
    request = HttpRequest()
    request.session = client.session
    visitor = read_visitor(request)
    return visitor.name if visitor.is_signed_in else ""
