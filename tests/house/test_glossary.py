"""The glossary names every table and every value of the core, and names nothing that does not exist."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps

from tests.house.source import ROOT, list_modules

GLOSSARY = ROOT / "docs/glossary.md"

_ROW = re.compile(r"^\| *(?P<word>[^|]+?) *\|(?P<rest>.*)\| *$", re.MULTILINE)
_LINK = re.compile(r"\[`(?P<label>[^`]+)`\]\((?P<target>[^)#]+)\)")


def _rows(text: str) -> list[tuple[str, str]]:
    """(word, the other cells) of every row of every table, headings and rulers left out."""
    rows = [(match["word"], match["rest"]) for match in _ROW.finditer(text)]
    return [(word, rest) for word, rest in rows if word not in {"word", "value", "refusal"} and not set(word) <= {"-"}]


def _named_tables(text: str) -> set[tuple[str, str]]:
    """(table, file it lives in) as the glossary says."""
    links = (match for _, rest in _rows(text) for match in _LINK.finditer(rest))
    return {(link["label"], Path(link["target"]).name) for link in links if link["label"].startswith("larry_")}


def _named_values(text: str) -> set[tuple[str, str]]:
    """(value of the core, file it lives in) as the glossary says."""
    rows = ((word.strip("`"), _LINK.search(rest)) for word, rest in _rows(text) if word.startswith("`"))
    return {(word, link["label"]) for word, link in rows if link}


def _tables() -> set[tuple[str, str]]:
    found = set()
    for model in apps.get_app_config("larry").get_models(include_auto_created=True):
        # A table between two others has no module of its own: it lives with the noun that declares it.
        home = model._meta.auto_created or model
        found.add((model._meta.db_table, f"{home.__module__.rpartition('.')[2]}.py"))
    return found


def _values() -> set[tuple[str, str]]:
    return {
        (node.name, module.place.name)
        for module in list_modules(ROOT, "larry/core")
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


@pytest.fixture(scope="module")
def text() -> str:
    return GLOSSARY.read_text(encoding="utf-8")


def test_every_table_is_in_the_glossary_and_nothing_else(text: str) -> None:
    assert _named_tables(text) == _tables()


def test_every_value_of_the_core_is_in_the_glossary_and_nothing_else(text: str) -> None:
    assert _named_values(text) == _values()


def test_no_word_is_explained_twice(text: str) -> None:
    twice = [word for word, count in Counter(word for word, _ in _rows(text)).items() if count > 1]
    assert twice == []


def test_every_word_has_a_meaning_and_a_home_that_exists(text: str) -> None:
    for word, rest in _rows(text):
        meaning, *homes = (cell.strip() for cell in rest.split("|"))
        assert meaning.endswith("."), f"{word}: its meaning is no whole sentence"
        for home in homes:
            links = list(_LINK.finditer(home))
            assert links, f"{word} lives nowhere"
            assert all((GLOSSARY.parent / link["target"]).resolve().exists() for link in links), word


def test_the_reader_of_the_glossary_sees_what_is_planted() -> None:
    planted = (
        "| word | means | lives in |\n|---|---|---|\n| Sloop | A boat. | [`larry_sloop`](../larry/records/boat.py) |\n"
        "| `Keel` | What holds it. | [`boat.py`](../larry/core/boat.py) |\n"
    )
    assert _named_tables(planted) == {("larry_sloop", "boat.py")}
    assert _named_values(planted) == {("Keel", "boat.py")}
