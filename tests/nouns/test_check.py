"""The checks on a whole estate, as after pruning or after an edit of anything."""

from __future__ import annotations

import time

import pytest

from larry.core.document import Json
from larry.nouns.check import check_items
from larry.nouns.estate import read_estate
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from tests.nouns.test_estate import example


def make(noun: str, address: str, **values: Json) -> Item:
    """An item in normal form, of the defaults and these values."""
    defaults = {field.name: field.default for field in NOUNS[noun].fields}
    key = address.rpartition("/")[2].replace(".", "_")
    return Item(noun, address, {**defaults, "name": key, "key": key, **values})


def check(*items: Item) -> list[str]:
    return [str(fault) for fault in check_items(items)]


def declare(name: str, kind: str = "any", **more: Json) -> Json:
    return {"name": name, "type": kind, "merge": "replace", "sensitive": False, "description": "", **more}


def test_a_good_estate_has_no_faults() -> None:
    assert check(*example().values()) == []
    assert check() == []


@pytest.mark.parametrize(
    "missing, fragment",
    [
        (("role", "web"), "host 'web1.example.com', roles: there is no role 'web'"),
        (("role", "backup"), "service 'pg-backup', audits: there is no role 'backup'"),
        (("grade", "medium"), "grade: there is no grade 'medium'"),
        (("pool", "production"), "pools: there is no pool 'production'"),
        (("service", "linux"), "service 'postgres', needs: there is no service 'linux'"),
        (("service", "rails"), "instance acme/shop/production, requires: there is no service 'rails'"),
        (("instance", "other/shop/staging"), "template: there is no instance 'other/shop/staging'"),
        (("app", "other/shop"), "there is no app other/shop that it could belong to"),
        (("customer", "other"), "there is no customer other that it could belong to"),
    ],
)
def test_what_is_taken_away_is_missed(missing: tuple[str, str], fragment: str) -> None:
    estate = example()
    del estate[missing]
    assert any(fragment in fault for fault in check(*estate.values()))


def test_an_auditor_at_a_host_that_goes_is_missed() -> None:
    audits: Json = [{"service": "a", "where": {"host": "mon"}}]
    assert "there is no host 'mon'" in check(make("service", "a"), make("service", "b", audits=audits))[0]


def test_names_and_keys_are_unique_within_their_parent() -> None:
    faults = check(
        make("role", "a", name="Web"),
        make("role", "b", name="wEB"),
        make("host", "h.a", key="k"),
        make("host", "h.b", key="k"),
        make("customer", "c"),
        make("customer", "d"),
        make("app", "c/s"),
        make("app", "d/s"),
    )
    assert faults == [
        "role 'wEB', name: role 'Web' has the same name, 'wEB'",
        "host 'h_b', key: host 'h_a' has the same key, 'k'",
    ]
    assert "two of the address a" in check(make("pool", "a"), make("pool", "a", name="b", key="b"))[0]


def test_circles_are_spelled_out() -> None:
    a = make("service", "a", needs=["b"])
    b = make("service", "b", audits=[{"service": "c", "where": "same-host"}])
    c = make("service", "c", needs=["a", "d"])
    assert check(a, b, c, make("service", "d")) == [
        "service 'a', needs: services in a circle (needs and audits): a -> b -> c -> a"
    ]
    customer, app = make("customer", "c"), make("app", "c/s")
    one, two = make("instance", "c/s/one", template="c/s/two"), make("instance", "c/s/two", template="c/s/one")
    assert "templates in a circle: c/s/one -> c/s/two -> c/s/one" in check(customer, app, one, two)[0]


def test_a_long_circle_is_cut_and_many_circles_are_few() -> None:
    ring = [make("service", f"s{number}", needs=[f"s{(number + 1) % 500}"]) for number in range(500)]
    (fault,) = check(*ring)
    assert fault.endswith("... (500 in all)")
    pairs = [make("service", f"s{number}", needs=[f"s{number ^ 1}"]) for number in range(500)]
    assert len(check(*pairs)) == 20


def test_services_agree_about_parameters() -> None:
    faults = check(
        make("service", "a", parameters=[declare("p", "string"), declare("q"), declare("r", "integer")]),
        make("service", "b", parameters=[declare("p"), declare("q", "map"), declare("r", "number")]),
        make("service", "c", parameters=[declare("p", "list", merge="deep"), declare("q", "map")]),
    )
    assert [fault.partition(": ")[2] for fault in faults] == [
        "r is declared with type number here and with type integer by service 'a'",
        "p is declared with type list here and with type string by service 'a'",
        "p is declared with merge deep here and with merge replace by service 'a'",
    ]


def test_defaults() -> None:
    good = [declare("a", "integer", default=1), declare("b", default=None), declare("c", "number", default=1.5)]
    good.append(declare("d", "string", default=None))  # left to the tool
    assert check(make("service", "s", parameters=good)) == []
    bad: list[Json] = [
        declare("a", "integer", default=True),
        declare("b", "string", default=7),
        declare("c", "map", default=[]),
        declare("d", sensitive=True, default=""),
    ]
    faults = check(make("service", "s", parameters=bad))
    assert [fault.split(": ")[0] for fault in faults] == [
        f"service 's', parameters[{place}].default" for place in range(4)
    ]


def test_a_disagreement_is_shown_where_the_file_says_it() -> None:
    """The service of the file comes first here, the one that exists after it."""
    text = "larry: 1\nservices: [{name: a, parameters: [q, {name: p, type: list}]}]\n"
    (stated,) = read_estate([("f", text)], {}).items
    assert check(stated, make("service", "z", parameters=[declare("p", "map")])) == [
        "f:2:54: service 'a', parameters[1].type: p is declared with type list here and with type map by service 'z'"
    ]


def test_time_is_in_proportion() -> None:
    """100,000 items; compared with 10,000, so that a slow machine does not matter."""

    def build(count: int) -> list[Item]:
        services = [
            make(
                "service",
                f"s{number}",
                needs=[f"s{number - step}" for step in (1, 2, 7) if number >= step],
                parameters=[declare(f"p{number % 100}", "string")],
            )
            for number in range(count // 2)
        ]
        return [
            *services,
            make("role", "r"),
            *(make("host", f"h{number}", roles=["r"]) for number in range(count // 2)),
        ]

    def measure(items: list[Item]) -> float:
        start = time.process_time()
        assert check_items(items) == ()
        return time.process_time() - start

    small, large = build(10_000), build(100_000)
    assert measure(large) < 40 * min(measure(small) for _ in range(3))
