"""Estate files read, completed and looked up: normal form, partial statements, renames, references by name or key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from larry.core.document import Json, thaw
from larry.exports.estate import write_estate
from larry.nouns.completion import overlay
from larry.nouns.estate import EstateFaults, complete, parse_estate, read_estate
from larry.nouns.item import Item
from larry.nouns.table import NOUNS

EXAMPLE = """\
larry: 1
roles: [{name: web}, {name: loghost}]
grades: [{name: medium, rank: 2, floor: {cpu: 2, memory_mib: 4096}}]
pools: [{name: production, description: …}]
services:
  - name: rails
    description: the stack our apps run on
    parameters: [rails_env, {name: db_password, type: string, sensitive: true},
                 {name: workers, type: integer, default: 4}]
    needs: [linux, postgres]
    sharing: instance            # or host (default)
    category: Web hosting
  - name: pg-backup
    parameters: [backup_target]
    audits: [{service: postgres, where: {role: backup}}]  # where: same-host (default) | {host: H} | ...
customers:
  - name: Acme
    parameters: {timezone: Europe/Berlin}
    apps:
      - name: Shop
        service_level: gold
        instances:
          - name: production
            copies: 4
            requires: [rails]
            parameters: {rails_env: production}
            demand: {cpu: 1, memory_mib: 1024}
            template: acme/shop/staging
hosts:
  - {name: web1.example.com, roles: [web], grade: medium, pools: [production], addresses: [10.0.0.11],
     labels: {site: fra, rack: r7}, capacity: {cpu: 4, memory_mib: 8192}}
deployments:                     # only by `apply --with-deployments`, for adopting or rebuilding an estate
  - {instance: acme/shop/production, host: web1.example.com, start: 2026-12-01T00:00:00Z, end: null, reason: go live}
"""
REST = """\
larry: 1
roles: [{name: backup}]
services: [{name: linux}, {name: postgres, needs: [linux]}]
customers: [{name: Other, apps: [{name: Shop, instances: [{name: staging}]}]}]
"""

Estate = dict[tuple[str, str], Item]


def read(text: str, existing: Mapping[tuple[str, str], Item] | None = None) -> Estate:
    return index(read_estate([("estate.yaml", text)], existing or {}).items)


def forget(estate: Estate) -> Estate:
    """The estate as the database gives it: nothing in it stands in a file."""
    return {address: Item(item.noun, item.address, item.values) for address, item in estate.items()}


def index(items: Iterable[Item]) -> Estate:
    return {(item.noun, item.address): item for item in items}


def refuse(text: str, existing: Mapping[tuple[str, str], Item]) -> str:
    with pytest.raises(EstateFaults) as caught:
        read(text, existing)
    return str(caught.value)


def values_of(estate: Estate, noun: str, address: str) -> dict[str, Json]:
    values = thaw(estate[noun, address].values)
    assert isinstance(values, dict)
    return values


def example() -> Estate:
    text = EXAMPLE.replace("acme/shop/staging", "other/shop/staging")
    return index(read_estate([("a.yaml", text), ("b.yaml", REST)], {}).items)


def test_the_example_parses() -> None:
    estate = parse_estate([("estate.yaml", EXAMPLE.encode())])
    assert [item.noun for item in estate.items] == [
        "role", "role", "grade", "pool", "service", "service", "customer", "app", "instance", "host",
    ]  # fmt: skip
    (line,) = estate.deployments
    assert (line.instance, line.host, line.start, line.end) == (
        "acme/shop/production", "web1.example.com", "2026-12-01T00:00:00Z", None,
    )  # fmt: skip
    assert str(line.position) == "estate.yaml:33:5"


def test_what_the_example_refers_to_is_missed_by_name() -> None:
    assert [line.split(": ")[-1] for line in refuse(EXAMPLE, {}).splitlines()] == [
        "there is no service 'linux'; there are 'pg-backup' and 'rails'",
        "there is no service 'postgres'; there are 'pg-backup' and 'rails'",
        "there is no service 'postgres'; there are 'pg-backup' and 'rails'",
        "there is no role 'backup'; there are 'loghost' and 'web'",
        "there is no instance 'staging' in acme/shop; there is only 'production'",
    ]


def test_normal_form() -> None:
    estate = example()
    for item in estate.values():
        assert set(item.values) == set(NOUNS[item.noun].by_name), item
        assert item.position is not None
    assert values_of(estate, "instance", "acme/shop/production") == {
        "name": "production",
        "key": "production",
        "description": "",
        "parameters": {"rails_env": "production"},
        "copies": 4,
        "requires": ["rails"],
        "demand": {"cpu": 1, "memory_mib": 1024},
        "template": "other/shop/staging",
    }
    assert values_of(estate, "service", "pg_backup") == {
        "name": "pg-backup",
        "key": "pg_backup",
        "description": "",
        "sharing": "host",
        "category": "",
        "parameters": [
            {"name": "backup_target", "type": "any", "merge": "replace", "sensitive": False, "description": ""}
        ],
        "needs": [],
        "audits": [{"service": "postgres", "where": {"role": "backup"}}],
        "tools": {},
    }
    assert values_of(estate, "host", "web1.example.com")["key"] == "web1_example_com"


def test_the_order_is_that_of_the_table() -> None:
    items = read_estate([("b", REST)], {}).items
    assert [item.noun for item in items] == ["role", "service", "service", "customer", "app", "instance"]


def test_references_by_key_or_name_in_any_case_and_order() -> None:
    estate = read(
        "larry: 1\nservices: [{name: Z, needs: [PG BACKUP, 'b', apache_2]}, {name: B}, {name: Apache 2}, "
        "{name: pg backup}]\n"
        "grades: [{name: Medium size}]\nroles: [{name: R2}, {name: R1}]\n"
        "hosts: [{name: H1.Example, grade: medium_size, roles: [r2, R1]}, {name: h2, grade: MEDIUM SIZE}]\n"
    )
    assert values_of(estate, "service", "z")["needs"] == ["apache_2", "b", "pg_backup"]
    assert values_of(estate, "host", "h1.example")["roles"] == ["r1", "r2"]
    assert {values_of(estate, "host", host)["grade"] for host in ("h1.example", "h2")} == {"medium_size"}


def test_a_key_is_meant_before_a_name() -> None:
    estate = read(
        "larry: 1\nroles: [{name: db, key: database}, {name: other, key: db}]\n"
        "hosts: [{name: h, roles: [db]}, {name: i, roles: [DB]}]\n"
    )
    assert values_of(estate, "host", "h")["roles"] == ["db"]
    assert values_of(estate, "host", "i")["roles"] == ["database"]


def test_audits_are_sorted_and_found() -> None:
    estate = read(
        "larry: 1\nhosts: [{name: Mon.Example}]\nroles: [{name: Log Host}]\n"
        "services: [{name: B b}, {name: a}, {name: c}, "
        "{name: m, audits: [c, {service: b_b, where: {host: MON.example}}, {service: A, where: {role: log host}}]}]\n"
    )
    assert values_of(estate, "service", "m")["audits"] == [
        {"service": "a", "where": {"role": "log_host"}},
        {"service": "b_b", "where": {"host": "mon.example"}},
        {"service": "c", "where": "same-host"},
    ]


def test_a_partial_statement_changes_only_what_it_says() -> None:
    before = example()
    after = read("larry: 1\ncustomers: [{name: ACME, apps: [{name: shop, importance: 5}]}]\n", before)
    assert set(after) == {("customer", "acme"), ("app", "acme/shop")}
    assert values_of(after, "app", "acme/shop") == {
        **values_of(before, "app", "acme/shop"), "name": "shop", "importance": 5,
    }  # fmt: skip
    assert values_of(after, "customer", "acme") == {**values_of(before, "customer", "acme"), "name": "ACME"}


def test_a_stated_map_or_list_is_the_whole_of_it() -> None:
    after = read("larry: 1\nservices: [{name: rails, needs: [linux]}]\n", example())
    assert values_of(after, "service", "rails")["needs"] == ["linux"]
    after = read("larry: 1\ncustomers: [{name: acme, parameters: {a: 1}}]\n", example())
    assert values_of(after, "customer", "acme")["parameters"] == {"a": 1}


def test_the_same_file_again_changes_nothing() -> None:
    before = example()
    text = EXAMPLE.replace("acme/shop/staging", "other/shop/staging")
    after = index(read_estate([("a.yaml", text), ("b.yaml", REST)], before).items)
    assert after == before
    assert read(write_estate(before.values()), before) == before
    assert read(write_estate(before.values()), {}) == before


@pytest.mark.parametrize("how", ["key: acme", "was: acme", "was: ACME", "was: acme, key: acme"])
def test_rename(how: str) -> None:
    before = example()
    after = read(f"larry: 1\ncustomers: [{{name: Umbrella, {how}, apps: [{{name: Blog}}]}}]\n", before)
    assert set(after) == {("customer", "acme"), ("app", "acme/blog")}
    assert values_of(after, "customer", "acme") == {**values_of(before, "customer", "acme"), "name": "Umbrella"}
    again = read(f"larry: 1\ncustomers: [{{name: Umbrella, {how}}}]\n", index(overlay(before, after.values())))
    assert again["customer", "acme"] == after["customer", "acme"]


def test_names_may_be_swapped() -> None:
    before = read("larry: 1\nroles: [{name: A, key: a}, {name: B, key: b}]\n")
    after = read("larry: 1\nroles: [{name: B, key: a}, {name: A, key: b}]\n", before)
    assert {address: item.values["name"] for (_, address), item in after.items()} == {"a": "B", "b": "A"}


def test_a_host_that_is_renamed_is_followed_by_audits() -> None:
    before = read(
        "larry: 1\nhosts: [{name: old.example}]\nservices: [{name: a}, "
        "{name: b, audits: [{service: a, where: {host: old.example}}]}, "
        "{name: c, audits: [{service: a, where: {host: old.example}}]}]\n"
    )
    rename = "larry: 1\nhosts: [{name: new.example, was: old_example}]\nservices: [{name: b, category: x}]\n"
    after = read(rename, before)
    assert set(after) == {("host", "new.example"), ("service", "b")}
    assert after["host", "new.example"].values["key"] == "old_example"
    whole = index(overlay(before, after.values()))
    assert ("host", "old.example") not in whole
    for service in "bc":
        assert values_of(whole, "service", service)["audits"] == [{"service": "a", "where": {"host": "new.example"}}]
    late = rename.replace(
        "category: x}]", "category: x}, {name: d, audits: [{service: a, where: {host: old.example}}]}]"
    )
    assert "host 'old.example' is renamed here: write 'new.example'" in refuse(late, before)


@pytest.mark.parametrize(
    "text, fragment",
    [
        ("roles: [{name: Web Server, key: web_2}]", "role 'Web Server' (key web_server) keeps the key web_server"),
        ("roles: [{name: web-server}]", "its key would be web_server, which role 'Web Server' (key web_server) has"),
        ("roles: [{name: web-server}]", "or `was: web_server` if it is that one renamed"),
        (
            "roles: [{name: db, was: web_server}]",
            "the name 'db' is taken, without regard to case, by role 'DB' (key db)",
        ),
        ("roles: [{name: x, was: web_serve}]", "there is no role 'web_serve'; did you mean 'web_server'?"),
        ("roles: [{name: Web Server}, {name: x, key: web_server}]", "is stated already at estate.yaml:2:9"),
        ("roles: [{name: a, was: db}, {name: b, was: db}]", "is stated already at estate.yaml:2:9"),
        ("roles: [{name: new, was: db, key: web}]", "role 'DB' (key db) keeps the key db"),
        ("services: [{name: a, parameters: [{name: p, type: list}]}]", "with type string by service 'Old'"),
        ("services: [{name: a, audits: [old]}, {name: old, needs: [a]}]", "a -> old -> a"),
        ("hosts: [{name: b.example, key: a_example}, {name: A.example}]", "is stated already"),
    ],
)
def test_refused_beside_what_exists(text: str, fragment: str) -> None:
    before = read(
        "larry: 1\nroles: [{name: Web Server}, {name: DB}]\nhosts: [{name: a.example}]\n"
        "services: [{name: Old, parameters: [{name: p, type: string}]}]\n"
    )
    answer = refuse(f"larry: 1\n{text}\n", before)
    assert fragment in answer
    assert "\n" not in answer


def test_a_circle_with_what_exists_is_found_where_the_file_states_it() -> None:
    before = forget(read("larry: 1\nservices: [{name: a, needs: [b]}, {name: b, needs: [c]}, {name: c}]\n"))
    answer = refuse("larry: 1\nservices:\n- name: c\n  audits: [{service: a}]\n", before)
    assert answer.startswith("estate.yaml:4:11: service 'c', audits: services in a circle")
    assert "a -> b -> c -> a" in answer


def test_seals() -> None:
    seal = {"sealed": "ab12"}
    before = read("larry: 1\ncustomers: [{name: A, parameters: {p: 1, q: 2}}]\n")
    customer = before["customer", "a"]
    before["customer", "a"] = Item("customer", "a", {**customer.values, "parameters": {"p": seal, "q": 2}})
    after = read("larry: 1\ncustomers: [{name: A, parameters: {p: {sealed: ab12}, q: {sealed: 1, and: 2}}}]\n", before)
    assert values_of(after, "customer", "a")["parameters"] == {"p": seal, "q": {"sealed": 1, "and": 2}}
    for wrong in ("{p: {sealed: ab13}}", "{q: {sealed: ab12}}", "{p: 1, r: {sealed: ab12}}"):
        assert "write the secret" in refuse(f"larry: 1\ncustomers: [{{name: A, parameters: {wrong}}}]\n", before)


def test_items_that_no_file_states() -> None:
    """As the command and the API make them: addressed by key or name, only what is to change."""
    before = example()
    changed = complete(
        [
            Item("app", "acme/Shop", {"importance": 7}),
            Item("instance", "acme/shop/ci", {"name": "ci", "template": "ACME/shop/Production"}),
            Item("role", "web", {"key": "web", "name": "World wide web"}),
        ],
        before,
    )
    assert [(item.noun, item.address, item.position) for item in changed] == [
        ("role", "web", None), ("app", "acme/shop", None), ("instance", "acme/shop/ci", None),
    ]  # fmt: skip
    assert changed[2].values["template"] == "acme/shop/production"
    for item, fragment in (
        (
            Item("app", "acme/shpo", {"importance": 7}),
            "app acme/shpo: there is no app 'shpo' in acme; did you mean 'Shop'?",
        ),
        (Item("app", "acmee/shop", {"importance": 7}), "there is no customer 'acmee'; did you mean 'Acme'?"),
        (Item("role", "x", {"key": "x"}), "a new role needs a name"),
        (Item("role", "web", {"name": "Web", "key": "loghost"}), "the name 'Web' is taken"),
    ):
        with pytest.raises(EstateFaults) as caught:
            complete([item], before)
        assert fragment in str(caught.value)
        assert caught.value.faults[0].position is None


def test_names_with_slashes_have_children_too() -> None:
    text = "larry: 1\ncustomers: [{name: A/B 100%, apps: [{name: C/D, instances: [{name: E/F}]}]}]\n"
    estate = read(text)
    assert [address for _, address in estate] == ["a_b_100", "a_b_100/c_d", "a_b_100/c_d/e_f"]
    assert read(text, estate) == estate


def test_one_customer_in_two_files_is_stated_twice() -> None:
    with pytest.raises(EstateFaults, match=r"b:2:20: .* is stated already at a:2:13"):
        read_estate([("a", "larry: 1\ncustomers: [{name: A}]"), ("b", "larry: 1\ncustomers: [{name: a}]")], {})


def test_deployments_are_resolved() -> None:
    text = (
        REST
        + "hosts: [{name: H}]\ndeployments: [{instance: OTHER/shop/Staging, host: h, start: 2026-12-01, reason: x}]\n"
    )
    (line,) = read_estate([("a", text)], {}).deployments
    assert (line.instance, line.host) == ("other/shop/staging", "h")


def test_empty_sections_say_nothing() -> None:
    assert read("larry: 1\nroles:\nhosts: []\ndeployments:\ncustomers: [{name: A, apps: }]\n").keys() == {
        ("customer", "a")
    }
