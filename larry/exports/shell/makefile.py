"""Prints a Makefile that starts and stops the services of a host, in parallel where their order lets it."""

from __future__ import annotations

from collections.abc import Mapping

from larry.core.fleet import Fleet
from larry.core.node import NodeService
from larry.core.node_text import DatedNode
from larry.exports import refuse_stop
from larry.exports.shell.entry import list_runs
from larry.exports.shell.run_parts import list_parts, name_part

_HEAD = """\
# make -j4 starts what is on {host}, make -j4 stop stops it; each by its script in $(PARTS). No value stands in here.
PARTS ?= parts

.PHONY: start stop
start: {starts}
stop: {stops}
"""


def write_makefile(dated: DatedNode, *, stop: bool = False) -> str:
    """The Makefile, for the folder that the dialect run-parts makes. It has a target ``stop`` of its own."""
    refuse_stop("make", stop=stop, instead="make stop")
    runs = [entry for entry, _, _ in list_runs(dated)]
    before = _list_before(dated, {entry.key for entry in runs})
    names = {entry.key: name_part(place, entry.key) for place, entry in enumerate(runs)}
    head = _HEAD.format(
        host=dated.node.facts.name,
        starts=" ".join(f"start/{key}" for key in names),
        stops=" ".join(f"stop/{key}" for key in reversed(names)),
    )
    return "\n".join([head, *(_rules(key, name, before) for key, name in names.items())])


def write_makefiles(fleet: Fleet) -> Mapping[str, str]:
    """HOST/Makefile, and the scripts that it runs in HOST/parts."""
    files: dict[str, str] = {}
    for host in fleet.hosts:
        files[f"{host.name}/Makefile"] = write_makefile(host.dated)
        files.update({f"{host.name}/parts/{name}": text for name, text in list_parts(host.dated).items()})
    return files


def _rules(key: str, name: str, before: Mapping[str, set[str]]) -> str:
    after = sorted(other for other, earlier in before.items() if key in earlier)
    starts = "".join(f" start/{other}" for other in sorted(before[key]))
    stops = "".join(f" stop/{other}" for other in after)
    return (
        f".PHONY: start/{key} stop/{key}\nstart/{key}:{starts}\n\t@$(PARTS)/{name} start\n"
        f"stop/{key}:{stops}\n\t@$(PARTS)/{name} stop\n"
    )


def _list_before(dated: DatedNode, kept: set[str]) -> dict[str, set[str]]:
    """What comes right before each that is kept; order passes through what is left out."""
    standing: dict[str, set[str]] = {}

    def settle(entry: NodeService) -> set[str]:
        return {other for key in entry.after for other in standing.get(key, ())}

    before = {}
    for entry in dated.node.services:
        earlier = settle(entry)
        standing[entry.key] = {entry.key} if entry.key in kept else earlier
        if entry.key in kept:
            before[entry.key] = earlier
    return before
