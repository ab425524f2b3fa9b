"""The classifier's answer says classes, per-instance resources, and what starts before what; or why it cannot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from larry.core.node import NodeService, Place
from larry.core.node_text import MASK
from larry.exports import CannotPrint
from larry.exports.dialect import find_dialect
from tests.exports.specimen import HOST, PATH, dated, entry, puppet, subject

STAGING = "acme/shop/staging"


def answer(*entries: NodeService, **more: Any) -> Any:
    return json.loads(find_dialect("enc").render(dated(*entries, **more)))


def test_a_service_of_the_host_is_a_class_with_typed_parameters() -> None:
    server = entry(
        "postgres",
        tools=puppet(**{"class": "postgresql::server"}),
        port=5432,
        ratio=0.5,
        on=True,
        hosts=["a"],
        options={"a": {"b": None}},
        later=None,
    )
    assert answer(entry("ntp"), server)["classes"] == {
        "ntp": None,
        "postgresql::server": {
            "port": 5432,
            "ratio": 0.5,
            "on": True,
            "hosts": ["a"],
            "options": {"a": {"b": None}},
            "later": None,
        },
    }


def test_classes_stand_in_start_order_and_require_what_starts_before() -> None:
    classes = answer(entry("zoo"), entry("bar", after=["zoo"]), entry("app", after=["bar", "zoo"]))["classes"]
    assert list(classes.items()) == [
        ("zoo", None),
        ("bar", {"require": ["Class[Zoo]"]}),
        ("app", {"require": ["Class[Bar]", "Class[Zoo]"]}),
    ]


def test_a_service_of_an_instance_is_a_resource() -> None:
    said = answer(
        entry("postgres", tools=puppet(**{"class": "::postgresql::server"})),
        entry("db", of=PATH, after=["postgres"], tools=puppet(define="postgresql::server::db"), dbname="shop"),
        entry("rails", of=PATH, after=["acme-shop-production-db", "postgres"], workers=4),
        entry("rails", of=STAGING, workers=2),
        entry("watch", after=["acme-shop-production-rails"]),
    )
    assert said["classes"] == {
        "postgresql::server": None,
        "watch": {"require": ["Larry::Service[acme-shop-production-rails]"]},
        "larry::host": {
            "services": {
                "acme-shop-production-db": {
                    "type": "postgresql::server::db",
                    "parameters": {"dbname": "shop"},
                    "require": ["Class[Postgresql::Server]"],
                },
                "acme-shop-production-rails": {
                    "type": "larry::service",
                    "parameters": {"parameters": {"workers": 4}},
                    "require": ["Class[Postgresql::Server]", "Postgresql::Server::Db[acme-shop-production-db]"],
                },
                "acme-shop-staging-rails": {
                    "type": "larry::service",
                    "parameters": {"parameters": {"workers": 2}},
                    "require": [],
                },
            }
        },
    }


def test_order_passes_through_what_is_skipped() -> None:
    skipped = puppet(skip=True)
    entries = [
        entry("a"),
        entry("b"),
        entry("c", after=["a", "b"], tools=skipped),
        entry("d", after=["b", "c"], tools=skipped),
        entry("e", after=["d"]),
    ]
    assert answer(*entries)["classes"] == {"a": None, "b": None, "e": {"require": ["Class[A]", "Class[B]"]}}


def test_an_auditor_receives_its_subjects_where_it_says() -> None:
    audits = [subject("postgres", target="/a")]
    shown = {
        "service": "postgres",
        "host": "db1.example.com",
        "addresses": ["10.0.0.21"],
        "for": [PATH],
        "parameters": {"port": 5432},
        "settings": {"target": "/a"},
    }
    said = answer(
        entry("plain", audits=audits, keep=7),
        entry("told", audits=audits, tools=puppet(subjects="about"), keep=7),
        entry("untold", tools=puppet(subjects="about")),
        entry("shipped", audits=audits, tools=puppet(define="larry::auditor"), keep=7),
        entry("whole", audits=audits, tools=puppet(parameters="all"), keep=7),
    )
    shipped = said["classes"].pop("larry::host")["services"]
    assert said["classes"] == {
        "plain": {"keep": 7},
        "told": {"keep": 7, "about": [shown]},
        "untold": {"about": []},
        "whole": {"all": {"keep": 7}},
    }
    assert shipped == {
        "shipped": {
            "type": "larry::auditor",
            "parameters": {"parameters": {"keep": 7}, "subjects": [shown]},
            "require": [],
        }
    }
    assert said["parameters"]["larry_audits"] == {key: [shown] for key in ("plain", "told", "shipped", "whole")}


def test_variables_at_top_scope() -> None:
    node = dated(
        entry("ntp", elsewhere=[Place("postgres", "db1.example.com", ("10.0.0.21",))]),
        entry("rails", of=PATH),
        entry("rails", of=STAGING),
        data={"rack": 7, "puppet": {"environment": "blue"}},
    )
    said = json.loads(find_dialect("enc").render(node))
    assert said["environment"] == "blue"
    assert said["parameters"] == {
        "larry_host": HOST,
        "larry_digest": node.digest,
        "larry_customers": ["acme"],
        "larry_apps": ["acme/shop"],
        "larry_instances": [PATH, STAGING],
        "larry_addresses": ["10.0.0.11"],
        "larry_labels": {"site": "fra"},
        "larry_data": {"rack": 7, "puppet": {"environment": "blue"}},
        "larry_audits": {},
        "larry_needs_elsewhere": {
            "ntp": [{"service": "postgres", "host": "db1.example.com", "addresses": ["10.0.0.21"]}]
        },
    }


def test_without_an_environment_puppets_settings_decide() -> None:
    assert list(answer(entry("ntp"))) == ["classes", "parameters"]
    assert list(answer(entry("ntp"), data={"puppet": "no map"})) == ["classes", "parameters"]


def test_a_masked_secret_is_text() -> None:
    assert answer(entry("ntp", password=MASK))["classes"] == {"ntp": {"password": MASK}}


ODD: dict[str, Any] = {"a => b": 1}
REFUSED: Sequence[tuple[str, list[NodeService], Any, str]] = (
    (
        "one class twice",
        [entry("pg_a", tools=puppet(**{"class": "pg"})), entry("pg_b", tools=puppet(**{"class": "::pg"}))],
        {},
        "pg_a and pg_b on web1.example.com are both the Puppet class pg",
    ),
    (
        "larry::host",
        [entry("mine", tools=puppet(**{"class": "larry::host"}))],
        {},
        "Larry itself and mine on web1.example.com are both the Puppet class larry::host",
    ),
    (
        "a class for an instance",
        [entry("db", of=PATH, tools=puppet(**{"class": "pg::db"}))],
        {},
        "db is there once for each instance, but tools.puppet.class names pg::db",
    ),
    ("both", [entry("db", tools=puppet(**{"class": "a", "define": "b"}))], {}, "db: tools.puppet names both"),
    ("no map", [entry("db", tools={"puppet": "db"})], {}, "db: tools.puppet must be a map"),
    *(
        (
            f"class {name!r}",
            [entry("db", tools=puppet(**{"class": name}))],
            {},
            f"tools.puppet.class {json.dumps(name)} is no name",
        )
        for name in ("Db", "a-b", "a::", "a b", "a'", "node", "a::class", "", 7, ["a"], "a\n", "a { }")
    ),
    *(
        (f"define {name!r}", [entry("db", of=PATH, tools=puppet(define=name))], {}, "is no name of a Puppet define")
        for name in ("Db", "fail('x')", "a; b")
    ),
    *(
        (f"{what} {name!r}", [entry("db", tools=puppet(**{what: name}))], {}, "is no name of a Puppet parameter")
        for what in ("subjects", "parameters")
        for name in ("Upper", "a => b", "", 7)
    ),
    ("taken", [entry("db", about=1, tools=puppet(subjects="about"))], {}, "about is a parameter already"),
    ("odd name", [entry("db", **ODD)], {}, "db: 'a => b' is no name of a Puppet parameter"),
    *(
        (f"environment {name!r}", [], {"puppet": {"environment": name}}, "is no name of a Puppet environment")
        for name in ("../etc", "a-b", "", 7, "é")
    ),
)


@pytest.mark.parametrize("entries,data,text", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_puppet_could_not_take_is_refused_with_the_reason(entries: Any, data: Any, text: str) -> None:
    with pytest.raises(CannotPrint) as refusal:
        answer(*entries, data=data)
    assert text in str(refusal.value)


@pytest.mark.parametrize("name", ["enc", "puppet"])
def test_puppet_has_no_order_of_stopping(name: str) -> None:
    with pytest.raises(CannotPrint, match=f"{name} has no order of stopping"):
        find_dialect(name).render(dated(), stop=True)


def test_a_key_that_json_style_cannot_say_is_yaml() -> None:
    import yaml

    long = "k" * 5000
    text = find_dialect("enc").render(dated(entry("ntp", options={long: {long: 1}})))
    assert yaml.safe_load(text)["classes"]["ntp"]["options"] == {long: {long: 1}}
