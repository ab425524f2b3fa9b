"""Small estates for tests, a fixed now, and short ways to act on them; days are counted from now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from larry.actions.apply import EstateChange, apply
from larry.actions.author import Author
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.edit import edit
from larry.core.document import Json
from larry.core.plan import Plan
from larry.nouns.estate import parse_estate
from larry.nouns.item import Item
from larry.queries.deployment import DeploymentFilter, DeploymentRow, State, list_deployments
from larry.queries.dirty import list_dirty_causes
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
BIRTH = -30.0
"""The day on which the estates of these tests are laid."""

LIVE = "acme/shop/live"
TEST = "acme/shop/test"
BLOG = "zeta/blog/live"

SMALL = """
larry: 1
services:
  - {name: linux}
  - {name: app, needs: [linux], parameters: [{name: size, type: integer, default: 1}]}
  - {name: watch, audits: [{service: app, where: {host: mon}}]}
customers:
  - {name: Acme, apps: [{name: Shop, instances: [{name: Live, requires: [app]}, {name: Test, requires: [app]}]}]}
hosts: [{name: web1, addresses: [10.0.0.1]}, {name: web2, addresses: [10.0.0.2]}, {name: mon, addresses: [10.0.0.9]}]
"""
"""Two instances of one shared service, and its auditor on a third host."""

FULL = """
larry: 1
roles: [{name: web}, {name: backup}]
grades: [{name: medium, rank: 2, floor: {cpu: 2, memory_mib: 4096}}]
pools: [{name: production, description: what pays}]
services:
  - {name: linux, description: the system}
  - name: postgres
    needs: [linux]
    parameters: [{name: port, type: integer, default: 5432}]
  - name: apache
    needs: [linux]
    parameters: [{name: workers, type: integer}]
    tools: {puppet: {class: apache}}
  - name: rails
    sharing: instance
    category: Web hosting
    needs: [linux, postgres]
    parameters:
      - rails_env
      - {name: db_password, type: string, sensitive: true}
      - {name: threads, type: integer, default: 4}
  - {name: backup, parameters: [backup_target], audits: [{service: postgres, where: {role: backup}}]}
  - {name: monitoring, audits: [{service: linux, where: {host: mon1.example.com}}]}
  - {name: pager, audits: [{service: apache, where: manual}]}
  - {name: logship, audits: [rails]}
customers:
  - name: Acme
    parameters: {backup_target: s3, timezone: Europe/Berlin}
    apps:
      - name: Shop
        service_level: gold
        importance: 3
        parameters: {threads: 8}
        instances:
          - {name: Live, copies: 2, requires: [rails], parameters: {rails_env: production, db_password: hunter2-live},
             demand: {cpu: 1}}
          - {name: Test, requires: [rails], parameters: {rails_env: test, db_password: hunter2-test}}
  - name: Zeta
    parameters: {backup_target: nfs}
    apps:
      - name: Blog
        instances:
          - {name: Live, requires: [apache], parameters: {workers: 8}}
          - {name: Test, requires: [apache], parameters: {workers: 2}}
hosts:
  - {name: web1.example.com, roles: [web], grade: medium, pools: [production], addresses: [10.0.0.11],
     labels: {site: fra}, capacity: {cpu: 4}, data: {motd: hello}}
  - {name: web2.example.com, roles: [web], addresses: [10.0.0.12]}
  - {name: bk1.example.com, roles: [backup], addresses: [10.0.0.13]}
  - {name: bk2.example.com, roles: [backup], addresses: [10.0.0.14]}
  - {name: mon1.example.com, addresses: [10.0.0.15]}
"""
"""Audits of all four sorts, a secret, shared parameters that may disagree."""

WEB1, WEB2 = "web1.example.com", "web2.example.com"
BK1, BK2, MON1 = "bk1.example.com", "bk2.example.com", "mon1.example.com"


def day(days: float) -> datetime:
    """The moment that many days after NOW."""
    return NOW + timedelta(days=days)


def author(now: float = 0, reason: str = "because", actor: str = "ada") -> Author:
    return Author(actor, reason, day(now))


def state(text: str) -> tuple[Item, ...]:
    """The items that a YAML text states."""
    return parse_estate([("estate.yaml", text)]).items


def lay(text: str, now: float = BIRTH) -> EstateChange:
    """Make the estate what the text says."""
    return apply(state(text), author(now))


def ask(
    path: str,
    *hosts: str,
    start: float | None = None,
    end: float | None = None,
    resume: bool = True,
    place: Mapping[str, str] | None = None,
    snapshot: str | None = None,
    expect: str | None = None,
) -> DeployRequest:
    """A request to deploy one instance; start and end in days."""
    item = DeployItem(path, hosts, snapshot, place or {})
    return DeployRequest((item,), _moment(start), _moment(end), resume, expect)


def put(
    path: str, *hosts: str, now: float = 0, start: float | None = None, end: float | None = None, resume: bool = True
) -> Plan:
    """Deploy one instance; what it was asked for is what most tests need."""
    return deploy(ask(path, *hosts, start=start, end=end, resume=resume), author(now))


def change(noun: str, address: str, now: float, **values: Json) -> EstateChange:
    """Edit some fields of one noun."""
    return edit(noun, address, values, author(now))


def rows(
    now: float = 0, *, deactivated: bool = False, which: DeploymentFilter | None = None
) -> tuple[DeploymentRow, ...]:
    """The deployments as of a day, those that are deactivated only if asked for."""
    states = frozenset(State) if deactivated else frozenset(State) - {State.DEACTIVATED}
    return list_deployments(which or DeploymentFilter(states=states), LOCAL, Moment(day(now)))


def dirty(now: float) -> tuple[str, ...]:
    """Paths of the instances that are dirty on a day."""
    return tuple(each.path for each in list_dirty_causes(LOCAL, Moment(day(now))))


def spans(path: str, host: str, now: float = 0) -> list[tuple[float, float | None, str]]:
    """A lane as (first day, last day, digest of the snapshot) of each live deployment, earliest first."""
    lane = [row for row in rows(now) if (row.instance, row.host) == (path, host)]
    return [(days(row.start), None if row.end is None else days(row.end), row.snapshot) for row in lane]


def days(moment: datetime) -> float:
    """The inverse of `day`."""
    return (moment - NOW) / timedelta(days=1)


def _moment(days_: float | None) -> datetime | None:
    return None if days_ is None else day(days_)
