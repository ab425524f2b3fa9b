"""The parameters of an instance: what each service receives, whence, and what that overrode; what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from larry.core.parameters import Origin
from larry.queries.instance import Standing
from larry.web.address import noun_path
from larry.web.difference_view import tell_value
from larry.web.frame import Frame
from larry.web.instance_page import InstancePage, answer_instance_page
from larry.web.page import look_only

_PLURALS = {
    "template": "instances",
    "instance": "instances",
    "app": "apps",
    "customer": "customers",
    "default": "services",
}


@dataclass(frozen=True, slots=True)
class Whence:
    """Who says a value: the level, whose it is, where that is shown, and the value as written there."""

    level: str
    owner: str
    href: str
    value: str


@dataclass(frozen=True, slots=True)
class ParameterLine:
    name: str
    value: str
    whence: Whence | None
    overrode: tuple[Whence, ...] = ()
    needed_by: tuple[str, ...] = ()
    expected: str = ""


@look_only
def answer_instance_parameters(request: HttpRequest, address: str) -> HttpResponse:
    """As described now, whatever the moment; secrets masked. 9 SQL statements."""
    return answer_instance_page(request, address, _PAGE)


def _fill(request: HttpRequest, standing: Standing, frame: Frame) -> Mapping[str, Any]:
    del request, frame
    resolved = standing.resolved
    return {
        "missing": tuple(ParameterLine(m.name, "", None, needed_by=m.needed_by) for m in resolved.missing),
        "wrong": tuple(
            ParameterLine(w.name, tell_value(w.value), _whence(w.whence), (), w.needed_by, w.expected.value)
            for w in resolved.wrong
        ),
        "matching": tuple(
            ParameterLine(m.name, tell_value(m.value), _whence(m.whence), _whences(m.overrode), m.needed_by)
            for m in resolved.matching
        ),
        "unknown": tuple(ParameterLine(u.name, tell_value(u.value), _whence(u.whence)) for u in resolved.unknown),
    }


def _whences(origins: Iterable[Origin]) -> tuple[Whence, ...]:
    """The latest that was overrode first."""
    return tuple(map(_whence, origins))[::-1]


def _whence(origin: Origin) -> Whence:
    href = noun_path(_PLURALS[origin.level], origin.owner)
    return Whence(origin.level, origin.owner, href, tell_value(origin.value))


_PAGE = InstancePage("instance-parameters", "Parameters", "instance_parameters.html", _fill)
