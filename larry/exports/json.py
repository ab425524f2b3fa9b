"""Prints a node, or a fleet of them, as JSON: the pinned shape, for programs."""

from __future__ import annotations

import json
from typing import Any

from larry.core.document import Json, thaw
from larry.core.fleet import Fleet, fleet_document
from larry.core.node_text import DatedNode, dated_document


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The document, indented; with ``stop`` its services in reverse order."""
    document: dict[str, Any] = dated_document(dated)
    if stop:
        document["services"].reverse()
    return _write(document)


def render_fleet(fleet: Fleet) -> str:
    """Every host's document with its roles and pools."""
    return _write(fleet_document(fleet))


def _write(document: Json) -> str:
    return json.dumps(thaw(document), ensure_ascii=False, indent=2) + "\n"
