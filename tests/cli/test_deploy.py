"""Deploying from the command line: reasons, Plans, refusals, and lists of what was, is and will be."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from larry.outside import clock
from tests.cli.terminal import LIVE, SECRET, TEST, WHY, Terminal

DEPLOYMENT = {
    "id", "instance", "host", "snapshot", "start", "end", "deactivated", "reason", "rollout", "continues", "state",
}  # fmt: skip
PLAN = {"digest", "changes", "deployed_services", "warnings", "refusals", "nodes"}
CHANGE = {"kind", "deployment", "instance", "host", "before", "after", "why"}


def test_a_deployment_needs_a_reason_and_says_what_to_type(larry: Terminal) -> None:
    for reason in ((), ("--reason", ""), ("--reason", "  ")):
        told = larry.misused("deploy", LIVE, "--host", "web1.example.com", *reason)
        assert '--reason "why"' in told
    assert '--reason "why"' in larry.misused("undeploy", "abc")
    assert '--reason "why"' in larry.misused("redeploy", LIVE)
    assert '--reason "why"' in larry.misused("edit-deployment", "abc", "--end", "+2d")


def test_a_dry_run_shows_the_plan_that_the_act_then_carries_out(larry: Terminal) -> None:
    asked = ("deploy", LIVE, "--host", "web1.example.com", "--host", "web2.example.com", "--start", "+2d")
    asked = (*asked[:-1], (clock.now() + timedelta(days=2)).isoformat())
    preview = larry.done(*asked, "--dry-run", "--format", "json").json
    assert larry.done("deployments").out == "no deployments\n"
    plan = larry.done(*asked, *WHY, "--expect", preview["digest"], "--format", "json").json
    assert plan == preview
    assert set(plan) == PLAN
    assert all(set(change) == CHANGE for change in plan["changes"])
    assert [row["host"] for row in larry.done("deployments", "--future", "--format", "json").json] == [
        "web1.example.com",
        "web2.example.com",
    ]


def test_the_plan_for_people_says_that_nothing_was_changed(larry: Terminal) -> None:
    said = larry.done("deploy", LIVE, "--host", "web1.example.com", "--dry-run")
    assert "add" in said.out
    assert "nothing has been changed: this was a dry run" in said.out
    assert re.search(r"^Plan [0-9a-f]{64}$", said.out, re.MULTILINE)
    said = larry.done("deploy", LIVE, "--host", "web1.example.com", *WHY)
    assert "dry run" not in said.out


def test_when_the_ground_has_moved_the_new_plan_is_printed_and_nothing_done(larry: Terminal) -> None:
    said = larry("deploy", LIVE, "--host", "web1.example.com", *WHY, "--expect", "0" * 64, "--format", "json")
    assert said.code == 1
    assert set(said.json) == PLAN
    assert said.json["digest"] != "0" * 64
    assert len(said.err.splitlines()) == 1
    assert larry.done("deployments").out == "no deployments\n"


def test_what_is_missing_refuses_with_its_name(larry: Terminal) -> None:
    larry.done("set", "customer", "acme", "parameters={}")
    assert "password is missing: needed by rails" in larry.refused("snapshot", LIVE)
    assert "password is missing" in larry.refused("deploy", LIVE, "--host", "web1.example.com", *WHY)
    said = larry("deploy", LIVE, "--host", "web1.example.com", "--dry-run")
    assert said.code == 1
    assert "this would be refused" in said.err
    assert "password is missing" in said.err
    missing = larry.done("parameters", LIVE, "--format", "json").json
    assert {"missing"} == {line["group"] for line in missing if line["name"] == "password"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("deploy", "acme/shop/nowhere", "--host", "web1.example.com", *WHY),
        ("deploy", LIVE, "--host", "nowhere.example.com", *WHY),
        ("deploy", LIVE, "--host", "web1.example.com", "--start", "2020-01-01", *WHY),
        ("deploy", LIVE, "--host", "web1.example.com", "--end", "2020-01-01", *WHY),
        ("deploy", LIVE, "--host", "web1.example.com", "--snapshot", "abc", *WHY),
        ("deploy", LIVE, "--host", "web1.example.com", "--place", "nothing=web2.example.com", *WHY),
        ("snapshot", "nonsense"),
        ("undeploy", "nonsense", *WHY),
        ("diff", "acme/shop/nowhere"),
        ("diff", LIVE, "abc"),
        ("order", "nonsense"),
        ("parameters", "nonsense"),
        ("redeploy", "acme/shop/nowhere", *WHY),
        ("edit-deployment", "nonsense", "--open", *WHY),
    ],
)
def test_refusals_are_one_line(arguments: tuple[str, ...], larry: Terminal) -> None:
    assert "defect" not in larry.refused(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("deploy", LIVE, *WHY),
        ("deploy", LIVE, "--host", "web1.example.com", "--start", "yesterday", *WHY),
        ("deploy", LIVE, "--host", "web1.example.com", "--end", "2026-02-30", *WHY),
        ("deploy", LIVE, "--host", "web1.example.com", "--place", "rails", *WHY),
        ("deploy", LIVE, "--host", "web1.example.com", "--place", "rails=a", "--place", "rails=b", *WHY),
        ("undeploy", "abc", "--at", "whenever", *WHY),
        ("redeploy", *WHY),
        ("redeploy", LIVE, "--dirty", *WHY),
        ("redeploy", LIVE, "--customer", "acme", *WHY),
        ("edit-deployment", "abc", *WHY),
        ("edit-deployment", "abc", "--open", "--end", "+2d", *WHY),
        ("diff", LIVE, "a", "b", "c"),
        ("deployments", "--as-of", "whenever"),
    ],
)
def test_wrong_usage_is_told_apart_from_a_refusal(arguments: tuple[str, ...], larry: Terminal) -> None:
    larry.misused(*arguments)


def test_a_snapshot_prints_its_digest_first_and_then_whether_it_is_new(larry: Terminal) -> None:
    dry = larry.done("snapshot", LIVE, "--dry-run").out.splitlines()
    first = larry.done("snapshot", LIVE).out.splitlines()
    second = larry.done("snapshot", LIVE).out.splitlines()
    assert dry[0] == first[0] == second[0]
    assert re.fullmatch("[0-9a-f]{64}", first[0])
    assert first[1] == "new"
    assert dry[1].startswith("new")
    assert second[1].startswith("not new")
    again = larry.done("snapshot", LIVE, "--format", "json").json
    assert again == {"digest": first[0], "instance": LIVE, "new": False}


def test_deployments_in_json_have_the_pinned_fields(larry: Terminal) -> None:
    id_ = larry.deploy()
    (row,) = larry.done("deployments", "--format", "json").json
    assert set(row) >= DEPLOYMENT
    assert (row["id"], row["instance"], row["state"], row["end"]) == (id_, LIVE, "current", None)
    assert datetime.fromisoformat(row["start"]).tzinfo == UTC
    assert row["uncovered"][0]["auditor"] == "pager"


def test_deployments_are_listed_by_state_owner_and_host(larry: Terminal) -> None:
    now = larry.deploy(LIVE, "web1.example.com", "--end", "+10d")
    later = larry.deploy(LIVE, "web1.example.com", "--start", "+20d")
    other = larry.deploy(TEST, "web2.example.com", "--start", "+5d", "--end", "+6d")
    larry.done("undeploy", other, *WHY)

    def ids(*options: str) -> list[str]:
        return [row["id"] for row in larry.done("deployments", "--format", "json", *options).json]

    assert ids() == [now, later]
    assert ids("--current") == [now]
    assert ids("--future") == [later]
    assert ids("--past") == []
    assert ids("--current", "--future") == [now, later]
    assert sorted(ids("--all")) == sorted([now, later, other])
    assert ids("--past", "--as-of", "+15d") == [now]
    assert ids("--current", "--as-of", "+15d") == []
    assert ids("--host", "WEB1.example.com") == [now, later]
    assert ids("--instance", TEST) == []
    assert ids("--app", "acme/shop") == [now, later]
    assert ids("--customer", "nobody") == []
    table = larry.done("deployments").out.splitlines()
    assert table[0].split()[:4] == ["id", "state", "instance", "host"]
    assert len(table) == 3


def test_undeploying_ends_a_deployment(larry: Terminal) -> None:
    id_ = larry.deploy()
    preview = larry.done("undeploy", id_, "--at", "+3d", "--dry-run", "--format", "json").json
    assert [change["kind"] for change in preview["changes"]] == ["end"]
    larry.done("undeploy", id_, *WHY)
    (row,) = larry.done("deployments", "--format", "json", "--as-of", "+1m").json
    assert row["state"] == "past"
    assert "over" in larry.refused("undeploy", id_, *WHY)


def test_a_deployment_is_prolonged_and_opened(larry: Terminal) -> None:
    id_ = larry.deploy(LIVE, "web1.example.com", "--end", "+10d")
    larry.done("edit-deployment", id_, "--end", "+20d", *WHY)
    (row,) = larry.done("deployments", "--format", "json").json
    assert datetime.fromisoformat(row["end"]) > clock.now() + timedelta(days=19)
    larry.done("edit-deployment", id_, "--open", *WHY)
    assert larry.done("deployments", "--format", "json").json[0]["end"] is None


def test_what_is_dirty_is_what_is_so_where_the_redeployment_begins(larry: Terminal) -> None:
    larry.deploy(LIVE, "web1.example.com", "--start", "+2d", "--end", "+4d")
    larry.done("set", "instance", LIVE, 'parameters={"workers": 9}')
    assert larry.done("redeploy", "--dirty", *WHY).err == "nothing is dirty\n"
    plan = larry.done("redeploy", "--dirty", "--start", "+3d", *WHY, "--format", "json").json
    assert sorted(change["kind"] for change in plan["changes"]) == ["add", "end"]
    assert larry.done("redeploy", "--dirty", "--start", "+3d", *WHY).err == "nothing is dirty\n"
    assert larry.done("redeploy", "--dirty", "--start", "+5d", *WHY).err == "nothing is dirty\n"
    assert "is in the past" in larry.refused("redeploy", "--dirty", "--start", "-2d", *WHY)


def test_what_is_dirty_is_shown_with_its_cause_and_redeployed(larry: Terminal) -> None:
    larry.deploy()
    assert "as described now" in larry.done("diff", LIVE).out
    assert larry.done("redeploy", "--dirty", *WHY).err == "nothing is dirty\n"
    larry.done("set", "instance", LIVE, 'parameters={"workers": 9}')
    said = larry.done("diff", LIVE).out
    assert "dirty" in said
    assert "services.rails.parameters.workers" in said
    document = larry.done("diff", LIVE, "--format", "json").json
    assert document["dirty"] is True
    assert {each["path"] for each in document["live"][0]["differences"]} >= {"services.rails.parameters.workers"}
    assert larry.done("redeploy", "--dirty", "--customer", "nobody", *WHY).err == "nothing is dirty\n"
    larry.done("redeploy", "--dirty", *WHY)
    assert larry.done("diff", LIVE, "--format", "json").json["dirty"] is False
    old, new = (row["snapshot"] for row in larry.done("deployments", "--format", "json").json)
    between = larry.done("diff", LIVE, old[:10], new[:10], "--format", "json").json
    assert (between["old"], between["new"]) == (old, new)
    assert between["differences"] == document["live"][0]["differences"]
    assert larry.done("diff", LIVE, new, "--format", "json").json["differences"] == []


def test_order_and_waves_and_their_reverse(larry: Terminal) -> None:
    order = larry.done("order", LIVE, "--format", "json").json
    assert order.index("linux") < order.index("rails") < order.index("watch")
    assert larry.done("order", LIVE, "--reverse", "--format", "json").json == order[::-1]
    waves = larry.done("order", LIVE, "--waves", "--format", "json").json
    assert sorted(key for wave in waves for key in wave) == sorted(order)
    assert waves[0] == ["linux"]
    assert larry.done("order", LIVE).out.splitlines()[0].split() == ["1", order[0]]


def test_parameters_tell_whence_they_come_and_hide_secrets(larry: Terminal) -> None:
    said = larry.done("parameters", LIVE)
    assert "customer acme" in said.out
    assert "default rails" in said.out
    assert SECRET not in said.out + larry.done("parameters", LIVE, "--format", "json").out


def test_check_tells_every_strange_situation_and_exits_3(larry: Terminal) -> None:
    assert {each["what"] for each in larry("check", "--format", "json").json} == {
        "app_not_deployed",
        "customer_not_deployed",
        "host_idle",
    }
    larry.deploy()
    larry.done("set", "instance", LIVE, 'parameters={"workers": 9, "useless": 1}')
    said = larry("check", "--format", "json")
    assert said.code == 3
    found = {each["what"]: (each["noun"], each["address"]) for each in said.json if each["what"] != "host_idle"}
    assert {found.pop("uncovered"), found.pop("dirty"), found.pop("parameter_unknown")} == {("instance", LIVE)}
    assert "app_not_deployed" not in found
    assert "useless" in larry("check").out


def test_a_rollout_is_undone_and_history_tells_both(larry: Terminal) -> None:
    larry.deploy()
    number = larry.done("deployments", "--format", "json").json[0]["rollout"]
    assert "dry run" in larry.done("undo", str(number), "--dry-run").out
    assert larry("undo", str(number)).code == 2
    assert larry.done("undo", str(number), "--reason", "wrong host").out
    (row,) = larry.done("deployments", "--all", "--format", "json").json
    assert row["state"] in {"past", "deactivated"}
    assert f"there is no rollout {number + 9}" in larry.refused("undo", str(number + 9), "--reason", "x")
    told = larry.done("history", LIVE, "--format", "json").json
    assert {"because of the tests", "wrong host"} <= {line["reason"] for line in told}
    steps = larry.done("history", row["host"], "--format", "json").json
    assert steps[0]["differences"] == []
    assert [one["until"] for one in steps[:-1]] == [other["from"] for other in steps[1:]]


def test_activity_says_who_did_what_and_why(larry: Terminal) -> None:
    larry.deploy()
    rows = larry.done("activity", "--format", "json").json
    assert {"deploy", "create"} <= {row["verb"] for row in rows}
    assert {row["actor"] for row in rows} == {"Tess Tester"}
    assert "because of the tests" in larry.done("activity", "--limit", "1").out
    assert larry.done("activity", "--noun", "role", "--format", "json").json[0]["address"] == "web"
    assert larry.done("activity", "--as-of", "-1d").out == "no activity\n"
    assert SECRET not in larry.done("activity", "--limit", "1000", "--format", "json").out
