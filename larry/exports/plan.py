"""Prints a Plan: as the pinned JSON shape for programs, and as sentences for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from larry.core.document import Json
from larry.core.interval import Interval, iso
from larry.core.plan import Change, NodeChange, Plan


def plan_document(plan: Plan) -> dict[str, Json]:
    """The pinned shape, made of plain dicts and lists."""
    return {
        "digest": plan.digest,
        "changes": [
            {
                "kind": change.kind.value,
                "deployment": change.deployment,
                "instance": change.instance,
                "host": change.host,
                "before": _span(change.before),
                "after": _span(change.after),
                "why": change.why,
            }
            for change in plan.changes
        ],
        "deployed_services": [
            {
                "service": planned.service,
                "host": planned.host,
                "instance": planned.instance,
                "audits": [{"service": service, "host": host} for service, host in planned.audits],
            }
            for planned in plan.deployed_services
        ],
        "warnings": [{"code": notice.code, "text": notice.text} for notice in plan.warnings],
        "refusals": [{"code": notice.code, "text": notice.text} for notice in plan.refusals],
        "nodes": [
            {"host": node.host, "from": iso(node.start), "digest_before": node.before, "digest_after": node.after}
            for node in plan.nodes
        ],
    }


def plan_text(plan: Plan) -> str:
    """The Plan for people, without colour; what refuses it stands first. Ends in a line feed."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield from (f"REFUSED ({notice.code}): {notice.text}" for notice in plan.refusals)
    yield from (f"warning ({notice.code}): {notice.text}" for notice in plan.warnings)
    if plan.changes_nothing:
        yield "Nothing changes."
    for change in plan.changes:
        yield _change_line(change, plan)
    for planned in plan.deployed_services:
        audited = ", ".join(f"{service} on {host}" for service, host in planned.audits)
        about = f", about {audited}" if audited else ""
        yield f"  service  {planned.service} on {planned.host} for {planned.instance}{about}"
    yield from (_node_line(node, plan) for node in plan.nodes)
    yield f"Plan {plan.digest}"


def _change_line(change: Change, plan: Plan) -> str:
    """``move  acme/shop/production on web1: from 2026-12-01T00:00:00Z on, becomes from now on (why)``."""
    before = _span_text(change.before, plan) if change.before else ""
    after = _span_text(change.after, plan) if change.after else "never"
    what = f"{before}, becomes {after}" if before else after
    why = f" ({change.why})" if change.why else ""
    return f"{change.kind.value:10} {change.instance} on {change.host}: {what}{why}"


def _node_line(node: NodeChange, plan: Plan) -> str:
    before, after = (digest[:12] if digest else "nothing" for digest in (node.before, node.after))
    what = f"{before}, as without this" if node.agrees else f"{before} -> {after}"
    return f"  node     {node.host} from {_moment(node.start, plan)}: {what}"


def _span(interval: Interval | None) -> Json:
    if interval is None:
        return None
    return {"start": iso(interval.start), "end": iso(interval.end) if interval.end else None}


def _span_text(interval: Interval, plan: Plan) -> str:
    return f"from {_moment(interval.start, plan)} " + (f"to {_moment(interval.end, plan)}" if interval.end else "on")


def _moment(moment: datetime, plan: Plan) -> str:
    return "now" if moment == plan.now else iso(moment)
