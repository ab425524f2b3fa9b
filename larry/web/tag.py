"""The tags and filters of every template: links that keep the moment, times, badges, signs, and text made safe.

They are built in (settings, TEMPLATES), so that no template loads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from larry.core.picture import KIND_SIGNS, BoxKind, Condition
from larry.queries.activity import ActivityRow
from larry.web.activity_view import ActivityLine, list_activity_lines
from larry.web.address import at_moment, find_route, noun_path
from larry.web.feed import write_feed
from larry.web.frame import Frame
from larry.web.linked_text import link_addresses
from larry.web.offer import is_offered
from larry.web.piece import write_badge, write_digest, write_distance, write_moment
from larry.web.when import Asked, When

register = template.Library()

_MOMENT = re.compile(
    r"\b(2[01]\d\d-(?:0[1-9]|1[012])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:\.\d{1,6})?Z)"
)
"""As `iso` writes moments, and days that a month has not."""


@register.simple_tag(takes_context=True)
def link(context: Mapping[str, Any], route: str, *arguments: object) -> str:
    """``{% link "hosts" %}``: the path of a route, as of the moment that the page is of."""
    return at_moment(find_route(route, *arguments), _query(context))


@register.simple_tag(takes_context=True)
def noun_link(context: Mapping[str, Any], plural: str, address: str) -> str:
    """``{% noun_link "instances" "acme/shop/live" %}``: where a noun is shown, as of the page's moment."""
    return at_moment(noun_path(plural, address), _query(context))


@register.simple_tag(takes_context=True)
def here(context: Mapping[str, Any], path: str) -> str:
    """``{% here path %}``: a path that the view made, as of the page's moment."""
    return at_moment(path, _query(context))


def _query(context: Mapping[str, Any]) -> str:
    asked = context.get("asked")
    return asked.query if isinstance(asked, Asked) else ""


@register.simple_tag(takes_context=True)
def moment(context: Mapping[str, Any], value: datetime | When | None, otherwise: str = "") -> SafeString:
    """``{% moment start "open" %}``: a time in the visitor's zone, with UTC and the distance from now on request;
    ``otherwise`` stands for one that is open.
    """
    return write_moment(context["asked"], value, otherwise)


@register.simple_tag(takes_context=True)
def brief(context: Mapping[str, Any], value: datetime) -> str:
    """``{% brief start %}``: a time in the visitor's zone where there can be no more than text."""
    told: str = context["asked"].show(value).brief
    return told


@register.simple_tag(takes_context=True)
def timed(context: Mapping[str, Any], text: str) -> SafeString:
    """``{% timed notice.text %}``: a sentence for programs and people, its moments told as those of the page are."""
    parts = _MOMENT.split(text)
    told = [_tell_moment(context, part) if odd % 2 else part for odd, part in enumerate(parts)]
    return format_html_join("", "{}", ((each,) for each in told))


def _tell_moment(context: Mapping[str, Any], text: str) -> str:
    try:
        return moment(context, datetime.fromisoformat(text))
    except ValueError:  # the 30th of February, which somebody typed
        return text


@register.simple_tag(takes_context=True)
def distance(context: Mapping[str, Any], value: datetime | When) -> SafeString:
    """``{% distance start %}``: the same as ``in 3 days``."""
    return write_distance(context["asked"], value)


@register.simple_tag
def badge(condition: str, text: str = "") -> SafeString:
    """``{% badge "dirty" %}``: one of the six states with its colour and sign; another text may stand for its name."""
    return write_badge(condition, text)


@register.simple_tag
def badges(conditions: Iterable[str]) -> SafeString:
    """``{% badges bar.conditions %}``: several, the gravest first."""
    had = set(conditions)
    return format_html_join(" ", "{}", ((badge(each.value),) for each in Condition if each.value in had))


@register.simple_tag
def sign(kind: str) -> SafeString | str:
    """``{% sign "host" %}``: the sign that pictures have for a kind of noun; nothing for one that they do not show."""
    if kind not in set(BoxKind):
        return ""
    path = KIND_SIGNS[BoxKind(kind)]
    return format_html(
        '<svg class="kind" viewBox="0 0 12 12" width="14" height="14" aria-hidden="true"><path d="{}"/></svg>', path
    )


@register.filter
def linked(text: str) -> SafeString:
    """``{{ description|linked }}``: what people wrote, its lines kept and its web addresses made links."""
    return link_addresses(text)


@register.filter
def short(digest: str) -> SafeString:
    """``{{ digest|short }}``: enough of a digest to tell it from others; all of it on request."""
    return mark_safe(write_digest(digest))  # noqa: S308  # escaped


@register.filter
def lines_of_activity(rows: Iterable[ActivityRow]) -> tuple[ActivityLine, ...]:
    """``{{ activity|lines_of_activity }}``: what was done as `activity_feed.html` tells it, secrets masked."""
    return list_activity_lines(rows)


@register.simple_tag(takes_context=True)
def feed(context: Mapping[str, Any], lines: Iterable[ActivityLine]) -> SafeString:
    """``{% feed activity %}``: the same lines, each with what it changed."""
    return write_feed(lines, context["asked"])


@register.filter
def offered(path: str, frame: Frame) -> bool:
    """``{% if new|offered:frame %}``: whether who looks is led to what a path names."""
    return is_offered(path, frame.visitor.rights)


@register.filter
def count(number: int, noun: str) -> str:
    """``{{ 3|count:"host" }}``: 3 hosts; 1 host."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@register.filter
def picture(drawn: str) -> SafeString:
    """``{{ svg|picture }}``: a picture that one of Larry's own printers made, which escapes what it draws."""
    return mark_safe(drawn)  # noqa: S308  # larry/exports print it; tests/exports hold them to it
