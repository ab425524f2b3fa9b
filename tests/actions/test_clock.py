"""The clock and the acts: now, hardly past, ends at now, a clock that is set back, boundaries side by side."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from larry.actions.author import Author, Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
from larry.actions.edit_deployment import DeploymentEdit, edit_deployment
from larry.actions.undeploy import undeploy
from larry.actions.undo import undo
from larry.core.plan import Plan
from larry.queries.deployment import DeploymentFilter, State, list_deployments
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import LOCAL
from larry.records.activity import Activity
from larry.records.deployment import DeployedService, Deployment
from larry.records.node import NodeSegment
from larry.records.rollout import Rollout
from tests.actions.estate import LIVE, NOW, SMALL, TEST, change, lay
from tests.actions.world import find_faults

pytestmark = pytest.mark.django_db

MICRO, SECOND, HOUR = timedelta(microseconds=1), timedelta(seconds=1), timedelta(hours=1)
EARLIEST = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
LATEST = datetime.fromisoformat("8999-12-31T23:59:59.999999+00:00")
Ends = datetime | None


@pytest.fixture(autouse=True)
def _small_estate() -> None:
    lay(SMALL)


def at(now: datetime) -> Author:
    return Author("ada", "because", now)


def put(
    now: datetime, start: Ends = None, end: Ends = None, *, path: str = LIVE, host: str = "web1", backdate: bool = False
) -> Plan:
    return deploy(DeployRequest((DeployItem(path, (host,)),), start, end, backdate=backdate), at(now))


def spans(path: str = LIVE) -> list[tuple[datetime, Ends]]:
    rows = Deployment.objects.filter(instance__path=path, deactivated_at=None).order_by("start")
    return list(rows.values_list("start", "end"))


def only() -> str:
    return Deployment.objects.get(deactivated_at=None).id


def states(now: datetime) -> list[State]:
    which = DeploymentFilter(states=frozenset(State))
    return [row.state for row in list_deployments(which, LOCAL, Moment(now))]


@pytest.mark.parametrize("ago", [0 * MICRO, MICRO, SECOND, 59 * SECOND, 60 * SECOND - MICRO, 60 * SECOND], ids=str)
def test_a_start_that_is_hardly_past_is_now(ago: timedelta) -> None:
    put(NOW, NOW - ago)
    assert spans() == [(NOW, None)]
    assert set(DeployedService.objects.values_list("start", flat=True)) == {NOW}


@pytest.mark.parametrize("ago", [60 * SECOND + MICRO, 61 * SECOND, HOUR, NOW - EARLIEST], ids=str)
def test_a_microsecond_more_is_the_past(ago: timedelta) -> None:
    with pytest.raises(Refused, match="is in the past"):
        put(NOW, NOW - ago)
    assert spans() == []
    with pytest.raises(Refused, match="is in the past"):
        put(NOW, NOW - ago, NOW + HOUR)


def test_with_the_right_to_backdate_the_same_starts_are_kept_as_they_are() -> None:
    put(NOW, NOW - 60 * SECOND - MICRO, NOW - 60 * SECOND, backdate=True)
    put(NOW, NOW - 60 * SECOND, NOW + HOUR, backdate=True)
    assert spans() == [(NOW - 60 * SECOND - MICRO, NOW - 60 * SECOND), (NOW, NOW + HOUR)]


@pytest.mark.parametrize("end", [NOW - 2 * HOUR, NOW - 3 * HOUR, EARLIEST], ids=str)
def test_what_is_backdated_ends_after_it_starts_too(end: datetime) -> None:
    with pytest.raises(Refused, match="is not after the start"):
        put(NOW, NOW - 2 * HOUR, end, backdate=True)
    with pytest.raises(Refused, match="is not after the start"):
        preview_deploy(DeployRequest((DeployItem(LIVE, ("web1",)),), NOW - HOUR, end, backdate=True), at(NOW))


@pytest.mark.parametrize("end", [NOW, NOW - MICRO, NOW - 60 * SECOND, EARLIEST], ids=str)
def test_what_starts_now_does_not_end_now_or_before(end: datetime) -> None:
    with pytest.raises(Refused, match="is not after the start"):
        put(NOW, None, end)
    with pytest.raises(Refused, match="is not after the start"):
        put(NOW, NOW - 30 * SECOND, end)


def test_the_shortest_life_is_a_microsecond() -> None:
    put(NOW, None, NOW + MICRO)
    assert [states(moment) for moment in (NOW - MICRO, NOW, NOW + MICRO)] == [
        [State.FUTURE],
        [State.CURRENT],
        [State.PAST],
    ]
    node = get_node("web1", LOCAL, Moment(NOW))
    assert (node.start, node.end, node.next_change) == (NOW, NOW + MICRO, NOW + MICRO)
    assert get_node("web1", LOCAL, Moment(NOW + MICRO)).node.services == ()


def test_two_boundaries_in_one_microsecond_are_one() -> None:
    """One ends where two others begin: one boundary on every host, and no moment without or with both."""
    put(NOW, None, NOW + HOUR)
    put(NOW, NOW + HOUR)
    put(NOW, NOW + HOUR, path=TEST)
    assert spans() == [(NOW, NOW + HOUR), (NOW + HOUR, None)]
    starts = NodeSegment.objects.filter(host__name="web1", start__gt=NOW).values_list("start", flat=True)
    assert list(starts) == [NOW + HOUR]
    assert states(NOW + HOUR) == [State.PAST, State.CURRENT, State.CURRENT]
    assert find_faults(NOW) == []


def test_neighbours_a_microsecond_apart_stay_apart() -> None:
    put(NOW, NOW + HOUR, NOW + HOUR + MICRO)
    put(NOW, NOW + HOUR + 2 * MICRO, NOW + HOUR + 3 * MICRO)
    put(NOW, NOW + HOUR + MICRO, NOW + HOUR + 2 * MICRO, path=TEST)
    starts = NodeSegment.objects.filter(host__name="web1", start__gt=NOW).order_by("start")
    assert list(starts.values_list("start", flat=True)) == [NOW + HOUR + n * MICRO for n in range(4)]
    assert find_faults(NOW) == []


def test_undeploying_at_its_very_end_changes_nothing_and_a_microsecond_later_is_refused() -> None:
    put(NOW, None, NOW + HOUR)
    assert undeploy((only(),), at(NOW), at=NOW + HOUR).changes_nothing
    with pytest.raises(Refused, match="never extends"):
        undeploy((only(),), at(NOW), at=NOW + HOUR + MICRO)
    undeploy((only(),), at(NOW), at=NOW + HOUR - MICRO)
    assert spans() == [(NOW, NOW + HOUR - MICRO)]
    with pytest.raises(Refused, match="is over"):
        undeploy((only(),), at(NOW + HOUR - MICRO))


def test_what_is_undeployed_in_the_moment_of_its_start_was_never_live() -> None:
    put(NOW)
    undeploy((only(),), at(NOW))
    (row,) = Deployment.objects.all()
    assert (row.start, row.end, row.deactivated_at) == (NOW, None, NOW)
    put(NOW)
    undeploy((only(),), at(NOW + MICRO))
    assert spans() == [(NOW, NOW + MICRO)]


def test_an_edit_ends_what_runs_now_and_not_a_microsecond_before() -> None:
    put(NOW)
    with pytest.raises(Refused, match="is before now"):
        edit_deployment(DeploymentEdit(only(), end=NOW + HOUR - MICRO), at(NOW + HOUR))
    edit_deployment(DeploymentEdit(only(), end=NOW + HOUR), at(NOW + HOUR))
    assert states(NOW + HOUR) == [State.PAST]
    with pytest.raises(Refused, match="is over"):
        edit_deployment(DeploymentEdit(only(), end=NOW + 2 * HOUR), at(NOW + HOUR))


def test_who_begins_now_has_begun() -> None:
    put(NOW, NOW + HOUR)
    with pytest.raises(Refused, match="only its end can change"):
        edit_deployment(DeploymentEdit(only(), start=NOW + 2 * HOUR), at(NOW + HOUR))
    edit_deployment(DeploymentEdit(only(), start=NOW + 2 * HOUR), at(NOW + HOUR - MICRO))
    assert spans() == [(NOW + 2 * HOUR, None)]


@pytest.mark.parametrize("back", [MICRO, SECOND, HOUR, 365 * 24 * HOUR], ids=str)
def test_a_clock_that_is_set_back_between_acts_does_not_take_now_along(back: timedelta) -> None:
    put(NOW)
    for done in (
        put(NOW - back, path=TEST),
        undeploy((Deployment.objects.get(instance__path=TEST).id,), at(NOW - back), at=NOW + HOUR),
        undo(Rollout.objects.order_by("-id")[0].id, at(NOW - back)),
        change("host", "web2", -365, addresses=["10.7.7.7"]).plan,
    ):
        assert done is not None
        assert done.now == NOW
    assert set(Rollout.objects.values_list("recorded_at", flat=True)) == {NOW}
    lines = list(Activity.objects.order_by("id").values_list("at", flat=True))
    assert lines == sorted(lines)
    assert spans(TEST) == [(NOW, None)]
    assert find_faults(NOW) == []


def test_now_is_the_moment_of_the_last_commit_also_for_what_counts_as_past() -> None:
    put(NOW)
    with pytest.raises(Refused, match="is in the past"):
        put(NOW - HOUR, NOW - HOUR + SECOND, path=TEST)
    with pytest.raises(Refused, match="is in the past"):
        undeploy((only(),), at(NOW - HOUR), at=NOW - HOUR)


def test_the_first_and_the_last_moment_are_kept_compared_and_shown() -> None:
    put(NOW, EARLIEST, EARLIEST + MICRO, backdate=True)
    put(NOW, LATEST - MICRO, LATEST)
    assert spans() == [(EARLIEST, EARLIEST + MICRO), (LATEST - MICRO, LATEST)]
    assert get_node("web1", LOCAL, Moment(EARLIEST)).next_change == EARLIEST + MICRO
    assert get_node("web1", LOCAL, Moment(NOW)).next_change == LATEST - MICRO
    assert [states(moment) for moment in (EARLIEST, LATEST)] == [
        [State.CURRENT, State.FUTURE],
        [State.PAST, State.PAST],
    ]
