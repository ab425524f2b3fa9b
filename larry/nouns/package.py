"""Services are proposed from packages: one each, which needs what the package depends on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from larry.core.document import Json
from larry.core.key import LONGEST_KEY, RESERVED_KEYS
from larry.core.service_graph import reach
from larry.nouns.package_index import IndexedPackage

LONGEST_SUMMARY = 200


@dataclass(frozen=True, slots=True)
class ProposedServices:
    """``services`` as an estate file states them, in order of name; ``circles`` are needs (who, whom) that are left out
    because they would close a circle; ``missing`` (who, what) are needs that no package of the index answers.
    """

    services: tuple[Mapping[str, Json], ...]
    circles: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]


def propose_services(packages: Mapping[str, IndexedPackage], only: Sequence[str] = ()) -> ProposedServices:
    """A service for every package, or for these and all that they need.

    Of alternatives the first that is there, as itself or by a package that provides it (the first by name). A key does
    not hang on what else is chosen.
    """
    providers = _find_providers(packages)
    needs = {name: _resolve(package, packages, providers) for name, package in packages.items()}
    chosen = sorted(reach(only, lambda name: (need for need, _ in needs[name] if need)) if only else packages)
    edges = {name: [need for need, _ in needs[name] if need is not None] for name in chosen}
    kept, circles = cut_circles(edges, [*only, *chosen])
    keys = name_keys(packages)
    services = tuple(_propose(packages[name], keys, kept[name]) for name in chosen)
    missing = tuple((name, asked) for name in chosen for need, asked in needs[name] if need is None)
    return ProposedServices(services, circles, missing)


def _find_providers(packages: Mapping[str, IndexedPackage]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name in sorted(packages):
        for provided in packages[name].provides:
            found.setdefault(provided, name)
    return found


def _resolve(
    package: IndexedPackage, packages: Mapping[str, IndexedPackage], providers: Mapping[str, str]
) -> tuple[tuple[str | None, str], ...]:
    """(the package that answers it, or None; what was asked for) of each need but those it answers itself."""
    found: dict[str | None, str] = {}
    missing: list[tuple[str | None, str]] = []
    for alternatives in package.needs:
        if package.name in alternatives or not {*alternatives}.isdisjoint(package.provides):
            continue
        answers = (name if name in packages else providers.get(name) for name in alternatives)
        answer = next((name for name in answers if name is not None), None)
        if answer is None:
            missing.append((None, " | ".join(alternatives)))
        else:
            found.setdefault(answer, alternatives[0])
    return (*found.items(), *missing)


def cut_circles(
    edges: Mapping[str, Sequence[str]], roots: Iterable[str]
) -> tuple[Mapping[str, Sequence[str]], tuple[tuple[str, str], ...]]:
    """The edges without those that lead back to where a walk from the roots, in their order, has come from; and these.

    What is left has no circle. Iterative, O(nodes + edges), stable.
    """
    kept: dict[str, list[str]] = {}
    cut: list[tuple[str, str]] = []
    done: set[str] = set()
    for root in roots:
        if root in kept:
            continue
        kept[root] = []
        path = [(root, iter(edges[root]))]
        on_path = {root}
        while path:
            name, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                on_path.discard(name)
                done.add(name)
            elif following in on_path:
                cut.append((name, following))
            else:
                kept[name].append(following)
                if following not in done:
                    kept[following] = []
                    on_path.add(following)
                    path.append((following, iter(edges[following])))
    return kept, tuple(sorted(cut))


def name_keys(names: Iterable[str]) -> Mapping[str, str]:
    """A key for every name: `+` is `p`, all else that is no letter or digit `_`; those that would be the same get a
    number, in order of name.
    """
    keys: dict[str, str] = {}
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    plain: list[tuple[str, str]] = []
    for name in sorted(names):
        key = re.sub(r"[^a-z0-9]+", "_", name.replace("+", "p")).strip("_")[:LONGEST_KEY].strip("_")
        if key != name or key in RESERVED_KEYS or not key[0].isalpha():
            plain.append((name, key))
        else:  # what is a key already is its own
            keys[name] = key
            taken.add(key)
    for name, key in plain:
        first = key if key[:1].isalpha() and key not in RESERVED_KEYS else f"package_{key}"[:LONGEST_KEY]
        numbered = first
        while numbered in taken:
            numbers[first] = numbers.get(first, 1) + 1
            ending = f"_{numbers[first]}"
            numbered = first[: LONGEST_KEY - len(ending)] + ending
        keys[name] = numbered
        taken.add(numbered)
    return keys


def _propose(package: IndexedPackage, keys: Mapping[str, str], needs: Sequence[str]) -> Mapping[str, Json]:
    stated: dict[str, Json] = {"name": package.name, "key": keys[package.name]}
    about = ", ".join(each for each in (package.section, package.version) if each)
    description = _clean(": ".join(each for each in (about, package.summary) if each))
    if description:
        stated["description"] = description
    if needs:
        stated["needs"] = [keys[need] for need in sorted(needs)]
    return stated


def _clean(text: str) -> str:
    """One line of printable text."""
    return "".join(_list_printable(" ".join(text.split())))[:LONGEST_SUMMARY].rstrip()


def _list_printable(text: str) -> Iterator[str]:
    return (sign for sign in text if unicodedata.category(sign)[0] != "C" or sign == "\u200d")
