"""Servers on the loopback, stopped by themselves: one that says what it is told to, and Larry itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.http import HttpRequest

from larry.api import caller
from larry.api.caller import Caller
from larry.core.rights import ALL_RIGHTS, Rights

TOKEN = "larry_test_0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the scripted server answers: nothing at all for ``status`` 0."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    claims: int | None = None
    """The Content-Length that it claims."""


@dataclass(frozen=True, slots=True)
class Heard:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Script:
    """Replies in turn, the last one for ever; and what was heard."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    def say(self, *replies: Reply) -> None:
        self.replies[:] = replies
        self.heard.clear()

    def take(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def scripted() -> Iterator[Script]:
    """A server that follows a script."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): text for name, text in self.headers.items()}
            script.heard.append(Heard(self.command, self.path, headers, body))
            reply = script.take()
            self.close_connection = True
            if not reply.status:
                return
            self.send_response(reply.status)
            told = (("Content-Length", str(len(reply.body) if reply.claims is None else reply.claims)),)
            for name, text in (*reply.headers, *told, ("Connection", "close")):
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = answer  # noqa: N815 — the names that are looked for
        do_POST = answer  # noqa: N815
        do_PATCH = answer  # noqa: N815
        do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with _served(HTTPServer(("127.0.0.1", 0), Handler)) as url:
        script.url = url
        yield script


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, rights: Rights = ALL_RIGHTS, name: str = "Tess Tester") -> Iterator[str]:
    """Larry itself, on the very connection of the test: it sees what the test has not committed. It answers one request
    after another, while the test waits. `TOKEN` is that of somebody with these rights."""

    def recognise(request: HttpRequest, now: datetime) -> Caller | None:
        del now
        return Caller(name, rights) if request.headers.get("Authorization") == f"Bearer {TOKEN}" else None

    monkeypatch.setattr(caller, "RECOGNISERS", (recognise,))
    application, shared = get_wsgi_application(), connections["default"]
    shared.inc_thread_sharing()
    monkeypatch.setattr(shared, "close_if_unusable_or_obsolete", lambda: None)  # the test's transaction is left open

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Threaded(WSGIServer):
        def process_request(self, request: Any, client_address: Any) -> None:
            connections["default"] = shared
            super().process_request(request, client_address)

    ServerHandler.server_software = "test"
    server = Threaded(("127.0.0.1", 0), Quiet)
    server.set_app(application)
    try:
        with _served(server) as url:
            yield url
    finally:
        shared.dec_thread_sharing()


@contextmanager
def _served(server: HTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def replies(*statuses: int) -> Sequence[Reply]:
    """A reply of each status."""
    return tuple(Reply(status) for status in statuses)
