"""The entries that shell scripts run for, and the variables that each script finds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from larry.core.document import Json, canonical_text, thaw
from larry.core.node import NodeService
from larry.core.node_text import DatedNode, dated_document
from larry.exports import CannotPrint

LARGEST_VARIABLE = 100_000
"""Bytes that one variable of the environment may have; Linux ends at 131,072 with its name (MAX_ARG_STRLEN)."""

_SCRIPT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def list_runs(dated: DatedNode) -> list[tuple[NodeService, Mapping[str, Json], str]]:
    """What the shell runs: the entry, the entry as a document, its script; in start order."""
    documents: Any = dated_document(dated)["services"]
    found = (
        (entry, document, _find_script(entry)) for entry, document in zip(dated.node.services, documents, strict=True)
    )
    return [(entry, document, script) for entry, document, script in found if script is not None]


def _find_script(entry: NodeService) -> str | None:
    tools = entry.tools if isinstance(entry.tools, Mapping) else {}
    settings = tools.get("shell", {})
    if not isinstance(settings, Mapping):
        raise CannotPrint(f"{entry.service}: tools.shell must be a map, such as {{script: ntp.sh}}")
    if settings.get("skip") is True:
        return None
    script = settings.get("script")
    if script is None:
        return entry.service
    if not isinstance(script, str) or not _SCRIPT.fullmatch(script):
        raise CannotPrint(f"{entry.service}: tools.shell.script {canonical_text(script)} is no plain file name")
    return script


def set_variables(entry: NodeService, document: Mapping[str, Json]) -> str:
    """Lines that set everything. The entry stands there once, and variables are filled from it where they can be."""
    rest = {name: value for name, value in document.items() if name not in ("parameters", "audits", "tools")}
    parameters, audits = _json(entry.parameters), _json(document["audits"])
    return "\n".join(
        [
            f"LARRY_SERVICE={quote_word(entry.service)}",
            f"LARRY_KEY={quote_word(entry.key)}",
            f"LARRY_FOR={quote_word(' '.join(entry.paths))}",
            f"parameters={quote_word(parameters)}",
            f"audits={quote_word(audits)}",
            f"LARRY_PARAMETERS={_fitting('parameters', parameters)}",
            f"LARRY_AUDITS={_fitting('audits', audits)}",
            f"entry={quote_word(_json(rest)[:-1])}',\"parameters\":'$parameters',\"audits\":'$audits'}}'",
        ]
    )


def _fitting(variable: str, text: str) -> str:
    return f"${variable}" if len(text.encode()) <= LARGEST_VARIABLE else "''"


def _json(value: Json) -> str:
    return json.dumps(thaw(value), ensure_ascii=False, separators=(",", ":"))


def quote_word(text: str) -> str:
    """The text in single quotes, in which a shell reads everything but the quote as it stands."""
    return "'" + text.replace("'", "'\\''") + "'"
