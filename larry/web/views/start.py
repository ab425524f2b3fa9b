"""The start page: every host with its configuration, what is live, what comes next, and who did what last."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.exports.dialect import DIALECTS
from larry.queries.activity import ActivityRow, list_activity
from larry.queries.deployment import DeploymentFilter, DeploymentRow, State, list_deployments
from larry.queries.host import HostRow, list_hosts
from larry.queries.node import list_next_changes
from larry.queries.reader import Reader
from larry.web.page import look_only, make_page
from larry.web.visitor import read_visitor
from larry.web.when import Asked, When, read_asked

MOST_HOSTS = 500
MOST_DEPLOYMENTS = 100
MOST_CHANGES = 40
MOST_ACTIVITY = 15
MOST_HOSTS_OF_A_CHANGE = 4


@dataclass(frozen=True, slots=True)
class HostLine:
    row: HostRow
    page: str
    next_change: When | None
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DeploymentLine:
    row: DeploymentRow
    host_page: str
    start: When
    end: When | None
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    when: When
    page: str
    hosts: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ActivityLine:
    row: ActivityRow
    when: When


_TITLES = {
    (True, False): "What runs where, now",
    (False, True): "What ran where",
    (False, False): "What will run where",
}


@look_only
def answer_start(request: HttpRequest) -> HttpResponse:
    """The page as of the moment asked for; 400 with the form when that is no moment. About 10 SQL statements."""
    asked, reader = read_asked(request), read_visitor(request).reader
    hosts = list_hosts(reader, asked.at)
    live = list_deployments(DeploymentFilter(states=frozenset({State.CURRENT, State.FUTURE})), reader, asked.at)
    current = [row for row in live if row.state is State.CURRENT]
    future = [row for row in live if row.state is State.FUTURE]
    values = {
        "asked": asked,
        "hosts": [_host_line(row, asked) for row in hosts[:MOST_HOSTS]],
        "more_hosts": max(0, len(hosts) - MOST_HOSTS),
        "current": [_deployment_line(row, asked) for row in current[:MOST_DEPLOYMENTS]],
        "more_current": max(0, len(current) - MOST_DEPLOYMENTS),
        "future": [_deployment_line(row, asked) for row in future[:MOST_DEPLOYMENTS]],
        "more_future": max(0, len(future) - MOST_DEPLOYMENTS),
        "changes": _change_lines(asked, reader),
        "activity": [
            ActivityLine(row, asked.show(row.at)) for row in list_activity(reader, asked.at, limit=MOST_ACTIVITY)
        ],
    }
    return make_page(request, "start.html", values, title=_TITLES[asked.is_now, asked.is_past])


def link_dialects(host: str, asked: Asked) -> tuple[tuple[str, str], ...]:
    """(name, address) of a host's configuration in every dialect, as of the moment asked for."""
    return tuple(
        (dialect.name, reverse("configuration", args=[f"{host}.{dialect.suffix}"]) + asked.query)
        for dialect in DIALECTS
    )


def _host_page(host: str, asked: Asked) -> str:
    return reverse("host", args=[host]) + asked.query


def _host_line(row: HostRow, asked: Asked) -> HostLine:
    return HostLine(row, _host_page(row.name, asked), asked.find(row.next_change), link_dialects(row.name, asked))


def _deployment_line(row: DeploymentRow, asked: Asked) -> DeploymentLine:
    lacking = tuple(sorted({auditor for auditor, *_ in row.uncovered}))
    return DeploymentLine(row, _host_page(row.host, asked), asked.show(row.start), asked.find(row.end), lacking)


def _change_lines(asked: Asked, reader: Reader) -> list[ChangeLine]:
    """The next boundaries, with the hosts of each together."""
    lines: list[ChangeLine] = []
    for moment, pairs in groupby(list_next_changes(reader, asked.at, MOST_CHANGES), key=lambda pair: pair[0]):
        hosts = tuple(host for _, host in pairs)
        when = asked.show(moment)
        page = f"{reverse('start')}?as_of={quote(when.iso)}"
        lines.append(ChangeLine(when, page, hosts[:MOST_HOSTS_OF_A_CHANGE], len(hosts[MOST_HOSTS_OF_A_CHANGE:])))
    return lines
