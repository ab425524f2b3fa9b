"""What goes wrong between a program and Larry: nobody answers, or the answer is a problem (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from larry.client.answer import Answer

PROBLEM_TYPE = "application/problem+json"
_LONGEST_LINE = 300


class RemoteFailure(Exception):
    """Something that was asked of a Larry was not answered as wished. Every failure of the client is one."""


class BadServer(RemoteFailure):
    """The address given for the server is none that a token may be sent to."""


class Unreachable(RemoteFailure):
    """No answer came: refused, too slow, cut off, or its certificate is not verified."""


class NotLarry(RemoteFailure):
    """What answered did not answer as Larry does: maybe a proxy, or another address."""


@dataclass(frozen=True, slots=True)
class FaultyField:
    """One thing wrong with a request: ``place`` is body, query, path or header, ``field`` a JSON pointer or a name."""

    place: str
    field: str
    reason: str
    line: str = ""
    """The same with its place in a file, as the command tells it."""


class RemoteProblem(RemoteFailure):
    """Larry did not do it. The text says why; ``code`` is the sort of problem, ``fields`` what is at fault, ``plan``
    the Plan that stands against it or holds now.
    """

    def __init__(self, status: int, code: str, title: str, detail: str, more: Mapping[str, Any]) -> None:
        super().__init__(detail or title)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.fields = tuple(
            FaultyField(
                str(each.get("in", "")),
                str(each.get("field", "")),
                str(each.get("text", "")),
                str(each.get("line", "")),
            )
            for each in more.get("errors", ())
        )
        self.plan: Mapping[str, Any] | None = more.get("plan")
        self.retry_after: float | None = None
        self.as_of: datetime | None = None
        """The moment that ``plan`` calls now."""


class NotSignedIn(RemoteProblem):
    """401: there is no token, or it is no longer good."""


class NotPermitted(RemoteProblem):
    """403: whoever the token is of may not do this."""


class NotThere(RemoteProblem):
    """404: there is no such thing, or it is not for this token."""


class Conflict(RemoteProblem):
    """409: the estate does not let it be done; ``plan`` may tell."""


class Moved(Conflict):
    """409: what was expected is no longer what would change; ``plan`` holds what would."""


class AlreadyThere(Conflict):
    """409: there is one of this name or key."""


class ChangedMeanwhile(RemoteProblem):
    """412: somebody has changed it since it was read."""


class Invalid(RemoteProblem):
    """400, 413, 415 or 422: the request says something that cannot be; ``fields`` tells what."""


class KeyReused(Invalid):
    """422: the Idempotency-Key was used for another request."""


class Unavailable(RemoteProblem):
    """429, 502, 503 or 504: ask again later, after ``retry_after`` seconds where that is known."""


class Defect(RemoteProblem):
    """500: a defect of Larry's."""


_BY_CODE: Mapping[str, type[RemoteProblem]] = MappingProxyType(
    {"ground-moved": Moved, "already-there": AlreadyThere, "key-reused": KeyReused}
)
_BY_STATUS: Mapping[int, type[RemoteProblem]] = MappingProxyType(
    {
        400: Invalid, 401: NotSignedIn, 403: NotPermitted, 404: NotThere, 409: Conflict, 412: ChangedMeanwhile,
        413: Invalid, 415: Invalid, 422: Invalid, 429: Unavailable, 500: Defect, 502: Unavailable, 503: Unavailable,
        504: Unavailable,
    }
)  # fmt: skip


def read_problem(answer: Answer) -> RemoteProblem:
    """The problem that an answer of 400 or more is; one line of text is a problem too."""
    told: Mapping[str, Any] = {}
    if answer.media_type == PROBLEM_TYPE:
        told = _read_map(answer)
    code = str(told.get("type", "")).rpartition("#problem-")[2]
    line = "" if told or not answer.media_type.startswith("text/plain") else _first_line(answer.body)
    kind = _BY_CODE.get(code) or _BY_STATUS.get(answer.status, RemoteProblem)
    title = str(told.get("title", "")) or f"{answer.request} was answered with {answer.status}"
    problem = kind(answer.status, code, title, str(told.get("detail", "")) or line, told)
    problem.as_of = answer.as_of
    problem.retry_after = read_seconds(answer.headers.get("retry-after", ""))
    return problem


def read_seconds(text: str) -> float | None:
    """Seconds of a Retry-After; a date is not read."""
    return float(text[:9]) if text.isascii() and text.isdigit() else None


def _read_map(answer: Answer) -> Mapping[str, Any]:
    try:
        told = answer.document
    except ValueError:
        return {}
    return told if isinstance(told, Mapping) else {}


def _first_line(body: bytes) -> str:
    lines = body[: 4 * _LONGEST_LINE].decode("utf-8", "replace").strip().splitlines()
    return lines[0][:_LONGEST_LINE] if lines else ""
