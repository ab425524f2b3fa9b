"""Lists of deployments: by every filter, in every state, as of any moment, and as the record knew them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from larry.actions.deploy import deploy
from larry.actions.undeploy import undeploy
from larry.queries.deployment import (
    SHOWN,
    DeploymentFilter,
    DeploymentRow,
    State,
    list_deployments,
    page_deployments,
)
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from larry.records.deployment import DeploymentVersion
from tests.actions.estate import BLOG, FULL, LIVE, MON1, TEST, WEB1, WEB2, ask, author, day, lay, put

pytestmark = pytest.mark.django_db


def show(which: DeploymentFilter, as_of: float, known: float | None = None) -> list[tuple[str, str, State]]:
    at = Moment(day(as_of), None if known is None else day(known))
    return [(row.instance, row.host, row.state) for row in list_deployments(which, LOCAL, at)]


def fill() -> None:
    """LIVE current then ended on web1 and future on web2, TEST deactivated, BLOG with a placed service."""
    lay(FULL)
    put(LIVE, WEB1, now=0, end=10)
    put(LIVE, WEB2, now=0, start=20)
    put(TEST, WEB1, now=0, start=5, end=8)
    undeploy((next(row.id for row in everything() if row.instance == TEST),), author(1))
    deploy(ask(BLOG, WEB2, start=3, place={"pager": MON1}), author(2, "the blog"))


def everything() -> tuple[DeploymentRow, ...]:
    return list_deployments(DeploymentFilter(states=frozenset(State)), LOCAL, Moment(day(0)))


@pytest.mark.parametrize(
    "as_of, live, blog, later",
    [
        (-1.0, State.FUTURE, State.FUTURE, State.FUTURE),
        (0.0, State.CURRENT, State.FUTURE, State.FUTURE),
        (3.0, State.CURRENT, State.CURRENT, State.FUTURE),
        (9.999, State.CURRENT, State.CURRENT, State.FUTURE),
        (10.0, State.PAST, State.CURRENT, State.FUTURE),
        (20.0, State.PAST, State.CURRENT, State.CURRENT),
        (9999.0, State.PAST, State.CURRENT, State.CURRENT),
    ],
)
def test_states_as_of_any_moment(as_of: float, live: State, blog: State, later: State) -> None:
    fill()
    shown = [(LIVE, WEB1, live), (BLOG, WEB2, blog), (LIVE, WEB2, later)]
    assert show(DeploymentFilter(), as_of) == shown
    hidden = (TEST, WEB1, State.DEACTIVATED)
    assert show(DeploymentFilter(states=frozenset(State)), as_of) == [shown[0], shown[1], hidden, shown[2]]
    for state in State:
        wanted = [row for row in (*shown, hidden) if row[2] is state]
        assert show(DeploymentFilter(states=frozenset({state})), as_of) == wanted
    assert show(DeploymentFilter(states=frozenset()), as_of) == []


@pytest.mark.parametrize("states", [SHOWN, frozenset({State.PAST})], ids=["shown", "past"])
@pytest.mark.parametrize("newest", [False, True], ids=["oldest", "newest"])
def test_pages_are_parts_of_the_list_however_many_start_at_once(states: frozenset[State], newest: bool) -> None:
    lay(FULL)
    for start, end in ((0.0, 1.0), (2.0, 3.0), (4.0, 9.0)):
        for instance in (LIVE, TEST):
            for host in (WEB1, WEB2):
                put(instance, host, now=0, start=start, end=end)
    which, at = DeploymentFilter(states=states), Moment(day(5))
    every = list_deployments(which, LOCAL, at)
    assert len(every) == (12 if states == SHOWN else 8)
    starts = sorted({row.start for row in every}, reverse=newest)
    wanted = [row for start in starts for row in every if row.start == start]
    for size in (1, 3, 4, 50):
        for begin in range(0, len(every) + 1, size):
            page = page_deployments(which, LOCAL, at, newest=newest, begin=begin, size=size)
            assert (list(page.rows), page.total) == (wanted[begin : begin + size], len(every))


@pytest.mark.parametrize(
    "which, paths",
    [
        (DeploymentFilter(customer="acme"), [LIVE, LIVE]),
        (DeploymentFilter(customer="ZETA"), [BLOG]),
        (DeploymentFilter(app="acme/shop"), [LIVE, LIVE]),
        (DeploymentFilter(app="zeta/shop"), []),
        (DeploymentFilter(app="shop"), []),
        (DeploymentFilter(instance=LIVE.upper()), [LIVE, LIVE]),
        (DeploymentFilter(instance=TEST), []),
        (DeploymentFilter(host=WEB2.upper()), [BLOG, LIVE]),
        (DeploymentFilter(host=MON1), []),
        (DeploymentFilter(instance=LIVE, host=WEB2), [LIVE]),
        (DeploymentFilter(customer="zeta", instance=LIVE), []),
        (DeploymentFilter(host="nope"), []),
        (DeploymentFilter(rollout=-1), []),
    ],
)
def test_filters(which: DeploymentFilter, paths: list[str]) -> None:
    fill()
    assert [path for path, _, _ in show(which, 0)] == paths


def test_every_field_of_a_row() -> None:
    fill()
    (row,) = list_deployments(DeploymentFilter(instance=BLOG), LOCAL, Moment(day(4)))
    assert (row.start, row.end, row.deactivated, row.reason) == (day(3), None, None, "the blog")
    assert (dict(row.place), row.uncovered, row.continues) == ({"pager": MON1}, (), None)
    assert len(row.id) == 13
    assert len(row.snapshot) == 64
    assert show(DeploymentFilter(rollout=row.rollout), 4) == [(BLOG, WEB2, State.CURRENT)]
    assert frozenset(State) - {State.DEACTIVATED} == SHOWN


def test_uncovered_names_auditor_audited_and_host() -> None:
    lay(FULL)
    put(BLOG, WEB1)
    (row,) = list_deployments(DeploymentFilter(instance=BLOG), LOCAL, Moment(day(0)))
    ((auditor, audited, host, why),) = row.uncovered
    assert (auditor, audited, host) == ("pager", "apache", WEB1)
    assert "nobody has named a host" in why


def test_the_order_is_by_start_then_instance_then_host() -> None:
    lay(FULL)
    put(TEST, WEB2, start=5)
    put(TEST, WEB1, start=5)
    put(LIVE, WEB2, start=5)
    put(BLOG, WEB1, start=4)
    assert [(path, host) for path, host, _ in show(DeploymentFilter(), 0)] == [
        (BLOG, WEB1),
        (LIVE, WEB2),
        (TEST, WEB1),
        (TEST, WEB2),
    ]


def test_what_the_record_said_then() -> None:
    lay(FULL)
    put(LIVE, WEB1, now=0)
    put(LIVE, WEB1, now=1, start=5, end=7)
    undeploy((everything()[-1].id,), author(2))

    def known(at: float, which: DeploymentFilter | None = None) -> list[tuple[float, float | None, State]]:
        found = list_deployments(which or DeploymentFilter(), LOCAL, Moment(day(0), day(at)))
        return [((row.start - day(0)) / timedelta(days=1), _days(row), row.state) for row in found]

    assert known(-1) == []
    assert known(0) == [(0, None, State.CURRENT)]
    assert known(0.9) == [(0, None, State.CURRENT)]
    assert known(1) == [(0, 5, State.CURRENT), (5, 7, State.FUTURE), (7, None, State.FUTURE)]
    assert known(2) == [(0, 5, State.CURRENT), (5, 7, State.FUTURE)]
    gone = DeploymentFilter(states=frozenset({State.DEACTIVATED}))
    assert (known(1, gone), known(2, gone)) == ([], [(7, None, State.DEACTIVATED)])
    assert known(2, DeploymentFilter(host=WEB2)) == []


def test_what_was_known_then_is_chosen_by_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the history is: two statements, and only the versions that answer leave the database."""
    fill()
    for now in range(2, 8):
        put(LIVE, WEB1, now=now, start=now + 1, end=9 - now / 10)
    made: list[str] = []
    real = DeploymentVersion.from_db.__func__  # type: ignore[attr-defined]

    def count(cls: type[DeploymentVersion], *args: object) -> DeploymentVersion:
        made.append("")
        found: DeploymentVersion = real(cls, *args)
        return found

    monkeypatch.setattr(DeploymentVersion, "from_db", classmethod(count))
    for which in (
        DeploymentFilter(instance=BLOG), DeploymentFilter(host=WEB2), DeploymentFilter(customer="zeta"),
        DeploymentFilter(app="zeta/blog"), DeploymentFilter(instance=LIVE, host=WEB2), DeploymentFilter(),
        DeploymentFilter(states=frozenset({State.FUTURE})), DeploymentFilter(states=frozenset()),
    ):  # fmt: skip
        made.clear()
        with CaptureQueriesContext(connection) as captured:
            listed = list_deployments(which, LOCAL, Moment(day(0), day(6)))
        assert (len(made), len(captured.captured_queries) <= 2) == (len(listed), True), which
    assert len(list_deployments(DeploymentFilter(), LOCAL, Moment(day(0), day(6)))) > 5


@pytest.mark.parametrize(
    "which",
    [
        DeploymentFilter(customer="ACME"),
        DeploymentFilter(app="zeta/blog"),
        DeploymentFilter(app="acme/blog"),
        DeploymentFilter(instance=LIVE, host=WEB2),
        DeploymentFilter(host=WEB1.upper()),
        DeploymentFilter(states=frozenset(State)),
        DeploymentFilter(rollout=-1),
    ],
)
def test_filters_say_the_same_of_what_is_known_now(which: DeploymentFilter) -> None:
    fill()
    for as_of in (0, 4, 12):
        now = list_deployments(which, LOCAL, Moment(day(as_of)))
        assert list_deployments(which, LOCAL, Moment(day(as_of), day(50))) == now


def _days(row: DeploymentRow) -> float | None:
    return None if row.end is None else (row.end - day(0)) / timedelta(days=1)
