"""What an act changed or would change, printed: of the estate, and of what runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from larry.cli.mark import mark_line
from larry.cli.printing import json_text, print_document, show_plain
from larry.core.document import Json, canonical_text
from larry.core.node_text import mask_sealed
from larry.nouns.field_text import show_value
from larry.nouns.item import is_same

if TYPE_CHECKING:
    from larry.actions.apply import EstateChange, ItemChange
    from larry.actions.state_files import StatedChange
    from larry.core.plan import Plan

_DONE = {"create": "created", "update": "changed", "retire": "retired"}
_SIGNS = {"create": "+", "update": "~", "retire": "-"}


def print_plan(plan: Plan, form: str, *, dry_run: bool) -> int:
    """A Plan as text for people or as the pinned JSON; the exit code: 1 for a Plan that would be refused."""
    from larry.exports.plan import plan_document, plan_text

    if form == "json":
        print_document(plan_document(plan), "json")
    else:
        for line in plan_text(plan).splitlines():
            click.echo(_mark_plan(line))
    if dry_run and form != "json":
        click.echo("nothing has been changed: this was a dry run")
    if plan.refusals:
        why = "; ".join(refusal.text for refusal in plan.refusals)
        line = show_plain(f"larry: this would be refused: {why}")
        click.echo(mark_line(line, "conflict", err=True), err=True)
        return 1
    return 0


def _mark_plan(line: str) -> str:
    """A line of a Plan, with what refuses it and what stays uncovered marked at a terminal."""
    marked = {"REFUSED ": "conflict", "warning (uncovered)": "uncovered"}
    state = next((state for begin, state in marked.items() if line.startswith(begin)), None)
    return mark_line(show_plain(line), state) if state else show_plain(line)


@contextmanager
def refused_plan_printed(form: str) -> Iterator[None]:
    """A refusal that holds a Plan has it printed for programs; the refusal itself goes on to the door."""
    from larry.actions.author import Refused

    try:
        yield
    except Refused as refusal:
        if form == "json" and refusal.plan is not None:
            from larry.exports.plan import plan_document

            print_document(plan_document(refusal.plan), "json")
        raise


def print_change(change: EstateChange, form: str, *, dry_run: bool) -> None:
    """What becomes of the estate's nouns, and of the nodes that change at once with the facts of a host."""
    if form == "json":
        click.echo(json_text(change.document), nl=False)
        return
    for each in change.changes:
        for line in _change_lines(each):
            click.echo(show_plain(line))
    if change.redaction is not None:
        click.echo(show_plain(f"* {change.redaction.text}"))
    for text in change.consequence.texts:
        click.echo(show_plain(f"* {text}"))
    for note in change.notes:
        click.echo(show_plain(f"note: {note}"))
    if not change.plan.changes_nothing:
        for line in _node_lines(change.plan):
            click.echo(show_plain(line))
    if not change.changes_nothing:
        click.echo(f"Plan {change.digest}")
    click.echo(_summary(change, dry_run=dry_run))
    if change.redaction is not None and change.redaction.remains:
        click.echo(show_plain(f"note: {change.redaction.remains}"), err=True)


def print_adopted(adopted: StatedChange, form: str, *, dry_run: bool) -> None:
    """What adopting changes: nouns, then a Plan for each group of deployments."""
    from larry.exports.plan import plan_document, plan_text

    if form == "json":
        document: dict[str, Json] = {
            **{word: told for word, told in adopted.estate.document.items() if word not in {"digest", "plan"}},
            "plans": [plan_document(plan) for plan in adopted.plans or ()],
        }
        click.echo(json_text(document), nl=False)
        return
    print_change(adopted.estate, form, dry_run=dry_run)
    for plan in adopted.plans or ():
        for line in plan_text(plan).splitlines():
            click.echo(_mark_plan(line))


def _node_lines(plan: Plan) -> Iterator[str]:
    """What the Plan says of nodes; its own digest would be mistaken for that of the whole change."""
    from larry.exports.plan import plan_text

    return (line for line in plan_text(plan).splitlines() if not line.startswith("Plan "))


def _summary(change: EstateChange, *, dry_run: bool) -> str:
    if change.changes_nothing:
        return "no changes"
    counts = Counter(_DONE.get(each.verb, each.verb) for each in change.changes)
    done = ", ".join(f"{count} {verb}" for verb, count in counts.items()) or "no noun changes"
    return f"{done}; nothing has been changed: this was a dry run" if dry_run else done


def _change_lines(change: ItemChange) -> Iterator[str]:
    yield f"{_SIGNS.get(change.verb, '*')} {change.noun} {change.address}"
    for line in tell_fields(change.fields, is_new=change.verb == "create"):
        yield f"    {line}"


def tell_fields(fields: Mapping[str, tuple[Json, Json]], *, is_new: bool) -> Iterator[str]:
    """One line for each field, or each member of a map, that changes; of what is new for each that says something.
    Secrets are masked.
    """
    for name, (old, new) in fields.items():
        if is_new:
            if show_value(new) != "-":
                yield f"{name}: {_shown(new)}"
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            for member in dict.fromkeys((*old, *new)):
                if member not in old or member not in new or not is_same(old[member], new[member]):
                    yield f"{name}.{member}: {_shown(old.get(member))} -> {_shown(new.get(member))}"
        else:
            yield f"{name}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Json) -> str:
    return "nothing" if value is None else canonical_text(mask_sealed(value))
