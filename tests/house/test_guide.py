"""The pages for people name every room, every field of every noun, every setting and every dialect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from larry.exports.dialect import DIALECTS
from larry.nouns.deployment import DEPLOYMENT_FIELDS
from larry.nouns.statement import passing
from larry.nouns.table import NOUNS
from larry.site.configuration import SETTINGS
from tests.house.source import ROOT

DOCS = ROOT / "docs"
ESTATE = (DOCS / "guide/estate-file.md").read_text(encoding="utf-8")


def _section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    (found,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_map_names_every_room() -> None:
    text = (DOCS / "map.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (ROOT / "larry").glob("*/__init__.py")}
    assert set(re.findall(r"^\| \[`larry/(\w+)`\]", text, re.MULTILINE)) == rooms


@pytest.mark.parametrize("noun", NOUNS)
def test_the_estate_file_is_told_field_by_field(noun: str) -> None:
    told = _section(ESTATE, NOUNS[noun].plural) + _section(ESTATE, "Every noun")
    named = set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE))
    fields = {field.name for field in NOUNS[noun].fields}
    children = {child.plural for child in NOUNS.values() if child.parent == noun}
    of_members = {"type", "default", "merge", "sensitive", "where", "manual"} if noun == "service" else set()
    assert named == fields | children | of_members | {field.name for field in passing(NOUNS[noun])}


def test_what_a_file_says_of_deployments_is_told() -> None:
    assert {field.name for field in DEPLOYMENT_FIELDS} <= set(re.findall(r"`(\w+)`", _section(ESTATE, "deployments")))


def test_every_setting_is_told() -> None:
    text = (DOCS / "guide/settings.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(LARRY_\w+)` \| `(\w+)` \|", text, re.MULTILINE))
    assert told == {f"LARRY_{name.upper()}": name for name in SETTINGS}


def test_every_dialect_is_told() -> None:
    text = (DOCS / "guide/dialects.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    for dialect in DIALECTS:
        (row,) = [row for row in rows if f"`{dialect.name}`" in row.split("|")[2]]
        _, _, _, endings, everybody, _, _ = row.split("|")
        assert f"`{dialect.suffix}`" in endings or "the same" in endings
        assert ("yes" in everybody) is (dialect.render_fleet is not None)
        assert ("folder" in everybody) is (dialect.render_files is not None)


@pytest.mark.parametrize("page", [*sorted(DOCS.rglob("*.md")), ROOT / "README.md"], ids=lambda path: path.name)
def test_pages_stand_by_themselves(page: Path) -> None:
    """The project is whole: it speaks of no folder beside it."""
    text = page.read_text(encoding="utf-8")
    assert "../shared" not in text
    assert "interface.md" not in text
    assert "product.md" not in text


def test_decisions_are_numbered_without_a_gap_and_have_their_three_parts() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]} ")
        assert [part for part in ("**Context.**", "**Decision.**", "**Consequences.**") if part not in text] == []
