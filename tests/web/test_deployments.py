"""Pages of deployments and rollouts: a preview that is the act, and acts that say why not."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from larry.actions.apply import apply
from larry.actions.author import Author
from larry.actions.edit_deployment import DeploymentEdit, edit_deployment
from larry.nouns.estate import parse_estate
from larry.outside import clock
from larry.queries.deployment import DeploymentFilter, DeploymentRow, State, list_deployments
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.api.scene import ESTATE, LIVE, SPARE, WEB, lay, put
from tests.records.rows import add_grant, add_user
from tests.web.test_instance_pages import more_workers
from tests.web.visitor import sign_in_as

HTMX = {"HX-Request": "true"}


@pytest.fixture
def estate(db: None) -> None:
    lay()


def deployed(host: str, start: float | None = None) -> None:
    put(host, clock.now(), at=0, start=start)


def rows(*states: State) -> tuple[DeploymentRow, ...]:
    which = DeploymentFilter(states=frozenset(states or State))
    return list_deployments(which, LOCAL, Moment(clock.now()))


def expected(html: str) -> str:
    found = re.search(r'name="expect" value="([0-9a-f]{64})"', html)
    assert found is not None, html
    return found[1]


def meant(html: str) -> dict[str, str]:
    return dict(re.findall(r'name="((?:start|end|at)\.(?:typed|meant))" value="([^"]*)"', html))


def preview(client: Client, path: str, **sent: object) -> str:
    answer = client.post(path, sent, headers=HTMX)
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    return answer.content.decode()


def act(client: Client, path: str, shown: str, **sent: object) -> str:
    """Send the form as it was previewed; where one is sent to."""
    answer = client.post(path, {**sent, **meant(shown), "expect": expected(shown), "step": "act", "reason": "because"})
    assert answer.status_code == 303, answer.content.decode()
    return str(answer.headers["Location"])


def test_the_list_is_sorted_and_exported_by_its_address(client: Client, estate: None) -> None:
    deployed(WEB)
    deployed(SPARE, start=2)
    html = client.get("/deployments/?sort=host").content.decode()
    assert html.index(f">{SPARE}<") < html.index(f">{WEB}<")
    assert 'aria-sort="ascending"' in html
    backwards = client.get("/deployments/?sort=-host").content.decode()
    assert backwards.index(f">{WEB}<") < backwards.index(f">{SPARE}<")
    assert client.get("/deployments/?sort=nonsense").status_code == 200
    documents = json.loads(client.get("/deployments/?format=json&state=future").content)
    assert [each["host"] for each in documents] == [SPARE]
    lines = list(csv.DictReader(io.StringIO(client.get("/deployments/?format=csv&sort=end").content.decode())))
    assert {line["host"] for line in lines} == {WEB, SPARE}
    assert f"/deployments/?state=future&amp;sort=host&amp;q={SPARE}" not in html
    kept = client.get(f"/deployments/?state=future&q={SPARE}&sort=host").content.decode()
    assert f"/deployments/?state=future&amp;q={SPARE}&amp;sort=-host" in kept


def test_snapshots_are_offered_once_the_instance_is_named(client: Client, estate: None) -> None:
    deployed(WEB)
    named = client.get("/deploy", {"instance": LIVE}, headers=HTMX).content.decode()
    assert 'id="snapshots"' in named
    assert "as described now" in named


def list_places(html: str) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """Services that the last row offers, by the heading over them; and what the rows say."""
    rows = re.findall(r'<select id="place\.\d.*?<input.*?>', html, re.DOTALL)
    groups = re.findall(r'<optgroup label="(.*?)">(.*?)</optgroup>', rows[-1])
    chosen = [re.findall(r"<option selected>(.*?)<", row) or [""] for row in rows]
    hosts = [re.findall(r'<input .*?value="(.*?)"', row)[0] for row in rows]
    said = [(service, host) for (service,), host in zip(chosen, hosts, strict=True)]
    return {label: re.findall(r"<option>(.*?)<", options) for label, options in groups}, said


def test_services_are_placed_elsewhere_by_rows(client: Client, estate: None) -> None:
    """Without a script: the services are those of the instance, and of the snapshot that is chosen."""
    offered, said = list_places(client.get("/deploy").content.decode())
    assert (offered, said) == ({}, [("", "")])
    offered, said = list_places(client.get("/deploy", {"instance": LIVE}).content.decode())
    assert offered == {"auditors that wait for a person": ["pager"], "services": ["linux", "rails"]}
    deployed(WEB)
    earlier = rows()[0].snapshot
    apply(
        parse_estate([("e.yaml", ESTATE.replace("name: pager", "name: watch"))]).items, Author("tess", "w", clock.now())
    )
    now, _ = list_places(client.get("/deploy", {"instance": LIVE}).content.decode())
    then, _ = list_places(client.get("/deploy", {"instance": LIVE, "snapshot": earlier}).content.decode())
    assert (now["auditors that wait for a person"], then["auditors that wait for a person"]) == (
        ["pager", "watch"], ["pager"])  # fmt: skip
    sent = {
        "instance": LIVE,
        "host": WEB,
        "snapshot": earlier,
        "place.3.service": "pager",
        "place.3.host": SPARE.upper(),
    }
    again = client.post("/deploy", {**sent, "place.4.service": "watch", "step": "preview"}).content.decode()
    offered, said = list_places(again)
    assert said == [("pager", SPARE.upper()), ("watch", ""), ("", "")], (
        "what was typed stays, and there is room for more"
    )
    assert offered["not a service of this instance"] == ["watch"]
    shown = preview(client, "/deploy", **sent)
    assert "nobody has named" not in shown
    assert f"<strong>{SPARE}</strong>" in shown, "the configuration of the other host is told to change"
    act(client, "/deploy", shown, **sent)
    assert [row.place for row in rows(State.CURRENT)] == [{"pager": SPARE}]


def test_what_waits_for_a_person_is_placed_where_it_is_missed(client: Client, estate: None) -> None:
    deployed(WEB)
    (row,) = rows()
    (href,) = re.findall(r'href="(/deployments/[^"]*/edit[^"]*)"', client.get("/coverage").content.decode())
    assert href == f"/deployments/{row.id}/edit?place.0.service=pager"
    page = client.get(href).content.decode()
    assert list_places(page)[1] == [("pager", ""), ("", "")]
    sent = {"place.0.service": "pager", "place.0.host": SPARE, "place.1.service": "", "place.1.host": ""}
    act(client, f"/deployments/{row.id}/edit", preview(client, f"/deployments/{row.id}/edit", **sent), **sent)
    assert [each.place for each in rows(State.CURRENT)] == [{"pager": SPARE}]
    (row,) = rows(State.CURRENT)
    assert f"Now pager is on {SPARE}." in client.get(f"/deployments/{row.id}/edit").content.decode()


def test_what_the_preview_shows_is_done_also_for_moments_that_move(client: Client, estate: None) -> None:
    deployed(WEB)
    sent = {"instance": LIVE, "host": WEB, "start": "+2d", "end": "+9d"}
    shown = preview(client, "/deploy", **sent)
    assert shown.count('<tr><th scope="row">end') == 1
    assert "resume" in shown
    assert len(rows()) == 1, "a preview changes nothing"
    page = act(client, "/deploy", shown, **sent)
    current, future, resumed = sorted(rows(), key=lambda row: row.start)
    assert (current.end, future.end) == (future.start, resumed.start)
    assert page == f"/deployments/{future.id}"
    arrived = client.get(page).content.decode()
    assert "because" in arrived
    assert "Deploy: 3 deployments changed." in arrived


def test_when_the_ground_has_moved_nothing_is_done_and_the_new_plan_is_shown(client: Client, estate: None) -> None:
    sent = {"instance": LIVE, "host": WEB}
    shown = preview(client, "/deploy", **sent)
    deployed(WEB)
    answer = client.post("/deploy", {**sent, "expect": expected(shown), "step": "act", "reason": "because"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "The ground has moved" in text
    assert len(rows()) == 1
    assert 'value="+' not in text
    act(client, "/deploy", text, **sent)


@pytest.mark.parametrize("what", ["edit", "undeploy", "delete"])
def test_of_two_people_at_one_deployment_the_second_is_shown_what_it_is_now(
    what: str, client: Client, estate: None
) -> None:
    """Whichever form is open, another's change comes before the eyes of the second, and what they typed stays."""
    deployed(WEB, 2)
    (row,) = rows(State.FUTURE)
    path, sent = f"/deployments/{row.id}/{what}", {"edit": {"end": "+9d"}, "undeploy": {"at": "+3d"}}.get(what, {})
    shown = preview(client, path, **sent)
    first = Author("mallory", "sooner", clock.now())
    edit_deployment(DeploymentEdit(row.id, end=clock.now() + timedelta(days=5)), first)
    answer = client.post(path, {**sent, **meant(shown), "expect": expected(shown), "step": "act", "reason": "late"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "The ground has moved since you looked. Nothing was done" in text
    assert all(f'value="{typed}"' in text for typed in ("late", *sent.values()))
    act(client, path, text, **sent)


@pytest.mark.parametrize(
    "sent, why",
    [
        ({}, "ame the instance"),
        ({"instance": LIVE}, "at least one host"),
        ({"instance": "no/such/thing", "host": WEB}, "here is no instance"),
        ({"instance": LIVE, "host": "nowhere.example.com"}, "here is no host"),
        ({"instance": LIVE, "host": WEB, "start": "yesterday-ish"}, "yesterday-ish"),
        ({"instance": LIVE, "host": WEB, "start": "2001-01-01"}, "in the past"),
        ({"instance": LIVE, "host": WEB, "place.0.service": "pager"}, "here does pager go?"),
        ({"instance": LIVE, "host": WEB, "place.7.host": SPARE}, f"hich service goes to {SPARE}?"),
        ({"instance": LIVE, "host": WEB, "place.0.service": "dragon", "place.0.host": WEB}, "no service dragon"),
        ({"instance": LIVE, "host": WEB, "place.0.service": "pager", "place.0.host": "no.example"}, "here is no host"),
        ({"instance": LIVE, "host": WEB, "place.0.service": "pager", "place.0.host": WEB, "place.1.service": "pager",
          "place.1.host": SPARE}, f"hoose one host for pager: {WEB} or {SPARE}"),
        ({"instance": LIVE, "host": WEB, "snapshot": "feed"}, "no snapshot"),
    ],
)  # fmt: skip
def test_the_preview_says_why_not(client: Client, estate: None, sent: dict[str, str], why: str) -> None:
    assert why in preview(client, "/deploy", **sent)
    answer = client.post("/deploy", {**sent, "step": "act", "reason": "because"})
    assert answer.status_code == 422
    assert why in answer.content.decode()
    for value in sent.values():
        assert f'value="{value}"' in answer.content.decode() or value in answer.content.decode(), (
            "what was typed is kept"
        )
    assert rows() == ()


def test_a_deployment_needs_a_reason(client: Client, estate: None) -> None:
    answer = client.post("/deploy", {"instance": LIVE, "host": WEB, "step": "act"})
    assert answer.status_code == 422
    assert "needs a reason" in answer.content.decode()
    assert rows() == ()


def test_a_pool_stands_for_its_hosts(client: Client, estate: None) -> None:
    shown = preview(client, "/deploy", instance=LIVE, pool="none_such")
    assert "at least one host" in shown


def test_undeploying_editing_and_deleting(client: Client, estate: None) -> None:
    deployed(WEB)
    (row,) = rows()
    path = f"/deployments/{row.id}"
    shown = preview(client, f"{path}/edit", end="+5d")
    act(client, f"{path}/edit", shown, end="+5d")
    assert rows()[0].end is not None
    shown = preview(client, f"{path}/edit", open="yes")
    act(client, f"{path}/edit", shown, open="yes")
    assert rows()[0].end is None
    assert "cannot change its host" in preview(client, f"{path}/edit", host=SPARE)
    shown = preview(client, f"{path}/undeploy", at="")
    assert act(client, f"{path}/undeploy", shown, at="") == path
    assert rows(State.PAST)[0].id == row.id
    page = client.get(path).content.decode()
    assert "Edit is not offered: It is over" in page
    assert "Delete is not offered" in page
    assert "is over" in preview(client, f"{path}/undeploy")
    deployed(WEB, 2)
    (future,) = rows(State.FUTURE)
    shown = preview(client, f"/deployments/{future.id}/delete")
    assert act(client, f"/deployments/{future.id}/delete", shown) == "/deployments/"
    assert client.get(f"/deployments/{future.id}").status_code == 404


def test_the_list_is_narrowed_by_state_place_and_letters(client: Client, estate: None) -> None:
    deployed(WEB)
    deployed(SPARE, 3)

    def found(query: str) -> int:
        return client.get(f"/deployments/?{query}").content.decode().count('<th scope="row">')

    assert found("") == 2
    assert (found("state=current"), found("state=future"), found("state=past"), found("state=rubbish")) == (1, 1, 0, 2)
    assert (found(f"host={WEB}"), found(f"instance={LIVE}"), found("customer=nobody")) == (1, 2, 0)
    assert (found(f"q={SPARE[:5]}"), found("q=%25"), found("page=9")) == (1, 0, 0)
    later = (clock.now() + timedelta(days=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found(f"state=current&as_of={later}") == 2


def test_there_is_a_column_to_choose_in_only_where_something_can_be_chosen(client: Client, estate: None) -> None:
    put(WEB, clock.now(), at=-5, start=-3, end=-1)
    deployed(WEB)
    eve = add_user(name="eve")
    add_grant(user=eve, role="viewer")
    viewer = sign_in_as("eve")
    for who, query, boxes, columns in (
        (client, "", 2, 2 * 1 + 1),
        (client, "?state=past", 0, 0),
        (viewer, "", 0, 0),
    ):
        html = who.get(f"/deployments/{query}").content.decode()
        assert html.count('scope="row"') == (1 if query else 2)
        assert (html.count('data-chooses="pick"'), html.count('class="pick"')) == (boxes, columns)


@pytest.mark.parametrize(
    "page, home", [("/deployments/", "Nothing has been deployed"), ("/rollouts/", "Nothing has been rolled out")]
)
def test_an_empty_list_says_why_it_is_empty(client: Client, estate: None, page: str, home: str) -> None:
    def told(query: str) -> tuple[bool, bool, bool]:
        html = client.get(f"{page}{query}").content.decode()
        return home in html, " is like that." in html, "The list is not that long." in html

    assert told("") == (True, False, False)
    assert told("?q=nosuch") == (False, True, False)
    deployed(WEB)
    assert told("?page=9") == (False, False, True)
    assert told("?q=nosuch") == (False, True, False)
    if page == "/deployments/":
        assert told("?host=nosuch") == told("?state=past") == (False, True, False)


def test_what_is_live_and_dirty_is_marked_in_the_list_and_on_its_own_page(client: Client, estate: None) -> None:
    deployed(WEB)
    deployed(SPARE, start=2)
    (live,), (future,) = rows(State.CURRENT), rows(State.FUTURE)
    link = f"/instances/{LIVE}/snapshots#dirty"

    def told() -> tuple[bool, ...]:
        lines = client.get("/deployments/?sort=start").text.split("<tr>")[2:]
        pages = (client.get(f"/deployments/{row.id}").text for row in (live, future))
        return (*("badge lp-dirty" in line for line in lines), *(link in page for page in pages))

    assert told() == (False, False, False, False)
    more_workers(clock.now())
    assert told() == (True, False, True, False), "what is to come is no more dirty than what is over"


def test_names_are_offered(client: Client, estate: None) -> None:
    assert LIVE in client.get("/instances/-/names?instance=ac").content.decode()
    assert LIVE not in client.get("/instances/-/names?instance=zzz").content.decode()
    assert client.get("/deploy").content.decode().count("/instances/-/names") == 1


def test_statements_do_not_grow_with_deployments(client: Client, estate: None) -> None:
    deployed(WEB)
    one = [count(client, path) for path in ("/deployments/", "/rollouts/", f"/deployments/{rows()[0].id}")]
    for day in range(2, 8):
        deployed(SPARE, day)
    many = [count(client, path) for path in ("/deployments/", "/rollouts/", f"/deployments/{rows()[0].id}")]
    assert one == many


def count(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_strangers_and_gets_change_nothing(estate: None, client: Client) -> None:
    deployed(WEB)
    (row,) = rows()
    stranger = Client()
    for path in ("/deploy", f"/deployments/{row.id}/undeploy", f"/rollouts/{row.rollout}/undo"):
        assert stranger.post(path, {"step": "act", "reason": "x"}).status_code in {302, 303, 401, 403}
        assert client.get(f"{path}?step=act&reason=x&instance={LIVE}&host={SPARE}").status_code == 200
    guarded = Client(enforce_csrf_checks=True)
    assert guarded.post("/deploy", {"step": "act"}).status_code in {302, 303, 401, 403}
    assert len(rows(State.CURRENT)) == 1
