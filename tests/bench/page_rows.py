"""P10: pages over the estate, each against a bare Django view that renders as many bytes in as many lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from tests.bench.measure import Row, compare
from tests.bench.size import Size

PAGES = {
    "P10 list of hosts, filtered": "/hosts/?q=web1",
    "P10 list of deployments": "/deployments/",
    "P10 list of instances": "/instances/",
}


def page_rows(size: Size, now: datetime) -> Iterator[Row]:
    """Time and number of statements of each page, asked as a browser asks, by somebody who may see everything."""
    from django.conf import settings
    from django.db import connection

    from tests.web.visitor import sign_in_as

    settings.ALLOWED_HOSTS = ["testserver"]
    client = sign_in_as("visitor")
    for name, path in PAGES.items():
        asked: list[str] = []

        def note(execute: Any, *told: Any) -> Any:
            asked.append(told[0])  # noqa: B023 — it is asked within this turn alone
            return execute(*told)

        with connection.execute_wrapper(note):
            answer = client.get(path)
        assert answer.status_code == 200, path
        bare = bare_view(answer.content.decode())
        mine, theirs = compare(lambda path=path: client.get(path), bare)  # type: ignore[misc]
        said = f"{size.hosts:,} hosts; {len(asked)} SQL, {len(answer.content) // 1000} kB"
        yield Row(name, said, mine, theirs, "a bare view, the same bytes", 4)


def bare_view(html: str) -> Callable[[], object]:
    from django.http import HttpResponse
    from django.template import engines
    from django.test import RequestFactory

    template = engines["django"].from_string("{% for line in lines %}{{ line|safe }}\n{% endfor %}")
    lines = html.splitlines()
    request = RequestFactory().get("/")
    return lambda: HttpResponse(template.render({"lines": lines}, request))
