"""Small pieces of markup of which lists have hundreds, times and badges, written here and not by a template."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from html import escape

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from larry.core.picture import MARKS, Condition
from larry.web.when import Asked, When

LETTERS_OF_A_DIGEST = 12


def write_moment(asked: Asked, value: datetime | When | None, otherwise: str = "") -> SafeString:
    """A time in the visitor's zone, with UTC and the distance from now on request; ``otherwise`` for one that is
    open."""
    if value is None:
        return mark_safe(f'<span class="muted">{conditional_escape(otherwise)}</span>' if otherwise else "")  # noqa: S308  # escaped
    when = value if isinstance(value, When) else asked.show(value)
    title = f"{escape(when.utc)} · {escape(when.ago)}"
    return _write_time(when, title, when.brief)


def write_distance(asked: Asked, value: datetime | When) -> SafeString:
    """The same as ``in 3 days``."""
    when = value if isinstance(value, When) else asked.show(value)
    title = f"{escape(when.shown)} · {escape(when.utc)}"
    return _write_time(when, title, when.ago)


def _write_time(when: When, title: str, text: str) -> SafeString:
    return mark_safe(  # noqa: S308  # escaped
        f'<time datetime="{escape(when.iso)}" title="{title}">{escape(text)}</time>'
    )


@lru_cache(maxsize=256)
def write_badge(condition: str, text: str = "") -> SafeString:
    """One of the six states with its colour and sign; another text may stand for its name."""
    mark = MARKS[Condition(condition)]
    return mark_safe(  # noqa: S308  # escaped
        f'<span class="badge lp-{escape(condition)}" title="{escape(mark.says)}">'
        f'<svg class="sign" viewBox="0 0 12 12" aria-hidden="true"><path d="{escape(mark.sign)}"/></svg>'
        f"{conditional_escape(text or condition)}</span>"
    )


def write_digest(digest: str) -> str:
    """Enough of a digest to tell it from others; all of it on request."""
    return f'<code title="{escape(digest)}">{escape(digest[:LETTERS_OF_A_DIGEST])}</code>'
