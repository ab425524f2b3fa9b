"""The connection to one Larry: verified, patient for a while, and sent again only where that does nothing twice."""

from __future__ import annotations

import ipaddress
import json
import random
import ssl
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, SSLError

from larry.client.answer import Answer
from larry.client.failure import BadServer, NotLarry, RemoteProblem, Unreachable, read_problem, read_seconds
from larry.client.kept import Clock, Kept
from larry.client.token import Token

LARGEST_ANSWER = 256 * 2**20
"""Bytes; a whole fleet is far smaller."""

AGAIN = frozenset({429, 502, 503, 504})
"""Statuses after which the same may be asked again."""

Value = str | int | bool | datetime | None | Sequence[str]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a connection and an answer; how often a request is sent at most, and the longest pause."""

    connect: float = 10.0
    read: float = 60.0
    tries: int = 3
    longest_pause: float = 15.0


USUAL = Patience()


class Connection:
    """Sends requests to one Larry. The token is sent to that address and no other: redirections are not followed."""

    def __init__(
        self,
        url: str,
        token: Token | None = None,
        *,
        ca_file: str | Path | None = None,
        patience: Patience = USUAL,
        in_clear: bool = False,
        most_kept: int = 512,
        clock: Clock = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = read_url(url, in_clear=in_clear)
        self._token, self._patience, self._pause = token, patience, pause
        self._kept = Kept(most_kept, clock)
        self._pool = urllib3.PoolManager(
            maxsize=4,
            ssl_context=_trust(ca_file),
            timeout=urllib3.Timeout(connect=patience.connect, read=patience.read),
            retries=False,
        )

    def __repr__(self) -> str:
        return f"Connection({self.url!r})"

    def close(self) -> None:
        self._pool.clear()

    def get(self, path: str, query: Mapping[str, Value] = MappingProxyType({}), *, keeps: bool = False) -> Answer:
        """Read an address; ``keeps``: an answer is kept for as long as it says, and told while Larry is away.
        Raises `RemoteProblem`, `Unreachable`, `NotLarry`."""
        asked = self._address(path, query)
        kept = self._kept.find(asked) if keeps else None
        if kept is not None and self._kept.is_fresh(kept):
            return kept.answer
        headers = {"If-None-Match": kept.answer.etag} if kept is not None and kept.answer.etag else {}
        try:
            answer = self._send("GET", asked, None, headers)
        except (Unreachable, RemoteProblem) as failure:
            is_away = isinstance(failure, Unreachable) or failure.status >= 500
            if kept is not None and is_away and self._kept.may_stand_in(kept):
                return kept.answer.kept_while_away()
            if kept is not None and not is_away:
                self._kept.drop(asked)
            raise
        if answer.status == 304 and kept is not None:
            return self._kept.renew(asked, kept, answer)
        return self._kept.keep(asked, answer) if keeps else answer

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Value] = MappingProxyType({}),
        *,
        once: bool = False,
        key: str | None = None,
        if_match: str | None = None,
        reason: str = "",
    ) -> Answer:
        """Write. ``once``: the request carries an Idempotency-Key (``key``, or one of its own), and so is sent again
        when no answer comes. Raises as `get`."""
        headers: dict[str, str] = {}
        if once or key is not None:
            headers["Idempotency-Key"] = key if key is not None else uuid.uuid4().hex
        if if_match is not None:
            headers["If-Match"] = if_match
        if reason:
            headers["Larry-Reason"] = reason.encode().decode("latin-1")  # headers are bytes, which Larry reads as UTF-8
        content = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        return self._send(method, self._address(path, query), content, headers)

    def _address(self, path: str, query: Mapping[str, Value]) -> str:
        asked = [(name, _spell(value)) for name, value in query.items() if value is not None and value is not False]
        return f"{self.url}{path}" + (f"?{urlencode(asked, quote_via=quote)}" if asked else "")

    def _send(self, method: str, address: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        may_repeat = method in {"GET", "HEAD"} or "Idempotency-Key" in headers
        tries = self._patience.tries if may_repeat else 1
        answer = self._once(method, address, content, headers, is_last=tries == 1)
        for turn in range(1, tries):
            if answer is not None and answer.status not in AGAIN:
                break
            self._wait(turn, read_seconds(answer.headers.get("retry-after", "")) if answer is not None else None)
            answer = self._once(method, address, content, headers, is_last=turn == tries - 1)
        if answer is None:
            raise AssertionError("the last try raises")
        if answer.status >= 400:
            raise read_problem(answer)
        if answer.status not in {200, 201, 204, 304}:
            raise NotLarry(f"{answer.request} was answered with {answer.status}, which Larry does not say")
        return answer

    def _wait(self, turn: int, asked: float | None) -> None:
        seconds = asked if asked is not None else 0.25 * 2**turn * (0.5 + random.random())  # noqa: S311 — no secret
        self._pause(min(seconds, self._patience.longest_pause))

    def _once(
        self, method: str, address: str, content: bytes | None, headers: Mapping[str, str], *, is_last: bool
    ) -> Answer | None:
        """One try; None when no answer came and another one may be tried. A certificate that will not do stays so."""
        try:
            return self._exchange(method, address, content, headers)
        except Unreachable as failure:
            if is_last or isinstance(failure.__cause__, SSLError):
                raise
            return None

    def _exchange(self, method: str, address: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        sent = {"Accept": "*/*", "User-Agent": "larry-client", "Accept-Encoding": "identity", **headers}
        if content is not None:
            sent["Content-Type"] = "application/json"
        if self._token is not None:
            sent["Authorization"] = self._token.header
        shown = f"{method} {address.partition('?')[0]}"
        try:
            response = self._pool.request(
                method, address, body=content, headers=sent, redirect=False, preload_content=False
            )
            try:
                body = response.read(LARGEST_ANSWER + 1)
            finally:
                response.release_conn()
        except (HTTPError, OSError) as fault:
            raise Unreachable(f"{shown}: {_explain(fault)}") from (
                fault.reason if isinstance(fault, MaxRetryError) else fault
            )
        if len(body) > LARGEST_ANSWER:
            raise NotLarry(f"{shown}: the answer has more than {LARGEST_ANSWER} bytes")
        found = {name.lower(): text for name, text in response.headers.items()}
        if (
            method != "HEAD"
            and found.get("content-length", str(len(body))) != str(len(body))
            and response.status != 304
        ):
            raise Unreachable(f"{shown}: the answer was cut off")
        return Answer(response.status, MappingProxyType(found), body, request=shown)


def read_url(text: str, *, in_clear: bool = False) -> str:
    """The address without a slash at its end. Raises `BadServer` for what is none, and for one to which a token would
    go in clear: http only to this machine, or ``in_clear``."""
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as fault:
        raise BadServer(f"{text!r} is no address of a server: {fault}") from None
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise BadServer(f"{text!r} is no address of a server, such as https://larry.example.com")
    if parts.username is not None or parts.password is not None:
        raise BadServer("the address of a server names nobody: give a token instead")
    if parts.scheme == "http" and not in_clear and not _is_here(host):
        raise BadServer(f"http://{host} would send the token in clear: use https")
    return text.strip().rstrip("/")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _trust(ca_file: str | Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
    except (OSError, ssl.SSLError) as fault:
        raise BadServer(f"the certificates in {ca_file} cannot be read: {fault}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _spell(value: Value) -> str:
    if value is True:
        return "true"
    if isinstance(value, datetime):
        return spell_moment(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(value)
    return str(value)


def spell_moment(moment: datetime) -> str:
    """ISO 8601 in UTC. Raises ValueError for a moment without a time zone: it would mean another one elsewhere."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _explain(fault: Exception) -> str:
    """What went wrong, in words without an address of memory."""
    reason = getattr(fault, "reason", None) or fault
    if isinstance(reason, ssl.SSLError | SSLError):
        inner = reason.args[0] if reason.args else reason
        return f"the certificate or the encryption will not do: {inner}"
    text = str(reason).rpartition(": ")[2] if ">: " in str(reason) else str(reason)
    return text or type(reason).__name__
