"""`larry list`, `show`, `set` and `retire`: the simple nouns, derived from their specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from larry.cli.noun_argument import noun_argument, read_settings
from larry.cli.option import act_options, as_of_option, document_option, listing_option
from larry.cli.printing import Column, print_document, print_listing, print_table
from larry.cli.session import open_session

if TYPE_CHECKING:
    from larry.nouns.field import Field
    from larry.nouns.item import Item


@click.command("list")
@noun_argument
@as_of_option
@listing_option
def list_nouns(*, noun: str, as_of: str | None, form: str) -> None:
    """List all nouns of one sort: role, grade, pool, service, customer, app, instance or host.

    \b
    Examples:
      larry list hosts
      larry list instance --format csv
    """
    session = open_session()

    from larry.cli.noun_text import show_in_cell
    from larry.nouns.table import NOUNS
    from larry.queries.noun import list_items

    def column(field: Field) -> Column[Item]:
        return Column(field.label, lambda item: show_in_cell(field, item.values[field.name]))

    items = session.call(list_items)(noun, session.reader, session.at(as_of))
    session.say_as_now(NOUNS[noun].plural, as_of)
    hidden = {"key", "name"} if noun == "host" else {"key"}  # its name is a host's address
    shown = [field for field in NOUNS[noun].fields if field.name not in hidden]
    columns: list[Column[Item]] = [Column("address", lambda item: item.address), *map(column, shown)]
    print_listing(items, columns, lambda row: row.document, form, nothing=f"no {NOUNS[noun].plural}")


@click.command("show")
@noun_argument
@click.argument("address")
@as_of_option
@document_option
def show_noun(*, noun: str, address: str, as_of: str | None, form: str) -> None:
    """Show everything about one noun, by its key, path or name.

    \b
    Examples:
      larry show host web1.example.com
      larry show instance acme/shop/production --format yaml
    """
    session = open_session()

    from larry.nouns.field_text import show_in_lines
    from larry.nouns.table import NOUNS
    from larry.queries.noun import get_item

    item = session.call(get_item)(noun, address, session.reader, session.at(as_of))
    session.say_as_now(f"the {noun}", as_of)
    if form != "table":
        print_document(item.document, form)
        return
    rows = [("address", item.address)]
    for field in NOUNS[noun].fields:
        lines = show_in_lines(field, item.values[field.name]) or ("-",)
        rows += zip((field.label, *[""] * len(lines)), lines, strict=False)
    columns: tuple[Column[tuple[str, str]], ...] = (Column(noun, lambda row: row[0]), Column("", lambda row: row[1]))
    print_table(columns, rows)


@click.command("set")
@noun_argument
@click.argument("address")
@click.argument("settings", nargs=-1, metavar="FIELD=VALUE...")
@click.option("--like", metavar="CUSTOMER/APP", help="Create an app whose instances follow those of this one.")
@act_options
def set_noun(
    *,
    noun: str,
    address: str,
    settings: tuple[str, ...],
    like: str | None,
    reason: str | None,
    dry_run: bool,
    form: str,
) -> None:
    """Change some fields of a noun, or create one by giving its name. A VALUE is JSON; what is no JSON is text.

    A new app can be made --like another: it gets an instance for each of the other's, of the same name, with what that
    requires, demands and wants of copies, and with its parameters, because it follows it as its template.

    What is live stays as it is: an instance that an edit touches becomes dirty until it is deployed again.

    \b
    Examples:
      larry set host web9.example.com name=web9.example.com addresses='["10.0.0.19"]' roles='["web"]'
      larry set customer acme parameters='{"timezone": "Europe/Berlin"}' --reason "they moved"
      larry set service rails description="the stack our apps run on" --dry-run
      larry set app zeta/shop --like acme/shop --reason "a second shop" --dry-run
    """
    if not settings and like is None:
        raise click.UsageError("say what to set: FIELD=VALUE, such as description='the web'")
    values = dict(read_settings(settings))
    if like is not None:
        if noun != "app":
            raise click.UsageError(f"--like is for apps, and this is to be {noun}: an instance follows a template=PATH")
        values = {"name": address.rpartition("/")[2], **values, "like": like}
    session = open_session()

    from larry.actions.edit import edit
    from larry.cli.change import print_change

    change = session.call(edit)(noun, address, values, session.author(reason), dry_run=dry_run)
    print_change(change, form, dry_run=dry_run)


@click.command("retire")
@noun_argument
@click.argument("address")
@act_options
def retire_noun(*, noun: str, address: str, reason: str | None, dry_run: bool, form: str) -> None:
    """Take a noun out of use. Its history stays; its key stays reserved. Refused while anything depends on it.

    \b
    Examples:
      larry retire host web9.example.com --dry-run
      larry retire host web9.example.com --reason "sold"
    """
    session = open_session()

    from larry.actions.retire import retire
    from larry.cli.change import print_change

    print_change(session.call(retire)(noun, address, session.author(reason), dry_run=dry_run), form, dry_run=dry_run)
