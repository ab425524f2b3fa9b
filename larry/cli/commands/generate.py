"""`larry generate`: an estate that is made up, as large as wanted, to try and to measure on."""

from __future__ import annotations

from pathlib import Path

import click

from larry.cli.output_file import replace_file
from larry.cli.progress import progress_shown
from larry.cli.session import open_session
from larry.nouns.recipe import FEWEST_HOSTS, FEWEST_SERVICES, Recipe, state_recipe

MOST = 1_000_000


@click.command()
@click.option(
    "--hosts", "host_count", type=click.IntRange(FEWEST_HOSTS, MOST), default=100, show_default=True, help="How many."
)
@click.option(
    "--instances", "instance_count", type=click.IntRange(1, MOST), help="How many; as many as hosts, if left out."
)
@click.option(
    "--services",
    "service_count",
    type=click.IntRange(FEWEST_SERVICES, MOST),
    default=200,
    show_default=True,
    help="How many.",
)
@click.option("--years", type=click.FloatRange(0, 50), default=2, show_default=True, help="How much history.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another estate.")
@click.option("--into", metavar="FILE", help="Write an estate file (- for standard output) and touch no database.")
def generate(
    *, host_count: int, instance_count: int | None, service_count: int, years: float, seed: int, into: str | None
) -> None:
    """Make up an estate, and fill an empty database with it: few customers that have much and many that have little, a
    service graph with hubs, auditors, deployments that were, are and will be. The same numbers make the same estate;
    days of its history count from today.

    An estate file holds what is described and not what is deployed.

    \b
    Examples:
      LARRY_HOME=/tmp/large larry generate --hosts 1000
      LARRY_HOME=/tmp/large larry generate --hosts 10000 --instances 20000 --services 500 --years 5 --seed 7
      larry generate --hosts 50 --into estate.yaml
    """
    recipe = Recipe(host_count, host_count if instance_count is None else instance_count, service_count, years, seed)
    if into is not None:
        _write_file(into, recipe)
        return
    open_session(needs_database=False)

    from larry.actions.migrate import migrate

    migrate()
    session = open_session()

    from larry.actions.generate import generate as act

    with progress_shown(size=host_count) as progress:
        progress.wait("describing the estate")
        made = act(recipe, session.author("an estate that is made up"), track=progress.track)
    click.echo(
        f"made up {made.nouns:,} nouns, {made.rows.deployments:,} deployments,"
        f" {made.rows.deployed_services:,} deployed services, {made.rows.segments:,} segments of timelines"
    )


def _write_file(into: str, recipe: Recipe) -> None:
    from larry.exports.estate import write_estate
    from larry.nouns.estate import complete

    text = write_estate(complete(state_recipe(recipe), {}))
    if into == "-":
        click.echo(text, nl=False)
    else:
        replace_file(Path(into), text)
