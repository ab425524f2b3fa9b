"""Strange situations: each kind with what it means, whom it concerns, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from types import MappingProxyType
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.core.document import Json
from larry.core.situation import Situation
from larry.nouns.table import NOUNS
from larry.queries.situation import list_situations
from larry.web.address import noun_path
from larry.web.export import EXPORTS, export
from larry.web.frame import read_frame
from larry.web.page import look_only, make_page, make_piece

MOST_OF_EACH, MOST_OF_ONE = 50, 1_000
"""How many are shown of each kind, and where one kind is asked for."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A code of situations in words: ``then`` says what to do; ``label`` leads there: to what ``tail`` adds to the
    noun's page, or to what ``ask`` begins and its address ends. ``condition`` is its badge.
    """

    title: str
    then: str
    label: str = "Show"
    tail: str = ""
    condition: str = ""
    ask: str = ""


@dataclass(frozen=True, slots=True)
class SituationLine:
    situation: Situation
    page: str
    href: str


@dataclass(frozen=True, slots=True)
class SituationGroup:
    code: str
    kind: Kind
    total: int
    lines: tuple[SituationLine, ...]

    @property
    def alone(self) -> str:
        """Where this kind is shown alone, and more of it."""
        return f"{reverse('situations')}?kind={quote(self.code)}"


@look_only
def answer_situations(request: HttpRequest) -> HttpResponse:
    """All of them as of the moment, by kind, the gravest first, of one ``kind`` where it is named, or as CSV or JSON.
    About 40 SQL statements."""
    form, kind = request.GET.get("format", ""), request.GET.get("kind", "")
    if form in EXPORTS:
        groups = _list_groups(request, None)
        documents: list[dict[str, Json]] = [asdict(line.situation) for group in groups for line in group.lines]
        return export(documents, "situations", form)
    exports = tuple((form.upper(), f"{request.path}?format={form}") for form in EXPORTS)
    groups = _list_groups(request, MOST_OF_ONE if kind else MOST_OF_EACH, kind)
    values = {"groups": groups, "exports": exports, "kind": kind}
    return make_page(request, "situations.html", values, title="Strange situations")


@look_only
def answer_situation_counts(request: HttpRequest) -> HttpResponse:
    """How many there are of each kind, as a piece of the home page. About 40 SQL statements."""
    return make_piece(request, "situation_counts.html", {"groups": _list_groups(request, 1)})


def _list_groups(request: HttpRequest, most: int | None, only: str = "") -> tuple[SituationGroup, ...]:
    frame = read_frame(request)
    found = list_situations(frame.visitor.reader, frame.asked.at)
    by_code = {code: tuple(group) for code, group in groupby(found, key=lambda each: each.code)}
    codes = (*(code for code in _KINDS if code in by_code), *(code for code in by_code if code not in _KINDS))
    return tuple(_group(code, by_code[code], most) for code in codes if only in ("", code))


def _group(code: str, found: Iterable[Situation], most: int | None) -> SituationGroup:
    kind = _KINDS.get(code) or Kind(code.replace("_", " ").capitalize(), "Look at what it concerns.")
    situations = tuple(found)
    return SituationGroup(code, kind, len(situations), tuple(_line(each, kind) for each in situations[:most]))


def _line(situation: Situation, kind: Kind) -> SituationLine:
    plural = NOUNS[situation.noun].plural if situation.noun in NOUNS else _PLACES.get(situation.noun, "")
    page = noun_path(plural, situation.address) if plural else ""
    if kind.ask:
        return SituationLine(situation, page, f"{kind.ask}{quote(situation.address, safe='')}")
    is_of_instance = situation.noun == "instance" or not kind.tail.startswith(("/parameters", "/services"))
    return SituationLine(situation, page, f"{page}{kind.tail}" if page and is_of_instance else page)


_PLACES = {"deployment": "deployments"}

_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "migration": Kind("The database is not up to date", "Whoever runs Larry runs `larry migrate`."),
        "guard_missing": Kind("The database lost a guard", "Whoever runs Larry runs `larry migrate`."),
        "uncovered": Kind(
            "Uncovered",
            "Name a host for the auditor, or deploy it again.",
            "Name a host",
            condition="uncovered",
            ask="/coverage?state=uncovered&instance=",
        ),
        "parameter_missing": Kind(
            "Parameters are missing", "Set them, or give the service a default.", "Parameters", "/parameters"
        ),
        "parameter_of_wrong_type": Kind(
            "Parameters of the wrong type",
            "Correct the value, or the type at the service.",
            "Parameters",
            "/parameters",
        ),
        "fewer_copies": Kind(
            "Fewer copies than wanted",
            "Deploy it to more hosts, or want fewer copies.",
            "Deploy",
            ask="/deploy?instance=",
        ),
        "ends_soon": Kind(
            "Ends soon, and nothing follows", "Extend it, or let it end.", "Extend", "/edit", condition="current"
        ),
        "dirty": Kind("Dirty", "Redeploy what is to be as it is described.", "Why", "/snapshots", "dirty"),
        "role_left": Kind(
            "An auditor's host has left its role",
            "Name another host for the auditor, or give the host its role back.",
            "Audits",
            "/services#audits",
        ),
        "app_not_deployed": Kind(
            "Apps of which nothing is live",
            "Deploy an instance of it, or retire the app.",
            "Instances",
            ask="/instances/?app=",
        ),
        "customer_not_deployed": Kind(
            "Customers of whom nothing is live",
            "Deploy something of theirs, or retire them.",
            "Instances",
            ask="/instances/?customer=",
        ),
        "customer_partly_deployed": Kind(
            "Customers of whom not all is live",
            "Deploy the other apps, or retire them.",
            "Instances",
            ask="/instances/?customer=",
        ),
        "host_idle": Kind(
            "Hosts with nothing on them",
            "Deploy something there, or retire the host.",
            "Deploy here",
            ask="/deploy?host=",
        ),
        "webhook_failing": Kind(
            "Webhooks that do not listen", "See what they answered by `larry webhook deliveries`, and try again."
        ),
        "parameter_unknown": Kind(
            "Parameters that no service needs", "Correct the name, or remove them.", "Edit", "/edit"
        ),
    }
)
"""The gravest first."""
