"""Prints a node, or a fleet of them, as YAML that Ruby and Python read alike: no plain text, nothing like a date."""

from __future__ import annotations

from typing import Any

from larry.core.fleet import Fleet, fleet_document
from larry.core.node_text import DatedNode, dated_document
from larry.exports import yaml_block


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The same document as in JSON; with ``stop`` its services in reverse order."""
    document: dict[str, Any] = dated_document(dated)
    if stop:
        document["services"].reverse()
    return yaml_block(document).lstrip("\n") + "\n"


def render_fleet(fleet: Fleet) -> str:
    """The same document as in JSON."""
    return yaml_block(fleet_document(fleet)).lstrip("\n") + "\n"
