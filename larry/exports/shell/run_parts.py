"""Prints a folder of scripts that `run-parts` runs in order, and a script that makes the folder."""

from __future__ import annotations

from collections.abc import Mapping

from larry.core.fleet import Fleet
from larry.core.node_text import DatedNode
from larry.exports import refuse_stop
from larry.exports.shell.entry import list_runs, quote_word, set_variables

_PART = """\
#!/bin/sh
# Runs {scripts}/SCRIPT with start, or with the argument that is given (stop).
set -u
LARRY_HOST={host}
{variables}
export LARRY_HOST LARRY_SERVICE LARRY_KEY LARRY_FOR LARRY_PARAMETERS LARRY_AUDITS
script=${{LARRY_SCRIPTS:-/etc/larry/scripts}}/{script}
if [ "${{LARRY_SKIP_MISSING-}}" = 1 ] && [ ! -e "$script" ]; then
    printf 'larry: %s: skipped, there is no script %s\\n' "$LARRY_KEY" "$script" >&2
    exit 0
fi
printf '%s\\n' "$entry" 2>/dev/null | "$script" "${{1:-start}}"
"""

_MAKER = """\
#!/bin/sh
# Makes the folder that is named, anew, with one script for each service of {host}: sh THIS FOLDER.
set -eu
umask 077
[ $# -eq 1 ] || {{ echo "name the folder to be made" >&2; exit 2; }}
new=$1.new.$$
trap 'rm -rf "$new"' EXIT
mkdir "$new"
part() {{
    printf '%s\\n' "$2" >"$new/$1"
    chmod 755 "$new/$1"
}}
{parts}rm -rf "$1"
mv "$new" "$1"
"""


def write_maker(dated: DatedNode, *, stop: bool = False) -> str:
    """The script that makes the folder. ``run-parts --reverse`` stops: there is no other text for it."""
    refuse_stop("run-parts", stop=stop, instead="run the folder with --reverse --arg=stop")
    parts = "".join(
        f"part {name} {quote_word(text.removesuffix(chr(10)))}\n" for name, text in list_parts(dated).items()
    )
    return _MAKER.format(host=dated.node.facts.name, parts=parts)


def write_folders(fleet: Fleet) -> Mapping[str, str]:
    """HOST/NUMBER-KEY to script, of all hosts."""
    return {f"{host.name}/{name}": text for host in fleet.hosts for name, text in list_parts(host.dated).items()}


def list_parts(dated: DatedNode) -> dict[str, str]:
    """Name to script, in start order, which is that of the names."""
    host = quote_word(dated.node.facts.name)
    return {
        name_part(place, entry.key): _PART.format(
            scripts="$LARRY_SCRIPTS", host=host, variables=set_variables(entry, of), script=quote_word(script)
        )
        for place, (entry, of, script) in enumerate(list_runs(dated))
    }


def name_part(place: int, key: str) -> str:
    """``0010-ntp``: letters, digits, dashes and underscores, or run-parts passes over it."""
    return f"{(place + 1) * 10:05}-{key}"
