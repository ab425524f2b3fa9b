"""What went wrong, by rule: each sort of failure is one sort of problem, the first rule that fits decides."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from ninja.errors import HttpError, ValidationError

from larry.actions.author import GroundMoved, NoReason, Refused
from larry.actions.describe import AlreadyThere, ChangedMeanwhile
from larry.actions.permit import NotAllowed
from larry.actions.remember import KeyReused
from larry.actions.transaction import Busy
from larry.api.problem import FieldFault, Problem, answer_problem
from larry.core.document import Json
from larry.core.interval import iso
from larry.core.moment_text import NotAMoment
from larry.exports.plan import plan_document
from larry.nouns.estate import EstateFaults
from larry.nouns.fault import Fault
from larry.queries.reader import NotFound

LOG = logging.getLogger("larry.api")
MOST_FAULTS_TOLD = 100
LONGEST_TOLD = 50_000
_LOST = "if it was lost amid this, nobody knows whether it was done: look, or ask again with the same Idempotency-Key"


def answer_failure(request: HttpRequest, failure: BaseException) -> HttpResponse:
    """The problem that a failure is; a defect of ours goes to the log, never into the answer."""
    problem = find_problem(failure)
    if problem.code == "unavailable" and request.method not in {"GET", "HEAD"} and not isinstance(failure, Busy):
        problem = Problem("unavailable", f"{problem}; {_LOST}")
    if problem.code == "defect":
        LOG.error("%s %s failed", request.method, request.path, exc_info=failure)
    return answer_problem(problem)


def find_problem(failure: BaseException) -> Problem:
    """The first rule that fits."""
    for kind, tell in _RULES:
        if isinstance(failure, kind):
            return tell(failure)
    return Problem("defect", "something went wrong that should not have; the log says more")


def point(path: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _tell_ninja(failure: Any) -> Problem:
    """What ninja wraps while it reads a body."""
    return find_problem(failure.__cause__) if failure.__cause__ is not None else Problem("unreadable", str(failure))


def _tell_invalid(failure: Any) -> Problem:
    faults = [_read_fault(error) for error in failure.errors[:MOST_FAULTS_TOLD]]
    return Problem("invalid", _sum_up(faults), faults=faults)


def _read_fault(error: Mapping[str, Any]) -> FieldFault:
    place, *rest = (str(step) for step in error["loc"])
    text = _cut(error["msg"].removeprefix("Value error, "))  # Python's word for it says nothing to who asks
    if place == "body":  # after the name of the argument in our own code
        return FieldFault("body", point(rest[1:]), text)
    return FieldFault(place, rest[-1] if rest else "", text)


def _tell_faults(failure: Any) -> Problem:
    faults = [_tell_fault(fault) for fault in failure.faults[:MOST_FAULTS_TOLD]]
    return Problem("invalid", _sum_up(faults), faults=faults)


def _tell_fault(fault: Fault) -> FieldFault:
    text = f"{fault.subject}: {fault.text}" if fault.subject else fault.text
    return FieldFault("body", point(fault.path), _cut(text), _cut(str(fault)))


def _sum_up(faults: list[FieldFault]) -> str:
    first = faults[0]
    more = f"; and {len(faults) - 1} more" if len(faults) > 1 else ""
    return f"{first.field}: {first.text}{more}" if first.field else f"{first.text}{more}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TOLD else f"{text[:LONGEST_TOLD]}…"


def _tell_moved(failure: Any) -> Problem:
    return Problem("ground-moved", str(failure), more=_plan_of(failure), headers=_now_of(failure))


def _tell_refused(failure: Any) -> Problem:
    return Problem("refused", _cut(str(failure)), more=_plan_of(failure), headers=_now_of(failure))


def _plan_of(failure: Refused) -> Mapping[str, Json]:
    return {"plan": plan_document(failure.plan)} if failure.plan is not None else {}


def _now_of(failure: Refused) -> Mapping[str, str]:
    """The moment that is now in the Plan that is told."""
    return {"Larry-As-Of": iso(failure.plan.now)} if failure.plan is not None else {}


def _tell_no_reason(failure: Any) -> Problem:
    text = f"{failure}: in the body, or in the header Larry-Reason"
    return Problem("invalid", text, faults=[FieldFault("body", "/reason", text)])


def _tell_database(failure: Any) -> Problem:
    del failure
    return Problem("unavailable", "the database does not answer, or is not up to date: see /readyz")


_RULES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[Any], Problem]], ...] = (
    (Problem, lambda problem: problem),
    (HttpError, _tell_ninja),
    (ValidationError, _tell_invalid),
    (EstateFaults, _tell_faults),
    (NotAMoment, lambda fault: Problem("invalid", str(fault))),
    (NotFound, lambda fault: Problem("not-found", _cut(str(fault)))),
    (GroundMoved, _tell_moved),
    (NoReason, _tell_no_reason),
    (NotAllowed, lambda fault: Problem("not-allowed", _cut(str(fault)))),
    (Busy, lambda fault: Problem("unavailable", str(fault))),
    (AlreadyThere, lambda fault: Problem("already-there", _cut(str(fault)))),
    (ChangedMeanwhile, lambda fault: Problem("changed-meanwhile", _cut(str(fault)))),
    (KeyReused, lambda fault: Problem("key-reused", str(fault))),
    (Refused, _tell_refused),
    (RequestDataTooBig, lambda _: Problem("too-large", "the body is too large: send less at a time")),
    (UnreadablePostError, lambda _: Problem("unreadable", "the body broke off")),
    (
        DisallowedHost,
        lambda _: Problem("unreadable", "Larry does not answer as this Host: is LARRY_ALLOWED_HOSTS set?"),
    ),
    (SuspiciousOperation, lambda _: Problem("unreadable", "this is no request that Larry takes")),
    (IntegrityError, lambda _: Problem("refused", "the database refuses: this contradicts what is recorded")),
    (DataError, lambda _: Problem("invalid", "the database cannot hold such a value")),
    ((DatabaseError, InterfaceError), _tell_database),
)
"""From the most particular to the most general."""
