"""Rules about what is committed besides code: links that lead somewhere, and no address of any package registry."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tests.house.source import Rule, list_committed

# Written with a gap, so that this file does not find itself.
REGISTRIES = tuple(
    name.replace(" ", "")
    for name in (
        "pypi .org",
        "python hosted.org",
        "npm js.org",
        "npm js.com",
        "registry. yarnpkg.com",
        "deb. debian.org",
        "security. debian.org",
        "proxy. golang.org",
        "crates .io",
        "--index -url",
        "--extra-index -url",
        "--find -links",
    )
)
MEANT_AS_OPTION = re.compile(r"--no-emit-[a-z-]+")

_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+).+?\1", re.DOTALL)
_LINKS = (
    re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'(][^)]*)?\s*\)"),
    re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)", re.MULTILINE),
    re.compile(r"(?:src|href)=[\"']([^\"']+)[\"']"),
)
_ELSEWHERE = re.compile(r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*:|//)")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_ANCHOR = re.compile(r"(?:id|name)=[\"']([^\"']+)[\"']")


def find_registries(root: Path) -> Iterator[str]:
    for path in list_committed(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            for address in REGISTRIES:
                if address in MEANT_AS_OPTION.sub("", line):
                    yield f"{path.relative_to(root)}:{number}: {address}: an address or option of a package registry"


def find_dead_links(root: Path) -> Iterator[str]:
    """Relative links in README.md and docs/ to a file or heading that is not there."""
    for page in (*root.glob("*.md"), *sorted((root / "docs").rglob("*.md"))):
        text = page.read_text(encoding="utf-8")
        for target in _targets(text):
            if not _ELSEWHERE.match(target) and (fault := _fault(root, page, text, target)):
                yield f"{page.relative_to(root)}: {target}: {fault}"


def _targets(text: str) -> Iterator[str]:
    plain = _CODE.sub("", _FENCE.sub("", text))
    for form in _LINKS:
        yield from (match.group(1) for match in form.finditer(plain))


def _fault(root: Path, page: Path, text: str, target: str) -> str | None:
    place, _, anchor = target.partition("#")
    if place:
        path = (page.parent / unquote(place)).resolve()
        if not path.is_relative_to(root.resolve()):
            return "leads out of the repository"
        if not path.exists():
            return "there is no such file"
        if not anchor or path.suffix != ".md":
            return None
        text = path.read_text(encoding="utf-8")
    if anchor and unquote(anchor) not in _anchors(text):
        return "there is no such heading"
    return None


def _anchors(text: str) -> set[str]:
    """The anchors that forges give to headings: lower case, punctuation dropped, spaces to dashes, repeats numbered."""
    anchors: set[str] = set(_ANCHOR.findall(text))
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        kept = (char for char in words if char in " -_" or unicodedata.category(char)[0] in "LMN")
        slug = "".join(kept).replace(" ", "-")
        repeat = 0
        while (numbered := f"{slug}-{repeat}" if repeat else slug) in anchors:
            repeat += 1
        anchors.add(numbered)
    return anchors


RULES: tuple[Rule, ...] = (
    Rule("no-registries", "where packages come from is the business of each machine", find_registries),
    Rule("links-resolve", "a page that points nowhere is worse than none", find_dead_links),
)
