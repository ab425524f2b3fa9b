"""A problem (RFC 9457) says to a program why a request was not done, which field is at fault, and what would do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.http import HttpResponse

from larry.api.reply import RETRY_AFTER, make_reply
from larry.core.document import Json, thaw
from larry.outside.log_line import get_trace

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/v1/docs#problem-"

PROBLEMS: Mapping[str, tuple[int, str, str]] = MappingProxyType(
    {
        "unreadable": (400, "The request cannot be read", "The body is no JSON, or the cursor or address is none."),
        "not-signed-in": (401, "Nobody has signed in", "Send a token (Authorization: Bearer …), or sign in."),
        "not-allowed": (403, "This is not allowed", "Who asks may not do this, or a form's token is missing."),
        "not-found": (404, "There is no such thing", "Nothing has this address, or nothing that who asks may see."),
        "no-such-method": (405, "This method does nothing here", "The header Allow names those that do."),
        "refused": (
            409,
            "The estate does not let this be done",
            "What stands against it is told, maybe with a Plan.",
        ),
        "ground-moved": (409, "This is no longer what was expected", "The answer holds what would change now."),
        "already-there": (409, "There is one already", "Change that one, or take another name or key."),
        "changed-meanwhile": (412, "Somebody has changed this", "Read it again, and send If-Match with its new ETag."),
        "too-large": (413, "The body is too large", "Send less at a time."),
        "not-json": (415, "The body is not sent as JSON", "Send it with Content-Type: application/json."),
        "invalid": (422, "The request says something that cannot be", "Every field at fault is told with its reason."),
        "key-reused": (422, "The Idempotency-Key was used for another request", "Take a new key for a new request."),
        "too-many-attempts": (
            429,
            "Somebody guesses tokens",
            "Wait for the seconds in Retry-After; right ones are taken.",
        ),
        "defect": (500, "This is a defect of Larry's", "Nothing was changed by half; the log says more."),
        "unavailable": (503, "Larry cannot answer now", "Ask again after the seconds in Retry-After."),
    }
)
"""By code: status, title, and what to do."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One thing wrong with a request: ``place`` is body, query, path or header; ``field`` a JSON pointer or a name."""

    place: str
    field: str
    text: str
    line: str = ""
    """The same as the command tells it, with its place in a file."""


class Problem(Exception):
    """A request that is not done. ``code`` is one of `PROBLEMS`; ``more`` are further members, such as a Plan."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        faults: Sequence[FieldFault] = (),
        headers: Mapping[str, str] = MappingProxyType({}),
        more: Mapping[str, Json] = MappingProxyType({}),
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.faults = code, detail, tuple(faults)
        self.headers, self.more = headers, more

    @property
    def status(self) -> int:
        return PROBLEMS[self.code][0]

    @property
    def all_headers(self) -> Mapping[str, str]:
        """Its own headers, and those that belong to its status."""
        of_status = {
            401: {"WWW-Authenticate": 'Bearer realm="Larry"'},
            503: {"Retry-After": RETRY_AFTER},
        }
        return {**of_status.get(self.status, {}), **self.headers}

    @property
    def document(self) -> dict[str, Json]:
        """The members that RFC 9457 names, and ours."""
        errors: list[Json] = [
            {"in": each.place, "field": each.field, "text": each.text, **({"line": each.line} if each.line else {})}
            for each in self.faults
        ]
        return {
            "type": f"{PREFIX}{self.code}",
            "title": PROBLEMS[self.code][1],
            "status": self.status,
            "detail": self.detail,
            **({"errors": errors} if errors else {}),
            **self.more,
        }


def make_json(
    document: Json, *, status: int = 200, media_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The document as an answer that nobody keeps without asking again."""
    text = json.dumps(thaw(document), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return make_json_text(text, status=status, media_type=media_type, headers=headers)


def make_json_text(
    text: str, *, status: int = 200, media_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The same of a document that is written already."""
    response = make_reply(text.encode(), media_type=media_type, status=status)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization, Cookie"
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def answer_problem(problem: Problem) -> HttpResponse:
    """The problem as an answer, with the id under which the log tells of the request."""
    known = get_trace().get("request")
    document = {**problem.document, **({"request": known} if known else {})}
    response = make_json(document, status=problem.status, media_type=MEDIA_TYPE, headers=problem.all_headers)
    response.headers["Cache-Control"] = "no-store"
    return response
