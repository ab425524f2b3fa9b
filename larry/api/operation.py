"""An operation is one method of one address: who calls is asked first, what is asked is read strictly, then it acts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial, wraps
from types import MappingProxyType
from typing import Any, Required, TypedDict, Unpack, get_type_hints
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Body, NinjaAPI, Path, Query
from ninja.parser import Parser

from larry import __version__
from larry.actions.author import Author
from larry.api.caller import Caller, note_caller, recognise
from larry.api.fault import answer_failure
from larry.api.problem import FieldFault, Problem
from larry.core.document import Json, find_json_faults
from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, read_moment
from larry.nouns.json_text import NotJson, read_json
from larry.nouns.text import find_text_fault
from larry.outside import clock
from larry.queries.moment import Moment
from larry.queries.reader import Reader

LARGEST_BODY = 2**20
"""Bytes; an estate file is the way for more."""

JSON_TYPES = frozenset({"application/json", "application/merge-patch+json"})
_SOURCES = {"path": Path, "asked": Query, "said": Body}

Act = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way: who calls, when, and what its headers say."""

    request: HttpRequest
    caller: Caller
    now: datetime
    zone: ZoneInfo

    @property
    def reader(self) -> Reader:
        return self.caller.reader

    @property
    def present(self) -> Moment:
        return Moment(self.now)

    def author(self, reason: str = "") -> Author:
        """The caller as somebody who acts; the reason is that of the body, else of the header."""
        return self.caller.author((reason or self.reason).strip(), self.now)

    @property
    def reason(self) -> str:
        """What the header Larry-Reason says, in UTF-8 as it was sent."""
        return read_header(self.request, "Larry-Reason")

    def moment(self, text: str, name: str, place: str = "query") -> datetime:
        """The moment that a field names. Raises `Problem` naming the field."""
        try:
            return read_moment(text, now=self.now, zone=self.zone)
        except NotAMoment as fault:
            shown = name if place == "query" else f"/{name}"
            raise Problem("invalid", f"{name}: {fault}", faults=[FieldFault(place, shown, str(fault))]) from None

    def find_moment(self, text: str | None, name: str, place: str = "query") -> datetime | None:
        """The same for a field that may be left out."""
        return None if text is None or not text.strip() else self.moment(text, name, place)

    def at(self, as_of: str | None, known_at: str | None = None) -> Moment:
        """The moment that is asked about."""
        moment = self.find_moment(as_of, "as_of")
        return Moment(self.now if moment is None else moment, self.find_moment(known_at, "known_at"))


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of an operation: the name of its schema, what it means, and an example."""

    schema: str
    text: str = "Done."
    headers: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    """Media types beside JSON."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What the description of an operation tells beside what its types do."""

    answers: Mapping[int, Answer]
    problems: tuple[str, ...]
    body: Json = None
    headers: tuple[str, ...] = ()
    example: Json = None


class StrictParser(Parser):
    """Reads bodies and query strings; what readers disagree about is refused."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type not in JSON_TYPES:
            raise Problem("not-json", "send the body as application/json")
        try:
            text = request.body.decode("utf-8")
            value = read_json(text)
        except UnicodeDecodeError as fault:
            raise Problem("unreadable", f"the body is not UTF-8: byte {fault.start} begins no character") from None
        except NotJson as fault:
            raise Problem("unreadable", str(fault)) from None
        faults = find_json_faults(value)
        if faults:
            told = [FieldFault("body", "", text) for text in faults[:10]]
            raise Problem("invalid", faults[0], faults=told)
        return value

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> dict[str, Any]:
        twice = [name for name, said in data.lists() if len(said) > 1 and name not in list_fields]
        if twice:
            told = [FieldFault("query", name, "is given more than once") for name in twice]
            raise Problem("invalid", f"{twice[0]} is given more than once", faults=told)
        return super().parse_querydict(data, list_fields, request)


class HardenedAPI(NinjaAPI):
    """Ninja's routing and types; every failure is answered by our own rules."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        return answer_failure(request, exc)


API = HardenedAPI(
    title="Larry",
    version=__version__,
    description="What runs where, for whom, since when, until when, and what comes next.",
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
    parser=StrictParser(),
)
OPERATIONS: dict[str, Operation] = {}
"""By name, for the description."""

_READS = (
    "unreadable",
    "not-signed-in",
    "too-many-attempts",
    "not-allowed",
    "no-such-method",
    "invalid",
    "defect",
    "unavailable",
)
_USUAL: Json = {"reason": "no longer needed"}
"""The body of what takes something away."""
_WRITES = ("refused", "ground-moved", "too-large", "not-json")


class Told(TypedDict, total=False):
    """What is told of an operation beside its address; ``body`` names the schema of one that specs describe,
    ``largest`` is the most bytes of one."""

    tag: Required[str]
    answers: Required[Mapping[int, Answer]]
    problems: tuple[str, ...]
    name: str
    summary: str
    body: Json
    headers: tuple[str, ...]
    example: Json
    largest: int


def expose(
    method: str, route: str, *, hints: Mapping[str, Any] = MappingProxyType({}), **about: Unpack[Told]
) -> Callable[[Act], Act]:
    """Register a function as an operation. Its arguments after the call are ``path``, ``asked`` (the query) and
    ``said`` (the body), each of a type that says what it may be; ``hints`` give types that its own hints cannot."""

    def register(act: Act) -> Act:
        told = {**get_type_hints(act, include_extras=True), **hints}
        names = [word for word in inspect.signature(act).parameters if word in _SOURCES]
        allowed = _names(told["asked"]) if "asked" in names else frozenset()

        @wraps(act)
        def view(request: HttpRequest, **values: Any) -> HttpResponse:
            _refuse_unknown(request, allowed)
            call: Call = request.auth  # type: ignore[attr-defined]  # the call, by `_enter`
            return note_caller(call.caller, act(call, **values), call.now)

        request = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest)
        parameters = [_parameter(word, told[word], inspect.signature(act).parameters[word]) for word in names]
        view.__signature__ = inspect.Signature([request, *parameters])  # type: ignore[attr-defined]  # what ninja reads
        known = about.get("name", act.__name__)
        shared = _READS if method == "GET" else (*_READS, *_WRITES)
        OPERATIONS[known] = Operation(
            about["answers"],
            tuple(dict.fromkeys((*shared, *about.get("problems", ())))),
            about.get("body"),
            about.get("headers", ()),
            about.get("example", _USUAL if method == "DELETE" and "said" in names else None),
        )
        text = about.get("summary") or (inspect.getdoc(act) or "").split("\n\n")[0].replace("\n", " ")
        API.api_operation(
            [method],
            route,
            auth=partial(_enter, about.get("largest", LARGEST_BODY)),
            tags=[about["tag"]],
            operation_id=known,
            summary=text,
            description=" ",
        )(view)
        return act

    return register


def _names(query: Any) -> frozenset[str]:
    """What may stand in a query string."""
    return frozenset(field.alias or name for name, field in query.model_fields.items())


def _parameter(word: str, kind: Any, stated: inspect.Parameter) -> inspect.Parameter:
    default = ... if stated.default is inspect.Parameter.empty else stated.default
    return inspect.Parameter(word, inspect.Parameter.KEYWORD_ONLY, default=_SOURCES[word](default), annotation=kind)


def _enter(largest: int, request: HttpRequest) -> Call:
    """Who calls, before anything that they sent is read; and how much that is."""
    now = clock.now()
    call = Call(request, recognise(request, now), now, ZoneInfo(settings.TIME_ZONE))
    length = request.META.get("CONTENT_LENGTH") or "0"
    is_small = length.isascii() and length.isdigit() and int(length[:20]) <= largest
    if not is_small or len(request.body) > largest:
        raise Problem("too-large", f"the body is too large: at most {largest} bytes, or use an estate file")
    return call


def _refuse_unknown(request: HttpRequest, allowed: frozenset[str]) -> None:
    strange = sorted(set(request.GET) - allowed)
    if strange:
        hint = f"there are {', '.join(sorted(allowed))}" if allowed else "none is known here"
        told = [FieldFault("query", name[:100], f"is no parameter of this: {hint}") for name in strange[:20]]
        raise Problem("invalid", f"{strange[0][:100]}: {told[0].text}", faults=told)


def read_header(request: HttpRequest, name: str) -> str:
    """A header's text: servers hand its bytes on as Latin-1, and people send UTF-8. Raises `Problem`."""
    raw = request.headers.get(name, "")
    try:
        text = raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        text = "\0"
    fault = find_text_fault(text)
    if fault is not None:
        raise Problem(
            "invalid", f"{name}: must be UTF-8 text", faults=[FieldFault("header", name, "must be UTF-8 text")]
        )
    return text


def say_moment(moment: datetime) -> Mapping[str, str]:
    """The header that says of which moment an answer is."""
    return {"Larry-As-Of": iso(moment)}


def say_as_now(call: Call, as_of: str | None, what: str) -> Mapping[str, str]:
    """What can be edited keeps no history of its own, and says so when asked for another moment."""
    asked = call.at(as_of).as_of
    note = {} if asked == call.now else {"Larry-Note": f"{what} can be edited, and so are shown as they are now"}
    return {**say_moment(call.now), **note}


def pick(document: Mapping[str, Json], fields: str | None) -> Mapping[str, Json]:
    """Only the fields that are asked for, in the document's order. Raises `Problem` for one that there is not."""
    if fields is None:
        return document
    wanted = {word.strip() for word in fields.split(",") if word.strip()}
    strange = sorted(wanted - document.keys())
    if strange:
        text = f"there is no field {strange[0][:60]!r}: there are {', '.join(document)}"
        raise Problem("invalid", f"fields: {text}", faults=[FieldFault("query", "fields", text)])
    return {word: value for word, value in document.items() if word in wanted}
