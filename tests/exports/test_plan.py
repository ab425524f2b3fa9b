"""A Plan is printed in the pinned shape for programs, and in sentences for people."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from larry.core.interval import Interval
from larry.core.plan import Change, NodeChange, Notice, Plan, PlannedService
from larry.core.timeline import Kind
from larry.exports.plan import plan_document, plan_text

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
LATER = datetime(2026, 12, 1, tzinfo=UTC)
PATH = "acme/shop/production"

PLAN = Plan(
    NOW,
    changes=(
        Change(Kind.END, "d1", PATH, "web1", "f" * 64, Interval(NOW), Interval(NOW, LATER), "a newer one starts"),
        Change(Kind.ADD, "d2", PATH, "web1", "e" * 64, None, Interval(LATER), "as asked"),
        Change(Kind.DELETE, "d3", PATH, "web2", "d" * 64, Interval(LATER), None, ""),
    ),
    deployed_services=(
        PlannedService("d2", PATH, "rails", "web1", Interval(LATER), ()),
        PlannedService("d2", PATH, "pg_backup", "bak1", Interval(LATER), (("postgres", "db1"),)),
    ),
    warnings=(Notice("copies", "one copy of two"),),
    refusals=(Notice("conflict", "rails on web1: workers differ"),),
    nodes=(
        NodeChange("web1", LATER, "a" * 64, "b" * 64),
        NodeChange("bak1", NOW, None, "c" * 64),
        NodeChange("bak1", LATER, "d" * 64, "d" * 64),
    ),
)


def test_the_document_is_the_pinned_shape() -> None:
    assert json.loads(json.dumps(plan_document(PLAN))) == {
        "digest": PLAN.digest,
        "changes": [
            {
                "kind": "end",
                "deployment": "d1",
                "instance": PATH,
                "host": "web1",
                "before": {"start": "2026-11-22T10:00:00Z", "end": None},
                "after": {"start": "2026-11-22T10:00:00Z", "end": "2026-12-01T00:00:00Z"},
                "why": "a newer one starts",
            },
            {
                "kind": "add",
                "deployment": "d2",
                "instance": PATH,
                "host": "web1",
                "before": None,
                "after": {"start": "2026-12-01T00:00:00Z", "end": None},
                "why": "as asked",
            },
            {
                "kind": "delete",
                "deployment": "d3",
                "instance": PATH,
                "host": "web2",
                "before": {"start": "2026-12-01T00:00:00Z", "end": None},
                "after": None,
                "why": "",
            },
        ],
        "deployed_services": [
            {"service": "rails", "host": "web1", "instance": PATH, "audits": []},
            {
                "service": "pg_backup",
                "host": "bak1",
                "instance": PATH,
                "audits": [{"service": "postgres", "host": "db1"}],
            },
        ],
        "warnings": [{"code": "copies", "text": "one copy of two"}],
        "refusals": [{"code": "conflict", "text": "rails on web1: workers differ"}],
        "nodes": [
            {"host": "web1", "from": "2026-12-01T00:00:00Z", "digest_before": "a" * 64, "digest_after": "b" * 64},
            {"host": "bak1", "from": "2026-11-22T10:00:00Z", "digest_before": None, "digest_after": "c" * 64},
            {"host": "bak1", "from": "2026-12-01T00:00:00Z", "digest_before": "d" * 64, "digest_after": "d" * 64},
        ],
    }


def test_people_read_refusals_first_and_the_digest_last() -> None:
    assert plan_text(PLAN).splitlines() == [
        "REFUSED (conflict): rails on web1: workers differ",
        "warning (copies): one copy of two",
        f"end        {PATH} on web1: from now on, becomes from now to 2026-12-01T00:00:00Z (a newer one starts)",
        f"add        {PATH} on web1: from 2026-12-01T00:00:00Z on (as asked)",
        f"delete     {PATH} on web2: from 2026-12-01T00:00:00Z on, becomes never",
        f"  service  rails on web1 for {PATH}",
        f"  service  pg_backup on bak1 for {PATH}, about postgres on db1",
        "  node     web1 from 2026-12-01T00:00:00Z: aaaaaaaaaaaa -> bbbbbbbbbbbb",
        "  node     bak1 from now: nothing -> cccccccccccc",
        "  node     bak1 from 2026-12-01T00:00:00Z: dddddddddddd, as without this",
        f"Plan {PLAN.digest}",
    ]


def test_a_plan_that_changes_nothing_says_so() -> None:
    empty = Plan(NOW)
    assert plan_text(empty) == f"Nothing changes.\nPlan {empty.digest}\n"
