"""Search: anything by name, key, path, parameter, address, digest or number, with what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from larry.nouns.table import NOUNS
from larry.queries.search import Hit, search_everything
from larry.web.address import find_route, noun_path
from larry.web.frame import read_frame
from larry.web.page import look_only, make_page

MOST_OF_ONE = 8
LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class HitLine:
    """Something found: where it is shown, and what can be done with it."""

    hit: Hit
    href: str
    actions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HitGroup:
    """What was found of one kind; ``more`` is where all of it is listed, where there is such a place."""

    kind: str
    label: str
    lines: tuple[HitLine, ...]
    is_cut: bool
    more: str


@look_only
def answer_search(request: HttpRequest) -> HttpResponse:
    """What was found for ``q``; 16 SQL statements at most. A piece of the page is asked for as one types."""
    frame = read_frame(request)
    text = request.GET.get("q", "").strip()
    found = search_everything(text, frame.visitor.reader, frame.asked.at, most=MOST_OF_ONE)
    groups = tuple(
        HitGroup(
            hits.kind,
            _label(hits.kind),
            tuple(HitLine(hit, _find_page(hit), _list_actions(hit)) for hit in hits.found),
            hits.is_cut,
            _find_list(hits.kind, text),
        )
        for hits in found
    )
    values = {"groups": groups, "text": text, "total": sum(len(group.lines) for group in groups)}
    return make_page(request, "search.html", values, title=f"Search: {text[:LONGEST_TITLE]}" if text else "Search")


def _label(kind: str) -> str:
    return (NOUNS[kind].plural if kind in NOUNS else f"{kind}s").capitalize()


_PEOPLE = frozenset({"user", "group", "token", "webhook"})
_PLACES = {kind: f"{kind}s" for kind in ("deployment", "rollout", "user", "group", "token", "webhook")} | {
    "snapshot": "deployables"
}


def _find_list(kind: str, text: str) -> str:
    """Where all that is like it is listed; nothing where no list is searched so."""
    if kind in NOUNS:
        return f"/{NOUNS[kind].plural}/?{urlencode({'q': text})}"
    return f"/{_PLACES[kind]}/?{urlencode({'q': text})}" if kind in _PEOPLE else ""


def _find_page(hit: Hit) -> str:
    if hit.kind == "parameter":
        return noun_path("services", hit.name)
    return noun_path(_PLACES.get(hit.kind) or NOUNS[hit.kind].plural, hit.address)


def _list_actions(hit: Hit) -> tuple[tuple[str, str], ...]:
    """What one most likely wants next; what this Larry has no page for is left out."""
    deploy, page = find_route("deploy"), _find_page(hit)
    actions: dict[str, tuple[tuple[str, str], ...]] = {
        "instance": (
            ("Deploy", f"{deploy}?{urlencode({'instance': hit.address})}" if deploy else ""),
            ("Parameters", f"{page}/parameters"),
            ("Snapshots", f"{page}/snapshots"),
        ),
        "host": (
            ("Deploy here", f"{deploy}?{urlencode({'host': hit.address})}" if deploy else ""),
            ("Edit", f"{page}/edit"),
        ),
        "customer": (
            ("Instances", f"/instances/?{urlencode({'customer': hit.address})}"),
            ("New app", f"/apps/-/new?{urlencode({'customer': hit.address})}"),
        ),
        "app": (
            ("Instances", f"/instances/?{urlencode({'app': hit.address})}"),
            ("New instance", f"/instances/-/new?{urlencode({'app': hit.address})}"),
        ),
        "service": (
            ("Required by", f"/instances/?{urlencode({'requires': hit.address})}"),
            ("Edit", f"{page}/edit"),
        ),
        "role": (("Hosts", f"/hosts/?{urlencode({'roles': hit.address})}"),),
        "pool": (("Hosts", f"/hosts/?{urlencode({'pools': hit.address})}"),),
        "grade": (("Hosts", f"/hosts/?{urlencode({'grade': hit.address})}"),),
    }
    return tuple(action for action in actions.get(hit.kind, ()) if action[1])
