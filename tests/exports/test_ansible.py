"""What Ansible itself makes of its dialects: names, values with their types, order; and nothing is ever executed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from larry.core.document import thaw
from larry.core.fleet import Fleet, FleetHost
from larry.core.node import HostFacts, NodeService, Place
from larry.core.node_text import DatedNode, dated_document
from larry.exports import CannotPrint
from larry.exports.ansible.inventory import write_inventory
from larry.exports.ansible.playbook import write_playbook
from larry.exports.dialect import find_dialect
from tests.exports.ansible import HERE, Ansible, assert_read_back, in_order, opened
from tests.exports.hostile import every_value
from tests.exports.many import FLEETS
from tests.exports.specimen import END, HOST, PATH, START, dated, entry, subject

OTHER = "acme/shop/staging"


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


def fleet(*nodes: DatedNode, roles: tuple[str, ...] = ("web",)) -> Fleet:
    return Fleet(tuple(FleetHost(node, roles, ("production",)) for node in nodes), START, END)


def on(name: str, *entries: NodeService, own: Any = None) -> DatedNode:
    made = dated(*entries, own=own)
    node = replace(made.node, facts=HostFacts(name))
    return DatedNode(node, START, END, node.digest)


def hostile(mark: Path) -> DatedNode:
    own = {"acme": {"port": 1, "hosts": f"{{{{ lookup('pipe', 'touch {mark}') }}}}"}, "acme/shop": {}, PATH: {"x": 1.5}}
    values: Any = {"values": every_value(), "name": f"{{{{ lookup('pipe', 'touch {mark}') }}}}", "hosts": "{% raw %}"}
    audits = [subject("ntp", note="{{ 7 * 7 }}")]
    return dated(
        entry("ntp"), entry("website", of=PATH, after=["ntp"], audits=audits, **values), own=own, data=every_value()
    )


def test_hostile_texts_are_read_back_equal_and_nothing_is_run(ansible: Ansible) -> None:
    mark = ansible.folder / "executed"
    node = hostile(mark)
    said = write_inventory(fleet(node))
    understood = ansible.read(ansible.script(said))
    assert_read_back(said, understood)
    variables = understood["_meta"]["hostvars"][HOST]
    document: Any = json.loads(json.dumps(thaw(dated_document(node))))
    own = document.pop("own_parameters")
    for service in document["services"]:
        service |= {"role": service["service"], "prefix": None}
    expected = {f"larry_{name}": value for name, value in document.items()}
    expected |= {
        "larry_customer_acme": own["acme"],
        "larry_app_acme__shop": own["acme/shop"],
        "larry_instance_acme__shop__production": own[PATH],
    }
    assert in_order(variables) == in_order(expected)
    ansible.provide("ntp", "website")
    inventory = ansible.script(said)
    turns = ansible.play(inventory, write_playbook(fleet(node)))
    assert [key for _, key, _ in turns] == ["ntp", "acme-shop-production-website"]
    given, _ = ansible.given(HOST, "acme-shop-production-website")
    assert in_order(given) == in_order(document["services"][1])
    assert not mark.exists()


def test_variables_of_one_host_are_read_back_from_a_file(ansible: Ansible) -> None:
    node = hostile(ansible.folder / "executed")
    said = find_dialect("ansible").render(node)
    (ansible.folder / "host_vars").mkdir()
    (ansible.folder / f"host_vars/{HOST}.json").write_text(said, encoding="utf-8")
    (ansible.folder / "hosts").write_text(f"{HOST}\n")
    understood = ansible.read(ansible.folder / "hosts")
    assert in_order(understood["_meta"]["hostvars"][HOST]) == in_order(opened(json.loads(said)))
    assert not (ansible.folder / "executed").exists()


@FLEETS
def test_a_whole_fleet_is_read_back_equal(make: Callable[[], Fleet], ansible: Ansible) -> None:
    made = make()
    said = write_inventory(made)
    understood = ansible.read(ansible.script(said))
    assert len(understood["_meta"]["hostvars"]) == len(made.hosts)
    assert_read_back(said, understood)


def test_roles_have_their_turn_in_the_order_of_the_services_on_all_hosts(ansible: Ansible) -> None:
    settled = {"ansible": {"role": "deploy", "prefix": "se"}}
    web = on(
        "web1",
        entry("ntp"),
        entry("rails", of=PATH, after=["ntp"], elsewhere=[Place("database", "data", ())], tools=settled, en="{{ x }}"),
        entry("rails", of=OTHER, after=["ntp"], elsewhere=[Place("database", "data", ())], tools=settled, en=2),
    )
    data = on("data", entry("ntp"), entry("zfs", tools={"ansible": {"skip": True}}), entry("database", after=["zfs"]))
    watch = on("watch", entry("about", audits=[replace(subject("rails", "web1"), paths=(PATH,))]))
    ansible.provide("ntp", "database", "deploy", "about")
    all_hosts = fleet(data, watch, web)
    inventory = ansible.script(write_inventory(all_hosts))
    turns = ansible.play(inventory, write_playbook(all_hosts))
    assert sorted(turns[:3]) == [("data", "database", "start"), ("data", "ntp", "start"), ("web1", "ntp", "start")]
    rails = ["acme-shop-production-rails", "acme-shop-staging-rails"]
    assert [(host, key) for host, key, _ in turns[3:]] == [("web1", rails[0]), ("web1", rails[1]), ("watch", "about")]
    assert [ansible.given("web1", key)[1] for key in rails] == ["{{ x }}", 2]
    (ansible.folder / "log").unlink()
    stopped = ansible.play(inventory, find_dialect("ansible-playbook").render(web, stop=True))
    assert [(key, do) for _, key, do in stopped] == [(rails[0], "stop"), (rails[1], "stop"), ("ntp", "stop")]


def test_a_host_that_fails_ends_it_for_all(ansible: Ansible) -> None:
    all_hosts = fleet(on("one", entry("ntp")), on("two", entry("ntp"), entry("rails", after=["ntp"])))
    ansible.provide("ntp", "rails")
    tasks = ansible.folder / "roles/ntp/tasks/main.yml"
    tasks.write_text(f"- ansible.builtin.fail:\n  when: inventory_hostname == 'one'\n{tasks.read_text()}")
    (ansible.folder / "site.yml").write_text(write_playbook(all_hosts))
    inventory = ansible.script(write_inventory(all_hosts))
    done = ansible.run("ansible-playbook", "-i", inventory, "site.yml", *HERE)
    assert done.returncode != 0
    assert not (ansible.folder / "two rails.json").exists()


def test_instances_do_not_shadow_one_another() -> None:
    own: Any = {PATH: {"port": 1}, OTHER: {"port": 2}, "acme": {"port": 3}, "acme/shop": {}}
    node = dated(entry("a", of=PATH), entry("a", of=OTHER), own=own)
    printed = opened(json.loads(write_inventory(fleet(node))))
    said = [group["vars"] for group in printed.values() if group.get("vars")]
    assert {name: value for each in said for name, value in each.items()} == {
        "larry_customer_acme": {"port": 3},
        "larry_app_acme__shop": {},
        "larry_instance_acme__shop__production": {"port": 1},
        "larry_instance_acme__shop__staging": {"port": 2},
    }


def test_hosts_that_disagree_speak_for_themselves() -> None:
    nodes = [on(name, entry("a", of=PATH), own={"acme": {"x": n}, PATH: {}}) for n, name in enumerate(("one", "two"))]
    printed = opened(json.loads(write_inventory(fleet(*nodes))))
    assert "vars" not in printed["customer_acme"]
    assert [printed["_meta"]["hostvars"][name]["larry_customer_acme"] for name in ("one", "two")] == [
        {"x": 0},
        {"x": 1},
    ]


def test_groups_are_nested_and_named_by_keys() -> None:
    printed = json.loads(
        write_inventory(fleet(dated(entry("a", of=PATH), own={"acme": {}, "acme/shop": {}, PATH: {}})))
    )
    del printed["_meta"]
    assert {name: (group["hosts"], group["children"]) for name, group in printed.items()} == {
        "all": ([HOST], ["customer_acme", "service_a", "role_web", "pool_production"]),
        "customer_acme": ([], ["app_acme__shop"]),
        "app_acme__shop": ([], ["instance_acme__shop__production"]),
        "instance_acme__shop__production": ([HOST], []),
        "service_a": ([HOST], []),
        "role_web": ([HOST], []),
        "pool_production": ([HOST], []),
    }


def test_two_things_of_one_group_are_refused() -> None:
    own: Any = {"a": {}, "a/b__c": {}, "a/b__c/d": {}, "a/b": {}, "a/b/c__d": {}}
    with pytest.raises(CannotPrint, match=r"a/b__c/d and a/b/c__d would both be Ansible's group instance_a__b__c__d"):
        write_inventory(fleet(dated(own=own)))


@pytest.mark.parametrize(
    "tools,said",
    [
        ("ntp", "must be a map"),
        ({"role": "../x"}, "is no name of a role"),
        ({"role": "{{ x }}"}, "is no name of a role"),
        ({"role": 7}, "is no name of a role"),
        ({"prefix": "ansible_"}, "cannot begin"),
        ({"prefix": "larry_"}, "cannot begin"),
        ({"prefix": "a b"}, "cannot begin"),
        ({"prefix": ""}, "cannot begin"),
        ({"prefix": "host"}, "hosts can be no variable"),
        ({"prefix": "group_name"}, "group_names can be no variable"),
    ],
)
@pytest.mark.parametrize("name", ["ansible", "ansible-playbook"])
def test_what_ansible_would_misread_is_refused(name: str, tools: Any, said: str) -> None:
    with pytest.raises(CannotPrint, match=f"ntp: .*{said}"):
        find_dialect(name).render(dated(entry("ntp", tools={"ansible": tools}, s=1)))


@pytest.mark.parametrize("key", ["__ansible_unsafe", "__ansible_vault", "__ansible_type"])
def test_a_map_that_looks_like_a_mark_is_refused(key: str) -> None:
    with pytest.raises(CannotPrint, match=f"{key} for a mark"):
        find_dialect("ansible").render(dated(entry("ntp", x=[{key: "y"}])))


def test_free_data_say_how_a_host_is_reached() -> None:
    said = json.loads(find_dialect("ansible").render(dated(data={"ansible": {"user": "deploy", "port": 2222}})))
    assert (opened(said["ansible_user"]), said["ansible_port"]) == ("deploy", 2222)
    for wrong in ("deploy", {"a b": 1}, {"{{": 1}):
        with pytest.raises(CannotPrint, match=r"data\.ansible must be a map"):
            find_dialect("ansible").render(dated(data={"ansible": wrong}))


def test_snapshots_that_order_services_in_a_circle_are_refused() -> None:
    nodes = on("one", entry("a"), entry("b", after=["a"])), on("two", entry("b"), entry("a", after=["b"]))
    with pytest.raises(CannotPrint, match="circle, a -> b -> a: redeploy"):
        write_playbook(fleet(*nodes))


def test_roles_with_and_without_variables_are_tasks_of_their_own() -> None:
    nodes = on("one", entry("a", x=1, tools={"ansible": {"prefix": "a_"}})), on("two", entry("a", x=1, y=2))
    text = write_playbook(fleet(*nodes))
    assert text.count("include_role") == 2
    assert "a_x" in text
    assert "a_y" not in text
