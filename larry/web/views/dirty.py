"""What is dirty, by what made it so; chosen, shown as one Plan, and redeployed as one rollout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author
from larry.actions.deploy import settle_moment
from larry.actions.redeploy import redeploy
from larry.core.document import Json
from larry.core.interval import iso
from larry.core.plan import Plan
from larry.queries.activity import ActivityRow
from larry.queries.dirty import Dirty, DirtyCause, list_dirty_causes
from larry.queries.moment import Moment
from larry.queries.reader import Reader
from larry.web.difference_view import DifferenceLine, list_caused_lines, list_lines
from larry.web.export import EXPORTS, export
from larry.web.frame import Frame, read_frame
from larry.web.page import look_or_act
from larry.web.plan_form import Act, CannotRead, PlanForm, answer_plan_form, read_field_moment

MOST_INSTANCES = 200
MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class DirtyLine:
    """An instance that a cause made dirty; ``is_first``: it stands in no group before this one."""

    path: str
    hosts: tuple[str, ...]
    lines: tuple[DifferenceLine, ...]
    more: int
    is_first: bool
    is_picked: bool


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """What one activity made dirty (None: it is not recorded what did)."""

    activity: ActivityRow | None
    lines: tuple[DirtyLine, ...]


@look_or_act
def answer_dirty(request: HttpRequest) -> HttpResponse:
    """What is dirty as of the moment, of a ``customer`` or by a ``cause`` where one is named, also as CSV or JSON;
    the act is done now. About 20 SQL statements, and those of a redeployment for its preview.
    """
    frame = read_frame(request)
    form = request.GET.get("format", "")
    if request.method != "POST" and form in EXPORTS:
        return export(_list_documents(request, frame), "dirty", form)
    is_piece = request.method == "POST" and "HX-Request" in request.headers
    values = {} if is_piece else _list_values(request, frame)
    plan_form = PlanForm("dirty.html", "Dirty", "Redeploy", (), _read, lambda _plan: reverse("rollouts"), values)
    return answer_plan_form(request, plan_form)


def _list_documents(request: HttpRequest, frame: Frame) -> list[dict[str, Json]]:
    """A document for each difference, secrets masked, with the activity that made it."""
    customer, cause = request.GET.get("customer", "").strip().lower(), _read_number(request.GET.get("cause", ""))
    found = _narrow(list_dirty_causes(frame.visitor.reader, frame.asked.at), customer, cause)
    told = ((each, line) for each in found for line in list_caused_lines(each.causes))
    return [
        {
            "instance": each.path,
            "hosts": list(each.hosts),
            "path": line.path,
            "difference": line.kind,
            "live": line.old,
            "described": line.new,
            "owner": line.owner,
            "activity": line.cause.id if line.cause else None,
            "at": iso(line.cause.at) if line.cause else None,
            "actor": line.cause.actor if line.cause else "",
            "reason": line.cause.reason if line.cause else "",
        }
        for each, line in told
        if cause is None or (line.cause is not None and line.cause.id == cause)
    ]


def _list_values(request: HttpRequest, frame: Frame) -> Mapping[str, Any]:
    said = request.POST if request.method == "POST" else request.GET
    customer, cause = said.get("customer", "").strip().lower(), _read_number(said.get("cause", ""))
    every = list_dirty_causes(frame.visitor.reader, frame.asked.at)
    found = _narrow(every, customer, cause)
    groups = _group(found[:MOST_INSTANCES], frozenset(said.getlist("pick")), cause)
    return {
        "groups": groups,
        "total": len(found),
        "more": len(found[MOST_INSTANCES:]),
        "customers": tuple(dict.fromkeys(each.path.split("/")[0] for each in every)),
        "customer": customer,
        "cause": cause,
        "cancel": reverse("dirty"),
        "exports": _link_exports(customer, cause),
    }


def _link_exports(customer: str, cause: int | None) -> tuple[tuple[str, str], ...]:
    given = {"customer": customer, "cause": str(cause or "")}
    kept = {word: text for word, text in given.items() if text}
    return tuple((form.upper(), f"{reverse('dirty')}?{urlencode({**kept, 'format': form})}") for form in EXPORTS)


def _narrow(found: Iterable[Dirty], customer: str, cause: int | None) -> tuple[Dirty, ...]:
    return tuple(
        each
        for each in found
        if (not customer or each.path.startswith(f"{customer}/"))
        and (cause is None or any(_is_of(of_one, cause) for of_one in each.causes))
    )


def _is_of(cause: DirtyCause, activity: int) -> bool:
    return cause.activity is not None and cause.activity.id == activity


def _group(found: Iterable[Dirty], picked: frozenset[str], only: int | None) -> tuple[CauseGroup, ...]:
    """By cause, the latest first; what nothing recorded made dirty stands last."""
    causes: dict[int, tuple[ActivityRow | None, dict[str, tuple[Dirty, list[DirtyCause]]]]] = {}
    for dirty in found:
        for cause in dirty.causes:
            number = cause.activity.id if cause.activity is not None else 0
            if only is None or number == only:
                _, of_one = causes.setdefault(number, (cause.activity, {}))
                of_one.setdefault(dirty.path, (dirty, []))[1].append(cause)
    seen: set[str] = set()
    groups: list[CauseGroup] = []
    for _, (activity, of_one) in sorted(causes.items(), reverse=True):
        lines = []
        for path, (dirty, mine) in of_one.items():
            shown = list_lines(cause.difference for cause in mine[:MOST_LINES])
            more = len(mine[MOST_LINES:])
            lines.append(DirtyLine(path, dirty.hosts, shown, more, path not in seen, path in picked))
            seen.add(path)
        groups.append(CauseGroup(activity, tuple(lines)))
    return tuple(groups)


def _read(sent: Mapping[str, Any], frame: Frame) -> Act:
    start = read_field_moment(sent, "start", frame)
    paths = tuple(dict.fromkeys(sent.get("pick", ())))
    if sent.get("all"):
        paths = _list_all(sent, frame.visitor.reader, Moment(settle_moment(start, frame.asked.now)))
    if not paths:
        raise CannotRead("pick", "choose at least one instance above")

    def act(author: Author, expect: str | None, dry: bool) -> Plan:
        return redeploy(paths, author, start=start, expect=expect, dry_run=dry)

    return act


def _list_all(sent: Mapping[str, Any], reader: Reader, at: Moment) -> tuple[str, ...]:
    """What is dirty where the redeployment begins: what is live then is redeployed, and nothing else."""
    customer, cause = str(sent.get("customer", "")).lower(), _read_number(str(sent.get("cause", "")))
    return tuple(each.path for each in _narrow(list_dirty_causes(reader, at), customer, cause))


def _read_number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
