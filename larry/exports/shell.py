"""Prints a node as a POSIX shell script that runs one script for each service in order, up to the first failure."""

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

_HEAD = """\
#!/bin/sh
# Runs {scripts}/SCRIPT {do} for each service of a host, in order, with the variables
# LARRY_HOST, LARRY_SERVICE, LARRY_KEY, LARRY_FOR (paths), LARRY_PARAMETERS and LARRY_AUDITS (JSON), and the whole entry
# as JSON on standard input. What is too long for the environment is empty there, and whole on standard input.
# --list prints the keys and runs nothing. LARRY_SKIP_MISSING=1 passes over services that have no script.
set -u
scripts=${{LARRY_SCRIPTS:-/etc/larry/scripts}}
LARRY_HOST={host}
export LARRY_HOST LARRY_SERVICE LARRY_KEY LARRY_FOR LARRY_PARAMETERS LARRY_AUDITS

say() {{
    printf 'larry: %s\\n' "$1" >&2
}}

need() {{
    [ -x "$scripts/$2" ] && [ ! -d "$scripts/$2" ] && return
    [ "${{LARRY_SKIP_MISSING-}}" = 1 ] && [ ! -e "$scripts/$2" ] && return
    say "$1: there is no script $scripts/$2 that can be run (LARRY_SKIP_MISSING=1 passes over what is not there)"
    missing=1
}}

run() {{
    [ -e "$scripts/$1" ] || {{ say "$LARRY_KEY: skipped, there is no script $scripts/$1"; return; }}
    printf '%s\\n' "$entry" 2>/dev/null | "$scripts/$1" {do}
    code=$?
    [ "$code" -eq 0 ] && return
    say "$LARRY_KEY: $scripts/$1 {do} failed with code $code; what comes after it was not run"
    exit "$code"
}}

case ${{1-}} in
'') ;;
--list)
{keys}    exit 0 ;;
*)
    say "no such argument: $1 (--list prints the keys)"
    exit 2 ;;
esac

missing=0
{needs}[ "$missing" -eq 0 ] || exit 127
"""


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The script; with ``stop`` it runs in reverse order and calls the scripts with ``stop``.

    A service's script is named by its key, or by ``tools.shell.script``; ``tools.shell.skip: true`` leaves it out.
    Raises `CannotPrint` for a script that is no plain file name.
    """
    entries = _list_entries(dated)
    if stop:
        entries.reverse()
    head = _HEAD.format(
        host=_quote(dated.node.facts.name),
        scripts="$LARRY_SCRIPTS",
        do="stop" if stop else "start",
        keys="".join(f"    printf '%s\\n' {_quote(entry.key)}\n" for entry, _, _ in entries),
        needs="".join(f"need {_quote(entry.key)} {_quote(script)}\n" for entry, _, script in entries),
    )
    return "\n".join([head, *(_call(*each) for each in entries)])


def _list_entries(dated: DatedNode) -> list[tuple[NodeService, Mapping[str, Json], str]]:
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


def _call(entry: NodeService, document: Mapping[str, Json], script: str) -> str:
    """The entry stands in the script once, as text; the variables are filled from the same text where they can be."""
    rest = {name: value for name, value in document.items() if name not in ("parameters", "audits", "tools")}
    parameters, audits = _json(entry.parameters), _json(document["audits"])
    return "\n".join(
        [
            f"LARRY_SERVICE={_quote(entry.service)}",
            f"LARRY_KEY={_quote(entry.key)}",
            f"LARRY_FOR={_quote(' '.join(entry.paths))}",
            f"parameters={_quote(parameters)}",
            f"audits={_quote(audits)}",
            f"LARRY_PARAMETERS={_fitting('parameters', parameters)}",
            f"LARRY_AUDITS={_fitting('audits', audits)}",
            f"entry={_quote(_json(rest)[:-1])}',\"parameters\":'$parameters',\"audits\":'$audits'}}'",
            f"run {_quote(script)}",
            "",
        ]
    )


def _fitting(variable: str, text: str) -> str:
    return f"${variable}" if len(text.encode()) <= LARGEST_VARIABLE else "''"


def _json(value: Json) -> str:
    return json.dumps(thaw(value), ensure_ascii=False, separators=(",", ":"))


def _quote(text: str) -> str:
    """The text in single quotes, in which a shell reads everything but the quote as it stands."""
    return "'" + text.replace("'", "'\\''") + "'"
