"""The feed of activity, written here and not by a template: each line has what it changed, which is a table."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString, mark_safe

from larry.web.activity_view import ActivityLine
from larry.web.address import at_moment, noun_path
from larry.web.difference_view import DifferenceLine
from larry.web.piece import write_distance
from larry.web.when import Asked


def write_feed(lines: Iterable[ActivityLine], asked: Asked) -> SafeString:
    """Who did what to what, and what that changed on request; every part escaped."""
    written = "".join([_write_line(line, asked) for line in lines])
    return mark_safe(f'<ol class="feed">{written}</ol>')  # noqa: S308  # every part is escaped


def _write_line(line: ActivityLine, asked: Asked) -> str:
    row, name = line.row, escape(line.name)
    named = f'<a href="{escape(at_moment(line.href, asked.query))}">{name}</a>' if line.href else name
    rollout = ""
    if row.rollout and row.noun != "rollout":
        href = at_moment(noun_path("rollouts", str(row.rollout)), asked.query)
        rollout = f' <a class="tag" href="{escape(href)}">rollout {row.rollout}</a>'
    reason = f'<div class="why">{escape(row.reason)}</div>' if row.reason else ""
    return (
        f'<li>\n<div class="what"><strong>{escape(row.actor)}</strong> {escape(row.verb)} {escape(row.noun)} '
        f'{named}{rollout}</div>\n<div class="when muted">{write_distance(asked, row.at)}</div>\n'
        f"{reason}\n{_write_changes(line) if line.changes else ''}\n</li>"
    )


def _write_changes(line: ActivityLine) -> str:
    """As `differences.html` tells them."""
    count = len(line.changes) + line.more
    more = f'<p class="muted">and {line.more} more</p>' if line.more else ""
    return (
        f"<details><summary>{count:,} change{'' if count == 1 else 's'}</summary>\n"
        f'<div class="wide" tabindex="0" role="region" aria-label="Before and after, activity {line.row.id}">'
        '<table class="differences">\n<thead><tr><th scope="col">Path</th><th scope="col">Before</th>'
        '<th scope="col">After</th></tr></thead>\n'
        f"<tbody>{''.join(map(_write_change, line.changes))}</tbody></table></div>\n{more}</details>"
    )


def _write_change(change: DifferenceLine) -> str:
    old = "" if change.kind == "added" else f"<del>{escape(change.old)}</del>"
    new = "" if change.kind == "removed" else f"<ins>{escape(change.new)}</ins>"
    return (
        f'<tr><th scope="row" class="long"><code>{escape(change.path)}</code></th>\n'
        f'<td class="long">{old}</td><td class="long">{new}</td>\n</tr>'
    )
