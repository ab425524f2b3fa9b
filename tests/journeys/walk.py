"""A walk in Chromium through every page there is: by links from page to page, and each page looked at closely."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from os.path import commonpath
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Response

from tests.journeys.browser import Visit
from tests.web.routes import PAGES, find_page, list_plain_paths

_LINKS = """() => ["href", "action", "formaction", "hx-get", "hx-post"].flatMap((word) =>
  [...document.querySelectorAll(`[${word}^="/"]`)].map((each) => each.getAttribute(word)))"""
"""What is only sent to is asked for too: its page says so, or is the form itself."""


@dataclass
class Walk:
    """What was seen: pages by the route that answered, and routes that answer with something else than a page."""

    pages: dict[str, list[str]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)

    @property
    def unseen(self) -> frozenset[str]:
        """Routes to which no link led."""
        return PAGES - self.pages.keys() - self.others.keys()

    @property
    def paths(self) -> list[str]:
        return [path for paths in self.pages.values() for path in paths]


def walk(visit: Visit, look: Callable[[str], None], wanted: Iterable[str] = (), patience: int = 300) -> Walk:
    """Open the ``wanted`` addresses, those of nothing in particular, and of every other route one that is linked to.

    Where none of these pages links to a route, more pages are opened, those most like it first, until one does or so
    many have been opened.
    """
    walked, left = Walk(), dict[str, str]()
    first = dict.fromkeys([*wanted, *list_plain_paths()])
    todo = deque(first)
    while todo or (walked.unseen and left and len(walked.opened) < patience):
        path = todo.popleft() if todo else _choose_next(left, walked.unseen)
        route = find_page(path)
        if route is None or path in walked.opened:
            continue
        is_new = route not in walked.pages and route not in walked.others
        if not is_new and path not in first and not left.pop(path, ""):
            continue
        walked.opened.add(path)
        response = visit.page.goto(f"{visit.url}{path}")
        assert response is not None
        kind = _find_kind(response, route)
        if kind:
            walked.others.setdefault(route, kind)
            continue
        visit.settle()
        for link in _list_links(visit):
            found = find_page(link)
            if found is not None and found in walked.unseen:
                todo.append(link)
            elif found is not None and link not in walked.opened:
                left[link] = found
        if is_new or path in first:
            walked.pages.setdefault(route, []).append(path)
            look(path)
    return walked


def _choose_next(left: dict[str, str], unseen: frozenset[str]) -> str:
    """The page whose route is most like one that is still unseen; the longest known first."""
    return max(left, key=lambda path: max(len(commonpath((left[path], route))) for route in unseen))


def _find_kind(response: Response, route: str) -> str:
    """Why this is no page of the route; empty if it is one."""
    if response.status == 405:
        return "is only sent to"
    assert response.status == 200, f"{response.url}: {response.status}"
    if find_page(response.url) != route:
        return "leads elsewhere"
    if not response.headers["content-type"].startswith("text/html"):
        return response.headers["content-type"]
    return "" if "<html" in response.text() else "is a piece of a page"


def _list_links(visit: Visit) -> Iterable[str]:
    """Those within Larry, but what is downloaded and the same pages as of other moments."""
    for href in visit.page.evaluate(_LINKS):
        parts = urlsplit(href)
        if not {"format", "as_of"} & dict(parse_qsl(parts.query)).keys():
            yield parts._replace(fragment="").geturl()
