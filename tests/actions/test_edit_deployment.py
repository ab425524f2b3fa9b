"""Edits of deployments by the rules of newcomers; deleting, undoing, adopting."""

from __future__ import annotations

import pytest

from larry.actions.adopt import Stated, adopt
from larry.actions.author import Refused
from larry.actions.edit_deployment import DeploymentEdit, delete_deployments, edit_deployment
from larry.actions.undo import undo
from larry.queries.deployment import DeploymentFilter, State, list_deployments
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from larry.records.rollout import Rollout
from tests.actions.estate import LIVE, SMALL, author, day, lay, put, state
from tests.actions.world import find_faults, read_world

pytestmark = pytest.mark.django_db

WEB1, WEB2 = "web1", "web2"


def rows(at: int = 0) -> list[tuple[str, object, object, str]]:
    """(host, start, end, state) of what is shown and what is deactivated, in order of start."""
    found = list_deployments(DeploymentFilter(states=frozenset(State)), LOCAL, Moment(day(at)))
    return [(row.host, row.start, row.end, row.state.value) for row in found]


def the(number: int = 0) -> str:
    live = DeploymentFilter(states=frozenset({State.CURRENT, State.FUTURE, State.PAST}))
    return list_deployments(live, LOCAL, Moment(day(0)))[number].id


def test_a_current_deployment_changes_its_end_only() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=9)
    with pytest.raises(Refused, match="only its end can change"):
        edit_deployment(DeploymentEdit(the(), start=day(3)), author(2))
    edit_deployment(DeploymentEdit(the(), end=day(12)), author(2))
    assert rows(2) == [(WEB1, day(0), day(12), "current")]
    edit_deployment(DeploymentEdit(the(), is_open=True), author(3))
    assert rows(3) == [(WEB1, day(0), None, "current")]
    with pytest.raises(Refused):
        edit_deployment(DeploymentEdit(the(), end=day(1)), author(4))
    assert not find_faults(day(9))


def test_an_extension_into_a_later_one_lets_it_make_room() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=5)
    put(LIVE, "web1", start=8, end=20)
    edit_deployment(DeploymentEdit(the(), end=day(10)), author(1))
    assert rows(1) == [(WEB1, day(0), day(10), "current"), (WEB1, day(10), day(20), "future")]
    plan = edit_deployment(DeploymentEdit(the(), is_open=True), author(2))
    assert [notice.code for notice in plan.warnings if notice.code == "bounded"] == ["bounded"]
    assert not find_faults(day(9))


def test_a_future_deployment_moves_in_time_and_to_another_host() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=5, end=9)
    edit_deployment(DeploymentEdit(the(), start=day(4), end=day(8)), author(1))
    assert rows(1) == [(WEB1, day(4), day(8), "future")]
    edit_deployment(DeploymentEdit(the(), host=WEB2), author(2))
    assert [row for row in rows(2) if row[3] == "future"] == [(WEB2, day(4), day(8), "future")]
    with pytest.raises(Refused, match="cannot change its host"):
        edit_deployment(DeploymentEdit(the(), host=WEB1), author(5))
    assert not find_faults(day(9))


@pytest.mark.parametrize("start, end", [(None, None), (3, None), (None, 7), (6, 12)])
def test_a_service_of_a_future_deployment_goes_elsewhere_at_the_times_asked_for(
    start: int | None, end: int | None
) -> None:
    lay(SMALL)
    put(LIVE, "web1", start=5, end=9)
    asked = DeploymentEdit(
        the(),
        start=day(start) if start is not None else None,
        end=day(end) if end is not None else None,
        place={"linux": WEB2},
    )
    edit_deployment(asked, author(1))
    (row,) = list_deployments(DeploymentFilter(), LOCAL, Moment(day(1)))
    assert (row.start, row.end) == (day(5 if start is None else start), day(9 if end is None else end))
    assert row.place == {"linux": WEB2}
    assert not find_faults(day(9))


def test_a_service_of_a_current_deployment_goes_elsewhere_from_now_on() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=9)
    edit_deployment(DeploymentEdit(the(), end=day(7), place={"linux": WEB2}), author(2))
    assert rows(2) == [(WEB1, day(0), day(2), "past"), (WEB1, day(2), day(7), "current")]
    assert not find_faults(day(9))


def test_undo_gives_the_future_back_and_refuses_to_jump_over_later_rollouts() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    put(LIVE, "web1", start=5, end=9)
    (first, second) = sorted({row.rollout for row in list_deployments(DeploymentFilter(), LOCAL, Moment(day(0)))})
    with pytest.raises(Refused, match="undo that first"):
        undo(first, author(1))
    undo(second, author(1))
    assert [row for row in rows(1) if row[3] != "deactivated"] == [(WEB1, day(0), None, "current")]
    assert not find_faults(day(9))


def test_what_has_begun_is_not_deleted_and_what_has_not_is_listed_no_more() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=3)
    put(LIVE, "web1", start=5)
    with pytest.raises(Refused, match="cannot be deleted"):
        delete_deployments((the(0),), author(1))
    delete_deployments((the(1),), author(1))
    assert rows(1) == [(WEB1, day(0), day(3), "current")]
    assert not find_faults(day(9))


def test_an_adopted_past_fills_empty_time_only_and_adopting_again_changes_nothing() -> None:
    stated = [
        Stated(LIVE, WEB1, day(-30), day(-10), "then"),
        Stated(LIVE, WEB1, day(-10), None, "since"),
        Stated(LIVE, WEB1, day(40), None, "next"),
    ]
    shown = adopt(state(SMALL), stated, author(0), dry_run=True)
    assert len(shown.plans) == 3
    assert not list_deployments(DeploymentFilter(), LOCAL, Moment(day(0)))
    adopt(state(SMALL), stated, author(0))
    assert rows() == [
        (WEB1, day(-30), day(-10), "past"),
        (WEB1, day(-10), day(40), "current"),
        (WEB1, day(40), None, "future"),
    ]
    world = read_world()
    assert adopt(state(SMALL), stated, author(0)).changes_nothing
    assert read_world() == world
    with pytest.raises(Refused, match="only filled in where it is empty"):
        adopt(state(SMALL), [Stated(LIVE, WEB1, day(-20), day(-15), "no")], author(0))
    assert read_world() == world


def test_rollouts_are_undone_one_after_the_other_the_last_first() -> None:
    """What was changed since and taken back since is no longer in the way of undoing what was there before."""
    lay(SMALL)
    put(LIVE, "web1", start=5, end=9)
    first = Rollout.objects.order_by("-id")[0].id
    edit_deployment(DeploymentEdit(the(), end=day(12)), author(1))
    with pytest.raises(Refused, match=f"rollout {first} cannot be undone by itself: {first + 1} came into its lanes"):
        undo(first, author(2))
    undo(first + 1, author(2))
    undo(first, author(3))
    assert [row[3] for row in rows(3)] == ["deactivated"]
    assert not find_faults(day(3))


def test_what_grew_since_to_where_something_stood_is_in_the_way_of_undoing() -> None:
    """The neighbour was not touched by what is undone, nor is it new."""
    lay(SMALL)
    put(LIVE, "web1", end=5)
    put(LIVE, "web1", start=5, end=9)
    first = Rollout.objects.order_by("-id")[0].id
    delete_deployments((the(1),), author(1))
    edit_deployment(DeploymentEdit(the(), end=day(7)), author(1))
    with pytest.raises(
        Refused, match=f"rollout {first + 1} cannot be undone by itself: {first + 2} came into its lanes"
    ):
        undo(first + 1, author(2))
    edit_deployment(DeploymentEdit(the(), end=day(4)), author(2))
    undo(first + 1, author(2))
    assert [row[1:] for row in rows(2) if row[3] != "deactivated"] == [
        (day(0), day(4), "current"),
        (day(5), day(9), "future"),
    ]
    assert not find_faults(day(6))
