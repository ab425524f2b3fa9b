"""Prints a node as a POSIX shell script that runs one script for each service in order, up to the first failure."""

from __future__ import annotations

from larry.core.node_text import DatedNode
from larry.exports.shell.entry import list_runs, quote_word, set_variables

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


def write_script(dated: DatedNode, *, stop: bool = False) -> str:
    """The script; with ``stop`` it runs in reverse order and calls the scripts with ``stop``.

    A service's script is named by its key, or by ``tools.shell.script``; ``tools.shell.skip: true`` leaves it out.
    Raises `CannotPrint` for a script that is no plain file name.
    """
    entries = list_runs(dated)
    if stop:
        entries.reverse()
    head = _HEAD.format(
        host=quote_word(dated.node.facts.name),
        scripts="$LARRY_SCRIPTS",
        do="stop" if stop else "start",
        keys="".join(f"    printf '%s\\n' {quote_word(entry.key)}\n" for entry, _, _ in entries),
        needs="".join(f"need {quote_word(entry.key)} {quote_word(script)}\n" for entry, _, script in entries),
    )
    return "\n".join(
        [head, *(f"{set_variables(entry, of)}\nrun {quote_word(script)}\n" for entry, of, script in entries)]
    )
