"""What stands for each question and act at a Larry elsewhere; mypy holds the two forms of each equal."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from larry.actions.author import GroundMoved, Refused
from larry.cli.remote.value import read_plan
from larry.client.failure import Conflict, Invalid, Moved, NotPermitted, NotThere, RemoteProblem
from larry.client.remote import RemoteLarry
from larry.queries.reader import NotFound

P = ParamSpec("P")
T = TypeVar("T")
Far = Callable[Concatenate[RemoteLarry, P], T]

STANDING: dict[Callable[..., Any], Callable[..., Any]] = {}
"""By the local function: that which asks a remote Larry."""


class RefusedThere(Refused):
    """What was sent cannot be, for reasons of which each has its place in a file."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def stands_for(local: Callable[P, T]) -> Callable[[Far[P, T]], Far[P, T]]:
    """The function stands for a local one, with the remote Larry before its arguments. Who reads and who acts is
    decided by the token there; of an author only the reason is told."""

    def register(far: Far[P, T]) -> Far[P, T]:
        STANDING[local] = far
        return far

    return register


def bind_remote(local: Callable[P, T], larry: RemoteLarry) -> Callable[P, T]:
    """The local function's form at that Larry; refusals are raised as the local one would. Raises KeyError for a
    function that has no such form."""
    far: Far[P, T] = STANDING[local]

    @wraps(local)
    def ask(*values: P.args, **named: P.kwargs) -> T:
        try:
            return far(larry, *values, **named)
        except RemoteProblem as problem:
            raise _refuse(problem) from problem

    return ask


def _refuse(problem: RemoteProblem) -> Exception:
    """What an act or a question here would have raised."""
    plan = read_plan(problem.plan, problem.as_of) if problem.plan is not None else None
    if isinstance(problem, Moved):
        return GroundMoved(problem.detail, plan)
    if isinstance(problem, NotThere):
        return NotFound(problem.detail)
    if isinstance(problem, Invalid) and problem.fields and all(each.line for each in problem.fields):
        return RefusedThere(tuple(each.line for each in problem.fields))
    if isinstance(problem, Conflict | NotPermitted | Invalid):
        return Refused(problem.detail, plan)
    return problem
