"""The closure of an instance: drawn, and as a list in start order; who audits what of it from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.core.service_graph import Where, WhereKind
from larry.queries.coverage import CoverageFilter, CoverageRow, list_coverage
from larry.queries.host import list_names_by_host_key
from larry.queries.instance import Standing
from larry.queries.picture import get_graph
from larry.web.frame import Frame
from larry.web.graph_picture import draw_graph
from larry.web.instance_page import InstancePage, answer_instance_page
from larry.web.page import look_only

MOST_COVERAGE = 500
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One service in start order. ``wave``: all of a wave may start at once."""

    number: int
    wave: int
    key: str
    sharing: str
    is_required: bool
    needs: tuple[str, ...]
    audits: tuple[tuple[str, str], ...]
    where: str
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """A deployed service and an auditor it is to have; ``where`` in words."""

    row: CoverageRow
    where: str


@look_only
def answer_instance_services(request: HttpRequest, address: str) -> HttpResponse:
    """As described now, where it stands as of the moment. About 25 SQL statements."""
    return answer_instance_page(request, address, _PAGE)


def _fill(request: HttpRequest, standing: Standing, frame: Frame) -> Mapping[str, Any]:
    del request
    reader, at = frame.visitor.reader, frame.asked.at
    picture = get_graph("instance", standing.path, reader, at)
    places = {box.link[-1]: box.detail for box in picture.boxes if box.link[:1] == ("services",)}
    coverage = list_coverage(CoverageFilter(instance=standing.path), reader, at)
    lacking: dict[str, list[str]] = {}
    for row in coverage:
        if row.by is None:
            lacking.setdefault(row.service, []).append(row.auditor)
    names = list_names_by_host_key(reader, at)
    waves = {key: number for number, wave in enumerate(standing.waves, start=1) for key in wave}
    lines = tuple(
        OrderLine(
            number,
            waves[service.key],
            service.key,
            service.sharing.value,
            service.key in standing.snapshot.requires,
            service.needs,
            tuple((audit.service, tell_where(audit.where, names)) for audit in service.audits),
            places.get(service.key, ""),
            tuple(dict.fromkeys(lacking.get(service.key, ()))),
        )
        for number, service in enumerate(standing.snapshot.services, start=1)
    )
    return {
        "graph": draw_graph(picture, frame),
        "order": lines,
        "coverage": tuple(CoverageLine(row, tell_where(row.where)) for row in coverage[:MOST_COVERAGE]),
        "more_coverage": len(coverage[MOST_COVERAGE:]),
        "coverage_href": f"{reverse('coverage')}?{urlencode({'instance': standing.path})}",
        "uncovered": sum(row.by is None for row in coverage),
    }


def tell_where(where: Where, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Where an audit sends its auditor, in words; ``names`` are those of hosts by key, where hosts are told by key."""
    said = {
        WhereKind.SAME_HOST: "on the same host",
        WhereKind.HOST: f"on {names.get(str(where.name), where.name)}",
        WhereKind.ROLE: f"on a host of the role {where.name}",
        WhereKind.MANUAL: "where a person says",
    }
    return said[where.kind]


_PAGE = InstancePage("instance-services", "Services", "instance_services.html", _fill)
