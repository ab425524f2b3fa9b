"""Sending to a webhook: one signed request to an address that was judged, no redirects, little read of the answer."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from larry.outside.guarded_address import Address, AddressRefused, Network, Resolver, Target, choose_address, read_url

MOST_ANSWER = 2048
"""So many bytes of an answer are read at most; they are not kept."""

_LATE = "it did not answer in time"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: the ``body`` as it is signed with ``secret``, the ``key`` that stays the same over all tries."""

    url: str
    secret: str
    key: str
    event: str
    body: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How sending went: the status (None: there was no answer) and, if it failed, why."""

    status: int | None
    fault: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Door:
    """How sending leaves: which networks are allowed beside the public ones, and seconds for each step and for all."""

    allowed: Sequence[Network] = ()
    patience: float = 5.0
    deadline: float = 10.0
    resolve: Resolver | None = None
    trust: ssl.SSLContext | None = None


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The value of ``Larry-Signature``: HMAC-SHA256 of the timestamp, a full stop and the body."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def send(request: Request, door: Door) -> Answer:
    """Send once, and say how it went; raises nothing. Takes no longer than the deadline and resolving a name."""
    try:
        place = read_url(request.url)
        address = choose_address(place, door.allowed, door.resolve)
    except AddressRefused as refused:
        return Answer(None, str(refused))
    headers = {
        "Host": place.host_header,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Larry",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Larry-Event": request.event,
        "Larry-Delivery": request.key,
        "Larry-Signature": sign(request.secret, request.timestamp, request.body),
    }
    connection = _connection(place, address, door)
    watch = threading.Timer(door.deadline, connection.give_up)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", place.path, request.body, headers, preload_content=False, decode_content=False)
        answer = connection.getresponse()
        if connection.is_late:  # what came until it was cut may look like a whole answer
            return Answer(None, _LATE)
        answer.read(MOST_ANSWER, decode_content=False)
        return _tell(answer.status)
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as fault:
        return Answer(None, _LATE if connection.is_late else _tell_fault(fault))
    finally:
        watch.cancel()
        connection.close()


def _tell(status: int) -> Answer:
    if 300 <= status < 400:
        return Answer(status, f"it answered {status}: redirects are not followed, name the place itself")
    return Answer(status, "" if 200 <= status < 300 else f"it answered {status}")


def _tell_fault(fault: Exception) -> str:
    """What went wrong, in words that repeat nothing of the URL."""
    chain: list[BaseException] = []
    cause: BaseException | None = fault
    while cause is not None:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for cause in reversed(chain):  # urllib3 has refused connections among its timeouts
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not to be trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS as it should"
        if isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError):
            return _LATE
        if isinstance(cause, ConnectionRefusedError):
            return "it refuses connections"
    return "the connection broke before there was an answer"


def _connection(place: Target, address: Address, door: Door) -> _Judged | _JudgedTls:
    # urllib3 would resolve the name again: it gets the address, and TLS the name.
    if place.scheme == "http":
        return _Judged(str(address), place.port, timeout=door.patience)
    return _JudgedTls(
        str(address),
        place.port,
        timeout=door.patience,
        ssl_context=door.trust or ssl.create_default_context(),
        server_hostname=place.host,
    )


class _Cuttable:
    """A connection that somebody else can end, whatever it waits for."""

    line: socket.socket | None = None
    is_late = False

    def give_up(self) -> None:
        self.is_late = True
        self.cut()

    def keep(self, made: socket.socket) -> socket.socket:
        self.line = made.dup()
        return made

    def cut(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            with contextlib.suppress(OSError):  # it may be over already
                line.shutdown(socket.SHUT_RDWR)
            line.close()


class _Judged(HTTPConnection, _Cuttable):
    def _new_conn(self) -> socket.socket:
        return self.keep(super()._new_conn())

    def close(self) -> None:
        super().close()
        self.cut()


class _JudgedTls(HTTPSConnection, _Cuttable):
    def _new_conn(self) -> socket.socket:
        return self.keep(super()._new_conn())

    def close(self) -> None:
        super().close()
        self.cut()
