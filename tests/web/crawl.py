"""A crawl through all that answers to a look: by links, forms and pieces; each answer read as what it says it is.

What is checked of an answer is what no text of anybody's may change: which elements, attributes and addresses there
are. The texts themselves may be anything.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET

from django.http import HttpResponseBase
from django.test import Client

from larry.web.headers import HEADERS
from tests.web.routes import find_route

VOID = frozenset("meta link input img br".split())
ELEMENTS = frozenset(
    "html head meta title link body a br header div img form label input button main h1 h2 h3 p strong code b s i kbd "
    "ins del table thead tbody tr th td caption span time footer ul ol li dl dt dd nav fieldset legend script noscript "
    "pre section details summary select optgroup option datalist textarea progress "
    "svg g rect path circle line text tspan title desc defs pattern clippath marker polyline polygon".split()
)
"""What pages are made of; whoever takes another element adds it here."""
ADDRESSES = frozenset(
    "href src action formaction data poster srcset cite ping background manifest xlink:href hx-get hx-post".split()
)
PLAIN_ATTRIBUTES = re.compile(r"[a-z][a-z:-]*\d?")
SENDS_IN_QUERY = "get"
PIECE = {"HX-Request": "true"}


@dataclass
class Form:
    """A form as it stands: what it would send, and its buttons."""

    action: str
    method: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, value and sort of each field."""
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def shape(self) -> tuple[object, ...]:
        return self.method, tuple(sorted({re.sub(r"\.\d+", "", name) for name, _, _ in self.fields}))


class Page(HTMLParser):
    """An answer in HTML: elements with their attributes, texts, addresses, forms; everything opened is closed."""

    def __init__(self, html: str, path: str) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.links: list[str] = []
        self.pieces: list[str] = []
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self._area = ""
        self._choice = ""
        self.feed(html)
        self.close()
        assert self._open == [], f"{path}: {self._open} stay open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"{self.path}: an attribute twice in {tag} {attrs}"
        told = {name: value or "" for name, value in attrs}
        self.tags.append((tag, told))
        self.links += [told[name] for name in ("href", "action", "formaction") if name in told]
        self.pieces += [told[name] for name in ("hx-get", "hx-post") if name in told]
        self._read_field(tag, told)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"{self.path}: {tag} closes nothing"
        opened = self._open.pop()
        assert opened == tag, f"{self.path}: {opened} is closed by {tag}"
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._area and self.forms:
            self.forms[-1].fields.append((self._area, data.removeprefix("\n"), "text"))
            self._area = ""

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"{self.path}: a comment: {data[:80]}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"{self.path}: an instruction: {data[:80]}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"{self.path}: a declaration: {data[:80]}")

    def _read_field(self, tag: str, told: dict[str, str]) -> None:
        if tag == "form":
            self.forms.append(Form(told.get("action") or self.path, told.get("method", SENDS_IN_QUERY).lower()))
        if not self.forms:
            return
        name, form = told.get("name", ""), self.forms[-1]
        if tag == "button" and name:
            form.buttons.append((name, told.get("value", "")))
        elif tag == "textarea" and name:
            self._area = name
        elif tag == "select":
            self._choice = name
        elif tag == "option" and self._choice and ("selected" in told or told.get("value")):
            form.fields.append((self._choice, told.get("value", ""), "choice"))
            self._choice = ""
        elif tag == "input" and name and told.get("type") not in {"file", "submit"}:
            form.fields.append((name, told.get("value", ""), told.get("type", "text")))

    def check(self) -> None:
        """No element, attribute or address that the pages themselves do not have."""
        unknown = {tag for tag, _ in self.tags} - ELEMENTS
        assert not unknown, f"{self.path}: {unknown}"
        for tag, told in self.tags:
            self._check_attributes(tag, told)
        scripts = [told.get("src", "") for tag, told in self.tags if tag == "script"]
        is_whole = any(tag == "html" for tag, _ in self.tags)
        assert len(scripts) == (2 if is_whole else 0), f"{self.path}: {scripts}"
        assert all(source.startswith("/static/") for source in scripts), f"{self.path}: {scripts}"

    def _check_attributes(self, tag: str, told: dict[str, str]) -> None:
        where = f"{self.path}: {tag} {told}"
        for name, value in told.items():
            assert PLAIN_ATTRIBUTES.fullmatch(name), where
            assert not name.startswith(("on", "hx-on")), where
            assert name not in {"style", "srcdoc", "http-equiv"}, where
            assert "evil" not in re.split(r"[\s/]+", value) or "<" in value, where
            if name in ADDRESSES and not is_own(value):
                is_out = tag == "a" and told.get("class") == "out" and "noopener" in told.get("rel", "")
                assert is_out, where
                assert re.fullmatch(r"https?://[^\s<>\"'`]+", value), where


def is_own(address: str) -> bool:
    """Whether an address stays within Larry, however a browser reads it."""
    if not address:
        return True
    parts = urlsplit(address)
    stays = address.startswith(("?", "#")) or (address.startswith("/") and address[1:2] not in {"/", "\\"})
    return stays and not parts.scheme and not parts.netloc and address.isprintable() and "\\" not in parts.path


def read_answer(path: str, response: HttpResponseBase) -> Page | None:
    """Check an answer by what it says it is; the page, if it is one."""
    for name, value in HEADERS.items():
        assert response.headers.get(name) == value, f"{path}: {name} is {response.headers.get(name)}"
    place = response.headers.get("Location", "")
    assert is_own(place), f"{path}: sent to {place}"
    assert is_own(response.headers.get("HX-Push-Url", "")), path
    assert is_own(response.headers.get("HX-Redirect", "")), path
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    content = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    text = content.decode()
    if kind == "text/html":
        page = Page(text, path)
        page.check()
        return page
    if kind in {"application/json", "application/problem+json"}:
        json.loads(text)
    elif kind == "text/csv":
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert len({len(row) for row in rows}) <= 1, f"{path}: lines of several lengths"
        run = [cell for row in rows for cell in row if re.match(r"[=+@\t\r]", cell)]
        assert not run, f"{path}: a spreadsheet would run {run[0][:80]}"
    elif kind in {"image/svg+xml", "application/atom+xml", "application/xml"}:
        _check_tree(path, text)
    else:
        assert kind not in _RUN or not text, f"{path}: {kind}"
    return None


_RUN = frozenset({"", "text/xml", "application/xhtml+xml", "application/rss+xml", "multipart/x-mixed-replace"})
"""What a browser that was told not to guess would show as a page, besides what is read above."""


def _check_tree(path: str, text: str) -> None:
    assert "<!DOCTYPE" not in text, path
    assert "<!ENTITY" not in text, path
    for element in ET.fromstring(text).iter():  # noqa: S314  # it defines no entities, see above
        tag = element.tag.rpartition("}")[2]
        assert tag not in {"script", "foreignObject", "x", "iframe", "animate", "set"}, f"{path}: {tag}"
        for name, value in element.attrib.items():
            plain = name.rpartition("}")[2]
            assert not plain.startswith("on"), f"{path}: {tag} {name}"
            assert plain not in {"href", "src"} or re.match(r"(/(?!/)|#|https?://)", value), f"{path}: {value}"
        if element.attrib.get("type") == "html":
            Page(element.text or "", path).check()


@dataclass
class Crawl:
    """What was asked for and found; ``most``: how many answers of one kind are looked at."""

    client: Client
    most: int = 2
    pages: dict[str, Page] = field(default_factory=dict)
    forms: dict[tuple[object, ...], tuple[Form, str]] = field(default_factory=dict)
    routes: Counter[str | None] = field(default_factory=Counter)
    seen_on: Counter[str] = field(default_factory=Counter)

    def follow(self, first: list[str], payloads: tuple[str, ...] = ()) -> None:
        """Every address that anything on the way leads to, as a page and as a piece."""
        todo, done = deque((path, False) for path in first), set[tuple[str, bool]]()
        counted: Counter[tuple[object, ...]] = Counter()
        while todo:
            path, is_piece = todo.popleft()
            path = urlsplit(path)._replace(fragment="").geturl()
            route = find_route(path)
            key = (route, is_piece, *self._tell_asking(path))
            if (path, is_piece) in done or counted[key] >= self.most:
                continue
            done.add((path, is_piece))
            counted[key] += 1
            self.routes[route] += 1
            page = read_answer(path, self.client.get(path, headers=PIECE if is_piece else {}))
            if page is not None:
                self._note(path, page, payloads)
                todo.extend((_join(path, link), False) for link in page.links if is_own(link))
                also = page.links if self.most > 1 else ()
                todo.extend((_join(path, link), True) for link in (*page.pieces, *also) if is_own(link))

    def _tell_asking(self, path: str) -> Iterator[str]:
        """What tells one sort of look from another on the same route."""
        asked = sorted(parse_qsl(urlsplit(path).query))
        yield from (f"{name}={value}" for name, value in asked if name in {"format", "as", "state"})
        if self.most > 1:
            yield from (name for name, _ in asked)
        if path.startswith(("/configuration", "/inventory")):
            yield urlsplit(path).path.rpartition(".")[2]

    def _note(self, path: str, page: Page, payloads: tuple[str, ...]) -> None:
        self.pages[path] = page
        text = "".join(page.words)
        self.seen_on.update(payload for payload in payloads if payload in text)
        for form in page.forms:
            self.forms.setdefault((find_route(form.action), form.shape), (form, path))

    def send(self, change: Callable[[str, str, str], str], *steps: str, spared: tuple[str, ...]) -> Iterator[int]:
        """Send every form that acts, its fields changed, by its buttons that are among ``steps``, as a browser and as
        htmx does, but for those to addresses that begin as is ``spared``; what it was answered with.
        """
        for form, path in list(self.forms.values()):
            if form.method != "post" or form.action.startswith(spared):
                continue
            buttons = [button for button in form.buttons if button[1] in steps] or [("step", steps[0])]
            for button in buttons[: self.most]:
                sent: dict[str, list[str]] = {}
                for name, value, sort in (*form.fields, (*button, "hidden")):
                    sent.setdefault(name, []).append(change(name, value, sort))
                for headers in ({}, PIECE):
                    response = self.client.post(_join(path, form.action), sent, headers=headers)
                    read_answer(f"POST {form.action} {button}", response)
                    yield response.status_code


def _join(path: str, link: str) -> str:
    return (
        urlsplit(path).path + link if link.startswith("?") else urlsplit(path).path if link[:1] in {"", "#"} else link
    )
