"""Forms of nouns: what is typed becomes what is meant, what is wrong stands beside its field, nobody is overwritten."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from larry.actions.author import Author
from larry.actions.edit import edit
from larry.nouns.item import is_same
from larry.nouns.table import NOUNS
from larry.outside import clock
from larry.queries.moment import Moment
from larry.queries.noun import get_item, list_items
from larry.queries.reader import LOCAL, NotFound
from larry.web.field_input import read_inputs, write_inputs
from larry.web.typed_value import NotTyped, read_typed, type_value
from tests.api.scene import SECRET, WEB, lay, put

AT = Moment(datetime(2100, 1, 1, tzinfo=UTC))


class Form(HTMLParser):
    """What a browser would send of the page's long form, as it stands."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.sent: dict[str, str] = {}
        self._is_inside = False
        self._area = self._select = ""
        self._options: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = "form" in said.get("class", "").split()
        if not self._is_inside or "disabled" in said:
            return
        name = said.get("name", "")
        if tag == "input" and name and (said.get("type") != "checkbox" or "checked" in said):
            self.sent[name] = said.get("value", "")
        elif tag == "textarea":
            self._area, self.sent[name] = name, ""
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((said.get("value", "\0"), "selected" in said))

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area] += data.removeprefix("\n")
        elif self._select and self._options and self._options[-1][0] == "\0":
            self._options[-1] = (data, self._options[-1][1])

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select" and self._select:
            chosen = [value for value, is_chosen in self._options if is_chosen]
            self.sent[self._select] = chosen[0] if chosen else self._options[0][0] if self._options else ""
            self._select = ""


def open_form(client: Client, path: str) -> dict[str, str]:
    response = client.get(path)
    assert response.status_code == 200
    return Form(response.content.decode()).sent


def review(client: Client, path: str, **changed: str) -> tuple[dict[str, str], str]:
    """The form opened, changed and sent for review; what it says then."""
    return send(client, path, {**open_form(client, path), **changed})


def send(client: Client, path: str, sent: dict[str, str], status: int = 200) -> tuple[dict[str, str], str]:
    response = client.post(path, {**sent, "step": "review"})
    html = response.content.decode()
    assert response.status_code == status, re.findall(r'class="fault"[^>]*>([^<]*)', html)
    assert response.headers["Cache-Control"] == "private, no-store"
    return Form(html).sent, html


def save(client: Client, path: str, sent: dict[str, str]) -> str:
    response = client.post(path, {**sent, "step": "save"})
    assert response.status_code == 303, response.content.decode()
    return response.headers["Location"]


@pytest.fixture
def estate(db: None) -> None:
    lay()


def values(noun: str, address: str) -> Any:
    return get_item(noun, address, LOCAL, AT).values


@pytest.mark.parametrize("noun", NOUNS)
def test_a_form_sent_as_it_was_opened_changes_nothing(noun: str, estate: None, client: Client) -> None:
    make("role", "pool", client)
    for item in list_items(noun, LOCAL, AT):
        _, html = review(client, f"/{NOUNS[noun].plural}/{item.address}/edit")
        assert "This changes nothing" in html


def make(*nouns_and_client: Any) -> None:
    *nouns, client = nouns_and_client
    for noun in nouns:
        path = f"/{NOUNS[noun].plural}/-/new"
        sent, html = review(client, path, name=f"Made {noun}", reason="a test")
        assert f"create {noun}" in html
        save(client, path, sent)


def test_a_noun_is_described_reviewed_and_then_there(estate: None, client: Client) -> None:
    path = "/customers/-/new"
    sent, html = review(client, path, name="New Corp", reason="they signed", **{
        "parameters.0.name": "workers", "parameters.0.value": "4",
        "parameters.1.name": "motto", "parameters.1.value": "be quick",
    })  # fmt: skip
    assert "This changes · 1 new" in html
    with pytest.raises(NotFound):
        values("customer", "new_corp")  # a review writes nothing
    assert save(client, path, sent) == "/customers/new_corp"
    assert values("customer", "new_corp")["parameters"] == {"workers": 4, "motto": "be quick"}
    assert "Customer New Corp was described" in client.get("/customers/new_corp").content.decode()
    assert "they signed" in client.get("/customers/new_corp").content.decode()


def test_children_are_described_under_their_parents(estate: None, client: Client) -> None:
    sent, _ = review(client, "/apps/-/new", **{"of.customer": "acme", "name": "Blog", "importance": "7"})
    assert save(client, "/apps/-/new", sent) == "/apps/acme/blog"
    opened = open_form(client, "/instances/-/new?app=acme/blog")
    assert opened["of.app"] == "acme/blog"
    sent, _ = send(client, "/instances/-/new", {**opened, "name": "Test", "requires.0.value": "linux", "copies": "2"})
    assert save(client, "/instances/-/new", sent) == "/instances/acme/blog/test"
    assert values("instance", "acme/blog/test")["requires"] == ("linux",)
    _, html = send(client, "/apps/-/new", {**open_form(client, "/apps/-/new"), "name": "Lost"})
    assert "say whose it is" in html


def test_every_kind_of_field_is_changed_by_its_inputs(estate: None, client: Client) -> None:
    path = "/services/pager/edit"
    sent, _ = review(client, path, **{
        "sharing": "instance", "category": "Care", "description": "See https://wiki.example/pager.\nDaily.",
        "parameters.0.name": "limit", "parameters.0.type": "integer", "parameters.0.default": "3",
        "parameters.1.name": "token", "parameters.1.sensitive": "yes",
        "audits.0.where": "role", "audits.0.place": "web", "needs.0.value": "linux",
        "tools.0.name": "puppet", "tools.0.value": '{"class": "pager"}',
    })  # fmt: skip
    assert save(client, path, sent) == "/services/pager"
    sent, html = review(
        client, path, **{"parameters.0.default": "4", "parameters.1.name": "", "parameters.1.sensitive": ""}
    )
    told = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall("<td[^>]*>(.*?)</td>", html)]
    assert told[told.index("parameters · limit · default") :][:3] == ["parameters · limit · default", "3", "4"]
    assert told[told.index("parameters · token") :][:3] == [
        "parameters · token",
        "merge: replacesensitive: truetype: any",
        "",
    ]
    now = values("service", "pager")
    assert (now["sharing"], now["category"], now["needs"]) == ("instance", "Care", ("linux",))
    assert now["description"] == "See https://wiki.example/pager.\nDaily."
    assert [(p["name"], p["type"], p["sensitive"]) for p in now["parameters"]] == [
        ("limit", "integer", False),
        ("token", "any", True),
    ]
    assert now["parameters"][0]["default"] == 3
    assert is_same(now["audits"], [{"service": "rails", "where": {"role": "web"}}])
    assert is_same(now["tools"], {"puppet": {"class": "pager"}})
    path = f"/hosts/{WEB}/edit"
    sent, _ = review(client, path, **{
        "addresses.0.value": "10.0.0.9", "labels.1.name": "rack", "labels.1.value": "7", "grade": "",
        "capacity.0.name": "cpu", "capacity.0.value": "2.5", "data.0.name": "x", "data.0.value": "null",
    })  # fmt: skip
    sent.pop("roles.0.value")
    sent, html = send(client, path, sent)
    assert "Configurations that change at once" in html
    save(client, path, sent)
    now = values("host", WEB)
    assert is_same(now["labels"], {"site": "fra", "rack": "7"})
    assert (now["addresses"], now["grade"], now["roles"]) == (("10.0.0.9",), None, ())
    assert is_same(now["capacity"], {"cpu": 2.5})
    assert is_same(now["data"], {"x": None})


def test_a_new_name_keeps_the_key(estate: None, client: Client) -> None:
    sent, _ = review(client, "/customers/acme/edit", name="Acme Limited")
    assert save(client, "/customers/acme/edit", sent) == "/customers/acme"
    assert values("customer", "acme")["name"] == "Acme Limited"


@pytest.mark.parametrize(
    "path, changed, fault",
    [
        ("/customers/-/new", {"name": ""}, "name"),
        ("/customers/-/new", {"name": "Acme"}, "there is already a customer of this name"),
        ("/customers/-/new", {"name": "X", "parameters.0.name": "Bad Name"}, "is no parameter name"),
        ("/customers/-/new", {"name": "X", "parameters.0.name": "a", "parameters.0.value": "[1,"}, "this is not JSON"),
        ("/customers/-/new", {"name": "X", "parameters.0.value": "lonely"}, "has no name"),
        ("/grades/-/new", {"name": "X", "rank": "tall"}, "must be a whole number"),
        ("/grades/-/new", {"name": "X", "floor.0.name": "cpu", "floor.0.value": "many"}, "must be a number"),
        ("/hosts/-/new", {"name": "no host"}, "is no DNS name"),
        ("/hosts/-/new", {"name": "h.example.com", "addresses.0.value": "10.0.0.300"}, "10.0.0.300"),
        ("/instances/-/new", {"of.app": "acme/shop", "name": "X", "copies": "-1"}, "must be at least 0"),
        ("/instances/-/new", {"of.app": "acme/none", "name": "X"}, "there is no app"),
        ("/services/-/new", {"name": "X", "sharing": "nobody"}, "must be"),
        ("/services/-/new", {"name": "X", "parameters.0.default": "1"}, "a parameter needs a name"),
        ("/services/-/new", {"name": "X", "audits.0.service": "rails", "audits.0.place": "web"}, "choose host or role"),
        ("/services/-/new", {"name": "X", "audits.0.service": "nothing"}, "there is no service"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_is_kept(
    path: str, changed: dict[str, str], fault: str, estate: None, client: Client
) -> None:
    typed = {**open_form(client, path), **changed, "description": "typed with care", "reason": "because"}
    sent, html = send(client, path, typed, 422)
    assert fault in html.replace("&#x27;", "'")
    assert "Nothing was changed" in html
    kept = {
        name: text for name, text in typed.items() if text and name not in {"csrfmiddlewaretoken", "since", "sharing"}
    }
    assert {name: sent.get(name) for name in kept} == kept


def test_a_change_in_between_is_told_and_not_overwritten(estate: None, client: Client) -> None:
    path = "/customers/acme/edit"
    opened = open_form(client, path)
    other = Author("Mallory Meanwhile", "just now", clock.now())
    edit("customer", "acme", {"description": "by somebody else"}, other)
    sent, html = send(client, path, {**opened, "description": "mine"}, 409)
    assert "has changed since this form was opened" in html
    assert "Mallory Meanwhile" in html
    assert sent["description"] == "mine"
    assert values("customer", "acme")["description"] == "by somebody else"
    sent, html = send(client, path, sent)  # seen and sent again
    assert "by somebody else" in html
    save(client, path, sent)
    assert values("customer", "acme")["description"] == "mine"


@pytest.mark.parametrize("noun", NOUNS)
def test_of_two_people_the_second_is_told_and_nothing_is_lost(noun: str, estate: None, client: Client) -> None:
    """One field is changed by both, and one by the first alone: that one is taken over, the other shown twice."""
    make("pool", client)
    address = list_items(noun, LOCAL, AT)[0].address
    path = f"/{NOUNS[noun].plural}/{address}/edit"
    opened = open_form(client, path)
    second = "importance" if noun == "app" else "rank" if noun == "grade" else "name"
    other = Author("Mallory Meanwhile", "just now", clock.now())
    edit(noun, address, {"description": "by the first"}, other)
    typed = "77" if second in {"importance", "rank"} else values(noun, address)["name"]
    sent, html = send(client, path, {**opened, second: typed}, 409)
    assert "Mallory Meanwhile" in html
    assert "untouched: the form has what it is now" in html
    assert (sent["description"], sent[second]) == ("by the first", typed)
    send(client, path, sent)  # told once, and then as if it had been opened now

    opened = open_form(client, path)
    edit(noun, address, {"description": "by the first again"}, Author("Mallory Meanwhile", "again", clock.now()))
    sent, html = send(client, path, {**opened, "description": "by the second"}, 409)
    told = re.sub(r"<[^>]*>", " ", html[html.index("Changed in the meantime by") :])
    assert re.search(r"by the first again\s+by the second\s+Mallory Meanwhile at\s+[-\d]+", told)
    assert sent["description"] == "by the second"
    assert values(noun, address)["description"] == "by the first again"
    sent, _ = send(client, path, sent)
    save(client, path, sent)
    assert values(noun, address)["description"] == "by the second"


def test_lists_and_maps_are_compared_member_by_member_and_secrets_stay_masked(estate: None, client: Client) -> None:
    opened = open_form(client, f"/hosts/{WEB}/edit")
    other = Author("Mallory Meanwhile", "", clock.now())
    edit("host", WEB, {"labels": {"site": "ber"}, "addresses": ["10.0.0.7"], "roles": []}, other)
    sent, html = send(client, f"/hosts/{WEB}/edit", {**opened, "labels.0.value": "muc"}, 409)
    assert "Labels · site" in html
    assert (sent["labels.0.value"], sent["addresses.0.value"], sent.get("roles.0.value")) == ("muc", "10.0.0.7", None)
    path = "/customers/acme/edit"
    opened = open_form(client, path)
    edit("customer", "acme", {"parameters": {"password": "a-third-secret"}}, other)
    sent, html = send(client, path, {**opened, "parameters.0.value": "a-second-secret"}, 409)
    assert html.count("a-second-secret") == 1  # in the field where it was typed
    assert "a-third-secret" not in html
    assert SECRET not in html


def test_a_form_that_says_nothing_of_how_it_was_opened_overwrites_nothing_unseen(estate: None, client: Client) -> None:
    opened = open_form(client, "/customers/acme/edit")
    edit("customer", "acme", {"description": "by the first"}, Author("Mallory", "", clock.now()))
    del opened["opened"]
    sent, html = send(client, "/customers/acme/edit", opened, 409)
    assert "by the first" in html
    assert sent["description"] == "", "what was typed is kept where it is not known what was touched"


def test_what_was_reviewed_is_what_is_done(estate: None, client: Client) -> None:
    sent, _ = review(client, "/customers/acme/edit", description="one")
    response = client.post("/customers/acme/edit", {**sent, "description": "two", "step": "save"})
    assert response.status_code == 409
    assert "no longer what you saw" in response.content.decode()
    assert values("customer", "acme")["description"] == ""
    save(client, "/customers/acme/edit", Form(response.content.decode()).sent)
    assert values("customer", "acme")["description"] == "two"


def test_a_review_tells_what_becomes_dirty_and_what_cannot_be_deployed(estate: None, client: Client) -> None:
    put(WEB, clock.now(), at=-1)
    _, html = review(client, "/customers/acme/edit", **{"parameters.1.name": "workers", "parameters.1.value": "many"})
    assert "1 instance would become dirty" in html
    assert "1 instance could no longer be deployed" in html
    assert '<a href="/instances/acme/shop/live">acme/shop/live</a>' in html
    assert "workers is not of type integer" in html
    _, html = review(client, "/customers/acme/edit", description="a word")
    assert "would become dirty" not in html


def test_a_secret_is_never_shown_and_stays_unless_it_is_replaced(estate: None, client: Client) -> None:
    path = "/customers/acme/edit"
    assert SECRET not in client.get(path).content.decode()
    before = values("customer", "acme")["parameters"]
    sent, _ = review(client, path, description="other")
    save(client, path, sent)
    assert is_same(values("customer", "acme")["parameters"], before)
    sent, html = review(client, path, **{"parameters.0.value": "a-new-secret"})
    assert html.count("a-new-secret") == 1  # in the field where it was typed, and not in what it changes
    save(client, path, sent)
    assert values("customer", "acme")["parameters"].keys() == {"password"}
    assert not is_same(values("customer", "acme")["parameters"], before)
    sent, _ = review(client, path, **{"parameters.0.name": ""})
    save(client, path, sent)
    assert values("customer", "acme")["parameters"] == {}


def test_retiring_is_reviewed_refused_with_reasons_or_done(estate: None, client: Client) -> None:
    response = client.post("/customers/acme/retire", {"step": "review"})
    assert response.status_code == 422
    told = response.content.decode()
    assert "cannot retire while it has the app acme/shop" in told
    assert 'href="/apps/acme/shop"' in told, "what stands against it is one step away"
    assert 'href="/apps/?customer=acme"' in told
    assert client.get("/hosts/spare.example.com/retire").status_code == 200
    sent, html = send(client, "/hosts/spare.example.com/retire", {"reason": "sold"})
    assert "retire host" in html
    assert values("host", "spare.example.com")
    assert save(client, "/hosts/spare.example.com/retire", sent) == "/hosts/"
    with pytest.raises(NotFound):
        values("host", "spare.example.com")
    assert "is retired" in client.get("/hosts/").content.decode()


def test_pages_of_what_there_is_not_say_so(estate: None, client: Client) -> None:
    for path in ("/customers/none", "/customers/none/edit", "/roles/none/retire", "/instances/a/b"):
        assert client.get(path).status_code == 404


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(json_values)
def test_what_is_shown_to_be_typed_is_read_back_as_it_was(value: Any) -> None:
    shown = type_value(value)
    assert is_same(read_typed(shown), value)
    assert is_same(read_typed(shown.replace("\r\n", "\n")), value)  # as browsers send the lines of an area


@pytest.mark.parametrize("text", ["[1", '{"a":', '"open', '{"a": 1, "a": 2}', "NaN", "[" * 100_000])
def test_text_that_begins_like_json_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(NotTyped):
        read_typed(text)


@pytest.mark.parametrize("noun", NOUNS)
def test_defaults_are_written_and_read_back(noun: str) -> None:
    for field in NOUNS[noun].fields:
        read = read_inputs(field, write_inputs(field, field.default))
        assert is_same(read, field.default) or (read in ("", None) and field.default in ("", None))
