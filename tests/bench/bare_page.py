"""The yardstick of pages: a bare Django view that selects as many rows, and renders them to as many bytes.

What it renders is a table through an ordinary template, each value escaped as Django does by itself; one statement of
the driver, without models, reads the rows. It has no middleware, session, visitor or moment, and is asked by the same
test client as Larry's page, so that what asking costs is in both.

Before, it printed the lines of Larry's own page without looking into them. A list of 50 rows has a few long lines, and
to hand them on is copying, not rendering; a graph whose every line is a box was rendered line by line. So that the
yardstick does not grow with the markup that Larry likes, every row has six values, fewer than most of Larry's have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.client import ClientHandler
from django.test.utils import override_settings
from django.urls import path

COLUMNS = ("one", "two", "three", "four", "five", "six")
_HEAD = "<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1><table>"
_CELLS = "".join(f"<td>{{{{ {name} }}}}</td>" for name in COLUMNS)
_BODY = f"{{% for {', '.join(COLUMNS)} in rows %}}<tr>{_CELLS}</tr>\n{{% endfor %}}</table>"
_TITLE = "bare"
_ROW = re.compile(r"""<tr\b|<li\b|<a href="[^"]*" class="lp-""")
"""A row of a table, an item of a list, or what a picture has a link for: a bar, a lane, a box."""


def bare_view(html: str) -> Callable[[], object]:
    """Ask for a page of as many rows and bytes (to a byte for each value) as ``html`` has; answers are 200."""
    count = len(_ROW.findall(html)) or 1
    around = len(_HEAD) + count * (len("<tr></tr>\n") + len(COLUMNS) * len("<td></td>"))
    length = max((len(html.encode()) - around) // (count * len(COLUMNS)), 1)
    _lay_rows(count, length)
    client = Client()
    client.handler = _BareHandler()

    def ask() -> HttpResponse:
        answer = client.get("/")
        assert answer.status_code == 200
        return answer  # type: ignore[return-value]

    return ask


def _lay_rows(count: int, length: int) -> None:
    """A table of this connection alone, so that an estate that others measure too stays as it is."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_row")
        cursor.execute(f"CREATE TEMPORARY TABLE bench_row (id integer PRIMARY KEY, {' text, '.join(COLUMNS)} text)")
        marks = ", ".join(["%s"] * (len(COLUMNS) + 1))
        values: list[tuple[int | str, ...]] = [
            (number, *(f"{name} {number} ".ljust(length, "x")[:length] for name in COLUMNS)) for number in range(count)
        ]
        cursor.executemany(f"INSERT INTO bench_row VALUES ({marks})", values)


@cache
def _get_template() -> Any:
    from django.template import engines

    return engines["django"].from_string(_HEAD + _BODY)


def _answer(request: HttpRequest) -> HttpResponse:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM bench_row ORDER BY id")
        rows = cursor.fetchall()
    return HttpResponse(_get_template().render({"title": _TITLE, "rows": rows}, request))


class _BareHandler(ClientHandler):
    """Answers every request with the view, and nothing around it."""

    def load_middleware(self, is_async: bool = False) -> None:
        with override_settings(MIDDLEWARE=[]):
            super().load_middleware(is_async)

    def get_response(self, request: HttpRequest) -> HttpResponse:
        request.urlconf = _PATHS  # type: ignore[attr-defined]
        return super().get_response(request)  # type: ignore[return-value]


_PATHS = (path("", _answer),)
