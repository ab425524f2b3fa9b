"""Edits in an excerpt of the estate against the same edits in the whole of it: they say and write the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from larry.actions import apply as apply_room
from larry.actions.apply import EstateChange, apply
from larry.actions.author import Author, Refused
from larry.actions.describe import Statement, change, create
from larry.actions.edit import edit
from larry.actions.rename_key import rename_key
from larry.actions.retire import retire
from larry.core.document import Json
from larry.core.rights import ALL_RIGHTS, PersonRole, Right, Rights, ScopeKind, rights_of
from larry.nouns.check import list_referring
from larry.nouns.estate import EstateFaults
from larry.nouns.item import Item
from larry.nouns.statement import parse_statement
from larry.nouns.table import NOUNS
from larry.queries import deployable, kept_node
from larry.queries.moment import Moment
from larry.queries.noun import get_estate, get_item
from larry.queries.reader import LOCAL, NotFound
from larry.records.activity import Activity
from larry.records.customer import Customer
from larry.records.edge import Edge
from larry.records.instance import Requirement
from larry.records.service import Parameter
from tests.actions.estate import author, day, lay, put
from tests.core.budget import dice

pytestmark = pytest.mark.django_db

AT = Moment(day(5))
ESTATE = """
larry: 1
roles: [{name: Eye}, {name: web}]
grades: [{name: small, rank: 1}, {name: large, rank: 2}]
pools: [{name: some}, {name: More, key: m}]
services:
  - {name: linux, parameters: [{name: zone, default: 1}]}
  - name: Cache Box
    parameters: [{name: ttl, type: integer, default: 60}, {name: pass, sensitive: true, type: string}]
  - {name: app, needs: [linux], parameters: [{name: size, type: integer}, {name: more, merge: deep, default: {}}]}
  - {name: watch, needs: [linux], audits: [{service: app, where: {role: eye}}], parameters: [{name: ttl, default: 5}]}
  - {name: probe, audits: [{service: cache_box, where: {host: web1}}], parameters: [pass]}
  - {name: spare, needs: [linux], parameters: [pass]}
customers:
  - name: Acme
    parameters: {size: 1, pass: hidden}
    apps:
      - name: Shop
        instances:
          - {name: Base, requires: [cache_box], parameters: {size: 7}}
          - {name: Live, requires: [app], template: acme/shop/base}
          - {name: Test, requires: [app, cache_box], parameters: {size: 2}}
      - {name: Blog, instances: [{name: Live, requires: [cache_box], parameters: {pass: another}}]}
  - name: Zeta
    apps:
      - {name: Blog, instances: [{name: Live, requires: [app], template: acme/shop/live}, {name: Old, requires: [app]}]}
      - {name: The Shop, key: shop}
hosts:
  - {name: web1, roles: [eye], pools: [some], grade: small, addresses: [10.0.0.1]}
  - {name: web2, pools: [m]}
  - {name: web3.example.com}
"""
REFUSALS = (EstateFaults, Refused, NotFound)

_Edit = Callable[[Author], EstateChange]


@pytest.fixture(autouse=True)
def estate(db: None) -> None:
    lay(ESTATE)
    put("acme/shop/live", "web1")
    put("zeta/blog/live", "web2")
    put("acme/blog/live", "web3.example.com")


def stand() -> dict[str, Any]:
    """All that an edit writes, without the moments and the numbers of rows."""
    items = {place: dict(item.values) for place, item in get_estate(LOCAL, AT).items()}
    return {
        "items": items,
        "edges": sorted(map(repr, Edge.objects.values_list("service__key", "kind", "target__key", "where_kind"))),
        "declared": sorted(map(repr, Parameter.objects.values_list("service__key", "position", "name", "default"))),
        "required": sorted(Requirement.objects.values_list("instance__path", "service__key")),
        "lines": [
            (line.verb, line.noun, line.address, line.before, line.after) for line in Activity.objects.order_by("id")
        ],
    }


def try_out(act: _Edit, who: Author, few: int, monkeypatch: pytest.MonkeyPatch) -> tuple[object, object]:
    """What an act says, or why it is refused, and what stands after it; nothing of it stays."""
    monkeypatch.setattr(apply_room, "MOST_IN_EXCERPT", few)
    told: object
    with transaction.atomic():
        try:
            with transaction.atomic():
                done = act(who)
            told = done.document, done.items
        except REFUSALS as refusal:
            told = (type(refusal).__name__, str(refusal))
        stood = stand()
        transaction.set_rollback(True)
    return told, stood


# --- drawn ------------------------------------------------------------------------------------------------------------

SERVICES = ("linux", "Cache Box", "cache_box", "app", "watch", "probe", "new one", "nothing")
APPS = ("acme/shop", "Acme/Shop", "acme/blog", "zeta/blog", "zeta/The Shop", "zeta/new", "none/shop")
INSTANCES = (
    "acme/shop/base", "acme/shop/live", "acme/shop/Live", "acme/shop/test", "acme/blog/live", "zeta/blog/live",
    "zeta/blog/old", "zeta/shop/live", "acme/none/live",
)  # fmt: skip
HOSTS = ("web1", "WEB2", "web2", "web3.example.com", "web4", "web9")
NAMES: dict[str, tuple[str, ...]] = {
    "role": ("eye", "Eye", "web", "none"), "grade": ("small", "large", "tiny"), "pool": ("some", "More", "m", "none"),
    "host": HOSTS, "service": SERVICES, "customer": ("Acme", "acme", "zeta", "New", "newer"), "app": APPS,
    "instance": INSTANCES,
}  # fmt: skip


def some(random: Random, among: tuple[str, ...], most: int = 2) -> list[str]:
    return random.sample(among, random.randrange(most + 1))


def draw_values(random: Random) -> dict[str, Json]:
    values: tuple[Json, ...] = (1, "x", {"a": 1}, None, 2)
    return {name: random.choice(values) for name in some(random, ("zone", "ttl", "pass", "size", "more", "stray"))}


def draw_declared(random: Random) -> Json:
    declared: dict[str, Json] = {"name": random.choice(("zone", "ttl", "size", "pass", "new"))}
    if random.random() < 0.4:
        declared["default"] = random.choice((1, "x", None))
    if random.random() < 0.4:
        declared["type"] = random.choice(("integer", "string", "any"))
    if random.random() < 0.25:
        declared["sensitive"] = True
    if random.random() < 0.2:
        declared["merge"] = "deep"
    return declared


def draw_where(random: Random) -> Json:
    wheres: tuple[Json, ...] = (
        "same-host",
        "manual",
        {"host": random.choice(HOSTS)},
        {"role": random.choice(("Eye", "none"))},
    )
    return random.choice(wheres)


def draw_fields(random: Random, noun: str) -> dict[str, Json]:
    """A few fields of a noun, many of them well."""
    fields: dict[str, Callable[[], Json]] = {"description": lambda: str(random.random())}
    if noun in {"customer", "app", "instance"}:
        fields["parameters"] = lambda: draw_values(random)
    if noun == "app":
        fields["like"] = lambda: random.choice(APPS)
    if noun == "instance":
        fields["requires"] = lambda: some(random, SERVICES)
        fields["template"] = lambda: random.choice((None, *INSTANCES))
    if noun == "service":
        audits = [{"service": key, "where": draw_where(random)} for key in some(random, SERVICES)]
        fields["needs"] = lambda: some(random, SERVICES)
        fields["audits"] = lambda: audits
        fields["parameters"] = lambda: [draw_declared(random) for _ in range(random.randrange(3))]
        fields["sharing"] = lambda: random.choice(("host", "instance"))
    if noun == "host":
        fields["roles"] = lambda: some(random, NAMES["role"])
        fields["pools"] = lambda: some(random, NAMES["pool"])
        fields["grade"] = lambda: random.choice((None, *NAMES["grade"]))
        fields["addresses"] = lambda: [f"10.0.0.{random.randrange(9)}"]
    picked = random.sample(sorted(fields), random.choice((0, 1, 1, 2)) if len(fields) > 1 else 1)
    values = {word: fields[word]() for word in picked}
    if random.random() < 0.35:
        values["name"] = random.choice(NAMES[noun]).rpartition("/")[2]
    if random.random() < 0.1:
        values["key"] = random.choice(("live", "shop", "zeta", "linux", "fresh"))
    return values


def draw_edit(random: Random) -> _Edit:
    noun = random.choice(tuple(NAMES))
    address, values = random.choice(NAMES[noun]), draw_fields(random, noun)
    parent = address.rpartition("/")[0]
    if random.random() < 0.3 and noun != "host":
        items = [
            Item(noun, random.choice(NAMES[noun]), parse_statement(NOUNS[noun], fields)[0])
            for fields in (draw_fields(random, noun), values)
        ]
        items += [Item("customer", "acme", {"name": random.choice(("Acme", "Acne")), "was": "acme"})]
        items += [Item("host", "web1", {"name": "web7", "was": "web1"})] if random.random() < 0.3 else []
        return lambda who: apply(items, who)
    expect = "0" * 64 if random.random() < 0.05 else None
    if random.random() < 0.15:
        return lambda who: retire(noun, random.choice((address, address.rpartition("/")[2])), who, expect=expect)
    statements = (
        lambda who: edit(noun, address, values, who, expect=expect),
        lambda who: edit(noun, address, values, who),
        lambda who: change(noun, [Statement(address.lower(), values)], who),
        lambda who: create(noun, [Statement(parent, {"name": address.rpartition("/")[2], **values})], who),
    )
    return random.choice(statements)


def draw_rights(random: Random) -> Rights:
    if random.random() < 0.7:
        return ALL_RIGHTS
    customer = Customer.objects.get(key=random.choice(("acme", "zeta")))
    return rights_of([Right(PersonRole.OPERATOR, ScopeKind.CUSTOMER, customer.id)])


def run(seed: int, random: Random, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Edits one after the other, each tried both ways; whether each was done."""
    done: list[bool] = []
    for number in range(12):
        act, who = draw_edit(random), replace(author(1 + number / 100), rights=draw_rights(random))
        in_whole, in_excerpt = (try_out(act, who, few, monkeypatch) for few in (0, 300))
        assert in_excerpt == in_whole, f"seed {seed}, edit {number}"
        with suppress(*REFUSALS), transaction.atomic():
            act(who)
            done.append(True)
            continue
        done.append(False)
    return done


def test_an_excerpt_tells_and_writes_what_the_whole_estate_does(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[bool] = []
    for seed, random in dice(10):
        with transaction.atomic():
            done += run(seed, random, monkeypatch)
            transaction.set_rollback(True)
    assert sum(done) > len(done) // 5, "a good part is done"


# --- each kind of edit -----------------------------------------------------------------------------------------------

KINDS: dict[str, _Edit] = {
    "customer": lambda who: edit("customer", "acme", {"parameters": {"size": 3, "pass": "new"}}, who),
    "customer's name": lambda who: edit("customer", "acme", {"name": "Acne"}, who),
    "app": lambda who: edit("app", "acme/shop", {"parameters": {"more": {"a": 1}}}, who),
    "new app like another": lambda who: edit("app", "zeta/x", {"name": "X", "like": "acme/Shop"}, who),
    "instance": lambda who: change("instance", [Statement("acme/shop/base", {"parameters": {"size": 9}})], who),
    "instance's requirements": lambda who: edit(
        "instance", "acme/shop/live", {"requires": ["Cache Box", "watch"], "template": "acme/shop/test"}, who
    ),
    "new instance": lambda who: create("instance", [Statement("zeta/blog", {"name": "N", "requires": ["app"]})], who),
    "host": lambda who: edit("host", "web1", {"addresses": ["10.0.0.7"], "roles": ["web"], "grade": "large"}, who),
    "host's name": lambda who: edit("host", "web1", {"name": "web8"}, who),
    "new host": lambda who: edit("host", "web9", {"name": "web9", "pools": ["More"]}, who),
    "service": lambda who: edit("service", "app", {"tools": {"puppet": {"class": "x"}}}, who),
    "service's edges": lambda who: edit("service", "app", {"needs": ["Cache Box"]}, who),
    "service's declarations": lambda who: edit(
        "service", "watch", {"parameters": [{"name": "ttl", "default": 7}]}, who
    ),
    "role": lambda who: edit("role", "eye", {"description": "sees"}, who),
}


REFUSED: dict[str, _Edit] = {
    "an unknown service": lambda who: edit("instance", "acme/shop/live", {"requires": ["app", "cachebox"]}, who),
    "an unknown service of a service": lambda who: edit("service", "app", {"needs": ["linux", "nothing"]}, who),
    "an unknown role": lambda who: edit("host", "web1", {"roles": ["eyes"], "pools": ["none"]}, who),
    "an unknown app": lambda who: edit("instance", "acme/shopp/live", {"copies": 2}, who),
    "an unknown host": lambda who: change("host", [Statement("web7", {"addresses": []})], who),
    "a taken name": lambda who: edit("customer", "acme", {"name": "zeta"}, who),
    "a taken key": lambda who: create("pool", [Statement("", {"name": "Another", "key": "m"})], who),
    "what there is already": lambda who: create("host", [Statement("", {"name": "WEB2"})], who),
    "what has changed": lambda who: change("role", [Statement("eye", {"description": "x"}, "0" * 64)], who),
    "a seal of another": lambda who: edit("app", "acme/shop", {"parameters": {"pass": {"sealed": "0" * 64}}}, who),
    "a secret of a wrong type": lambda who: edit("customer", "zeta", {"parameters": {"pass": 5}}, who),
    "what was expected otherwise": lambda who: edit("role", "eye", {"description": "x"}, who, expect="0" * 64),
    "a role in use": lambda who: retire("role", "eye", who),
    "a pool in use": lambda who: retire("pool", "More", who),
    "a grade in use": lambda who: retire("grade", "small", who),
    "a service that is live": lambda who: retire("service", "watch", who),
    "a service in use": lambda who: retire("service", "cache_box", who),
    "a host in use": lambda who: retire("host", "web1", who),
    "a host that is live": lambda who: retire("host", "web2", who),
    "a customer in use": lambda who: retire("customer", "Acme", who),
    "an app in use": lambda who: retire("app", "acme/blog", who),
    "an app of which there are two": lambda who: retire("app", "Blog", who),
    "a template in use": lambda who: retire("instance", "acme/shop/base", who),
    "an instance that is live": lambda who: retire("instance", "acme/blog/live", who),
    "nothing that there is": lambda who: retire("host", "web77", who),
}
RETIRED: dict[str, _Edit] = {
    "role": lambda who: retire("role", "WEB", who),
    "grade": lambda who: retire("grade", "large", who),
    "service with a secret": lambda who: retire("service", "spare", who),
    "instance": lambda who: retire("instance", "zeta/blog/old", who),
    "app": lambda who: retire("app", "The Shop", who),
}


@pytest.mark.parametrize("kind", [*KINDS, *REFUSED, *(f"retiring a {noun}" for noun in RETIRED)])
def test_no_kind_of_edit_reads_the_whole_estate(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    act = {**KINDS, **REFUSED, **{f"retiring a {noun}": each for noun, each in RETIRED.items()}}[kind]
    in_whole = try_out(act, author(1), 0, monkeypatch)
    monkeypatch.setattr(apply_room, "get_estate", None)
    in_excerpt = try_out(act, author(1), 300, monkeypatch)
    assert in_excerpt == in_whole
    assert isinstance(in_whole[0][0], str) == (kind in REFUSED), in_whole[0]  # type: ignore[index]


KEYS: dict[str, tuple[str, ...]] = {
    "role": ("eye", "web"), "grade": ("small",), "pool": ("some", "m"), "host": ("web1", "web2", "web3.example.com"),
    "service": ("linux", "cache_box", "app", "watch", "probe"), "customer": ("acme", "zeta"),
    "app": ("acme/shop", "acme/blog", "zeta/blog", "zeta/shop"),
    "instance": ("acme/shop/base", "acme/shop/live", "acme/blog/live", "zeta/blog/live", "zeta/blog/old"),
}  # fmt: skip


def test_a_change_of_a_key_tells_what_all_instances_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each noun, one on top of the other; some become dirty, and some clean again."""
    soiled, clean = 0, 0
    everywhere = [(noun, address) for noun, addresses in KEYS.items() for address in addresses]
    for number, (noun, before) in enumerate(everywhere):
        address, old = before, str(get_item(noun, before, LOCAL, AT).values["key"])
        for key in (f"fresh{number}", old):
            estate = get_estate(LOCAL, AT)
            with monkeypatch.context() as patch:
                everybody = frozenset(path for each, path in estate if each == "instance")
                patch.setattr("larry.actions.rename_key._find_concerned", lambda *_, all_=everybody: all_)
                whole = rename_key(noun, address, key, author(number), dry_run=True)
            done = rename_key(noun, address, key, author(number))
            assert done.document == whole.document
            assert done.references == tuple(sorted(list_referring(estate.values(), noun, address)))
            moved = {at for each, at in estate if each in {"app", "instance"} and at.startswith(f"{address}/")}
            assert [then for _, then, _ in done.moved] == sorted(moved)
            soiled, clean = soiled + len(done.dirty), clean + len(done.clean)
            address = done.address[1]
    assert soiled, "some become dirty"
    assert clean, "and some are clean again"


def test_who_sees_a_customer_reads_no_more_either(monkeypatch: pytest.MonkeyPatch) -> None:
    acme = rights_of([Right(PersonRole.OPERATOR, ScopeKind.CUSTOMER, Customer.objects.get(key="acme").id)])
    monkeypatch.setattr(apply_room, "get_estate", None)
    change("instance", [Statement("acme/shop/base", {"parameters": {"size": 9}})], replace(author(1), rights=acme))
    zeta = rights_of([Right(PersonRole.OPERATOR, ScopeKind.CUSTOMER, Customer.objects.get(key="zeta").id)])
    edit("instance", "zeta/blog/live", {"parameters": {"size": 9}}, replace(author(2), rights=zeta))


def test_a_larger_estate_takes_no_more_statements() -> None:
    def count() -> dict[str, int]:
        counted = {}
        for kind, act in KINDS.items():
            deployable._parsed.clear()
            kept_node._kept.clear()
            with transaction.atomic():
                with CaptureQueriesContext(connection) as captured:
                    act(author(1))
                transaction.set_rollback(True)
            counted[kind] = len(captured.captured_queries)
        return counted

    def grow(size: int) -> None:
        more = ", ".join(f"{{name: I{n}, requires: [app], template: acme/shop/base}}" for n in range(size))
        hosts = ", ".join(f"{{name: h{n}, roles: [eye], pools: [m]}}" for n in range(size))
        declared = "[{name: zone, default: 1}]"
        services = ", ".join(
            f"{{name: s{n}, needs: [app], audits: [linux], parameters: {declared}}}" for n in range(size)
        )
        apps = f"apps: [{{name: Shop, instances: [{more}]}}]"
        customers = ", ".join(f"{{name: C{n}, parameters: {{pass: open}}, {apps}}}" for n in range(size))
        lay(f"larry: 1\nservices: [{services}]\nhosts: [{hosts}]\ncustomers: [{customers}]")
        for number in range(size):
            put(f"c0/shop/i{number}", f"h{number}")

    grow(2)
    before = count()
    grow(6)
    after = count()
    assert {kind: (before[kind], after[kind]) for kind in KINDS if after[kind] > before[kind]} == {}
