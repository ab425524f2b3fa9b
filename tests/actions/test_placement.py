"""Where services go: by choice, after what they audit, to a role's least busy host; and what stays uncovered."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from larry.actions.author import Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
from larry.actions.redeploy import redeploy
from larry.actions.undeploy import undeploy
from larry.core.plan import Plan
from larry.queries.moment import Moment
from larry.queries.node import get_node, list_timeline
from larry.queries.reader import LOCAL
from larry.records.deployment import DeployedService
from larry.records.host import Host
from tests.actions.estate import BK1, BK2, BLOG, FULL, LIVE, MON1, WEB1, WEB2, ask, author, change, day, lay, put, rows
from tests.actions.world import find_faults, read_world

pytestmark = pytest.mark.django_db

STAGING = "acme/shop/test"


def where(plan: Plan, service: str) -> set[str]:
    """The hosts on which the Plan puts a service."""
    return {each.host for each in plan.deployed_services if each.service == service}


def place(path: str, host: str, now: float = 0, **places: str) -> Plan:
    return deploy(ask(path, host, place=places), author(now))


def codes(plan: Plan) -> list[str]:
    return [notice.code for notice in plan.warnings]


def entries(host: str, now: float) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """The services of a host as of a day, each with whom it audits."""
    node = get_node(host, LOCAL, Moment(day(now))).node
    return {each.key: tuple((subject.service, subject.host) for subject in each.audits) for each in node.services}


def test_every_policy_puts_its_auditor_where_it_says() -> None:
    lay(FULL)
    done = put(LIVE, WEB1)
    assert where(done, "linux") == where(done, "postgres") == where(done, "rails") == {WEB1}
    assert where(done, "logship") == {WEB1}
    assert where(done, "monitoring") == {MON1}
    assert where(done, "backup") == {BK1}
    assert entries(MON1, 0) == {"monitoring": (("linux", WEB1),)}
    assert entries(BK1, 0) == {"backup": (("postgres", WEB1),)}
    assert entries(WEB1, 0)["acme-shop-live-rails"] == ()
    assert entries(WEB1, 0)["logship"] == (("rails", WEB1),)


def test_an_auditor_elsewhere_changes_at_the_same_moments_as_what_it_audits() -> None:
    lay(FULL)
    put(LIVE, WEB1, start=2, end=9)
    put(LIVE, WEB2, start=5)
    put(STAGING, WEB1, start=7, end=8)
    moments = {host: [each.start for each in list_timeline(host, LOCAL, Moment(day(0)))] for host in (WEB1, MON1, BK1)}
    assert moments[WEB1][1:] == [day(2), day(7), day(8), day(9)]
    assert moments[MON1][1:] == [day(2), day(5), day(7), day(8), day(9)]
    assert moments[BK1][1:] == [day(2), day(5), day(9)], "another host serves the other instance"
    assert entries(BK1, 7)["backup"] == (("postgres", WEB1), ("postgres", WEB2))
    assert entries(BK1, 9) == {"backup": (("postgres", WEB2),)}
    assert get_node(BK1, LOCAL, Moment(day(7))).end == day(9)


def test_an_auditor_is_told_the_settings_of_each_of_its_subjects() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    change("instance", "zeta/blog/live", 0, requires=["postgres"])
    put(BLOG, WEB2)
    (backup,) = [each for each in get_node(BK1, LOCAL, Moment(day(0))).node.services if each.key == "backup"]
    told = {(each.host, each.settings["backup_target"], each.paths) for each in backup.audits}
    assert told == {(WEB1, "s3", (LIVE,))}
    (other,) = [each for each in get_node(BK2, LOCAL, Moment(day(0))).node.services if each.key == "backup"]
    assert {(each.host, each.settings["backup_target"], each.paths) for each in other.audits} == {
        (WEB2, "nfs", (BLOG,))
    }


def test_a_service_placed_elsewhere_is_needed_there_with_its_addresses() -> None:
    lay(FULL)
    done = place(LIVE, WEB1, postgres=WEB2)
    assert where(done, "postgres") == {WEB2}
    assert where(done, "linux") == {WEB1, WEB2}
    rails = next(each for each in get_node(WEB1, LOCAL, Moment(day(0))).node.services if each.service == "rails")
    assert [(each.service, each.host, each.addresses) for each in rails.needs_elsewhere] == [
        ("postgres", WEB2, ("10.0.0.12",))
    ]
    assert entries(BK1, 0) == {"backup": (("postgres", WEB2),)}
    assert dict(rows()[0].place) == {"postgres": WEB2}
    assert find_faults(day(0)) == []


def test_a_placed_service_starts_and_ends_with_its_deployment() -> None:
    lay(FULL)
    deploy(ask(LIVE, WEB1, start=3, end=6, place={"postgres": WEB2}), author())
    change("instance", LIVE, 1, parameters={"rails_env": "next", "db_password": "x"})
    put(LIVE, WEB1, now=1, start=5)
    found = DeployedService.objects.filter(service_key="postgres", deactivated=False).order_by("start")
    assert [(row.host.name, row.start, row.end) for row in found] == [
        (WEB2, day(3), day(5)),
        (WEB2, day(5), None),
    ]


def test_an_unknown_service_or_host_to_be_placed_is_refused() -> None:
    lay(FULL)
    Host.objects.filter(name=BK2).update(retired_at=day(-1))
    world = read_world()
    with pytest.raises(Refused, match="has no service apache to be placed; it has linux"):
        place(LIVE, WEB1, apache=WEB2)
    for host in ("nope.example.com", BK2):
        with pytest.raises(Refused, match=f"there is no host {host}, where services are to go"):
            place(LIVE, WEB1, postgres=host)
    assert read_world() == world


def test_a_manual_auditor_is_uncovered_until_a_person_names_its_host() -> None:
    lay(FULL)
    first = put(BLOG, WEB1)
    assert codes(first) == ["uncovered"]
    assert f"apache of {BLOG} on {WEB1} is not covered by pager" in first.warnings[0].text
    assert [lack[:3] for lack in rows()[0].uncovered] == [("pager", "apache", WEB1)]
    second = place(BLOG, WEB1, now=1, pager=MON1)
    assert codes(second) == []
    assert rows(1)[-1].uncovered == ()
    assert entries(MON1, 1)["pager"] == (("apache", WEB1),)
    assert "pager" not in entries(MON1, 0.5)


def test_places_are_carried_over_when_a_deployment_is_replaced_and_not_otherwise() -> None:
    lay(FULL)
    place(BLOG, WEB1, pager=MON1)
    change("instance", BLOG, 1, parameters={"workers": 9})
    done = put(BLOG, WEB1, now=1)
    assert codes(done) == ["carried_over"]
    assert f"pager of {BLOG} on {WEB1} stays on {MON1}" in done.warnings[0].text
    assert where(done, "pager") == {MON1}
    assert codes(put(BLOG, WEB2, now=1)) == ["uncovered"]
    moved = place(BLOG, WEB1, now=2, pager=BK1)
    assert where(moved, "pager") == {BK1}


def test_a_continuation_stands_where_what_it_continues_stood() -> None:
    lay(FULL)
    place(BLOG, WEB1, pager=MON1)
    done = deploy(ask(BLOG, WEB1, start=3, end=5, place={"pager": BK1}), author(1))
    hosts = {(each.during.start, each.host) for each in done.deployed_services if each.service == "pager"}
    assert hosts == {(day(3), BK1), (day(5), MON1)}


def test_a_place_of_a_service_that_is_no_longer_there_is_forgotten() -> None:
    lay(FULL)
    place(BLOG, WEB1, pager=MON1)
    change("service", "pager", 1, audits=[])
    assert codes(put(BLOG, WEB1, now=1)) == []
    assert dict(rows(1)[-1].place) == {}


def test_a_role_is_served_by_its_least_busy_host_ties_by_name() -> None:
    lay(FULL)
    assert where(put(LIVE, WEB1, start=5, end=9), "backup") == {BK1}
    assert where(put(STAGING, WEB1, start=6, end=7), "backup") == {BK2}
    change("instance", BLOG, 0, requires=["postgres"])
    assert where(put(BLOG, WEB2, start=20), "backup") == {BK1}, "nobody is busy then"


def test_a_service_that_two_deployments_of_one_instance_ask_for_makes_a_host_busy_once() -> None:
    lay(FULL)
    change("instance", BLOG, 0, requires=["linux"])
    change("instance", STAGING, 0, requires=["linux"])
    place(STAGING, WEB1, linux=BK1)
    place(STAGING, WEB2, linux=BK1)
    put(BLOG, BK2)
    assert where(put(LIVE, WEB1), "backup") == {BK1}, "one service is on each, ties by name"


def test_who_serves_an_edge_already_keeps_serving_it_however_busy() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    change("instance", BLOG, 0, requires=["postgres"])
    for host in (WEB2, MON1):
        put(BLOG, host)
    assert entries(BK2, 0)["backup"] == (("postgres", MON1), ("postgres", WEB2)), "one host for one instance"
    assert where(put(LIVE, WEB2), "backup") == {BK1}
    change("instance", LIVE, 1, parameters={"rails_env": "next", "db_password": "x"})
    assert where(put(LIVE, WEB1, now=1, start=50), "backup") == {BK1}


def test_one_rollout_spreads_instances_but_not_the_hosts_of_one() -> None:
    lay(FULL)
    items = (DeployItem(LIVE, (WEB1, WEB2)), DeployItem(STAGING, (WEB1, WEB2)))
    shown = preview_deploy(DeployRequest(items), author())
    done = deploy(DeployRequest(items), author())
    assert shown == done
    chosen = {(each.instance, each.host) for each in done.deployed_services if each.service == "backup"}
    assert chosen == {(LIVE, BK1), (STAGING, BK2)}


def test_a_chosen_host_is_stored_so_later_changes_of_roles_move_nothing() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    world = entries(BK1, 0)
    change("host", BK1, 1, roles=[])
    assert entries(BK1, 1) == world
    assert where(put(LIVE, WEB2, now=2), "backup") == {BK1}
    assert where(put(STAGING, WEB2, now=2), "backup") == {BK2}


def test_a_role_that_no_host_has_leaves_the_service_uncovered() -> None:
    lay(FULL)
    for host in (BK1, BK2):
        change("host", host, 0, roles=[])
    done = put(LIVE, WEB1)
    assert [notice.text for notice in done.warnings if notice.code == "uncovered"] == [
        f"postgres of {LIVE} on {WEB1} is not covered by backup: no host has the role backup"
    ]
    assert [lack[:3] for lack in rows()[0].uncovered] == [("backup", "postgres", WEB1)]


def test_retired_hosts_are_not_chosen_for_a_role() -> None:
    lay(FULL)
    Host.objects.filter(name=BK1).update(retired_at=day(-1))
    assert where(put(LIVE, WEB1), "backup") == {BK2}


def test_fewer_copies_than_wanted_are_told() -> None:
    lay(FULL)
    done = put(LIVE, WEB1)
    assert [notice.text for notice in done.warnings] == [f"{LIVE} has 1 of 2 copies at 2026-11-01T12:00:00Z"]
    assert codes(put(LIVE, WEB2)) == []
    change("instance", LIVE, 1, copies=3)
    assert codes(put(LIVE, WEB2, now=1, start=4)) == ["fewer_copies"]
    change("instance", LIVE, 1, copies=0)
    assert codes(put(LIVE, WEB2, now=1, start=5)) == []


def test_ending_a_copy_tells_that_there_are_fewer_then() -> None:
    lay(FULL)
    put(LIVE, WEB1, WEB2)
    put(STAGING, WEB1, start=3)
    first, second, staging = (row.id for row in rows())
    done = undeploy((first,), author(1), at=day(5))
    assert [notice.text for notice in done.warnings] == [f"{LIVE} has 1 of 2 copies at 2026-11-06T12:00:00Z"]
    assert codes(undeploy((second, staging), author(1), dry_run=True)) == ["fewer_copies", "fewer_copies"]
    change("instance", LIVE, 1, parameters={"rails_env": "next", "db_password": "x"})
    assert codes(redeploy((LIVE,), author(2), dry_run=True)) == [], "replaced is not ended"


def test_copies_are_counted_in_the_same_number_of_statements_for_many_instances() -> None:
    lay(FULL)

    def count(*paths: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            preview_deploy(DeployRequest(tuple(DeployItem(path, (WEB1,)) for path in paths), day(1)), author())
        return len(captured)

    count(LIVE)
    assert count(LIVE, STAGING, BLOG) == count(LIVE)


def test_a_placed_manual_auditor_of_many_hosts_has_them_all_as_subjects() -> None:
    lay(FULL)
    deploy(ask(BLOG, WEB1, WEB2, place={"pager": MON1}), author())
    assert entries(MON1, 0)["pager"] == (("apache", WEB1), ("apache", WEB2))
    assert find_faults(day(0)) == []
