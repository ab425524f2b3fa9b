"""The rows of the list of deployments, written here and not by a template: each has a dozen parts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from html import escape

from django.utils.safestring import SafeString, mark_safe

from larry.queries.deployment import DeploymentRow, State
from larry.web.address import at_moment, noun_path
from larry.web.piece import write_badge, write_digest, write_moment
from larry.web.when import Asked


def write_deployments(
    rows: Iterable[DeploymentRow], endable: Collection[str], dirty: Collection[str], asked: Asked
) -> SafeString:
    """All rows, every part escaped, their links as of the page's moment; ``endable`` and ``dirty`` are ids. Where
    nothing can be ended there is no column to choose in.
    """
    written = []
    for row in rows:
        choice = _write_choice(row, row.id in endable) if endable else ""
        written.append(f"<tr>{choice}{_write_cells(row, row.id in dirty, asked)}</tr>")
    return mark_safe("".join(written))  # noqa: S308  # every part is escaped


def _write_choice(row: DeploymentRow, is_endable: bool) -> str:
    if not is_endable:
        return '<td class="pick"></td>'
    return (
        f'<td class="pick"><input type="checkbox" name="pick" value="{escape(row.id)}" data-chooses="pick" '
        f'aria-label="Choose {escape(row.instance)} on {escape(row.host)}"></td>'
    )


def _write_cells(row: DeploymentRow, is_dirty: bool, asked: Asked) -> str:
    instance, host = escape(row.instance), escape(row.host)
    return (
        f"<td>{_write_state(row, is_dirty)}</td>\n"
        f'<th scope="row">{_write_link("deployments", row.id, instance, asked)}</th>'
        f'<td data-label="on">{_write_link("hosts", row.host, host, asked)}</td>\n'
        f'<td class="time" data-label="From">{write_moment(asked, row.start)}</td>'
        f'<td class="time" data-label="Until">{write_moment(asked, row.end, "open")}</td>'
        f'<td data-label="Snapshot">{write_digest(row.snapshot)}</td><td class="number" data-label="Rollout">'
        f"{_write_link('rollouts', str(row.rollout), str(row.rollout), asked)}</td>"
        f'<td class="long" data-label="Why">{escape(row.reason)}</td>'
    )


def _write_state(row: DeploymentRow, is_dirty: bool) -> str:
    is_off = row.state is State.DEACTIVATED
    state = '<span class="badge plain">deactivated</span>' if is_off else write_badge(row.state.value)
    dirty = f" {write_badge('dirty')}" if is_dirty else ""
    uncovered = f" {write_badge('uncovered')}" if row.uncovered and row.state in _LASTING else ""
    return f"{state}{dirty}{uncovered}"


_LASTING = frozenset({State.CURRENT, State.FUTURE})


def _write_link(plural: str, address: str, escaped: str, asked: Asked) -> str:
    return f'<a href="{escape(at_moment(noun_path(plural, address), asked.query))}">{escaped}</a>'
