"""Text that people wrote, with the web addresses in it made links; everything else in it stays text."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

_ADDRESS = re.compile(r"""https?://[^\s<>"'`{}|\\^\[\]\u200b-\u200f\u202a-\u202e\u2066-\u2069]+""", re.IGNORECASE)
_SENTENCE = ".,;:!?"
LONGEST_ADDRESS = 2000


def link_addresses(text: str) -> SafeString:
    """The text as HTML. Only http and https become links, which tell nobody where they were followed from.

    Punctuation that ends a sentence is no part of an address, nor is a closing bracket that was opened before it.
    """
    parts: list[str] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        address = _trim(found[0])
        parts.append(escape(text[end : found.start()]))
        parts.append(_link(address))
        end = found.start() + len(address)
    parts.append(escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308  # every part is escaped above


def _trim(address: str) -> str:
    trimmed = address.rstrip(_SENTENCE)
    while trimmed.endswith(")") and trimmed.count(")") > trimmed.count("("):
        trimmed = trimmed[:-1].rstrip(_SENTENCE)
    return trimmed


def _link(address: str) -> str:
    try:
        parts = urlsplit(address)
        is_safe = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        is_safe = False
    if not is_safe or len(address) > LONGEST_ADDRESS:
        return escape(address)
    return format_html('<a href="{}" rel="noopener noreferrer nofollow ugc" class="out">{}</a>', address, address)
