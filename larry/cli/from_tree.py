"""What commands read of a published tree instead of the database."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from larry.cli.failure import CannotStart
from larry.cli.published_tree import mask_dated, mask_fleet
from larry.cli.publisher import read_host, read_tree
from larry.core.fleet import Fleet, fleet_at
from larry.core.interval import iso
from larry.core.node_text import DatedNode


def read_published_node(folder: Path, host: str, moment: datetime) -> DatedNode:
    """The node of a host as it was published; refused where the tree says nothing of that moment."""
    timeline = read_host(folder, host.lower(), _warn)
    dated = timeline.find(moment)
    if dated is None:
        first = min(each.start for each in timeline.segments)
        raise CannotStart(f"{folder} says of {host} what holds from {iso(first)} on, not at {iso(moment)}")
    return mask_dated(dated)


def read_published_fleet(folder: Path, moment: datetime) -> Fleet:
    """All hosts as they were published."""
    return mask_fleet(fleet_at(read_tree(folder, _warn), moment))


def _warn(text: str) -> None:
    click.echo(f"larry: {text}", err=True)
