"""A Chef server takes nodes, roles and environments, and gives every value back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from larry.core.document import thaw
from larry.core.fleet import Fleet, FleetHost
from larry.core.node_text import dated_document
from larry.exports import CannotPrint, chef
from larry.exports.dialect import find_dialect
from tests.exports.ansible import in_order
from tests.exports.goiardi import Goiardi, as_kept, serving_goiardi
from tests.exports.hostile import every_value
from tests.exports.many import FLEETS, make_fleet
from tests.exports.specimen import END, HOST, PATH, START, dated, entry, subject


@pytest.fixture
def goiardi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Goiardi]:
    with serving_goiardi(tmp_path_factory.mktemp("goiardi")) as one:
        yield one


def assert_read_back(objects: Any, goiardi: Goiardi) -> None:
    for kind, members in objects.items():
        for document in members:
            read = goiardi.read(kind, document["name"])
            assert in_order(as_kept(read)) == in_order(as_kept(document)), document["name"]


def test_hostile_values_come_back_equal(goiardi: Goiardi) -> None:
    own: Any = {"acme": {"x": "#{`id`}"}, "acme/shop": {}, PATH: every_value()}
    node = dated(
        entry("ntp", tools={"chef": {"recipe": "ntp::client@1.2.0"}}),
        entry("scan", tools={"chef": {"skip": True}}),
        entry("website", of=PATH, after=["ntp"], audits=[subject("ntp", x="<%= 1 %>")], values=every_value()),
        own=own,
        data={"chef": {"environment": "live"}},
    )
    objects = json.loads(chef.render_fleet(Fleet((FleetHost(node),), START, END)))
    goiardi.load(objects)
    assert_read_back(objects, goiardi)
    read = goiardi.read("nodes", HOST)
    assert read["run_list"] == [
        "role[customer-acme]",
        "role[app-acme-shop]",
        "role[instance-acme-shop-production]",
        "recipe[ntp::client@1.2.0]",
        "recipe[website]",
    ]
    assert read["chef_environment"] == "live"
    document = thaw(dated_document(node))
    assert in_order(as_kept(read["normal"]["larry"])) == in_order(as_kept(document))
    assert in_order(objects["nodes"][0]["normal"]["larry"]) == in_order(document)
    role = goiardi.read("roles", "instance-acme-shop-production")
    levels = role["default_attributes"]["larry_levels"]
    assert in_order(levels) == in_order(as_kept({"instance-acme-shop-production": every_value()}))


@FLEETS
def test_a_whole_fleet_comes_back_equal(make: Callable[[], Fleet], goiardi: Goiardi) -> None:
    fleet = make()
    objects = json.loads(chef.render_fleet(fleet))
    assert len(objects["nodes"]) == len(fleet.hosts)
    goiardi.load(objects)
    assert_read_back(objects, goiardi)
    role = next(each for node in objects["nodes"] for each in node["run_list"] if each.startswith("role["))
    expected = {node["name"] for node in objects["nodes"] if role in node["run_list"]}
    found: set[str] = set()
    for _ in range(300):  # it indexes beside answering
        status, told = goiardi.ask("GET", f"/search/node?q=role:{role[5:-1]}&rows=1000")
        assert status == 200
        found = {row["name"] for row in told["rows"]}
        if found == expected:
            break
        time.sleep(0.1)
    assert found == expected


def test_files_are_the_same_objects() -> None:
    fleet = make_fleet(5)
    files = chef.render_files(fleet)
    objects = json.loads(chef.render_fleet(fleet))
    expected = {f"{kind}/{of['name']}.json": of for kind, members in objects.items() for of in members}
    assert {path: json.loads(text) for path, text in files.items()} == expected
    assert files["nodes/host1.example.com.json"] == chef.render(fleet.hosts[1].dated)


def test_what_hosts_disagree_on_is_no_role_s() -> None:
    nodes = [dated(entry("a", of=PATH), own={"acme": {"x": n}, PATH: {"y": 1}}) for n in (1, 2)]
    objects = json.loads(chef.render_fleet(Fleet(tuple(map(FleetHost, nodes)))))
    roles = {role["name"]: role["default_attributes"] for role in objects["roles"]}
    assert roles["customer-acme"] == {}
    assert roles["instance-acme-shop-production"] == {"larry_levels": {"instance-acme-shop-production": {"y": 1}}}


@pytest.mark.parametrize("recipe", ["post gres", "", "a::b::c", "a@1", "#{x}", "a]", 7])
def test_what_is_no_recipe_is_refused(recipe: Any) -> None:
    with pytest.raises(CannotPrint, match="is no recipe"):
        chef.render(dated(entry("ntp", tools={"chef": {"recipe": recipe}})))


def test_other_odd_settings_are_refused() -> None:
    with pytest.raises(CannotPrint, match="must be a map"):
        chef.render(dated(entry("ntp", tools={"chef": "x"})))
    with pytest.raises(CannotPrint, match="is no environment"):
        chef.render(dated(data={"chef": {"environment": "a b"}}))
    with pytest.raises(CannotPrint, match="chef has no order of stopping"):
        find_dialect("chef").render(dated(), stop=True)
