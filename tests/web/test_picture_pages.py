"""Graphs and interval maps with a page of their own, Deployables, and what a host has besides its first page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.core.picture import Bond, BondKind
from larry.exports.dialect import DIALECTS
from larry.records.deployable import Deployable
from larry.web.graph_part import crop
from larry.web.views import picture
from tests.api.scene import LIVE, SECRET, SPARE, WEB, lay, put
from tests.exports.test_graph import picture as drawing
from tests.exports.test_graph import service
from tests.web.test_pages import Page, look


@pytest.fixture
def now(db: None) -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3, end=5, reason="the first week")
    return now


def boxes(page: Page) -> set[str]:
    return {str(attributes["data-id"]) for _, attributes in page.tags if "data-id" in attributes}


@pytest.mark.parametrize(
    "kind, address",
    [("service", "rails"), ("instance", LIVE), ("host", WEB), ("app", "acme/shop"), ("customer", "acme")],
)
def test_every_kind_has_its_graph_which_is_also_a_table(kind: str, address: str, now: datetime, client: Client) -> None:
    page = look(client, f"/graph/{kind}/{address}")
    assert boxes(page)
    assert "The same as a table" in page.text
    assert any("data-zoom" in attributes for _, attributes in page.tags)


def test_a_graph_is_narrowed_to_what_a_box_reaches(now: datetime, client: Client) -> None:
    assert {"service linux", "service pager"} <= boxes(look(client, f"/graph/instance/{LIVE}"))
    narrowed = look(client, f"/graph/instance/{LIVE}?focus=service+linux")
    assert "service linux" in boxes(narrowed)
    assert boxes(look(client, "/graph/service/rails?focus=service+linux")) >= {"service linux", "service rails"}
    assert f"Show all {len(boxes(look(client, f'/graph/instance/{LIVE}')))}" in narrowed.text
    assert f"/graph/instance/{LIVE}" in narrowed.links
    assert boxes(look(client, f"/graph/instance/{LIVE}?focus=nothing")) == boxes(
        look(client, f"/graph/instance/{LIVE}")
    )


def test_of_a_large_graph_the_nearest_are_drawn_and_the_rest_is_a_link_away(
    now: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/graph/instance/{LIVE}"
    every = boxes(look(client, path))
    monkeypatch.setattr(picture, "USUAL_BOXES", 3)
    page = look(client, path)
    assert len(boxes(page)) == 3
    assert f"instance {LIVE}" in boxes(page)
    assert f"Drawn are the 3 boxes nearest to where it begins, of {len(every)}" in " ".join(page.text.split())
    assert boxes(look(client, f"{path}?around=all")) == every
    focused = look(client, f"{path}?focus=service+linux")
    assert "service linux" in boxes(focused)
    assert len(boxes(focused)) == 3
    assert f"{path}?focus=service+linux&around=all" in [dict(tag[1]).get("href") for tag in focused.tags]
    monkeypatch.setattr(picture, "MOST_BOXES", 4)
    assert len(boxes(look(client, f"{path}?around=all"))) == 4


def test_near_is_by_bonds_whatever_their_direction() -> None:
    around = [service(name) for name in ("far", "near", "middle", "below", "alone")]
    bonds = [Bond("far", "near", BondKind.NEEDS), Bond("near", "middle", BondKind.AUDITS)]
    bonds.append(Bond("middle", "below", BondKind.NEEDS))
    whole = drawing([replace(box, is_focus=box.id == "middle") for box in around], bonds)
    assert [box.id for box in crop(whole, 3).boxes] == ["near", "middle", "below"]
    assert [(bond.source, bond.target) for bond in crop(whole, 3).bonds] == [("near", "middle"), ("middle", "below")]
    assert [box.id for box in crop(whole, 4).boxes] == ["far", "near", "middle", "below"]
    assert crop(whole, 5) is whole
    assert [box.id for box in crop(drawing(around, bonds), 2).boxes] == ["far", "near"]
    lonely = drawing(around, [])
    assert [box.id for box in crop(lonely, 2).boxes] == ["far", "near"]


def test_an_interval_map_is_zoomed_by_its_address(now: datetime, client: Client) -> None:
    page = look(client, f"/timeline/host/{WEB}")
    day = next(link for link in page.links if "since=" in link)
    near = look(client, day)
    assert {"← Earlier", "Later →"} <= {word.strip() for word in near.words}
    assert any("data-deployment" in attributes for _, attributes in near.tags)
    far = look(client, f"/timeline/host/{WEB}?since=2030-01-01&until=2031-01-01")
    assert not any("data-deployment" in attributes for _, attributes in far.tags)
    for odd in ("since=soonish", "since=2030-01-01&until=2029-01-01", "since=%2B1d&until=-1d"):
        look(client, f"/timeline/host/{WEB}?{odd}", 400)


def test_further_lanes_follow_at_an_address_of_their_own(
    now: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many lanes at a time; the same time is shown of those that follow, and one comes back to the first."""
    put(SPARE, now, at=-2)
    monkeypatch.setattr(picture, "MOST_LANES", 1)
    first = look(client, "/timeline/service/linux")
    told = next(word for word in first.words if word.startswith("Lanes 1 to 1 of "))
    further = next(link for link in first.links if "lane=2" in link)
    assert "since=" in further
    second = look(client, further)
    assert told.replace("1 to 1", "2 to 2") in second.words
    assert "↑ From the first lane" in {word.strip() for word in second.words}
    assert any("lane=2" in link and "since=" in link for link in second.links), "another time keeps the lanes"
    assert "There are no more lanes" in look(client, "/timeline/service/linux?lane=9999").words
    for odd in ("0", "-3", "x", "٣", "9" * 30):
        assert told in look(client, f"/timeline/service/linux?lane={odd}").words


@pytest.mark.parametrize("path", ["graph/role/web", "graph/service/none", "timeline/user/x", "timeline/host/none",
                                  "graph/x/%01", "deployables/abc", f"deployables/{'0' * 64}", "hosts/none/history",
                                  "hosts/none/configuration"])  # fmt: skip
def test_what_cannot_be_drawn_is_told(path: str, now: datetime, client: Client) -> None:
    look(client, f"/{path}", 404)


def test_an_interval_map_is_zoomed_from_an_hour_to_years(now: datetime, client: Client) -> None:
    html = client.get(f"/timeline/host/{WEB}").content.decode()
    for word in ("Hour", "6 hours", "Day", "5 years"):
        (href,) = re.findall(f'href="([^"]*)"[^>]*>{word}</a>', html)
        zoomed = look(client, unescape(href))
        assert [a.get("data-deployment") for _, a in zoomed.tags if "data-deployment" in a]
        assert {"Half as much time", "Twice as much time"} <= {a.get("aria-label") for _, a in zoomed.tags}


def test_a_box_says_what_a_script_needs_to_show_its_paths(now: datetime, client: Client) -> None:
    page = look(client, f"/graph/instance/{LIVE}")
    drawn = boxes(page)
    bonds = {(a["data-source"], a["data-target"]) for _, a in page.tags if "data-source" in a}
    assert ("service rails", "service linux") in bonds
    assert {end for bond in bonds for end in bond} <= drawn
    assert {a["data-head"] for _, a in page.tags if "data-head" in a} == {target for _, target in bonds}
    assert any("data-graph-says" in a and a.get("aria-live") == "polite" for _, a in page.tags)


def test_a_deployable_is_readable_and_says_where_it_is_live(now: datetime, client: Client) -> None:
    digest = Deployable.objects.get().digest
    page = look(client, f"/deployables/{digest}")
    assert "workers: 4" in page.text
    assert "password: ********" in page.text
    assert SECRET not in page.text
    assert "the first week" in page.text
    assert f"/instances/{LIVE}/snapshots?from={digest}&to=now#compare" in page.links


def test_a_host_has_its_configuration_in_every_dialect_to_copy_and_download(now: datetime, client: Client) -> None:
    for dialect in DIALECTS:
        page = look(client, f"/hosts/{WEB}/configuration?as={dialect.name}")
        assert f"/configuration/{WEB}.{dialect.suffix}" in page.links
        assert any(attributes.get("id") == "configuration" for _, attributes in page.tags)
        assert any(attributes.get("data-copy") == "configuration" for _, attributes in page.tags)
        assert SECRET not in page.text
    tags = look(client, f"/hosts/{WEB}/configuration").tags
    assert any("data-countdown" in attributes for _, attributes in tags)


def test_a_host_tells_how_it_changes_from_segment_to_segment(now: datetime, client: Client) -> None:
    page = look(client, f"/hosts/{WEB}/history")
    assert page.text.index("future") < page.text.index("current") < page.text.index("past")
    assert "services.linux" in page.text
    assert {f"/hosts/{WEB}", f"/hosts/{WEB}/configuration"} <= set(page.links)


def test_they_cost_few_statements(
    now: datetime, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for path in (f"/graph/instance/{LIVE}", f"/timeline/host/{WEB}", f"/hosts/{WEB}/history",
                 f"/hosts/{WEB}/configuration", f"/deployables/{Deployable.objects.get().digest}"):  # fmt: skip
        with django_assert_max_num_queries(24):
            client.get(path)
