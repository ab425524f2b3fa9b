"""Home, search, what is dirty, activity and strange situations: what they show, what they offer, what they cost."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.actions.apply import apply
from larry.actions.author import Author
from larry.nouns.estate import parse_estate
from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.records.grant import Membership
from larry.records.rollout import Rollout
from larry.web.views import situation
from tests.api.scene import LIVE, SECRET, SPARE, WEB, lay, put
from tests.records.rows import add_grant, add_group, add_token, add_user, add_webhook
from tests.web.test_pages import Page, look
from tests.web.visitor import sign_in_as

MORE_WORKERS = """
larry: 1
customers: [{name: Acme, apps: [{name: Shop, instances: [{name: Live, requires: [rails], parameters: {workers: 8}}]}]}]
"""


@pytest.fixture
def now(db: None) -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3, end=5, reason="the first week")
    put(WEB, now, at=-1, start=8, reason="back again")
    return now


@pytest.fixture
def dirty(now: datetime) -> datetime:
    items = parse_estate([("more.yaml", MORE_WORKERS)]).items
    apply(items, Author("Ada", "the sale begins", now - timedelta(hours=1)))
    return now


def hrefs(page: Page) -> set[str]:
    return set(page.links)


def test_home_says_what_changes_next_what_was_done_and_how_much_there_is(now: datetime, client: Client) -> None:
    page = look(client, "/")
    assert "1 of 1 instance live" in page.text
    assert "1 of 2 hosts in use" in page.text
    coming = page.text.partition("What changes next")[2].partition("Strange situations")[0]
    assert coming.index("ends acme/shop/live") < coming.index("starts acme/shop/live")
    assert f"on {WEB}: back again" in coming
    assert "in 4 days" in coming
    lately = page.text.partition("What was done lately")[2]
    assert lately.index("back again") < lately.index("the first week")
    assert any("data-countdown" in attributes for _, attributes in page.tags)
    assert SECRET not in page.text
    assert "/situations" in hrefs(page)


def test_home_as_of_another_moment_counts_nothing_down(now: datetime, client: Client) -> None:
    page = look(client, "/?as_of=%2B6d")
    assert "0 of 1 instance live" in page.text
    assert "This is not now" in page.text
    assert not any("data-countdown" in attributes for _, attributes in page.tags)
    assert "ends acme/shop/live" not in page.text


def test_one_that_takes_over_from_another_is_a_change_and_no_end(dirty: datetime, client: Client) -> None:
    put(WEB, dirty, at=-0.01, start=2, reason="the sale")
    coming = look(client, "/").text.partition("What changes next")[2].partition("Strange situations")[0]
    assert "changes acme/shop/live" in coming
    assert "the sale" in coming
    assert "ends" not in coming.partition("the sale")[0]


@pytest.mark.django_db
def test_an_estate_without_deployments_says_what_is_still_to_do(client: Client) -> None:
    links = hrefs(look(client, "/"))
    assert {"/services/-/new", "/customers/-/new", "/apps/-/new", "/instances/-/new", "/hosts/-/new"} <= links
    lay()
    page = look(client, "/")
    assert "Nothing is deployed yet" in page.text
    assert "/deploy" in hrefs(page)
    assert "/services/-/new" not in hrefs(page)


@pytest.mark.parametrize(
    "text, kind, address, page",
    [
        ("live", "Instances", LIVE, f"/instances/{LIVE}"),
        ("ACME", "Customers", "acme", "/customers/acme"),
        ("shop/li", "Instances", LIVE, f"/instances/{LIVE}"),
        ("web1", "Hosts", WEB, f"/hosts/{WEB}"),
        ("10.0.0.1", "Hosts", WEB, f"/hosts/{WEB}"),
        ("workers", "Parameters", "workers", "/services/rails"),
        ("first week", "Rollouts", "Rollout", "/rollouts/"),
    ],
)
def test_anything_is_found_by_what_it_is_called(
    text: str, kind: str, address: str, page: str, now: datetime, client: Client
) -> None:
    found = look(client, f"/search?q={text}")
    assert kind in found.text
    assert address in found.text
    assert any(link.startswith(page) for link in found.links)


def test_digests_ids_and_numbers_are_found_by_their_beginning(now: datetime, client: Client) -> None:
    digest, id_, number = Deployable.objects.get().digest, Deployment.objects.first().id, Rollout.objects.first().id  # type: ignore[union-attr]  # there are some
    assert f"/deployables/{digest}" in hrefs(look(client, f"/search?q={digest[:8]}"))
    assert f"/deployments/{id_}" in hrefs(look(client, f"/search?q={id_[:6]}"))
    assert f"/rollouts/{number}" in hrefs(look(client, f"/search?q=%23{number}"))


def test_what_fits_best_comes_first_and_offers_what_can_be_done(now: datetime, client: Client) -> None:
    apply(
        parse_estate([("more.yaml", "larry: 1\nroles: [{name: Shop}, {name: Workshop}, {name: Shopping}]\n")]).items,
        Author("Ada", "more", now - timedelta(hours=1)),
    )
    page = look(client, "/search?q=shop")
    first = page.text.partition("Roles")[2]
    assert first.index("shop Shop") < first.index("shopping") < first.index("workshop")
    assert f"/deploy?instance={LIVE.replace('/', '%2F')}" in hrefs(look(client, "/search?q=live"))
    assert f"/deploy?host={WEB}" in hrefs(look(client, "/search?q=web1"))
    assert "Nothing is called so" in look(client, "/search?q=zzz+zzz").text
    assert "Type above what you look for" in look(client, "/search?q=%20").text


def test_people_and_what_they_hold_are_found_by_who_may_see_them(now: datetime, client: Client) -> None:
    bob = add_user(name="Robert.H", name_folded="robert.h", full_name="Bob Herron", email="bob@example.com")
    eve = add_user(name="eve", name_folded="eve", full_name="Eve Herron")
    night = add_group(name="Herrons", name_folded="herrons", description="who is woken up")
    Membership.objects.create(group=night, user=eve)
    Membership.objects.create(group=night, user=bob)
    token = add_token(user=bob, name="herron-laptop", name_folded="herron-laptop")
    hook = add_webhook(shown="https://herron.example.com/…")
    found = look(client, "/search?q=HERRON")
    paths = {"/users/Robert.H", "/users/eve", "/groups/Herrons", f"/tokens/{token.prefix}", f"/webhooks/{hook.id}"}
    assert paths <= set(hrefs(found))
    assert "/users/Robert.H" in hrefs(look(client, "/search?q=bob%40example"))
    add_grant(user=eve, role="viewer")
    seen = set(hrefs(look(sign_in_as("eve"), "/search?q=HERRON")))
    assert seen & paths == {"/users/eve", "/groups/Herrons"}, "who reviews nobody finds themselves and their groups"


@pytest.mark.parametrize("text", ["%25", "_", "%27%22%3Cx%3E", "a" * 3000, "%F0%9F%98%80", "1" * 40, "a b c d e f g h"])
def test_nothing_that_is_typed_is_too_odd_to_search(text: str, now: datetime, client: Client) -> None:
    look(client, f"/search?q={text}")


def test_what_is_dirty_stands_under_what_made_it_so(dirty: datetime, client: Client) -> None:
    page = look(client, f"/dirty?pick={LIVE}")
    assert "Ada: update instance acme/shop/live" in page.text
    assert "the sale begins" in page.text
    assert "services.rails.parameters.workers instance" in page.text
    assert "4 8" in page.text
    boxes = [
        attributes for _, attributes in page.tags if attributes.get("type") == "checkbox" and "value" in attributes
    ]
    assert [(box["value"], "checked" in box) for box in boxes] == [(LIVE, True)]
    assert "Nothing of these is dirty" in look(client, "/dirty?customer=nobody").text
    assert "Nothing of these is dirty" in look(client, "/dirty?cause=1").text


def test_who_may_not_deploy_sees_what_is_dirty_and_is_given_nothing_to_choose(dirty: datetime) -> None:
    add_grant(user=add_user(name="eve"), role="viewer")
    page = look(sign_in_as("eve"), "/dirty")
    assert f"{LIVE} dirty on {WEB}" in page.text
    assert "takes the role operator" in page.text
    assert not [a for name, a in page.tags if a.get("type") == "checkbox" or a.get("id") == "start"]
    assert "What you do here is done now" not in page.text


def test_what_is_dirty_and_what_is_strange_are_exported_by_their_addresses(dirty: datetime, client: Client) -> None:
    assert "/dirty?format=csv" in hrefs(look(client, "/dirty"))
    assert f"/dirty?customer={LIVE[:4]}&format=json" in hrefs(look(client, f"/dirty?customer={LIVE[:4]}"))
    found = json.loads(client.get("/dirty?format=json").content)
    assert {(each["instance"], each["actor"], each["reason"]) for each in found} == {(LIVE, "Ada", "the sale begins")}
    assert {each["path"]: each["described"] for each in found}["services.rails.parameters.workers"] == "8"
    lines = list(csv.DictReader(io.StringIO(client.get("/dirty?format=csv").content.decode())))
    assert [line["path"] for line in lines] == [each["path"] for each in found]
    assert SECRET not in client.get("/dirty?format=csv").content.decode()
    assert json.loads(client.get("/dirty?format=json&customer=nobody").content) == []
    assert json.loads(client.get("/dirty?format=json&cause=1").content) == []
    assert "/situations?format=csv" in hrefs(look(client, "/situations"))
    strange = json.loads(client.get("/situations?format=json").content)
    assert {"code": "host_idle", "noun": "host", "address": SPARE, "text": f"nothing is live on {SPARE}"} in strange
    assert len(client.get("/situations?format=csv").content.decode().strip().splitlines()) == len(strange) + 1


def test_nothing_dirty_is_told(now: datetime, client: Client) -> None:
    assert "Nothing is dirty" in look(client, "/dirty").text


def test_what_is_chosen_is_previewed_and_redeployed_as_it_was_shown(dirty: datetime, client: Client) -> None:
    before = Deployment.objects.count()
    sent = {"pick": [LIVE], "reason": ""}
    preview = client.post("/dirty", sent, headers={"HX-Request": "true"})
    shown = Page(preview.content.decode())
    (expect,) = [a["value"] for _, a in shown.tags if a.get("name") == "expect"]
    assert LIVE in shown.text
    assert Deployment.objects.count() == before
    none = client.post("/dirty", {"reason": "x"}, headers={"HX-Request": "true"})
    assert "hoose at least one instance" in none.content.decode()
    acted = {**sent, "reason": "up to date", "step": "act"}
    assert client.post("/dirty", {**acted, "expect": "0" * 64}).status_code == 409
    assert Deployment.objects.count() == before
    done = client.post("/dirty", {**acted, "all": "1", "pick": [], "expect": ""})
    assert (done.status_code, done.headers["Location"]) == (303, "/rollouts/")
    assert Rollout.objects.latest("id").reason == "up to date"
    assert Deployment.objects.count() > before
    assert expect
    assert "Nothing is dirty" in look(client, "/dirty").text


def test_activity_is_narrowed_by_its_address(dirty: datetime, client: Client) -> None:
    everything = look(client, "/activity").text
    assert "the sale begins" in everything
    assert "the first week" in everything
    assert f"add deployment {LIVE} on {WEB}" in everything, "its number would tell nobody anything"
    assert "add deployment" not in look(client, f"/instances/{LIVE}").text, "there a rollout is one line"
    assert "the first week" not in look(client, "/activity?actor=Ada").text
    assert "the sale begins" in look(client, "/activity?noun=instance&verb=update").text
    assert "the sale begins" not in look(client, "/activity?text=first+week").text
    assert "the first week" not in look(client, "/activity?since=-2d").text
    assert "parameters.workers" in look(client, "/activity?actor=Ada").text  # before and after, on request
    assert SECRET not in everything
    assert "No activity is like that" in look(client, "/activity?actor=Nobody").text
    assert "is not a moment" in look(client, "/activity?since=soonish", 400).text
    assert "nobody" in look(client, "/activity?customer=nobody", 400).text


def test_activity_has_pages_and_leaves_as_csv_and_json(
    dirty: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("larry.web.views.activity.PAGE_SIZE", 3)
    seen: list[str] = []
    path = "/activity"
    while path and len(seen) < 200:
        page = look(client, path)
        seen.append(page.text)
        path = next((link for link in page.links if "before=" in link), "")
    assert len(seen) > 2
    assert "laid" in seen[-1]
    documents = json.loads(client.get("/activity?format=json").content)
    rows = list(csv.DictReader(io.StringIO(client.get("/activity?format=csv").content.decode())))
    assert [str(each["id"]) for each in documents] == [row["id"] for row in rows]
    assert SECRET not in json.dumps(documents)
    assert len(json.loads(client.get("/activity?format=json&actor=Ada").content)) < len(documents)


def test_of_many_situations_a_kind_is_shown_alone(
    dirty: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(situation, "MOST_OF_EACH", 0)
    page = look(client, "/situations")
    assert f"nothing is live on {SPARE}" not in page.text
    assert {"/situations?kind=host_idle", "/situations?kind=dirty"} <= hrefs(page)
    alone = look(client, "/situations?kind=host_idle")
    assert f"nothing is live on {SPARE}" in alone.text
    assert "/situations?kind=dirty" not in hrefs(alone)
    assert "Nothing of this kind is strange." in look(client, "/situations?kind=none").words


def test_strange_situations_say_what_to_do_next(dirty: datetime, client: Client) -> None:
    page = look(client, "/situations")
    assert f"nothing is live on {SPARE}" in page.text
    assert {
        f"/deploy?host={SPARE}",
        f"/coverage?state=uncovered&instance={quote(LIVE, safe='')}",
        f"/instances/{LIVE}/snapshots",
    } <= hrefs(page)
    counts = look(client, "/situations/counts")
    assert "1 Hosts with nothing on them" in counts.text
    assert "/situations#host_idle" in hrefs(counts)


def test_home_opens_with_a_map_of_what_is_and_changes(now: datetime, client: Client) -> None:
    page = look(client, "/")
    assert len([a for _, a in page.tags if "data-deployment" in a]) == 2
    assert "The same as a table" in page.text
    assert len([a for _, a in look(client, "/?span=week").tags if "data-deployment" in a]) == 1
    assert f"/instances/{LIVE}" in page.links
    for span in ("year", "nonsense"):
        look(client, f"/?span={span}")


def test_they_cost_few_statements(
    dirty: datetime, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ceilings = {"/": 26, "/search?q=a": 22, "/search?q=abcd": 22, "/activity": 6, "/dirty": 26, "/situations": 60}
    for path, ceiling in ceilings.items():
        with django_assert_max_num_queries(ceiling):
            client.get(path)


def test_what_is_live_is_one_step_from_where_retiring_is_refused_for_it(now: datetime, client: Client) -> None:
    path = quote(LIVE, safe="")
    for retired, link in {
        f"/hosts/{WEB}": f"/deployments/?instance={path}",
        f"/instances/{LIVE}": f"/deployments/?instance={path}&host={WEB}",
    }.items():
        refused = client.post(f"{retired}/retire", {"step": "review"})
        assert refused.status_code == 422
        assert link in hrefs(Page(refused.content.decode()))
