"""The house keeps its rules; and each rule finds a planted fault, and nothing in the same place done well."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.house import conduct, paper, shape
from tests.house.__main__ import main
from tests.house.source import ROOT, Rule, list_committed

RULES = (*shape.RULES, *conduct.RULES, *paper.RULES)
DOC = '"""This module says what it is."""\n'


@dataclass(frozen=True, slots=True)
class Planted:
    """Files that break one rule: `found` must stand in the one fault named; `fine` files must add none."""

    rule: str
    place: str
    text: str
    found: str
    fine: dict[str, str] = field(default_factory=dict)


def _query(line: str) -> str:
    return f"{DOC}def list_hosts(*, reader, at):\n    return {line}\n"


PLANTED = (
    Planted(
        "modules-are-short",
        "larry/core/plan.py",
        DOC + "a = 1\n" * 400,
        "401 lines",
        {"larry/core/node.py": DOC + "a = 1\n" * 399, "larry/records/migrations/0001_first.py": "a = 1\n" * 900},
    ),
    Planted(
        "functions-are-short",
        "tests/core/test_plan.py",
        f"{DOC}class Plan:\n    def make(self):\n" + "        a = 1\n" * 59,
        "make has 60 lines",
        {"larry/core/plan.py": f"{DOC}def make():\n" + "    a = 1\n" * 58},
    ),
    Planted("no-drawers", "larry/web/utils.py", DOC, "utils is a drawer", {"larry/records/service.py": DOC}),
    Planted("no-drawers", "larry/common/host.py", DOC, "common is a drawer"),
    Planted("no-drawers", "larry/core/_helpers.py", DOC, "_helpers is a drawer"),
    Planted("modules-say-what-they-are", "larry/core/plan.py", "a = 1\n", "does not say what it is"),
    Planted("modules-say-what-they-are", "larry/core/plan.py", '"""plan stuff"""\n', "whole sentence"),
    Planted(
        "names-have-one-home",
        "larry/core/plan.py",
        DOC + "class Plan: ...\n",
        "Plan is defined in larry/core/plan.py and larry/nouns/plan.py",
        {"larry/nouns/plan.py": DOC + "try:\n    Plan: type = int\nexcept ImportError:\n    Plan = None\n"},
    ),
    Planted(
        "names-have-one-home",
        "larry/exports/enc.py",
        DOC + "def render(): ...\ndef quote(): ...\n",
        "quote is defined in",
        {
            "larry/exports/text.py": DOC + "def render(): ...\nasync def quote(): ...\n_quote = 1\n",
            "larry/exports/csv.py": DOC + "_quote = 2\n",
            "larry/web/text.py": DOC + "quote = 2\n",
        },
    ),
    Planted(
        "names-have-one-home",
        "larry/records/guards_on_postgresql.py",
        DOC + "def lay_piece(): ...\ndef find_host(): ...\n",
        "find_host is defined in larry/records/guards_on_postgresql.py and larry/queries/host.py",
        {
            "larry/records/guards_on_sqlite.py": DOC + "def lay_piece(): ...\n",
            "larry/queries/host.py": DOC + "def find_host(reader, at): ...\n",
        },
    ),
    Planted(
        "no-signals",
        "larry/actions/deploy.py",
        DOC + "def listen():\n    from django.db.models.signals import post_save\n",
        "larry/actions/deploy.py:3: django.db.models.signals.post_save",
        {"larry/records/apps.py": DOC + "from django.db.models.signals import post_migrate\n"},
    ),
    Planted("no-signals", "larry/web/views.py", DOC + "from django import dispatch\n", "django.dispatch"),
    Planted("no-signals", "larry/records/models.py", DOC + "import django.core.signals\n", "django.core.signals"),
    Planted(
        "calls-leave-by-the-door",
        "larry/actions/deploy.py",
        DOC + "from urllib import request\n",
        "larry/actions/deploy.py:2: urllib.request",
        {
            "larry/nouns/item.py": DOC + "from urllib.parse import quote\nimport http\n",
            "larry/outside/webhook.py": DOC + "import socket\n",
            "larry/cli/demo.py": DOC + "import subprocess\n",
        },
    ),
    Planted("calls-leave-by-the-door", "larry/queries/host.py", DOC + "import socket as s\n", "socket"),
    Planted(
        "values-are-frozen",
        "larry/core/plan.py",
        DOC + "@dataclass(slots=True)\nclass Plan: ...\n",
        "Plan is not frozen",
        {
            "larry/core/node.py": DOC + "@dataclass(frozen=True, slots=True)\nclass Node: ...\n",
            "larry/core/turn.py": DOC
            + "@dataclass(frozen=True)\nclass Turn:\n    @cached_property\n    def a(self): ...\n",
        },
    ),
    Planted(
        "values-are-frozen", "larry/queries/host.py", DOC + "@dataclass\nclass A: ...\n", "A is not frozen and slots"
    ),
    Planted(
        "values-are-frozen", "larry/nouns/host.py", DOC + "@dataclass(frozen=True)\nclass A: ...\n", "A is not slots"
    ),
    Planted(
        "queries-ask-who-and-when",
        "larry/queries/host.py",
        DOC + "def get_host(name, *, at): ...\n",
        "get_host takes no `reader`",
        {
            "larry/queries/pool.py": DOC
            + "def get_pool(reader, /, *, at): ...\ndef _find(): ...\ndef restrict(a): ...\n"
        },
    ),
    Planted(
        "queries-ask-who-and-when",
        "larry/queries/host.py",
        DOC + "async def get_host(reader): ...\n",
        "get_host takes no `at`",
    ),
    Planted(
        "querysets-are-restricted",
        "larry/queries/host.py",
        _query("list(Host.objects.filter(retired_at=None))"),
        "Host.objects does not go through restrict()",
        {"larry/queries/pool.py": _query("restrict(Pool.objects.filter(a=1), reader).order_by('key')")},
    ),
    Planted(
        "querysets-are-restricted", "larry/queries/host.py", _query("Host.objects.restrict(reader)"), "Host.objects"
    ),
    Planted("querysets-are-restricted", "larry/queries/host.py", _query("Host._base_manager"), "Host._base_manager"),
    Planted(
        "no-registries",
        "requirements/run.txt",
        "click==8 # from https://files.python" + "hosted.org/packages/click\n",
        "requirements/run.txt:1: python" + "hosted.org",
        {"Makefile": "PINS := --no-emit-index" + "-url\n", "picture.png": "\udcff"},
    ),
    Planted("no-registries", "setup.cfg", "pip install --extra-index" + "-url x\n", "setup.cfg:1"),
    Planted(
        "rights-are-said",
        "larry/web/page.py",
        'author = Author("ada", "why", now)\n',
        "larry/web/page.py:1: Author without rights",
        {
            "larry/web/visitor.py": 'reader = Reader("ada", rights)\n',
            "larry/cli/session.py": 'Author("me", "why", now)\n',
        },
    ),
    Planted("rights-are-said", "larry/api/node.py", 'reader = Reader("anybody")\n', "Reader without rights"),
    Planted(
        "links-resolve",
        "docs/guide/deploy.md",
        "# Deploy\n[map](../map.md)",
        "there is no such file",
        {
            "docs/guide/undeploy.md": "# Undeploy, now\n",
            "README.md": "[a](docs/guide/undeploy.md#undeploy-now) [b](//example.org) `[x](y)`\n```\n[x](y)\n```\n",
        },
    ),
    Planted(
        "links-resolve",
        "docs/map.md",
        "# The map, at last!\n## Rooms\n## Rooms\n[a](#the-map-at-last) [b](#rooms-1) [c](map.md#floors)",
        "docs/map.md: map.md#floors: there is no such heading",
    ),
    Planted(
        "links-resolve", "README.md", '<img src="docs/map.svg"> [there][t]\n', "docs/map.svg: there is no such file"
    ),
    Planted("links-resolve", "README.md", "[there][t]\n\n[t]: docs/there.md\n", "docs/there.md: there is no such file"),
    Planted("links-resolve", "README.md", "[out](../elsewhere.md)\n", "leads out of the repository"),
)


def _rule(name: str) -> Rule:
    return next(rule for rule in RULES if rule.name == name)


def _write(root: Path, files: dict[str, str]) -> None:
    for place, text in files.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", errors="surrogateescape"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    assert list(rule.find(ROOT)) == [], rule.why


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.rule}: {planted.found}")
def test_the_rule_finds_a_planted_fault_and_only_that(planted: Planted, tmp_path: Path) -> None:
    _write(tmp_path, planted.fine)
    assert list(_rule(planted.rule).find(tmp_path)) == []
    _write(tmp_path, {planted.place: planted.text})
    faults = list(_rule(planted.rule).find(tmp_path))
    assert len(faults) == 1, faults
    assert planted.found in faults[0]


def test_every_rule_has_a_planted_fault() -> None:
    assert {rule.name for rule in RULES} == {planted.rule for planted in PLANTED}


def test_what_git_ignores_is_not_looked_at() -> None:
    places = {str(path.relative_to(ROOT)) for path in list_committed(ROOT)}
    assert "pyproject.toml" in places
    assert not any(place.startswith(".venv/") for place in places)


def test_the_command_tells_sizes_and_refuses_an_unknown_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-rule"]) == 2
    assert main(["no-drawers"]) == 0
    assert "1 rules of the house, 0 faults" in capsys.readouterr().out
    sizes = list(shape.list_sizes(ROOT))
    assert any(line.startswith("larry/core") and "median" in line for line in sizes)
