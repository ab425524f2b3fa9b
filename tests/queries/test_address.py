"""Addresses of everything that has one, by their beginnings."""

from __future__ import annotations

import pytest

from larry.actions.undeploy import undeploy
from larry.queries.address import list_addresses
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from larry.records.rollout import Rollout
from tests.actions.estate import BK1, BK2, FULL, LIVE, TEST, WEB1, author, day, lay, put, rows

pytestmark = pytest.mark.django_db


def show(kind: str, prefix: str = "", within: str | None = None, limit: int | None = None) -> list[str]:
    found = list_addresses(kind, prefix, LOCAL, Moment(day(2)), within=within, limit=limit)
    return [each.address for each in found]


@pytest.mark.parametrize(
    "kind, prefix, found",
    [
        ("role", "", ["backup", "web"]),
        ("grade", "m", ["medium"]),
        ("pool", "x", []),
        ("service", "L", ["linux", "logship"]),
        ("customer", "ac", ["acme"]),
        ("app", "", ["acme/shop", "zeta/blog"]),
        ("app", "zeta/", ["zeta/blog"]),
        ("instance", "acme/shop/", [LIVE, TEST]),
        ("host", "BK", [BK1, BK2]),
        ("host", "%", []),
        ("parameter", "", ["backup_target", "db_password", "port", "rails_env", "threads", "workers"]),
        ("unicorn", "", []),
    ],
)
def test_nouns_by_their_beginning(kind: str, prefix: str, found: list[str]) -> None:
    lay(FULL)
    assert show(kind, prefix) == found


def test_what_is_in_something_else() -> None:
    lay(FULL)
    assert show("parameter", "", "Rails") == ["db_password", "rails_env", "threads"]
    put(LIVE, WEB1)
    put(TEST, WEB1)
    assert show("snapshot", "", TEST) == [rows(0)[1].snapshot]
    assert len(show("snapshot")) == 2


def test_deployments_that_are_not_over_and_the_latest_rollouts() -> None:
    lay(FULL)
    put(LIVE, WEB1, end=1)
    put(LIVE, WEB1, start=5)
    put(TEST, WEB1, start=6)
    over, live, gone = (row.id for row in rows(0))
    undeploy((gone,), author(1))
    assert show("deployment") == [live]
    assert show("deployment", live[:4].upper()) == [live]
    assert show("deployment", over) == []
    latest = Rollout.objects.latest("id").id
    assert show("rollout", limit=2) == [str(latest), str(latest - 1)]
    assert show("rollout", str(latest)) == [str(latest)]
