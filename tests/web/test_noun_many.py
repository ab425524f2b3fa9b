"""Many nouns at once: lists in pages, exported, changed by one field, and imported with every fault by line."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from larry.actions.apply import apply
from larry.actions.author import Author
from larry.nouns.csv_text import parse_csv
from larry.nouns.item import is_same
from larry.nouns.table import NOUNS
from larry.outside import clock
from larry.queries.noun import list_items
from larry.queries.reader import LOCAL
from tests.api.scene import SECRET, lay
from tests.web.test_noun_form import AT, Form, send, values
from tests.web.test_pages import Page, look

HX = {"HX-Request": "true"}


def hosts(number: int) -> str:
    return "name,labels\n" + "".join(f"h{n:04}.example.com,site=fra\n" for n in range(number))


@pytest.fixture
def many(db: None) -> None:
    lay()
    apply(parse_csv(NOUNS["host"], "x", hosts(120).encode()), Author("Tess", "", clock.now()))


def listed(page: Page) -> list[str]:
    return [a["value"] or "" for tag, a in page.tags if a.get("name") == "chosen"]


def test_lists_are_cut_into_pages_that_lead_to_one_another(many: None, client: Client) -> None:
    page = look(client, "/hosts/")
    assert "1–50 of 122 hosts" in page.text
    assert "/hosts/?page=2" in page.links
    last = look(client, "/hosts/?page=3&sort=-name")
    assert "101–122 of 122 hosts" in last.text
    assert listed(last)[-1] == "h0000.example.com"
    assert "101–122" in look(client, "/hosts/?page=999999999").text or "1–50" in look(client, "/hosts/?page=x").text
    assert look(client, "/hosts/?page=77&q=h0001").text.count("1–1 of 1 host")


def test_the_address_of_a_list_keeps_what_was_asked_and_nothing_empty(many: None, client: Client) -> None:
    response = client.get("/hosts/", {"q": "h000", "roles": "", "labels": "site=fra", "sort": "-name", "as_of": "+1d"})
    assert response.status_code == 302
    assert response.headers["Location"] == "/hosts/?q=h000&labels=site%3Dfra&sort=-name&as_of=%2B1d"
    page = look(client, response.headers["Location"])
    assert listed(page) == [f"h000{n}.example.com" for n in range(9, -1, -1)]
    heads = [a for tag, a in page.tags if tag == "th" and "aria-sort" in a]
    assert [head["aria-sort"] for head in heads] == ["descending"]
    piece = client.get("/hosts/", {"q": "h000", "roles": ""}, headers=HX)
    assert piece.headers["HX-Push-Url"] == "/hosts/?q=h000"


def test_an_export_is_exactly_the_filtered_list_and_is_read_back(many: None, client: Client) -> None:
    response = client.get("/hosts/?labels=site%3Dfra&sort=-name&format=csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="hosts.csv"'
    items = parse_csv(NOUNS["host"], "x", response.content)
    assert len(items) == 121
    assert items[0].values["name"] == "web1.example.com"
    _, html = send(client, "/hosts/-/import", {"text": response.content.decode()})
    assert "This changes nothing" in html
    documents = json.loads(client.get("/customers/?format=json").content)
    assert [each["address"] for each in documents] == ["acme"]
    assert SECRET not in json.dumps(documents)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_list_exports_and_says_what_to_do_when_it_is_empty(noun: str, db: None, client: Client) -> None:
    plural = NOUNS[noun].plural
    assert f"There are no {plural} yet" in look(client, f"/{plural}/").text
    assert "is like that" in look(client, f"/{plural}/?q=nothing").text
    assert json.loads(client.get(f"/{plural}/?format=json").content) == []
    assert client.get(f"/{plural}/?format=csv").content == b""


def test_a_list_costs_as_many_statements_whatever_there_is(many: None, client: Client) -> None:
    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured.captured_queries)

    assert cost("/hosts/") == cost("/hosts/?q=h0001") <= 8
    assert max(cost(f"/{noun.plural}/") for noun in NOUNS.values()) <= 8
    assert cost("/hosts/-/names?q=h0") <= 8
    assert cost("/grades/medium") <= 24


def test_one_field_is_set_for_all_that_were_chosen(many: None, client: Client) -> None:
    chosen = ["h0001.example.com", "h0002.example.com"]
    html = client.post("/hosts/-/bulk", {"chosen": chosen, "step": "choose"}).content.decode()
    assert "Change 2 hosts" in html
    sent = {"chosen": chosen, "field": "labels", "value": "site=ham;rack=r1", "reason": "moved"}
    reviewed = client.post("/hosts/-/bulk", {**sent, "step": "review"})
    assert "2 changed" in reviewed.content.decode()
    assert is_same(values("host", chosen[0])["labels"], {"site": "fra"})
    expect = Form(reviewed.content.decode()).sent["expect"]
    done = client.post("/hosts/-/bulk", {**sent, "step": "save", "expect": expect})
    assert done.status_code == 303
    assert all(is_same(values("host", address)["labels"], {"site": "ham", "rack": "r1"}) for address in chosen)
    refused = client.post("/hosts/-/bulk", {**sent, "value": "", "step": "save", "expect": expect})
    assert refused.status_code == 409


def test_all_that_a_filter_finds_is_changed_and_faults_are_told(many: None, client: Client) -> None:
    sent = {"all": "1", "q": "h00", "field": "grade", "value": "medium"}
    assert "100 changed" in client.post("/hosts/-/bulk", {**sent, "step": "review"}).content.decode()
    refused = client.post("/hosts/-/bulk", {**sent, "value": "giant", "step": "review"})
    assert refused.status_code == 422
    assert "there is no grade" in refused.content.decode()
    assert client.post("/hosts/-/bulk", {"step": "choose"}).headers["Location"] == "/hosts/"
    assert client.get("/hosts/-/bulk").headers["Location"] == "/hosts/"
    apps = {"chosen": ["acme/shop"], "field": "importance", "value": "7", "step": "review"}
    assert "importance" in client.post("/apps/-/bulk", apps).content.decode()


def test_an_import_is_reviewed_and_then_written_at_once(many: None, client: Client) -> None:
    sent, html = send(client, "/hosts/-/import", {"text": hosts(130), "reason": "new racks"})
    assert "10 new" in html
    assert len(list_items("host", LOCAL, AT)) == 122
    done = client.post("/hosts/-/import", {**sent, "step": "save"})
    assert done.status_code == 303
    assert len(list_items("host", LOCAL, AT)) == 132


def test_an_import_shows_how_far_it_is(db: None, client: Client) -> None:
    sent, _ = send(client, "/hosts/-/import", {"text": hosts(600)})
    shown: list[str] = []
    more: dict[str, Any] = {"step": "save"}
    while more:
        piece = client.post("/hosts/-/import", {**sent, **more}, headers=HX).content.decode()
        Page(piece)
        shown += re.findall(r"<strong>([^<]*)|>(\d+) of", piece)[0]
        found = re.search(r"hx-vals='([^']*)'", piece)
        more = json.loads(found[1].replace("&quot;", '"')) if found else {}
        assert len(shown) < 20
    assert [text for text in shown if text] == ["0", "250", "500", "600 hosts imported."]
    assert len(list_items("host", LOCAL, AT)) == 600


def test_every_fault_of_an_import_is_told_by_line_and_nothing_is_written(many: None, client: Client) -> None:
    text = "name,grade,labels\ngood.example.com,,site=fra\nbad name,,\nx.example.com,giant,\ny.example.com,,site\n"
    sent, html = send(client, "/hosts/-/import", {"text": text, "reason": "kept"}, 422)
    page = Page(html)
    assert re.findall(r"pasted:\d+:\d+", html) == ["pasted:3:1", "pasted:4:2", "pasted:5:3"]
    assert "there is no grade" in page.text
    assert (sent["text"], sent["reason"]) == (text, "kept")
    assert len(list_items("host", LOCAL, AT)) == 122
    # What was not reviewed is not written, whatever the button says.
    client.post("/hosts/-/import", {"text": hosts(130), "step": "save", "reviewed": "x", "expect": "x"})
    assert len(list_items("host", LOCAL, AT)) == 122
