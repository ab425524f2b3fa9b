"""`larry graph` and `larry timeline`: every noun has its picture, of any moment, and refusals are one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from larry.cli.commands.graph import KINDS as GRAPHED
from larry.cli.commands.timeline import KINDS as MAPPED
from larry.outside import clock
from larry.queries.interval_map import get_interval_map
from larry.queries.moment import Moment
from larry.queries.picture import get_graph
from larry.queries.reader import LOCAL, NotFound
from larry.queries.subject import find_subject
from tests.cli.terminal import LIVE, SECRET, TEST, WHY, Terminal
from tests.exports.drawn import parse

WEB1, WEB2, MON = "web1.example.com", "web2.example.com", "mon.example.com"
SUBJECTS = {
    "service": "rails",
    "instance": LIVE,
    "host": WEB1,
    "app": "acme/shop",
    "customer": "acme",
    "pool": "production",
}


def graph(larry: Terminal, *arguments: str) -> Any:
    return larry.done("graph", *arguments, "--format", "json").json


def timeline(larry: Terminal, *arguments: str) -> Any:
    return larry.done("timeline", *arguments, "--format", "json").json


def edges(document: Any) -> set[str]:
    return {f"{edge['source']} {edge['kind']} {edge['target']}" for edge in document["edges"]}


def node(document: Any, id_: str) -> Any:
    return next(each for each in document["nodes"] if each["id"] == id_)


def bars(document: Any) -> list[tuple[str, list[str]]]:
    return [(lane["name"], [" ".join(bar["conditions"]) for bar in lane["bars"]]) for lane in document["lanes"]]


def test_a_service_has_what_it_reaches_and_who_reaches_it(larry: Terminal) -> None:
    document = graph(larry, "rails")
    assert edges(document) == {
        "service rails needs service linux",
        "service watch audits service rails",
        "service pager audits service rails",
    }
    assert [each["id"] for each in document["nodes"]] == [f"service {k}" for k in ("linux", "rails", "pager", "watch")]
    assert node(document, "service rails")["is_focus"]
    assert {edge["note"] for edge in document["edges"]} == {"", f"on {MON}", "on a host that a person names"}
    assert "2 instances require it" in document["about"]
    assert edges(graph(larry, "linux")) == edges(document), "from below it is the same family"
    assert edges(graph(larry, "watch")) == {"service rails needs service linux", "service watch audits service rails"}


def test_an_instance_has_its_closure_in_start_order(larry: Terminal) -> None:
    assert node(graph(larry, LIVE), "service rails")["detail"] == "on no host yet"
    larry.deploy()
    document = graph(larry, LIVE)
    order = larry.done("order", LIVE, "--format", "json").json
    assert [each["id"] for each in document["nodes"] if each["order"]] == [f"service {key}" for key in order]
    assert [each["order"] for each in document["nodes"] if each["order"]] == [1, 2, 3, 4]
    assert f"instance {LIVE} requires service rails" in edges(document)
    assert node(document, "service rails")["detail"] == f"on {WEB1}"
    assert node(document, "service watch")["detail"] == f"on {MON}"
    assert node(document, "service rails")["conditions"] == ["uncovered"]
    assert node(document, f"instance {LIVE}")["conditions"] == ["uncovered", "current"]
    assert "rails lacks pager: nobody has named a host" in node(document, f"instance {LIVE}")["about"]


def test_a_dirty_instance_is_marked_and_one_of_the_past_or_future_told(larry: Terminal) -> None:
    larry.deploy(LIVE, WEB1, "--start", "+1d")
    assert node(graph(larry, LIVE), f"instance {LIVE}")["conditions"] == ["future"]
    larry.deploy(TEST, WEB1, "--end", "+2d", "--place", f"pager={MON}")
    larry.done("set", "instance", TEST, 'parameters={"workers": 9}')
    assert node(graph(larry, TEST), f"instance {TEST}")["conditions"] == ["dirty", "current"]
    assert node(graph(larry, TEST, "--as-of", "+3d"), f"instance {TEST}")["conditions"] == ["past"]
    assert bars(timeline(larry, TEST, "--kind", "instance"))[-1] == ("web1", ["dirty current"])


def test_a_host_has_the_entries_of_its_node_and_boxes_for_what_is_elsewhere(larry: Terminal) -> None:
    larry.deploy(LIVE, WEB1, "--place", f"linux={WEB2}", "--place", f"pager={MON}")
    web1 = graph(larry, WEB1)
    assert edges(web1) == {f"entry acme-shop-live-rails needs away linux {WEB2}"}
    assert node(web1, f"away linux {WEB2}")["kind"] == "host"
    assert node(web1, f"away linux {WEB2}")["detail"] == f"on {WEB2}"
    assert node(web1, f"away linux {WEB2}")["link"] == f"/hosts/{WEB2}"
    mon = graph(larry, MON)
    assert edges(mon) == {f"entry pager audits away rails {WEB1}", f"entry watch audits away rails {WEB1}"}
    larry.deploy(TEST, WEB1)
    here = graph(larry, WEB1)
    assert "entry acme-shop-test-rails needs entry linux" in edges(here)
    assert node(here, "entry acme-shop-test-rails")["conditions"] == ["uncovered"]
    assert node(here, "entry acme-shop-live-rails")["conditions"] == []
    order = [each["order"] for each in here["nodes"] if each["kind"] == "service"]
    assert order == sorted(order) == list(range(1, len(order) + 1))
    assert graph(larry, WEB2, "--as-of", "+1h")["nodes"], "a moment may be asked for"


def test_an_app_and_a_customer_have_instances_services_and_hosts(larry: Terminal) -> None:
    larry.deploy(LIVE, WEB1, "--place", f"linux={WEB2}")
    for subject in ("acme/shop", "acme"):
        document = graph(larry, subject)
        assert {f"instance {LIVE} runs on host {WEB1}", f"instance {LIVE} runs on host {WEB2}"} <= edges(document)
        assert {f"app acme/shop has instance {LIVE}", f"app acme/shop has instance {TEST}"} <= edges(document)
        assert {f"instance {TEST} requires service rails", "service rails needs service linux"} <= edges(document)
        note = next(e["note"] for e in document["edges"] if e["target"] == f"host {WEB2}")
        assert note == "linux"
        assert ("customer acme has app acme/shop" in edges(document)) == (subject == "acme")
        assert node(document, f"instance {TEST}")["conditions"] == []
    assert not [each for each in graph(larry, "acme", "--as-of", "-1d")["nodes"] if each["kind"] == "host"]


@pytest.mark.parametrize("kind", GRAPHED)
def test_every_graph_has_every_form(larry: Terminal, kind: str) -> None:
    larry.deploy()
    parse(larry.done("graph", SUBJECTS[kind]).out)
    assert larry.done("graph", SUBJECTS[kind], "--kind", kind, "--format", "dot").out.startswith("digraph larry {")
    svg = larry.done("graph", SUBJECTS[kind].upper(), "--kind", kind, "--link-prefix", "https://l.example/x").out
    links = re.findall(r'href="([^"]+)"', svg)
    assert links
    assert all(link.startswith("https://l.example/x/") for link in links)


@pytest.mark.parametrize("kind", MAPPED)
def test_every_map_has_every_form_and_a_lane_for_each(larry: Terminal, kind: str) -> None:
    larry.deploy()
    parse(larry.done("timeline", SUBJECTS[kind], "--width", "360").out)
    lanes = {"host": ["Live"], "instance": ["mon", "web1"], "customer": ["Live", "Test"], "pool": ["web1"]}
    document = timeline(larry, SUBJECTS[kind])
    assert [lane["name"] for lane in document["lanes"]] == lanes[kind]
    assert document["lanes"][0]["bars"][0]["conditions"][-1] == "current"


def test_a_map_has_past_current_and_future_and_nothing_deactivated(larry: Terminal) -> None:
    larry.deploy(LIVE, WEB2, "--end", "+10d")
    larry.deploy(LIVE, WEB2, "--start", "+20d", "--end", "+30d")
    called_off = larry.deploy(LIVE, WEB2, "--start", "2090-01-01")
    larry.done("undeploy", called_off, "--at", "2090-01-01", *WHY)
    document = timeline(larry, WEB2)
    assert bars(document) == [("Live", ["uncovered current", "uncovered future"])]
    assert called_off not in str(document)
    assert bars(timeline(larry, WEB2, "--as-of", "+15d")) == [("Live", ["past", "uncovered future"])]
    assert len(document["boundaries"]) >= 4
    assert document["lanes"][0]["bars"][0]["services"] == ["linux", "rails"]
    assert document["lanes"][0]["bars"][0]["lacks"][0].startswith("rails lacks pager: nobody")


def test_a_map_shows_the_stretch_that_is_asked_for(larry: Terminal) -> None:
    larry.deploy(LIVE, WEB2, "--start", "2100-01-01", "--end", "2100-02-01")
    larry.deploy(LIVE, WEB2, "--start", "2101-01-01")
    document = timeline(larry, WEB2, "--from", "2100-01-05", "--until", "2100-01-10")
    assert (document["from"], document["until"]) == ("2100-01-05T00:00:00Z", "2100-01-10T00:00:00Z")
    assert [len(lane["bars"]) for lane in document["lanes"]] == [1]
    assert timeline(larry, WEB2, "--from", "2100-02-01", "--until", "2101-01-01")["lanes"] == []
    assert len(timeline(larry, WEB2, "--from", "2100-01-01")["lanes"][0]["bars"]) == 2
    assert timeline(larry, WEB2, "--until", "1990-01-01")["lanes"] == []
    drawn = larry.done("timeline", WEB2, "--as-of", "2100-01-05T12:00Z").out
    assert "as of 2100-01-05 12:00+00:00" in drawn
    assert ">now<" in larry.done("timeline", WEB2).out


def test_a_service_sent_to_another_host_is_on_that_hosts_map(larry: Terminal) -> None:
    larry.deploy(LIVE, WEB1, "--place", f"linux={WEB2}")
    (lane,) = timeline(larry, WEB2)["lanes"]
    assert (lane["name"], lane["bars"][0]["label"]) == ("Live", "linux for web1")
    assert [each["name"] for each in timeline(larry, LIVE)["lanes"]] == ["mon", "web1", "web2"]
    assert [len(each["bars"]) for each in timeline(larry, "acme")["lanes"]] == [1, 0]


def test_refusals_are_one_line_that_says_what_is_wrong(larry: Terminal) -> None:
    assert "no service, instance, host, app or customer nowhere" in larry.refused("graph", "nowhere")
    assert "no host, instance, customer or pool rails" in larry.refused("timeline", "rails")
    assert "no app acme" in larry.refused("graph", "acme", "--kind", "app")
    assert "not at" in larry.refused("graph", WEB1, "--as-of", "1990-01-01")
    larry.done("set", "pool", "acme", "name=Acme")
    line = larry.refused("timeline", "acme")
    assert "acme may be customer acme and pool acme" in line
    assert timeline(larry, "acme", "--kind", "pool")["lanes"] == []
    assert "not after" in larry.misused("timeline", WEB1, "--from", "2026-02-01", "--until", "2026-02-01")
    assert "is no prefix of links" in larry.misused("graph", "rails", "--link-prefix", "javascript:alert(1)")
    assert "is no prefix of links" in larry.misused("timeline", WEB1, "--link-prefix", "//evil.example")
    assert "--kind" in larry.misused("graph", "rails", "--kind", "pool")
    assert "--format" in larry.misused("timeline", WEB1, "--format", "dot")
    assert "--width" in larry.misused("timeline", WEB1, "--width", "1")
    assert "is not a moment" in larry.misused("timeline", WEB1, "--from", "yesterday")
    for hostile in ("", "\x00", "a/b/c/d", "../..", "%", "_", "acme/sho_", "x" * 5000, "\u202eacme"):
        larry.refused("graph", hostile)
        larry.refused("timeline", hostile)


def test_no_secret_is_in_any_picture(larry: Terminal) -> None:
    larry.deploy()
    larry.deploy(TEST, WEB2)
    said = [larry.done("graph", SUBJECTS[kind], "--format", f).out for kind in GRAPHED for f in ("svg", "dot", "json")]
    said += [
        larry.done("timeline", SUBJECTS[kind], "--format", form).out for kind in MAPPED for form in ("svg", "json")
    ]
    assert not [text for text in said if SECRET in text or "sealed" in text]


@pytest.mark.parametrize(
    "ask",
    [
        *(lambda now, kind=kind: get_graph(kind, SUBJECTS[kind], LOCAL, now) for kind in GRAPHED),
        *(lambda now, kind=kind: get_interval_map(kind, SUBJECTS[kind], LOCAL, now) for kind in MAPPED),
        lambda now: find_subject("rails", GRAPHED, LOCAL, now),
    ],
    ids=[*(f"graph of {kind}" for kind in GRAPHED), *(f"map of {kind}" for kind in MAPPED), "subject"],
)
def test_the_number_of_statements_does_not_grow_with_rows(larry: Terminal, ask: Callable[[Moment], object]) -> None:
    def count() -> int:
        now = Moment(clock.now())
        ask(now)
        with CaptureQueriesContext(connection) as captured:
            ask(now)
        return len(captured)

    larry.deploy()
    few = count()
    larry.deploy(TEST, WEB1)
    larry.deploy(TEST, WEB2, "--place", f"pager={MON}")
    larry.deploy(LIVE, WEB2, "--start", "+5d", "--end", "+6d")
    larry.done("set", "instance", "acme/shop/third", "name=Third", 'requires=["rails"]')
    larry.deploy("acme/shop/third", WEB1)
    assert count() == few <= 14


def test_the_empty_estate_has_no_pictures_and_says_so(terminal: Terminal, db: None) -> None:
    assert "there is no" in terminal.refused("graph", "acme")
    with pytest.raises(NotFound):
        find_subject("acme", ("customer",), LOCAL, Moment(clock.now()))


def test_the_help_shows_examples(terminal: Terminal) -> None:
    for command in ("graph", "timeline"):
        assert command in terminal.done("--help").out
        assert "Examples:" in terminal.done(command, "--help").out
