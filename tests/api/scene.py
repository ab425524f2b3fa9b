"""A small estate, deployed at moments around now, for what is asked over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta

from larry.actions.apply import apply
from larry.actions.author import Author
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.nouns.estate import parse_estate
from larry.outside import clock

SECRET = "hunter2-secret"
LIVE = "acme/shop/live"
WEB, SPARE = "web1.example.com", "spare.example.com"

ESTATE = f"""
larry: 1
roles: [{{name: web}}]
grades: [{{name: medium, rank: 2}}]
services:
  - {{name: linux}}
  - name: rails
    sharing: instance
    needs: [linux]
    parameters: [{{name: workers, type: integer, default: 4}}, {{name: password, type: string, sensitive: true}}]
  - {{name: pager, audits: [{{service: rails, where: manual}}]}}
customers:
  - name: Acme
    parameters: {{password: {SECRET}}}
    apps: [{{name: Shop, instances: [{{name: Live, requires: [rails]}}]}}]
hosts:
  - {{name: {WEB}, roles: [web], grade: medium, addresses: [10.0.0.1], labels: {{site: fra}}}}
  - {{name: {SPARE}}}
"""


def lay(text: str = ESTATE, *, days_ago: float = 10, actor: str = "Tess Tester") -> datetime:
    """Describe an estate some days ago, with its secrets; now."""
    now = clock.now()
    apply(parse_estate([("estate.yaml", text)]).items, Author(actor, "laid", now - timedelta(days=days_ago)))
    return now


def put(
    host: str,
    now: datetime,
    *,
    at: float,
    start: float | None = None,
    end: float | None = None,
    instance: str = LIVE,
    reason: str = "go live",
    actor: str = "Tess Tester",
) -> None:
    """Deploy an instance; days are counted from now, ``at`` is when somebody does it."""

    def moment(days: float | None) -> datetime | None:
        return None if days is None else now + timedelta(days=days)

    author = Author(actor, reason, now + timedelta(days=at))
    deploy(DeployRequest((DeployItem(instance, (host,)),), moment(start), moment(end)), author)


def author_at(now: datetime, reason: str = "to see it") -> Author:
    """Somebody who acts at a moment."""
    return Author("Tess Tester", reason, now)
