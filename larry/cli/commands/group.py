"""`larry group`: users that are granted something together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.option import act_options, as_of_option, listing_option
from larry.cli.printing import Column, print_listing
from larry.cli.scope_option import grant_options, print_outcome, read_grant
from larry.cli.session import open_session

if TYPE_CHECKING:
    from larry.queries.grant import GroupRow


@click.group()
def group() -> None:
    """Groups of users: what a group is granted, everybody in it has.

    \b
    Examples:
      larry group add night-shift
      larry group grant night-shift operator --pool production
      larry group join night-shift ada
    """


@group.command("add")
@click.argument("name")
@click.option("--description", default="", metavar="TEXT", help="Who that is.")
@act_options
def add(*, name: str, description: str, reason: str | None, dry_run: bool, form: str) -> None:
    """Make a group with nobody in it.

    \b
    Examples:
      larry group add night-shift --description "who is woken up"
    """
    session = open_session()

    from larry.actions.grant import add_group

    session.call(add_group)(name, description, session.author(reason), dry_run=dry_run)
    print_outcome(f"there is a group {name}", form, dry_run=dry_run)


@group.command("list")
@as_of_option
@listing_option
def list_(*, as_of: str | None, form: str) -> None:
    """List all groups and who is in them.

    \b
    Examples:
      larry group list
    """
    session = open_session()

    from larry.queries.grant import list_groups

    rows = session.call(list_groups)(session.reader, session.at(as_of))
    session.say_as_now("groups", as_of)
    columns: tuple[Column[GroupRow], ...] = (
        Column("name", lambda row: row.name),
        Column("description", lambda row: row.description),
        Column("members", lambda row: ", ".join(row.members)),
    )
    print_listing(rows, columns, lambda row: row.document, form, nothing="no groups")


@group.command("remove")
@click.argument("name")
@act_options
def remove(*, name: str, reason: str | None, dry_run: bool, form: str) -> None:
    """Remove a group with what it was granted.

    \b
    Examples:
      larry group remove night-shift --reason "machines wake themselves up now"
    """
    session = open_session()

    from larry.actions.grant import remove_group

    session.call(remove_group)(name, session.author(reason), dry_run=dry_run)
    print_outcome(f"there is no group {name} any more", form, dry_run=dry_run)


@group.command("join")
@click.argument("name")
@click.argument("user")
@act_options
def join(*, name: str, user: str, reason: str | None, dry_run: bool, form: str) -> None:
    """Put a USER into the group NAME.

    \b
    Examples:
      larry group join night-shift ada --reason "new on the team"
    """
    session = open_session()

    from larry.actions.grant import join as act

    session.call(act)(name, user, session.author(reason), dry_run=dry_run)
    print_outcome(f"{user} is in {name}", form, dry_run=dry_run)


@group.command("leave")
@click.argument("name")
@click.argument("user")
@act_options
def leave(*, name: str, user: str, reason: str | None, dry_run: bool, form: str) -> None:
    """Take a USER out of the group NAME.

    \b
    Examples:
      larry group leave night-shift ada --reason "sleeps now"
    """
    session = open_session()

    from larry.actions.grant import leave as act

    session.call(act)(name, user, session.author(reason), dry_run=dry_run)
    print_outcome(f"{user} is no longer in {name}", form, dry_run=dry_run)


@group.command("grant")
@click.argument("name")
@grant_options
@act_options
def grant(*, name: str, role: str, reason: str | None, dry_run: bool, form: str, **scope: str | None) -> None:
    """Give the group NAME a ROLE: viewer, reviewer, planner, operator, administrator or machine.

    \b
    Examples:
      larry group grant night-shift operator --pool production
      larry group grant auditors reviewer
    """
    session = open_session()
    asked = read_grant("group", name, role, scope)

    from larry.actions.grant import grant as act

    session.call(act)(asked, session.author(reason), dry_run=dry_run)
    print_outcome(f"{name} is {asked}", form, dry_run=dry_run)


@group.command("revoke")
@click.argument("name")
@grant_options
@act_options
def revoke(*, name: str, role: str, reason: str | None, dry_run: bool, form: str, **scope: str | None) -> None:
    """Take a ROLE from the group NAME.

    \b
    Examples:
      larry group revoke night-shift operator --pool production --reason "no pool of theirs any more"
    """
    session = open_session()
    asked = read_grant("group", name, role, scope)

    from larry.actions.grant import revoke as act

    session.call(act)(asked, session.author(reason), dry_run=dry_run)
    print_outcome(f"{name} is no longer {asked}", form, dry_run=dry_run)
