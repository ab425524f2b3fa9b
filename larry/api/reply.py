"""Replies of one line of text, and what every reply to a program says to those that carry it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from types import MappingProxyType
from typing import cast

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponse]

TEXT = "text/plain; charset=utf-8"
_SAFE: Mapping[str, str] = MappingProxyType(
    {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff"}
)
RETRY_AFTER = "5"


def make_reply(body: str | bytes, *, media_type: str = TEXT, status: int = 200) -> HttpResponse:
    """A reply with its length, which nothing takes for a page."""
    response = HttpResponse(body, content_type=media_type, status=status)
    for name, value in _SAFE.items():
        response.headers[name] = value
    response.headers["Content-Length"] = str(len(response.content))
    return response


def make_stream(pieces: Iterator[str], *, media_type: str) -> HttpResponse:
    """A reply that is made while it is sent: its length is not known, and no more than a piece of it is in memory. If
    its end cannot be read, the connection is broken, which says that it was not all."""
    response = StreamingHttpResponse((piece.encode() for piece in pieces), content_type=media_type)
    for name, value in _SAFE.items():
        response.headers[name] = value
    return cast("HttpResponse", response)  # whoever passes it on touches headers alone


def make_refusal(text: str, status: int) -> HttpResponse:
    """One line that says why not; nobody keeps it."""
    line = " ".join(text.split())
    response = make_reply(f"{line}\n", status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def read_only(view: View) -> View:
    """The view for GET and HEAD; other methods are refused, and a database that does not answer is told as such."""

    @csrf_exempt  # what writes nothing needs no token to be refused properly
    @wraps(view)
    def answer(request: HttpRequest, **arguments: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            response = make_refusal(f"{request.method} does nothing here: use GET", 405)
            response.headers["Allow"] = "GET, HEAD"
            return response
        try:
            response = view(request, **arguments)
        except (DatabaseError, InterfaceError):
            response = make_refusal("the database does not answer, or is not up to date: see /readyz", 503)
            response.headers["Retry-After"] = RETRY_AFTER
        if request.method == "HEAD":
            length = response.headers.get("Content-Length")
            if response.streaming:
                return HttpResponse(status=response.status_code, headers=dict(response.headers))
            response.content = b""
            if length is not None:
                response.headers["Content-Length"] = length
        return response

    return answer
