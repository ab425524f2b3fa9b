"""The pages of an instance: parameters and whence, the closure, snapshots side by side, deployments."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.actions.apply import apply
from larry.actions.author import Author
from larry.core.interval import iso
from larry.nouns.estate import parse_estate
from larry.records.activity import Activity
from larry.records.deployable import Deployable
from tests.api.scene import LIVE, SECRET, SPARE, WEB, lay, put
from tests.web.test_pages import Page, look

PAGES = ("parameters", "services", "snapshots", "deployments")
ESTATE = f"""
larry: 1
roles: [{{name: web}}]
services:
  - {{name: linux}}
  - name: rails
    sharing: instance
    needs: [linux]
    parameters: [{{name: workers, type: integer, default: 4}}, {{name: password, sensitive: true}},
      {{name: colour, default: red}}]
  - {{name: pager, audits: [{{service: rails, where: manual}}]}}
  - {{name: prober, audits: [{{service: linux, where: {{host: {WEB}}}}}]}}
  - {{name: mailer, parameters: [{{name: smarthost}}, {{name: retries, type: integer}}]}}
customers:
  - name: Acme
    parameters: {{password: {SECRET}, colour: green}}
    apps:
      - name: Shop
        parameters: {{colour: blue, needless: 1}}
        instances:
          - {{name: Live, requires: [rails]}}
          - {{name: Broken, requires: [mailer], parameters: {{retries: many}}}}
hosts: [{{name: {WEB}, roles: [web]}}, {{name: {SPARE}}}]
"""


@pytest.fixture
def now(db: None) -> datetime:
    now = lay(ESTATE)
    put(WEB, now, at=-5, start=-3, end=5, reason="the first week")
    put(WEB, now, at=-1, start=8, reason="back again")
    return now


def test_a_clean_instance_is_redeployed_from_its_page(now: datetime, client: Client) -> None:
    path = f"/instances/{LIVE}/redeploy"
    assert path in look(client, f"/instances/{LIVE}").links
    form = look(client, path)
    assert f"On {WEB} it is as it is described" in form.text
    preview = client.post(path, {"reason": ""}, headers={"HX-Request": "true"})
    (expect,) = [a["value"] for _, a in Page(preview.content.decode()).tags if a.get("name") == "expect"]
    done = client.post(path, {"reason": "audited anew", "step": "act", "expect": expect or ""})
    assert (done.status_code, done.headers["Location"]) == (303, f"/instances/{LIVE}/deployments")
    page = look(client, f"/instances/{LIVE}/deployments")
    assert "audited anew" in page.text
    assert Deployable.objects.count() == 1


def test_a_dirty_instance_is_redeployed_and_what_is_live_nowhere_is_not(now: datetime, client: Client) -> None:
    more_workers(now)
    path = f"/instances/{LIVE}/redeploy"
    assert f"dirty On {WEB} it is not as it is described" in look(client, path).text
    client.post(path, {"reason": "up to date", "step": "act"})
    assert f"On {WEB} it is as it is described" in look(client, path).text
    assert Deployable.objects.count() == 2
    assert "/instances/acme/shop/broken/redeploy" not in look(client, "/instances/acme/shop/broken").links
    assert "It is live nowhere now" in look(client, "/instances/acme/shop/broken/redeploy").text
    missing = look(client, "/instances/acme/shop/none/redeploy", 404)
    assert {"/instances/", "/search"} <= set(missing.links), "from where one can go on"


def test_the_first_deployments_of_each_state_are_shown_and_lead_to_all(
    now: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(WEB, now, at=-0.5, start=10, reason="yet again")
    monkeypatch.setattr("larry.web.views.instance_deployments.MOST_DEPLOYMENTS", 1)
    page = page_of(client, "deployments")
    assert "future 2 deployments" in page.text
    assert "All 2 that are future" in page.text
    (every,) = [link for link in page.links if link.startswith("/deployments/?")]
    assert "1–2 of 2 deployments" in look(client, every).text


def describe(text: str, now: datetime, reason: str = "more work") -> None:
    apply(parse_estate([("more.yaml", text)]).items, Author("Ada", reason, now - timedelta(hours=1)))


def more_workers(now: datetime) -> None:
    describe(
        "larry: 1\ncustomers: [{name: Acme, apps: [{name: Shop, instances: "
        "[{name: Live, requires: [rails], parameters: {workers: 8}}]}]}]\n",
        now,
    )


def page_of(client: Client, name: str, path: str = LIVE, query: str = "") -> Page:
    return look(client, f"/instances/{path}/{name}{query}")


def test_parameters_are_shown_with_whence_and_what_they_overrode(now: datetime, client: Client) -> None:
    text = page_of(client, "parameters").text
    assert "colour blue app acme/shop green customer acme red default of rails" in text
    assert "workers 4 default of rails" in text
    assert "password ******** customer acme" in text
    assert SECRET not in text
    assert "needless 1 app acme/shop" in text.partition("Set, and needed by no service")[2]


def test_what_is_missing_and_what_is_of_the_wrong_type_is_told(now: datetime, client: Client) -> None:
    page = page_of(client, "parameters", "acme/shop/broken")
    assert "1 parameter is needed and set nowhere" in page.text
    assert "smarthost needed by mailer" in page.text
    assert "retries many integer instance acme/shop/broken" in page.text
    assert "It lacks parameters" in page_of(client, "services", "acme/shop/broken").text


def test_the_closure_is_drawn_and_listed_in_start_order_with_its_audits(now: datetime, client: Client) -> None:
    page = page_of(client, "services")
    boxes = [attributes.get("data-id") for _, attributes in page.tags if "data-id" in attributes]
    assert {"service linux", "service rails", "service pager", f"instance {LIVE}"} <= set(boxes)
    order = page.text.partition("In start order")[2]
    assert "1 1 linux once on each host" in order
    assert order.index("linux") < order.index("rails") < order.index("pager")
    assert f"linux on {WEB}" in order
    assert "rails required" in order
    assert "lacks pager" in order
    audits = order.partition("Where its audits are")[2]
    assert "1 deployed service lacks an auditor that its snapshot asks for" in audits
    assert "nobody has named a host for pager" in audits
    assert "asks to be audited" in page_of(client, "services", query="?as_of=%2B6d").text


def test_a_dirty_instance_says_why_and_two_snapshots_stand_side_by_side(now: datetime, client: Client) -> None:
    assert "dirty" not in page_of(client, "snapshots").text
    more_workers(now)
    page = page_of(client, "snapshots")
    assert "What is live is not what is described" in page.text
    assert "services.rails.parameters.workers instance" in page.text
    assert "4 8 Ada" in page.text
    assert f"update instance {LIVE} more work" in page.text
    digest = Deployable.objects.get().digest
    back = page_of(client, "snapshots", query=f"?from=now&to={digest}").text
    assert "services.rails.parameters.workers" in back
    assert "8 4" in back.partition("Side by side")[2]
    assert "These are the same snapshot" in page_of(client, "snapshots", query="?from=now&to=now").text
    assert page_of(client, "snapshots", query="?from=nothing&to=%01").text


def test_a_snapshot_is_taken_once_with_a_reason(now: datetime, client: Client) -> None:
    more_workers(now)
    before = Deployable.objects.count()
    take = f"/instances/{LIVE}/snapshot"
    assert client.get(take).status_code == 405
    response = client.post(take, {"reason": "before the sale"})
    assert (response.status_code, response.headers["Location"]) == (303, f"/instances/{LIVE}/snapshots")
    assert Deployable.objects.count() == before + 1
    line = Activity.objects.latest("id")
    assert (line.verb, line.actor, line.reason) == ("snapshot", "tess", "before the sale")
    text = page_of(client, "snapshots").text
    assert "is taken." in text
    assert "has been taken already" in text
    client.post(take, {"reason": "again"})
    assert "Nothing has changed" in page_of(client, "snapshots").text
    assert Deployable.objects.count() == before + 1
    client.post("/instances/acme/shop/broken/snapshot", {"reason": "x"})
    assert "Nothing was taken" in page_of(client, "snapshots", "acme/shop/broken").text
    assert Client(enforce_csrf_checks=True).post(take, {"reason": "x"}).status_code in {302, 303, 403}


def test_deployments_are_grouped_by_state_and_replaced_ones_shown_on_request(now: datetime, client: Client) -> None:
    more_workers(now)
    put(WEB, now, at=-0.01, start=8, reason="sooner still")
    page = page_of(client, "deployments")
    assert "the first week" in page.text
    assert "sooner still" in page.text
    assert "Show deactivated ones too" in page.text
    assert "back again" not in page.text
    shown = page_of(client, "deployments", query="?deactivated=1")
    assert "back again" in shown.text
    assert "Hide deactivated ones" in shown.text
    later = page_of(client, "deployments", query="?as_of=%2B6d")
    assert "past 1 deployment" in later.text
    back = f"/instances/{LIVE}/deployments"  # the band leads back to now
    assert all("as_of=" in link for link in later.links if link.startswith("/instances/") and link != back)


def test_the_head_says_where_it_is_live_and_tabs_keep_the_moment(now: datetime, client: Client) -> None:
    then = iso(now + timedelta(days=6))
    overview = look(client, f"/instances/{LIVE}")
    assert {f"/instances/{LIVE}", *(f"/instances/{LIVE}/{name}" for name in PAGES)} <= set(overview.links)
    assert f"/instances/{LIVE}/edit" in overview.links
    for name in PAGES:
        page = page_of(client, name)
        assert f"Live on {WEB}" in page.text
        (here,) = [
            a for _, a in page.tags if a.get("aria-current") == "page" and f"/instances/{LIVE}" in str(a.get("href"))
        ]
        assert here["href"] == f"/instances/{LIVE}/{name}"
        away = page_of(client, name, query=f"?as_of={then}")
        assert "Live nowhere then" in away.text
        assert f"/instances/{LIVE}/{name}?as_of={then}" in away.links


@pytest.mark.parametrize("path", ["acme/shop/nothing", "nothing", "a/b/c/d", "%01/a/b", "acme/shop/" + "x" * 400])
def test_an_instance_that_there_is_not_is_told(path: str, now: datetime, client: Client) -> None:
    for name in PAGES:
        assert client.get(f"/instances/{path}/{name}").status_code == 404


def test_a_page_costs_as_many_statements_however_much_there_is(
    now: datetime, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    more_workers(now)
    for name in PAGES:
        with django_assert_max_num_queries(45):
            client.get(f"/instances/{LIVE}/{name}")
