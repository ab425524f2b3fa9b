"""Addresses of pages: made here only, so that each carries the moment that is looked at, and leads nowhere else."""

from __future__ import annotations

from functools import cache, lru_cache
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from django.urls import NoReverseMatch, reverse

AS_OF = "as_of"


def find_route(name: str, *arguments: object) -> str:
    """The path of a route, or nothing where this Larry has no such page."""
    return _reverse(name) if not arguments else _fill(name, *arguments)


@cache
def _reverse(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@lru_cache(maxsize=2048, typed=True)
def _fill(name: str, *arguments: object) -> str:
    return reverse(name, args=arguments)


def noun_path(plural: str, address: str) -> str:
    """Where a noun is shown; pictures link to the same address."""
    return f"/{plural}/{'/'.join(quote(segment, safe='') for segment in address.split('/'))}"


def at_moment(path: str, query: str) -> str:
    """The path with what carries the moment on (``?as_of=…`` or nothing), joined to a query of its own; one that is of
    a moment already stays so.
    """
    carried = query.lstrip("?")
    if not carried or f"{AS_OF}=" in path.partition("?")[2]:
        return path
    path, mark, fragment = path.partition("#")
    return f"{path}{'&' if '?' in path else '?'}{carried}{mark}{fragment}"


def with_moment(path: str, as_of: str | None) -> str:
    """The path as of another moment (None: now), its other queries kept."""
    parts = urlsplit(path)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != AS_OF]
    query = urlencode([*pairs, (AS_OF, as_of)] if as_of is not None else pairs)
    return f"{parts.path}?{query}" if query else parts.path


def find_own_path(text: str) -> str:
    """The text when it is a path within Larry, else ``/``: nobody is sent elsewhere by what they were given."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return text if is_path and not parts.scheme and not parts.netloc else "/"
