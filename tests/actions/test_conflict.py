"""Two owners of one thing on one host: the whole rollout is refused, with both values, unless it settles the matter."""

from __future__ import annotations

import pytest

from larry.actions.author import Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
from larry.actions.redeploy import redeploy
from larry.core.timeline import Kind
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import LOCAL
from tests.actions.estate import BLOG, FULL, LIVE, SMALL, TEST, WEB1, WEB2, ask, author, change, day, lay, put, rows
from tests.actions.world import find_faults, read_world

pytestmark = pytest.mark.django_db

OTHER = "zeta/blog/test"


def test_different_parameters_of_a_shared_service_refuse_everything_with_both_values_and_owners() -> None:
    lay(FULL)
    put(BLOG, WEB1)
    world = read_world()
    request = DeployRequest((DeployItem(OTHER, (WEB2, WEB1)), DeployItem(LIVE, (WEB2,))))
    shown = preview_deploy(request, author())
    assert [(notice.code, notice.text) for notice in shown.refusals] == [
        ("conflict", f"apache on {WEB1}: parameter workers: {BLOG} wants 8 but {OTHER} wants 2")
    ]
    with pytest.raises(Refused, match=f"{BLOG} wants 8 but {OTHER} wants 2") as refused:
        deploy(request, author())
    assert refused.value.plan == shown
    assert read_world() == world


def test_equal_parameters_collapse() -> None:
    lay(FULL)
    change("instance", OTHER, 0, parameters={"workers": 8})
    put(BLOG, WEB1)
    assert put(OTHER, WEB1).refusals == ()
    apache = next(each for each in get_node(WEB1, LOCAL, Moment(day(0))).node.services if each.key == "apache")
    assert (apache.paths, dict(apache.parameters)) == ((BLOG, OTHER), {"workers": 8})


def test_changing_one_of_two_that_share_is_refused_and_both_in_one_rollout_succeed() -> None:
    lay(FULL)
    change("instance", OTHER, 0, parameters={"workers": 8})
    put(BLOG, WEB1)
    put(OTHER, WEB1)
    change("instance", OTHER, 1, parameters={"workers": 4})
    change("instance", BLOG, 1, parameters={"workers": 4})
    for path in (BLOG, OTHER):
        with pytest.raises(Refused, match="workers"):
            redeploy((path,), author(1))
    done = redeploy((BLOG, OTHER), author(1))
    assert done.refusals == ()
    apache = next(each for each in get_node(WEB1, LOCAL, Moment(day(1))).node.services if each.key == "apache")
    assert (apache.paths, dict(apache.parameters)) == ((BLOG, OTHER), {"workers": 4})
    assert find_faults(day(1)) == []


def test_a_conflict_far_in_the_future_refuses_too_and_one_that_is_over_does_not() -> None:
    lay(FULL)
    put(BLOG, WEB1, start=100, end=200)
    with pytest.raises(Refused, match="workers"):
        put(OTHER, WEB1)
    assert put(OTHER, WEB1, end=100).refusals == ()
    assert put(OTHER, WEB1, now=200).refusals == ()


def test_a_continuation_that_would_conflict_refuses_the_newcomer() -> None:
    """The newcomer itself agrees, but after it the old Deployable would come back."""
    lay(SMALL)
    put(LIVE, "web1")
    change("customer", "acme", 1, parameters={"size": 7})
    request = DeployRequest((DeployItem(LIVE, ("web1",)), DeployItem(TEST, ("web1",))), day(5), day(9))
    put(LIVE, "web1", now=1, start=20)
    assert deploy(request, author(1)).refusals == ()
    with pytest.raises(Refused, match=f"{LIVE} wants 1 but {TEST} wants 7"):
        put(TEST, "web1", now=1, start=9, end=15)
    assert find_faults(day(1)) == []


def test_a_disagreement_about_sharing_is_a_conflict() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    change("service", "app", 1, sharing="instance")
    with pytest.raises(Refused, match=f'app on web1: sharing: {LIVE} wants "host" but {TEST} wants "instance"'):
        put(TEST, "web1", now=1)
    done = deploy(DeployRequest((DeployItem(LIVE, ("web1",)), DeployItem(TEST, ("web1",)))), author(1))
    assert done.refusals == ()
    keys = {each.key for each in get_node("web1", LOCAL, Moment(day(1))).node.services}
    assert keys == {"linux", "acme-shop-live-app", "acme-shop-test-app"}
    assert find_faults(day(1)) == []


def test_per_instance_services_never_conflict() -> None:
    lay(SMALL)
    change("service", "app", 0, sharing="instance")
    change("instance", LIVE, 0, parameters={"size": 5})
    put(LIVE, "web1")
    assert put(TEST, "web1").refusals == ()


def test_what_differs_for_a_shared_auditor_are_settings_and_never_conflict() -> None:
    lay(FULL)
    change("instance", LIVE, 0, requires=["postgres"])
    change("instance", BLOG, 0, requires=["postgres"])
    change("host", "bk2.example.com", 0, roles=[])
    put(LIVE, WEB1)
    assert put(BLOG, WEB1).refusals == ()
    (backup,) = get_node("bk1.example.com", LOCAL, Moment(day(0))).node.services
    assert {(each.paths, each.settings["backup_target"]) for each in backup.audits} == {
        ((LIVE,), "s3"),
        ((BLOG,), "nfs"),
    }
    assert dict(backup.parameters) == {}


def test_an_instance_is_given_other_settings_host_by_host_but_one_subject_has_them_once() -> None:
    lay(SMALL)
    change("service", "watch", 0, parameters=["level"])
    change("instance", LIVE, 0, parameters={"level": 1})
    put(LIVE, "web1", "web2")
    change("instance", LIVE, 1, parameters={"level": 2})
    assert put(LIVE, "web1", now=1).refusals == ()
    (watch,) = get_node("mon", LOCAL, Moment(day(1))).node.services
    assert [(each.host, each.settings["level"]) for each in watch.audits] == [("web1", 2), ("web2", 1)]
    assert find_faults(day(1)) == []
    with pytest.raises(Refused, match="watch on mon: setting level for app on web2"):
        deploy(ask(LIVE, "web1", place={"app": "web2"}), author(2))


def test_different_tools_of_a_shared_service_are_a_conflict() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    change("service", "app", 1, tools={"puppet": {"class": "new"}})
    with pytest.raises(Refused, match="app on web1: tools"):
        put(TEST, "web1", now=1)


def test_snapshots_that_would_order_in_a_circle_on_one_host_are_a_conflict() -> None:
    lay(
        """
        larry: 1
        services: [{name: one}, {name: two, needs: [one]}]
        customers: [{name: C, apps: [{name: A, instances: [{name: I, requires: [two]}, {name: J, requires: [one]}]}]}]
        hosts: [{name: h}]
        """
    )
    put("c/a/i", "h")
    lay("larry: 1\nservices: [{name: one, needs: [two]}, {name: two, needs: []}]", now=1)
    with pytest.raises(Refused, match="one -> two -> one"):
        put("c/a/j", "h", now=1)
    assert len(rows(1)) == 1


def test_the_same_instance_with_two_snapshots_on_two_hosts_conflicts_where_its_auditor_meets_itself() -> None:
    lay(SMALL)
    change("service", "watch", 0, sharing="instance", parameters=["level"])
    change("instance", LIVE, 0, parameters={"level": 1})
    put(LIVE, "web1", "web2")
    change("instance", LIVE, 1, parameters={"level": 2})
    old = {row.host: row for row in rows(1)}["web2"]
    shown = preview_deploy(ask(LIVE, "web1"), author(1))
    new = next(each for each in shown.changes if each.kind is Kind.ADD)
    sides = [f"{LIVE} (deployment {new.deployment} of snapshot {new.deployable[:12]}) wants 2"]
    sides.append(f"{LIVE} (deployment {old.id} of snapshot {old.snapshot[:12]}) wants 1")
    with pytest.raises(Refused) as refused:
        put(LIVE, "web1", now=1)
    told = str(refused.value)
    assert told.startswith("watch on mon: parameter level: ")
    assert all(side in told for side in sides)
    assert redeploy((LIVE,), author(1)).refusals == ()
    assert preview_deploy(ask(LIVE, "web1"), author(2)).refusals == ()
