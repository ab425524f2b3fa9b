"""Prints a node as JSON: the pinned shape, for programs."""

from __future__ import annotations

import json
from typing import Any

from larry.core.document import thaw
from larry.core.node_text import DatedNode, dated_document


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The document, indented; with ``stop`` its services in reverse order."""
    document: dict[str, Any] = dated_document(dated)
    if stop:
        document["services"].reverse()
    return json.dumps(thaw(document), ensure_ascii=False, indent=2) + "\n"
