"""The frame of every page as values: where one is, as of when, who one is, and what there is to go to."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest
from django.urls import reverse

from larry.web.address import AS_OF, at_moment, find_route, with_moment
from larry.web.asset import HTMX, ICON, SCRIPT, STYLE
from larry.web.navigation import MAIN, MORE, NavigationLine, list_navigation
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
    main: tuple[NavigationLine, ...]
    more: tuple[NavigationLine, ...]
    menu: tuple[tuple[str, str], ...]
    search: str
    sought: str
    sign_in: str
    sign_out: str
    chips: tuple[tuple[str, str], ...]
    style: str
    script: str
    htmx: str
    icon: str

    @property
    def themes(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, name.capitalize()) for name in THEMES)


def read_frame(request: HttpRequest) -> Frame:
    """The frame of the page that is asked for. Costs no SQL beyond that of `read_visitor`."""
    asked, path, visitor = read_asked(request), request.path, read_visitor(request)
    query = request.GET.copy()
    query.pop(AS_OF, None)
    here = with_moment(f"{path}?{query.urlencode()}" if query else path, None)
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    return Frame(
        asked=asked,
        visitor=visitor,
        here=here,
        theme=theme if theme in THEMES else "auto",
        width=_read_width(request),
        main=list_navigation(MAIN, path, asked.query),
        more=list_navigation(MORE, path, asked.query),
        menu=_list_menu(visitor, asked.query),
        search=find_route("search"),
        sought=request.GET.get("q", "") if path == find_route("search") else "",
        sign_in=find_route("sign-in"),
        sign_out=find_route("sign-out"),
        chips=_list_chips(here, asked),
        **{name: reverse("asset", args=[asset.name]) for name, asset in _ASSETS.items()},
    )


_ASSETS = {"style": STYLE, "script": SCRIPT, "htmx": HTMX, "icon": ICON}


_OFTEN = (
    ("Now", "now"),
    ("Next change", "next"),
    ("Tomorrow", "+1d"),
    ("Next week", "+1w"),
    ("In 30 days", "+30d"),
    ("Last week", "-1w"),
)
"""Moments that are often wanted, as the clock reads them."""


def _list_chips(here: str, asked: Asked) -> tuple[tuple[str, str], ...]:
    words = {"back": here, "from": "" if asked.is_now else asked.when.iso}
    clock = reverse("clock")
    return tuple((label, f"{clock}?{urlencode({'go': go, **words})}") for label, go in _OFTEN)


def _list_menu(visitor: Visitor, query: str) -> tuple[tuple[str, str], ...]:
    own = reverse("user", args=[visitor.name])
    tokens = f"{reverse('tokens')}?{urlencode({'user': visitor.name})}"
    lines = (("Account", own), ("Your tokens", tokens), ("Change password", find_route("change-password")))
    return tuple((label, at_moment(href, query)) for label, href in lines)


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
