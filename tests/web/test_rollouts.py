"""Pages of rollouts: what one did, what came since, and what undoing it leads to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from larry.actions.author import Author
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.outside import clock
from larry.records.rollout import Rollout
from tests.api.scene import LIVE, SPARE, WEB, lay, put
from tests.web.test_deployments import act, deployed, preview, rows


@pytest.fixture
def estate(db: None) -> None:
    lay()


def test_a_rollout_is_shown_and_undone(client: Client, estate: None) -> None:
    deployed(WEB)
    number = rows()[0].rollout
    page = client.get(f"/rollouts/{number}").content.decode()
    assert "was not" in page
    shown = preview(client, f"/rollouts/{number}/undo")
    assert "end" in shown
    undone = act(client, f"/rollouts/{number}/undo", shown)
    assert undone == f"/rollouts/{number + 1}", "to what the undoing made, and not back to what is gone"
    assert "Undo: 1 deployment changed." in client.get(undone).content.decode()
    assert f"rollout {number + 1}" in client.get(f"/rollouts/{number}").content.decode()
    assert client.get("/rollouts/").content.decode().count('scope="row"') == 2
    assert client.get("/rollouts/999999999999999999999").status_code == 404


def test_an_undoing_is_shown_as_of_now_also_to_who_looked_elsewhere(client: Client, estate: None) -> None:
    deployed(WEB, 2)
    number = rows()[0].rollout
    path = f"/rollouts/{number}/undo?as_of=%2B3d"
    assert act(client, path, preview(client, path)) == f"/rollouts/{number + 1}"


def test_undoing_what_has_passed_makes_no_rollout_and_leads_back(client: Client, estate: None) -> None:
    put(WEB, clock.now(), at=-5, start=-3, end=-1)
    number = rows()[0].rollout
    path = f"/rollouts/{number}/undo"
    assert act(client, path, preview(client, path)) == f"/rollouts/{number}"
    assert client.get(f"/rollouts/{number + 1}").status_code == 404


def test_later_rollouts_are_named_once_the_first_to_be_undone_before_the_others(client: Client, estate: None) -> None:
    for host in (WEB, SPARE):
        deployed(host, 1)
    lanes = DeployRequest((DeployItem(LIVE, (WEB, SPARE)),), clock.now() + timedelta(days=2))
    deploy(lanes, Author("Tess Tester", "both", clock.now()))
    deploy(replace(lanes, start=clock.now() + timedelta(days=3)), Author("Tess Tester", "again", clock.now()))
    first = Rollout.objects.earliest("id").id
    html = client.get(f"/rollouts/{first}").content.decode()
    named = html.partition("came into its lanes: ")[2].partition("They have")[0]
    assert re.findall(r">(\d+)</a>", named) == [str(first + 3), str(first + 2)]
