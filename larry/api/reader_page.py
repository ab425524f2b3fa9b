"""The page to read the description: made on the server, nothing of it from elsewhere, no script."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from larry import __version__
from larry.api.description import describe_api
from larry.api.problem import PROBLEMS
from larry.api.reply import read_only
from larry.core.svg_text import page_style

HTML = "text/html; charset=utf-8"
_STYLE = """
:root { color-scheme: light dark; background: var(--lp-paper); color: var(--lp-text); font: 16px/1.5 system-ui; }
main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none; }
details { margin: .5rem 0; } summary { cursor: pointer; }
pre { overflow: auto; padding: .75rem; border: 1px solid currentColor; }
code { overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0; }
a { color: inherit; }
"""


@read_only
def answer_reader_page(request: HttpRequest) -> HttpResponse:
    """Every operation by its tag, every schema, every problem."""
    del request
    return HttpResponse(_render(), content_type=HTML, headers={"Cache-Control": "no-cache"})


@read_only
def answer_style(request: HttpRequest) -> HttpResponse:
    """How it looks: in the colours of all pages."""
    del request
    return HttpResponse(page_style() + _STYLE, content_type="text/css; charset=utf-8")


@cache
def _render() -> str:
    document = json.loads(describe_api())
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            groups.setdefault(told["tags"][0], []).append(_operation(path, method, told))
    schemas = [(name, _pretty(schema)) for name, schema in sorted(document["components"]["schemas"].items())]
    problems = [(code, *told) for code, told in PROBLEMS.items()]
    values = {"groups": sorted(groups.items()), "schemas": schemas, "problems": problems, "version": __version__}
    return render_to_string("api_docs.html", values)


def _operation(path: str, method: str, told: dict[str, Any]) -> dict[str, Any]:
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    usual = body.get("examples", {}).get("usual", {}).get("value")
    return {
        "id": told["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": told["summary"],
        "parameters": told["parameters"],
        "body": _names(body),
        "example": _pretty(usual) if usual is not None else "",
        "answers": [
            (
                status,
                answer["description"],
                [name for one in answer.get("content", {}).values() for name in _names(one)],
            )
            for status, answer in sorted(told["responses"].items())
        ],
    }


def _names(*contents: dict[str, Any]) -> list[str]:
    """The schemas that are named."""
    schemas = [content.get("schema", {}) for content in contents]
    refs = [each for schema in schemas for each in (schema, *schema.get("anyOf", ()))]
    return [each["$ref"].rpartition("/")[2] for each in refs if "$ref" in each]


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
