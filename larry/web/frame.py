"""The frame of every page as values: where one is, as of when, who one is, and what there is to go to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from types import MappingProxyType
from urllib.parse import urlencode

from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from larry.web.address import AS_OF, at_moment, find_route, with_moment
from larry.web.asset import HTMX, ICON, SCRIPT, STYLE
from larry.web.navigation import MAIN, MORE, find_places, list_navigation
from larry.web.visitor import Visitor, read_visitor
from larry.web.when import Asked, read_asked

THEME_COOKIE, WIDTH_COOKIE = "larry_theme", "larry_width"
THEMES = ("auto", "light", "dark")
WIDTHS = (330, 460, 600, 740, 900, 1060, 1200, 1320, 1440, 1560)
"""How wide pictures are drawn, in pixels; the script tells which fits."""

_USUAL_WIDTH = 1200


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to a page; the last one, the page itself, has no address."""

    label: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What an act came to, shown once on the page after it: ``kind`` is done, note or fault."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What `frame.html` shows around the content. ``here`` is the page's address without its moment; ``width`` how wide
    a picture may be drawn.
    """

    asked: Asked
    visitor: Visitor
    here: str
    theme: str
    width: int
    navigation: SafeString
    menu: SafeString
    search: str
    sought: str
    sign_in: str
    sign_out: str
    clock: str
    preferences: str
    chips: SafeString
    themes: SafeString
    style: str
    script: str
    htmx: str
    icon: str


def read_frame(request: HttpRequest) -> Frame:
    """The frame of the page that is asked for. Costs no SQL beyond that of `read_visitor`.

    Who only looks is at one moment, however often it is read: whoever acts is told of times from when that was done.
    """
    if request.method not in {"GET", "HEAD"}:
        return _make_frame(request)
    frame: Frame | None = request.META.get(_FRAME)
    if frame is None or frame.visitor is not read_visitor(request):
        frame = request.META[_FRAME] = _make_frame(request)
    return frame


_FRAME = "larry.frame"


def _make_frame(request: HttpRequest) -> Frame:
    asked, path, visitor = read_asked(request), request.path, read_visitor(request)
    query = request.GET.copy()
    query.pop(AS_OF, None)
    here = with_moment(f"{path}?{query.urlencode()}" if query else path, None)
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    theme = theme if theme in THEMES else "auto"
    return Frame(
        asked=asked,
        visitor=visitor,
        here=here,
        theme=theme,
        themes=_write_themes(theme),
        width=_read_width(request),
        navigation=_write_navigation(find_places(path), asked.query),
        menu=_write_menu(visitor, asked.query),
        search=find_route("search"),
        sought=request.GET.get("q", "") if path == find_route("search") else "",
        sign_in=find_route("sign-in"),
        sign_out=find_route("sign-out"),
        clock=find_route("clock"),
        preferences=find_route("preferences"),
        chips=_write_chips(here, asked),
        **_find_assets(),
    )


@lru_cache(maxsize=64)
def _write_navigation(here: frozenset[str], query: str) -> SafeString:
    """All pages of one sort have the same at one moment."""
    lines = {"main": list_navigation(MAIN, here, query), "more": list_navigation(MORE, here, query)}
    return render_to_string("navigation.html", lines)


@cache
def _find_assets() -> Mapping[str, str]:
    named = {"style": STYLE, "script": SCRIPT, "htmx": HTMX, "icon": ICON}
    return MappingProxyType({name: reverse("asset", args=[asset.name]) for name, asset in named.items()})


_OFTEN = (
    ("Now", "now"),
    ("Next change", "next"),
    ("Tomorrow", "+1d"),
    ("Next week", "+1w"),
    ("In 30 days", "+30d"),
    ("Last week", "-1w"),
)
"""Moments that are often wanted, as the clock reads them."""


def _write_chips(here: str, asked: Asked) -> SafeString:
    words = urlencode({"back": here, "from": "" if asked.is_now else asked.when.iso})
    clock = find_route("clock")
    lines = ((label, f"{clock}?{urlencode({'go': go})}&{words}") for label, go in _OFTEN)
    return _join([f'<a href="{escape(href)}" rel="nofollow">{escape(label)}</a>' for label, href in lines])


def _write_menu(visitor: Visitor, query: str) -> SafeString:
    own = find_route("user", visitor.name)
    tokens = f"{find_route('tokens')}?{urlencode({'user': visitor.name})}"
    lines = (("Account", own), ("Your tokens", tokens), ("Change password", find_route("change-password")))
    return _join([f'<a href="{escape(at_moment(href, query))}">{escape(label)}</a>' for label, href in lines])


@cache
def _write_themes(theme: str) -> SafeString:
    pressed = {name: "true" if name == theme else "false" for name in THEMES}
    return _join(
        [
            f'<button name="theme" value="{name}" aria-pressed="{is_so}">{name.capitalize()}</button>'
            for name, is_so in pressed.items()
        ]
    )


def _join(pieces: list[str]) -> SafeString:
    return mark_safe("".join(pieces))  # noqa: S308  # what is not ours is escaped in each


def take_notices(request: HttpRequest) -> tuple[Notice, ...]:
    """What acts left to be told, once. Only a page that somebody is shown may take it: pieces, and what a script
    fetches whole (a problem instead of a piece, a map drawn for another width), are asked for while an act goes on, and
    would take, or with their answer delete, what the page after the act is to tell.
    """
    if not _is_shown(request) or CookieStorage.cookie_name not in request.COOKIES:
        return ()
    return tuple(Notice(message.tags or "note", str(message.message)) for message in get_messages(request))


def _is_shown(request: HttpRequest) -> bool:
    """Browsers say what they ask for, on loopback and by TLS; htmx says so everywhere."""
    return "HX-Request" not in request.headers and request.headers.get("Sec-Fetch-Dest", "document") == "document"


def _read_width(request: HttpRequest) -> int:
    told = request.COOKIES.get(WIDTH_COOKIE, "")
    return int(told) if told in {str(width) for width in WIDTHS} else _USUAL_WIDTH
