"""`larry user`: who may sign in to the pages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from larry.cli.option import act_options, as_of_option, listing_option, reason_option
from larry.cli.printing import Column, print_document, print_listing, show_plain
from larry.cli.scope_option import grant_options, print_outcome, read_grant
from larry.cli.session import open_session
from larry.core.moment_text import show_moment

if TYPE_CHECKING:
    from larry.queries.grant import GrantRow
    from larry.queries.user import UserRow


@click.group()
def user() -> None:
    """Who may sign in to the pages. A password is asked for, or read as the first line of the standard input; it is
    never an argument, where others could see it.

    \b
    Examples:
      larry user add ada --administrator --full-name "Ada Admin"
      larry user list
      larry user deactivate ada --reason "left"
    """


@user.command("add")
@click.argument("name")
@click.option("--full-name", default="", metavar="TEXT", help="What pages call them.")
@click.option("--email", default="", metavar="ADDRESS", help="Where mail reaches them.")
@click.option("--time-zone", default="", metavar="ZONE", help="In which times are shown to them: Europe/Berlin.")
@click.option("--administrator", "is_administrator", is_flag=True, help="May do everything, and see everything.")
@click.option("--machine", "is_machine", is_flag=True, help="A program: without a password, known by its tokens only.")
@act_options
def add(*, name: str, reason: str | None, dry_run: bool, form: str, **said: str | bool) -> None:
    """Add somebody who may sign in, and ask for their password.

    \b
    Examples:
      larry user add ada --administrator
      larry user add puppet --machine
      pwgen 20 1 | tee ada.txt | larry user add ada --email ada@example.com
    """
    session = open_session()

    from larry.actions.user import NewUser, add_user

    new = NewUser(
        name, str(said["full_name"]), str(said["email"]), str(said["time_zone"]), said["is_administrator"] is True
    )
    author = session.author(reason)
    act = session.call(add_user)
    act(new, None, author, dry_run=True)  # what will not do is told before anybody thinks of a password
    is_machine = said["is_machine"] is True
    row = act(new, None if dry_run or is_machine else read_password(), author, dry_run=dry_run)
    _print_done(row, "is known by its tokens" if is_machine else "may sign in", form, dry_run=dry_run)


@user.command("list")
@as_of_option
@listing_option
def list_(*, as_of: str | None, form: str) -> None:
    """List everybody who may sign in, or could once.

    \b
    Examples:
      larry user list
      larry user list --format json
    """
    session = open_session()

    from larry.queries.user import list_users

    rows = session.call(list_users)(session.reader, session.at(as_of))
    session.say_as_now("users", as_of)
    columns: tuple[Column[UserRow], ...] = (
        Column("name", lambda row: row.name),
        Column("full name", lambda row: row.full_name),
        Column("email", lambda row: row.email),
        Column("administrator", lambda row: "yes" if row.is_administrator else ""),
        Column("since", lambda row: show_moment(row.created_at.replace(microsecond=0), session.zone)),
        Column(
            "last signed in",
            lambda row: show_moment(row.signed_in_at.replace(microsecond=0), session.zone) if row.signed_in_at else "",
        ),
        Column("is", lambda row: "active" if row.is_active else "deactivated"),
        Column("from", lambda row: row.source),
    )
    print_listing(
        rows, columns, lambda row: row.document, form, nothing="nobody can sign in yet: `larry user add NAME`"
    )


@user.command("edit")
@click.argument("name")
@click.option("--full-name", metavar="TEXT", help="What pages call them.")
@click.option("--email", metavar="ADDRESS", help="Where mail reaches them.")
@click.option("--time-zone", metavar="ZONE", help="In which times are shown to them: Europe/Berlin.")
@click.option("--administrator/--no-administrator", "is_administrator", default=None, help="May do everything, or not.")
@act_options
def edit(
    *, name: str, is_administrator: bool | None, reason: str | None, dry_run: bool, form: str, **said: str | None
) -> None:
    """Change what is told of somebody. Their name stays, because activity speaks of it.

    \b
    Examples:
      larry user edit ada --email ada@example.com --time-zone Europe/Berlin
      larry user edit ada --no-administrator --reason "watches only"
    """
    session = open_session()

    from larry.actions.user import UserEdit, edit_user

    asked = UserEdit(said["full_name"], said["email"], said["time_zone"], is_administrator)
    row = session.call(edit_user)(name, asked, session.author(reason), dry_run=dry_run)
    _print_done(row, "is changed", form, dry_run=dry_run)


@user.command("password")
@click.argument("name")
@reason_option
def password(*, name: str, reason: str | None) -> None:
    """Give somebody another password. Wherever they are signed in, they are signed out.

    \b
    Examples:
      larry user password ada
      larry user password ada --reason "the old one was on a note" < new.txt
    """
    session = open_session()

    from larry.actions.user import set_password
    from larry.queries.user import get_user

    known = session.call(get_user)(name, session.reader, session.at(None))
    row = session.call(set_password)(known.name, read_password(), session.author(reason))
    click.echo(f"{show_plain(row.name)} has another password")


@user.command("deactivate")
@click.argument("name")
@act_options
def deactivate(*, name: str, reason: str | None, dry_run: bool, form: str) -> None:
    """Let somebody in no longer. What they did stays in activity under their name.

    \b
    Examples:
      larry user deactivate ada --reason "left"
    """
    session = open_session()

    from larry.actions.user import deactivate_user

    row = session.call(deactivate_user)(name, session.author(reason), dry_run=dry_run)
    _print_done(row, "may no longer sign in", form, dry_run=dry_run)


@user.command("activate")
@click.argument("name")
@act_options
def activate(*, name: str, reason: str | None, dry_run: bool, form: str) -> None:
    """Let somebody in again, with the password of before.

    \b
    Examples:
      larry user activate ada --reason "is back"
    """
    session = open_session()

    from larry.actions.user import activate_user

    row = session.call(activate_user)(name, session.author(reason), dry_run=dry_run)
    _print_done(row, "may sign in again", form, dry_run=dry_run)


@user.command("grant")
@click.argument("name")
@grant_options
@act_options
def grant(*, name: str, role: str, reason: str | None, dry_run: bool, form: str, **scope: str | None) -> None:
    """Give somebody a ROLE over everything, or over one customer, app or pool.

    \b
    viewer         sees
    reviewer       sees; over everything also who may do what, and all activity
    planner        sees and edits, and sees what deploying would come to
    operator       sees, edits and deploys
    administrator  may everything there, and says who else may
    machine        reads configurations of hosts, with their secrets

    \b
    Examples:
      larry user grant ada operator --reason "runs all of it"
      larry user grant eve viewer --customer acme
      larry user grant bob operator --pool production
    """
    session = open_session()
    asked = read_grant("user", name, role, scope)

    from larry.actions.grant import grant as act

    session.call(act)(asked, session.author(reason), dry_run=dry_run)
    print_outcome(f"{name} is {asked}", form, dry_run=dry_run)


@user.command("revoke")
@click.argument("name")
@grant_options
@act_options
def revoke(*, name: str, role: str, reason: str | None, dry_run: bool, form: str, **scope: str | None) -> None:
    """Take a ROLE from somebody, named as it was granted.

    \b
    Examples:
      larry user revoke eve viewer --customer acme --reason "left acme"
    """
    session = open_session()
    asked = read_grant("user", name, role, scope)

    from larry.actions.grant import revoke as act

    session.call(act)(asked, session.author(reason), dry_run=dry_run)
    print_outcome(f"{name} is no longer {asked}", form, dry_run=dry_run)


@user.command("grants")
@click.argument("name", required=False)
@as_of_option
@listing_option
def grants(*, name: str | None, as_of: str | None, form: str) -> None:
    """List all grants, or those of one user with those of their groups.

    \b
    Examples:
      larry user grants
      larry user grants ada --format json
    """
    session = open_session()

    from larry.queries.grant import list_grants
    from larry.queries.user import get_user

    at = session.at(as_of)
    rows = session.call(list_grants)(
        session.reader, at, user=session.call(get_user)(name, session.reader, at).name if name else None
    )
    session.say_as_now("grants", as_of)
    columns: tuple[Column[GrantRow], ...] = (
        Column("to", lambda row: f"{row.to} {row.name}"),
        Column("role", lambda row: row.role),
        Column("over", lambda row: f"{row.kind} {row.address}".strip()),
        Column("since", lambda row: show_moment(row.since.replace(microsecond=0), session.zone)),
        Column("from", lambda row: row.source),
    )
    print_listing(rows, columns, lambda row: row.document, form, nothing="nothing is granted")


def read_password() -> str:
    """The password, asked for twice where there is a terminal, else the first line of the standard input."""
    if sys.stdin.isatty():
        text: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return text
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise click.UsageError("there is no password on the standard input, and no terminal to ask for one")
    return line


def _print_done(row: UserRow, what: str, form: str, *, dry_run: bool) -> None:
    if form == "json":
        print_document({"dry_run": dry_run, "user": row.document}, "json")
        return
    click.echo(f"{show_plain(row.name)} {what}" + ("; nothing has been changed: this was a dry run" if dry_run else ""))
