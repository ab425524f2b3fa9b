"""The estate as files: readable, as short as what it says, and read again as the same by every reader of YAML."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from larry.core.document import Json, freeze_map, thaw
from larry.exports import CannotPrint
from larry.exports.estate import (
    estate_document,
    is_estate_file_name,
    write_estate,
    write_estate_folder,
    write_estate_json,
)
from larry.nouns.estate import read_estate
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from tests.exports.hostile import LONG, TEXTS, every_value
from tests.nouns.strategies import estates, spell

Index = dict[tuple[str, str], Item]

STATED = """\
larry: 1
roles:
  - name: web
grades:
  - name: medium
    rank: 2
    floor:
      cpu: 2.5
pools:
  - name: Production
    description: "first line\\nsecond: line"
hosts:
  - name: web1.example.com
    roles:
      - web
    pools:
      - production
    grade: medium
    addresses:
      - 10.0.0.11
      - "2001:db8::11"
    labels:
      rack: r7
      site: "no"
    data:
      disks:
        - name: sda
          sizes:
            - 1
            - 2
        - {}
      "on": true
services:
  - name: linux
  - name: rails
    description: the stack our apps run on
    sharing: instance
    category: Web hosting
    parameters:
      - rails_env
      - name: workers
        type: integer
        default: 4
      - name: db_password
        type: string
        sensitive: true
    needs:
      - linux
  - name: watch
    audits:
      - linux
      - service: rails
        where:
          role: web
    tools:
      puppet:
        class: "watch::all"
customers:
  - name: Bäcker
    key: baker
  - name: Zoo
    parameters:
      timezone: Europe/Berlin
    apps:
      - name: Shop
        service_level: gold
        instances:
          - name: live
            copies: 0
            requires:
              - rails
            demand: {}
            template: zoo/shop/test
          - name: test
            demand:
              cpu: 1
"""


def read(*texts: str) -> Index:
    items = read_estate([(str(place), text) for place, text in enumerate(texts)], {}).items
    return {(item.noun, item.address): item for item in items}


def estate_with(**values: Any) -> Index:
    """A host with values that no file was read for."""
    (host,) = read("larry: 1\nhosts: [{name: web1}]\n").values()
    item = Item("host", "web1", {**host.values, **freeze_map(values)})
    return {("host", "web1"): item}


def test_a_dump_is_as_a_person_would_write_it() -> None:
    estate = read(STATED)
    plain = STATED.replace('"Bäcker"', "Bäcker").replace("  - name: Bäcker", '  - name: "Bäcker"')
    assert write_estate(estate.values()) == plain
    assert write_estate(reversed(estate.values())) == plain
    assert read(plain) == estate
    assert read(write_estate_json(estate.values())) == estate
    assert json.loads(write_estate_json(estate.values())) == yaml.safe_load(plain) == thaw(_document(estate))


def _document(estate: Index) -> Json:
    return estate_document(estate.values())


def test_an_empty_estate_is_a_header() -> None:
    assert write_estate(()) == "larry: 1\n"
    assert write_estate_folder(()) == {"estate.yaml": "larry: 1\n"}
    assert read(write_estate_json(())) == {}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_field_at_its_default_is_left_out(noun: str) -> None:
    path = {"app": "customers: [{name: A, apps: [{name: B}]}]", "instance": ""}
    path["instance"] = "customers: [{name: A, apps: [{name: B, instances: [{name: C}]}]}]"
    stated = path.get(noun, f"{NOUNS[noun].plural}: [{{name: a}}]")
    items = [item for item in read(f"larry: 1\n{stated}\n").values() if item.noun == noun]
    document = estate_document([*read(f"larry: 1\n{stated}\n").values()])
    (section,) = (value for word, value in document.items() if word != "larry")
    while noun != "customer" and isinstance(section, list) and {"apps", "instances"} & section[0].keys():
        section = section[0].get("apps") or section[0]["instances"]
    ((told),) = section  # type: ignore[misc]
    assert told["name"] == items[0].values["name"]  # type: ignore[call-overload,index]
    assert set(told) - {"apps", "instances"} == {"name"}  # type: ignore[arg-type]


def test_hostile_values_are_read_again_as_they_were() -> None:
    estate = estate_with(data=every_value(), labels={"note": "no"})
    text = write_estate(estate.values())
    assert read(text) == estate
    assert yaml.safe_load(text)["hosts"][0]["data"] == thaw(every_value())


@pytest.mark.parametrize(
    "text", [*TEXTS, "a", "e3", "Null", "a b (c)", "10.0.0.1", "1.2.3.4.5", "0.0", "1.2", "a/b.c-d"]
)
def test_text_is_plain_only_where_nobody_mistakes_it(text: str) -> None:
    estate = estate_with(data={"text": text, "texts": [text, {text: text}], text: {"deep": [[text]]}})
    written = write_estate(estate.values())
    assert yaml.safe_load(written) == thaw(_document(estate))
    assert yaml.load(written, Loader=yaml.CSafeLoader) == thaw(_document(estate))
    assert read(written) == read(write_estate_json(estate.values())) == estate


def test_a_key_too_long_for_json_is_refused_and_not_printed_wrong() -> None:
    estate = estate_with(data={"a": [{LONG: 1}]})
    with pytest.raises(CannotPrint, match="--format yaml"):
        write_estate_json(estate.values())
    assert read(write_estate(estate.values())) == estate


def test_a_seal_is_told_as_it_is() -> None:
    (customer,) = read("larry: 1\ncustomers: [{name: Acme, parameters: {password: x}}]\n").values()
    sealed = Item("customer", "acme", {**customer.values, "parameters": {"password": {"sealed": "00ff"}}})
    assert 'password:\n        sealed: "00ff"' in write_estate([sealed])


@pytest.mark.parametrize(
    "name", ["a__b", "Shop/Store", "100%", "ab%2Fcd", "#1 Shop", "- x", "'quoted'", "x: y", "Ünï 😀"]
)
def test_names_that_look_like_paths_and_keys_stay_apart(name: str) -> None:
    quoted = json.dumps(name, ensure_ascii=False)
    text = (
        f"larry: 1\ncustomers:\n- {{name: {quoted}, key: one, apps: [{{name: {quoted}, key: of_one}}]}}\n"
        "- {name: Other, key: a__b, apps: [{name: Two, key: of_other}]}\n"
    )
    estate = read(text.replace("key: one, ", "") if name == "a__b" else text)
    assert {address for noun, address in estate if noun == "app"} == {
        f"{'a_b' if name == 'a__b' else 'one'}/of_one",
        "a__b/of_other",
    }
    assert read(write_estate(estate.values())) == estate
    assert read(*write_estate_folder(estate.values()).values()) == estate


def test_a_folder_has_a_file_for_each_section_and_each_customer() -> None:
    estate = read(STATED)
    files = write_estate_folder(estate.values())
    assert list(files) == [
        "roles.yaml", "grades.yaml", "pools.yaml", "hosts.yaml", "services.yaml", "customer-baker.yaml",
        "customer-zoo.yaml",
    ]  # fmt: skip
    assert all(text.startswith("larry: 1\n") for text in files.values())
    assert all(is_estate_file_name(name) for name in files)
    assert read(*files.values()) == estate


def test_a_section_too_large_for_one_file_is_divided() -> None:
    estate = read(spell({"larry": 1, "hosts": [{"name": f"web{n}", "description": "x" * 50} for n in range(40)]}))
    files = write_estate_folder(estate.values(), largest=1000)
    assert list(files)[:3] == ["hosts.yaml", "hosts-2.yaml", "hosts-3.yaml"]
    assert all(len(text) <= 1000 for text in files.values())
    assert sum(len(text) for text in files.values()) > 0.8 * 1000 * (len(files) - 1)
    assert read(*files.values()) == estate
    assert all(is_estate_file_name(name) for name in files)


@pytest.mark.parametrize(
    "name",
    ["notes.yaml", "hosts.yml", "hosts.json", "hosts", "customers.yaml", "customer-.yaml", "my-hosts.yaml", ".yaml"],
)
def test_files_of_others_are_known_as_such(name: str) -> None:
    assert not is_estate_file_name(name)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(estates())
def test_any_estate_is_read_again_from_json_and_from_a_folder(document: Json) -> None:
    estate = read(spell(document))
    assert read(write_estate_json(estate.values())) == estate
    assert read(*write_estate_folder(estate.values(), largest=2000).values()) == estate
    assert yaml.safe_load(write_estate(estate.values())) == thaw(_document(estate))
