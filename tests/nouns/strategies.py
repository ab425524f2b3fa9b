"""Estates made at random: items as stated in files, with every field and every sort of reference."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from hypothesis import strategies as st

from larry.core.document import Json
from larry.core.key import RESERVED_KEYS, RESERVED_PARAMETER_NAMES, fold

names = (
    st.text(st.characters(categories=["L", "N", "P", "S"], max_codepoint=0x2FFF), min_size=1, max_size=12)
    .filter(str.isprintable)
    .map(lambda name: name.strip())
    .filter(bool)
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
lines = texts.filter(lambda text: len(text.splitlines()) <= 1 and text == "".join(text.splitlines()))
keys = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True).filter(
    lambda key: key not in RESERVED_KEYS | RESERVED_PARAMETER_NAMES
)
numbers = st.integers(0, 2**53 - 1) | st.floats(0, 1e15)
quantities = st.dictionaries(keys, numbers, max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15) | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=6,
).filter(lambda value: not (isinstance(value, dict) and set(value) == {"sealed"}))
parameters = st.dictionaries(keys, json_values, max_size=3)
host_names = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{1,5}){0,2}", fullmatch=True)
addresses = st.lists(st.ip_addresses().map(str), max_size=3, unique=True)
labels = st.dictionaries(st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True), lines, max_size=3)

Stated = dict[str, Json]


@dataclass
class World:
    """What can be referred to: for each noun, keys or names of what was drawn so far."""

    known: dict[str, list[str]] = field(default_factory=dict)


@st.composite
def _some_fields(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Json]]) -> Stated:
    """Any of the fields, in any order."""
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), unique=True))
    return {name: draw(fields[name]) for name in chosen}


@st.composite
def _named(draw: st.DrawFn, world: World, noun: str, count: int, *, path: str = "") -> list[Stated]:
    """Nouns with unique names and explicit unique keys; a reference may use either, in any case."""
    made = draw(
        st.lists(
            st.tuples(host_names if noun == "host" else names, keys),
            max_size=count,
            unique_by=(lambda pair: fold(pair[0]), lambda pair: pair[1]),
        )
    )
    taken = {key for _, key in made}
    for name, key in made:
        by_name = name.upper() if noun == "host" else name
        usable = "/" not in by_name and fold(by_name) not in taken and by_name not in taken
        reference = draw(st.sampled_from([key, by_name])) if usable and fold(by_name) == fold(name) else key
        world.known.setdefault(noun, []).append(f"{path}{reference}")
    return [{"name": name, "key": key} for name, key in made]


def _references(world: World, noun: str) -> st.SearchStrategy[Json]:
    known = world.known.get(noun, [])
    return st.lists(st.sampled_from(known), unique=True).map(list) if known else st.just([])


@st.composite
def _declarations(draw: st.DrawFn, taken: set[str]) -> Json:
    """Parameters whose names no other service declares: what services must agree on is tested elsewhere."""
    made: list[Json] = []
    for name in draw(st.lists(keys, unique=True, max_size=3)):
        if name not in taken:
            taken.add(name)
            forms: list[Json] = [
                name,
                {"name": name, "merge": "deep", "description": draw(texts)},
                {"name": name, "default": draw(json_values)},
                {"name": name, "type": "string", "sensitive": True},
            ]
            made.append(draw(st.sampled_from(forms)))
    return made


@st.composite
def _audits(draw: st.DrawFn, world: World, earlier: list[str]) -> Json:
    made: list[Json] = []
    for service in draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []:
        wheres: list[Json] = ["same-host", "manual"]
        wheres += [{"host": host} for host in world.known.get("host", [])]
        wheres += [{"role": role} for role in world.known.get("role", [])]
        made.append(draw(st.sampled_from([service, *({"service": service, "where": where} for where in wheres)])))
    return made


@st.composite
def estates(draw: st.DrawFn) -> dict[str, Json]:
    """A whole estate as plain JSON, valid by construction."""
    world, described = World(), st.fixed_dictionaries({}, optional={"description": texts})
    roles = [{**one, **draw(described), "floor": draw(quantities)} for one in draw(_named(world, "role", 3))]
    ranks = st.integers(-5, 5)
    grades = [{**one, "rank": draw(ranks), "floor": draw(quantities)} for one in draw(_named(world, "grade", 3))]
    pools = draw(_named(world, "pool", 2))
    hosts = draw(_named(world, "host", 3))
    for host in hosts:
        fields: dict[str, st.SearchStrategy[Json]] = {
            "roles": _references(world, "role"),
            "pools": _references(world, "pool"),
            "grade": st.sampled_from([None, *world.known.get("grade", [])]),
            "addresses": addresses.map(list),
            "labels": labels.map(dict),
            "capacity": quantities.map(dict),
            "data": st.dictionaries(texts, json_values, max_size=2).map(dict),
        }
        host.update(draw(_some_fields(fields)))
    services = draw(_named(world, "service", 4))
    taken: set[str] = set()
    for place, service in enumerate(services):
        earlier = world.known["service"][:place]
        fields = {
            "sharing": st.sampled_from(["host", "instance"]),
            "category": lines,
            "parameters": _declarations(taken),
            "needs": st.lists(st.sampled_from(earlier), unique=True).map(list) if earlier else st.just([]),
            "audits": _audits(world, earlier),
            "tools": st.dictionaries(keys, json_values, max_size=2).map(dict),
        }
        service.update(draw(_some_fields(fields)))
    customers = draw(_named(world, "customer", 2))
    for customer in customers:
        customer.update(draw(_some_fields({"parameters": parameters.map(dict)})))
        customer["apps"] = apps = draw(_named(world, "app", 2, path=f"{customer['key']}/"))
        for app in apps:
            fields = {"parameters": parameters.map(dict), "service_level": lines, "importance": st.integers(-9, 9)}
            app.update(draw(_some_fields(fields)))
            path = f"{customer['key']}/{app['key']}/"
            earlier = list(world.known.get("instance", []))
            app["instances"] = instances = draw(_named(world, "instance", 2, path=path))
            for instance in instances:
                fields = {
                    "parameters": parameters.map(dict),
                    "copies": st.integers(0, 9),
                    "requires": _references(world, "service"),
                    "demand": quantities.map(dict),
                    "template": st.sampled_from([None, *earlier]),
                }
                instance.update(draw(_some_fields(fields)))
    return {
        "larry": 1, "customers": list(customers), "services": list(services), "hosts": list(hosts),
        "roles": list(roles), "grades": list(grades), "pools": list(pools),
    }  # fmt: skip


def spell(document: Json) -> str:
    """The document as JSON text that is YAML too: pure ASCII would need surrogate pairs, which YAML does not have."""
    text = json.dumps(document, ensure_ascii=False)
    return "".join(
        character
        if character.isprintable() or character == "\n" or ord(character) > 0xFFFF
        else f"\\u{ord(character):04x}"
        for character in text
    )
