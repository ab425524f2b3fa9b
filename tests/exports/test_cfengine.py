"""CFEngine finds in its variables what the node says, or the dialect refuses: nothing is expanded or rounded."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from larry.core.document import thaw
from larry.core.node_text import DatedNode, dated_document
from larry.exports import CannotPrint, cfengine
from larry.exports.dialect import find_dialect
from tests.exports.ansible import in_order
from tests.exports.cfengine import LISTS, CFEngine, list_leaves
from tests.exports.hostile import LONG, TEXTS, make_texts
from tests.exports.many import make_fleet
from tests.exports.specimen import PATH, dated, entry, subject

EXPANDED = tuple(text for text in (*TEXTS, LONG) if re.search(r"[$@][({]", text))
SPOILED = tuple(text for text in TEXTS if re.search("[\x01-\x07\x0b\x0e-\x1f]", text))
PLAIN = tuple(text for text in TEXTS if text not in EXPANDED + SPOILED)
SHOWN = tuple(text for text in PLAIN if text.isascii() and text.isprintable())


def expected(node: DatedNode) -> dict[str, Any]:
    """What the scope larry should hold."""
    document: Any = json.loads(json.dumps(thaw(dated_document(node))))
    document["own"] = document.pop("own_parameters")
    document["order"] = [service["key"] for service in document["services"]]
    document["services"] = {service["key"]: service for service in document["services"]}
    return {name: value for name, value in document.items() if value is not None}


def as_text(value: Any) -> str:
    """How CFEngine writes a scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def test_every_text_that_is_printed_is_found_element_by_element(tmp_path: Path) -> None:
    values: Any = {"texts": list(PLAIN), "deep": [{"a": {"b": [text]}} for text in PLAIN], "long": "x" * 3000}
    node = dated(
        entry("ntp", on=True, off=False, port=5432, share=-2.25, none=None, empty={}),
        entry("web", of=PATH, after=["ntp"], audits=[subject("ntp", note="\\n is no line end")], **values),
        own={"acme": {"tone": "%{x}"}, PATH: {}},
    )
    found = CFEngine(tmp_path).read_elements(cfengine.render(node))
    leaves = list_leaves({f"default:larry.{name}": value for name, value in expected(node).items()})
    assert found == {path: as_text(value) for path, value in leaves if path[0] not in LISTS}


@pytest.mark.slow
def test_ten_thousand_texts_are_found_element_by_element_or_refused(tmp_path: Path) -> None:
    kept = []
    for text in make_texts(10_000):
        try:
            cfengine.render(dated(entry("ntp", x=text)))
        except CannotPrint:
            assert re.search("[$@][({]|[\x01-\x07\x0b\x0e-\x1f]", text), text
        else:
            kept.append(text)
    assert len(kept) > 5_000
    place = ("default:larry.services", "ntp", "parameters", "texts")
    for start in range(0, len(kept), 500):
        said = kept[start : start + 500]
        found = CFEngine(tmp_path).read_elements(cfengine.render(dated(entry("ntp", texts=said))))
        assert [found[*place, str(number)] for number in range(len(said))] == said


def test_types_and_classes_are_found_as_a_whole(tmp_path: Path) -> None:
    values: Any = {"texts": list(SHOWN)}
    values["plain"] = [None, True, False, {}, [], [[]], [{}], {"a": {"b": ""}}, [[1, [2]], {"a": [{"b": None}]}]]
    node = dated(entry("ntp", **values), entry("web", of=PATH, share=0.25), own={"acme": {}, "acme/shop": {}, PATH: {}})
    tool = CFEngine(tmp_path)
    assert in_order(tool.read_whole(cfengine.render(node))) == in_order(expected(node))
    assert tool.read_classes(cfengine.render(node)) == {
        "larry_service_ntp",
        "larry_service_web",
        "larry_customer_acme",
        "larry_app_acme__shop",
        "larry_instance_acme__shop__production",
    }


def test_keys_of_maps_are_found(tmp_path: Path) -> None:
    augments = cfengine.render(dated(entry("ntp", keys={text: place for place, text in enumerate(PLAIN)})))
    assert sorted(CFEngine(tmp_path).read_keys(augments, "services[ntp][parameters][keys]")) == sorted(PLAIN)


def test_a_policy_comes_to_the_services_in_order(tmp_path: Path) -> None:
    node = dated(entry("z"), entry("a", of=PATH, after=["z"]), entry("m", after=["z"]))
    last = replace(node, end=None)  # without a next change
    skipped = dated(entry("z"), entry("m", tools={"cfengine": {"skip": True}}))
    tool = CFEngine(tmp_path)
    assert tool.turns(cfengine.render(node)) == ["z", "acme-shop-production-a", "m"]
    assert tool.turns(cfengine.render(node, stop=True)) == ["m", "acme-shop-production-a", "z"]
    assert tool.turns(cfengine.render(last)) == ["z", "acme-shop-production-a", "m"]
    assert tool.turns(cfengine.render(skipped)) == ["z"]


def test_a_fleet_of_300_hosts_is_found_equal(tmp_path: Path) -> None:
    fleet = make_fleet(300, texts=SHOWN)

    def find_differing(half: int) -> list[str]:
        (tmp_path / str(half)).mkdir()
        tool = CFEngine(tmp_path / str(half))
        nodes = [host.dated for host in fleet.hosts[half::2]]
        return [
            node.node.facts.name
            for node in nodes
            if in_order(tool.read_whole(cfengine.render(node))) != in_order(expected(node))
        ]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(find_differing, range(2))) == [[], []]


@pytest.mark.parametrize("text", [*EXPANDED, "@{x}", "a$(b"])
def test_what_cfengine_would_expand_is_refused(text: str) -> None:
    for values in ({"x": text}, {"x": [{"y": text}]}, {"x": {text: 1}}):
        with pytest.raises(CannotPrint, match=r"larry|services.*CFEngine expands [$@][({] wherever"):
            cfengine.render(dated(entry("ntp", **values)))


@pytest.mark.parametrize("text", SPOILED)
def test_what_cfengine_would_spoil_is_refused(text: str) -> None:
    with pytest.raises(CannotPrint, match="CFEngine spoils control characters"):
        cfengine.render(dated(entry("ntp", x=text)))


@pytest.mark.parametrize("number", [1e-7, 0.125, 2**31, -(2**31), 2**53 - 1, 1e10 + 0.25])
def test_what_cfengine_would_round_is_refused(number: float) -> None:
    with pytest.raises(CannotPrint, match="say it as text"):
        cfengine.render(dated(entry("ntp", x=[number])))


def test_tools_for_cfengine_are_a_map() -> None:
    with pytest.raises(CannotPrint, match="cfengine must be a map"):
        find_dialect("cfengine").render(dated(entry("ntp", tools={"cfengine": "x"})))
