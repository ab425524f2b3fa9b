"""Every page there is, from the resolver: a page that is added is found here without being written down anywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from django.urls import Resolver404, URLPattern, URLResolver, resolve, reverse

from larry.web.urls import urlpatterns


def list_routes(patterns: Sequence[URLPattern | URLResolver]) -> list[URLPattern]:
    found: list[URLPattern] = []
    for pattern in patterns:
        found += list_routes(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]
    return found


ROUTES = list_routes(urlpatterns)
"""Of the pages; programs have their own tests."""


def find_route(path: str) -> str | None:
    """The route that answers a path, of pages or of programs, as it is spelled; None where none does."""
    try:
        return str(resolve(unquote(urlsplit(path).path)).route)
    except Resolver404:
        return None


def find_page(path: str) -> str | None:
    """The same among the pages."""
    route = find_route(path)
    return route if route in _SPELLED else None


_SPELLED = frozenset(str(route.pattern) for route in ROUTES)
PAGES = frozenset(
    route
    for route in _SPELLED
    if find_page("/" + re.sub(r"<int:\w+>", "1", re.sub(r"<(str|path):\w+>", "a", route))) == route
)
"""All of them that are not in the shade of one before."""


def list_plain_paths() -> list[str]:
    """The addresses of all pages that are of nothing in particular."""
    return [reverse(str(route.name)) for route in ROUTES if "<" not in str(route.pattern)]
