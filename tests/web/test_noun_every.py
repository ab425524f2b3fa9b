"""What is true of every sort of noun: exported and imported again it changes nothing, one field is set for all at once,
and what stands in the way of taking one out of use is said.
"""

from __future__ import annotations

import pytest
from django.test import Client

from larry.nouns.table import NOUNS
from larry.queries.listing import ListingRequest, get_listing
from larry.queries.reader import LOCAL
from tests.api.scene import LIVE, WEB, lay
from tests.web.test_noun_form import AT, Form, send, values

MORE = f"""
larry: 1
pools: [{{name: rack}}]
roles: [{{name: database}}]
grades: [{{name: huge, rank: 3}}]
services: [{{name: clock}}, {{name: idle}}]
customers: [{{name: Globex, apps: [{{name: Web, instances: [{{name: Test, requires: [clock]}}]}}]}}]
hosts: [{{name: {WEB}, pools: [rack]}}]
"""
IN_USE = {
    "customer": "acme", "app": "acme/shop", "service": "linux", "role": "web", "grade": "medium", "pool": "rack",
}  # fmt: skip
FREE = {"instance": LIVE, "host": "spare.example.com", "role": "database", "grade": "huge", "service": "idle"}


@pytest.fixture
def estate(db: None) -> None:
    lay()
    lay(MORE, days_ago=5)


def addresses(noun: str) -> list[str]:
    return [item.address for item in get_listing(ListingRequest(noun), LOCAL, AT).items]


@pytest.mark.parametrize("noun", NOUNS)
def test_what_was_exported_is_imported_and_changed_together(noun: str, estate: None, client: Client) -> None:
    plural = NOUNS[noun].plural
    found = addresses(noun)
    assert found
    exported = client.get(f"/{plural}/?format=csv").content.decode()
    _, html = send(client, f"/{plural}/-/import", {"text": exported})
    assert "This changes nothing" in html
    sent = {"chosen": found, "field": "description", "value": "told together", "reason": "for all"}
    reviewed = client.post(f"/{plural}/-/bulk", {**sent, "step": "review"}).content.decode()
    assert f"{len(found)} changed" in reviewed
    assert all(values(noun, address)["description"] != "told together" for address in found), "a review changes nothing"
    expect = Form(reviewed).sent["expect"]
    assert client.post(f"/{plural}/-/bulk", {**sent, "step": "save", "expect": expect}).status_code == 303
    assert all(values(noun, address)["description"] == "told together" for address in found)
    changed = client.get(f"/{plural}/?format=csv").content.decode().replace("told together", "told by a file")
    imported, html = send(client, f"/{plural}/-/import", {"text": changed})
    assert f"{len(found)} changed" in html
    assert all(values(noun, address)["description"] == "told together" for address in found), "a dry run"
    assert client.post(f"/{plural}/-/import", {**imported, "step": "save"}).status_code == 303
    assert all(values(noun, address)["description"] == "told by a file" for address in found)


@pytest.mark.parametrize("noun, address", [*IN_USE.items(), *FREE.items()])
def test_retiring_says_why_not_or_what_follows(noun: str, address: str, estate: None, client: Client) -> None:
    plural = NOUNS[noun].plural
    path = f"/{plural}/{address}/retire"
    asked = client.get(path).content.decode()
    assert 'hx-trigger="load"' in asked, "a script asks at once"
    told = client.post(path, {"step": "review"})
    html = told.content.decode()
    if IN_USE.get(noun) == address:
        assert told.status_code == 422
        assert "cannot retire now" in html
        assert 'value="save"' not in html
        return
    assert "1 retired" in html
    assert address in addresses(noun), "a review changes nothing"
    done = client.post(path, {"step": "save", "reason": "no more", "expect": Form(html).sent["expect"]})
    assert done.status_code == 303
    assert address not in addresses(noun)
