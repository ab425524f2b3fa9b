"""Edges as they are, and as the record had them: an edge that is taken away, or changed, stays known."""

from __future__ import annotations

import pytest

from larry.actions.rename_key import rename_key
from larry.actions.retire import retire
from larry.core.document import Json, thaw
from larry.nouns.estate import EstateFaults
from larry.queries.edge import EdgeRow, list_edges
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.actions.estate import author, change, day, lay

pytestmark = pytest.mark.django_db

ESTATE = """
larry: 1
roles: [{name: vault}]
services:
  - {name: linux}
  - {name: db, needs: [linux]}
  - {name: backup, audits: [{service: db, where: {role: vault}}]}
"""


def known(at: float | None = None) -> tuple[EdgeRow, ...]:
    return list_edges(LOCAL, Moment(day(9), None if at is None else day(at)))


def short(at: float | None = None) -> list[str]:
    return [f"{edge.service} {edge.kind} {edge.target}" for edge in known(at)]


def wheres(at: float) -> list[Json]:
    return [thaw(edge.where) for edge in known(at) if edge.kind == "audits"]


def test_each_version_of_an_edge_stays_known() -> None:
    lay(ESTATE, 0)
    change("service", "backup", 1, audits=[{"service": "db", "where": "manual"}])
    change("service", "backup", 2, audits=[{"service": "linux"}])
    change("service", "db", 3, needs=[])
    change("service", "db", 4, needs=["linux"])
    assert short(-1) == []
    assert short(0.5) == ["backup audits db", "db needs linux"]
    assert wheres(0.5) == [{"role": "vault"}]
    assert wheres(1.5) == ["manual"]
    assert short(2.5) == ["backup audits linux", "db needs linux"]
    assert short(3.5) == ["backup audits linux"]
    assert short(4.5) == short() == ["backup audits linux", "db needs linux"]


def test_the_edges_of_what_has_retired_stay_known() -> None:
    lay(ESTATE, 0)
    for noun, address in (("service", "db"), ("service", "linux"), ("role", "vault")):
        with pytest.raises(EstateFaults, match="cannot retire while this refers to it"):
            retire(noun, address, author(1))
    retire("service", "backup", author(1))
    retire("role", "vault", author(2))
    retire("service", "db", author(3))
    retire("service", "linux", author(4))
    assert short(0.5) == ["backup audits db", "db needs linux"]
    assert short(1.5) == short(2.5) == ["db needs linux"]
    assert short(3.5) == short() == []


def test_what_was_known_is_told_with_the_keys_of_now() -> None:
    lay(ESTATE, 0)
    rename_key("service", "db", "postgres", author(1))
    rename_key("role", "vault", "strongroom", author(1))
    assert short(0.5) == short() == ["backup audits postgres", "postgres needs linux"]
    assert wheres(0.5) == [{"role": "strongroom"}]
