"""`larry token`: what programs show instead of a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.option import act_options, as_of_option, listing_option
from larry.cli.printing import Column, print_document, print_listing, show_plain
from larry.cli.scope_option import ROLES, print_outcome, read_scope, scope_options
from larry.cli.session import open_session
from larry.core.moment_text import show_moment

if TYPE_CHECKING:
    from larry.core.document import Json
    from larry.queries.token import TokenRow


@click.group()
def token() -> None:
    """Tokens, which programs send as `Authorization: Bearer larry_…`. Each acts as its user, and never has more than
    they have at that moment. It is shown once, when it is made, and kept nowhere.

    \b
    Examples:
      larry user add puppet --machine
      larry user grant puppet machine
      larry token add puppet enc > /etc/larry/token
      larry token list
      larry token revoke puppet/enc --reason "the disk was sold"
    """


@token.command("add")
@click.argument("user")
@click.argument("name")
@click.option("--expires", metavar="T", help="Until when it holds: 2027-12-01, +90d. Else a year.")
@click.option("--role", type=click.Choice(ROLES), help="No more than this role, of what its user may.")
@click.option("--secrets", "reveals", is_flag=True, help="Entitled to secrets in clear, as far as its user is.")
@click.option("--feed", "feeds_only", is_flag=True, help="For a feed reader: it reads feeds, and counts nowhere else.")
@scope_options
@act_options
def add(
    *,
    user: str,
    name: str,
    expires: str | None,
    reveals: bool,
    feeds_only: bool,
    reason: str | None,
    dry_run: bool,
    form: str,
    **said: str | None,
) -> None:
    """Make a token for USER, called NAME, and print it: the only time that it is seen. With --feed, print the
    addresses of the feeds, which hold it.

    \b
    Examples:
      larry token add ada laptop --expires +90d
      larry token add puppet enc --role machine --pool production > /etc/larry/token
      larry token add puppet full --secrets --reason "delivers passwords"
      larry token add ada newsreader --feed --customer acme
    """
    role = said.pop("role")
    kind, address = read_scope(said)
    session = open_session()

    from larry.actions.token import NewToken, add_token
    from larry.core.rights import PersonRole

    new = NewToken(
        user,
        name,
        session.find_moment(expires, "--expires"),
        PersonRole(role) if role else None,
        kind,
        address,
        reveals,
        feeds_only,
    )
    made = add_token(new, session.author(reason), dry_run=dry_run)
    if form == "json":
        shown: dict[str, Json] = {} if dry_run else {"token": made.text}
        if feeds_only and not dry_run:
            shown["addresses"] = _list_addresses(made.text)
        print_document({"dry_run": dry_run, **shown, **made.row.document}, "json")
        return
    until = show_moment(made.row.expires_at.replace(microsecond=0), session.zone)
    if dry_run:
        click.echo(f"{show_plain(user)} may have such a token until {until}; nothing has been changed")
        return
    for line in _list_addresses(made.text) if feeds_only else [made.text]:
        click.echo(line)
    click.echo(f"this is shown once; it acts as {show_plain(made.row.user)} until {until}", err=True)


@token.command("list")
@click.argument("user", required=False)
@as_of_option
@listing_option
def list_(*, user: str | None, as_of: str | None, form: str) -> None:
    """List all tokens, or those of one USER; never the tokens themselves, but the part by which each is recognised.

    \b
    Examples:
      larry token list
      larry token list ada --format json
    """
    session = open_session()

    from larry.queries.token import list_tokens
    from larry.queries.user import get_user

    at = session.at(as_of)
    rows = list_tokens(session.reader, at, user=get_user(user, session.reader, at).name if user else None)
    session.say_as_now("tokens", as_of)
    columns: tuple[Column[TokenRow], ...] = (
        Column("token", lambda row: f"{row.user}/{row.name}"),
        Column("begins", lambda row: f"larry_{row.prefix}_"),
        Column("may", _tell_rights),
        Column("expires", lambda row: show_moment(row.expires_at.replace(microsecond=0), session.zone)),
        Column(
            "last used",
            lambda row: show_moment(row.used_at.replace(microsecond=0), session.zone) if row.used_at else "",
        ),
        Column("is", lambda row: row.state(session.now)),
    )
    print_listing(
        rows, columns, lambda row: row.document, form, nothing="there are no tokens: `larry token add USER NAME`"
    )


@token.command("revoke")
@click.argument("token")
@act_options
def revoke(*, token: str, reason: str | None, dry_run: bool, form: str) -> None:
    """Let a TOKEN count no more, from its next request on: named USER/NAME, or by the part after larry_.

    \b
    Examples:
      larry token revoke ada/laptop --reason "lost on a train"
      larry token revoke 1f8b03a2c4d5
    """
    session = open_session()

    from larry.actions.token import revoke_token

    row = revoke_token(token, session.author(reason), dry_run=dry_run)
    print_outcome(f"{row.user}/{row.name} counts no more", form, dry_run=dry_run)


def _list_addresses(text: str) -> list[str]:
    """The feeds that a token reads; by the first name of its own that Larry is said to answer to."""
    from django.conf import settings

    from larry.core.feed import FeedName, feed_path

    named = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    host = named[0] if named else "localhost"
    front = f"http://{host}:8000" if host in {"localhost", "127.0.0.1", "[::1]"} else f"https://{host}"
    return [f"{front}{feed_path(name, text)}" for name in FeedName]


def _tell_rights(row: TokenRow) -> str:
    role = ("feeds only, " if row.feeds_only else "") + (row.role or "as its user")
    over = "" if row.kind == "everything" else f" of {row.kind} {row.address}"
    return f"{role}{over}{', with secrets' if row.reveals else ''}"
