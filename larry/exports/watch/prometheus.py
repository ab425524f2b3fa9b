"""Prints what auditors audit as the targets of Prometheus: one text for file_sd and http_sd."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from larry.core.document import Json, canonical_text
from larry.core.fleet import Fleet
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint, refuse_stop
from larry.exports.watch.watched import Watched, list_watched

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OURS = "__meta_larry_"
_FIELDS = ("address", "job", "labels", "path", "port", "scheme")


def write_host_targets(dated: DatedNode, *, stop: bool = False) -> str:
    """The targets of the auditors of one host. Raises `CannotPrint` for labels that are none, and for ``stop``."""
    refuse_stop("prometheus", stop=stop)
    return _write(_list_groups(dated))


def write_targets(fleet: Fleet) -> str:
    """The targets of all auditors of all hosts."""
    return _write(group for host in fleet.hosts for group in _list_groups(host.dated))


def write_target_files(fleet: Fleet) -> Mapping[str, str]:
    """``HOST.json`` of every host whose auditors have targets, for file_sd, which wants that ending."""
    groups = {host.name: _list_groups(host.dated) for host in fleet.hosts}
    return {f"{name}.json": _write(of) for name, of in groups.items() if of}


def _list_groups(dated: DatedNode) -> list[Json]:
    return [
        {"targets": [_target(watched)], "labels": _labels(watched)}
        for watched in list_watched("prometheus", dated, (), _FIELDS)
    ]


def _target(watched: Watched) -> str:
    address, port = watched.address(), watched.port()
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _labels(watched: Watched) -> dict[str, str]:
    """Those that the user wrote, then those that Prometheus drops unless it is told to keep them."""
    said = watched.get("labels", {})
    if not isinstance(said, Mapping):
        raise watched.refuse("labels", said, "must be a map, such as {team: web}")
    special = {"job": watched.get("job", watched.subject.service)}
    special |= {"__metrics_path__": watched.get("path"), "__scheme__": watched.get("scheme")}
    labels = {name: _text(value) for name, value in {**special, **said}.items() if value is not None}
    for name in labels:
        if not _LABEL.fullmatch(name) or name.startswith(_OURS):
            raise CannotPrint(
                f"{watched.place}: {canonical_text(name)} is no label: letters, digits and _, and not {_OURS} in front"
            )
    return {**labels, **{f"{_OURS}{name}": value for name, value in _meta(watched).items()}}


def _meta(watched: Watched) -> dict[str, str]:
    """Lists have a comma on both sides of each member, as is the custom, so that ``.*,x,.*`` finds one."""
    subject = watched.subject
    found = {
        "host": subject.host,
        "service": subject.service,
        "name": watched.name,
        **watched.levels,
        "for": "".join(f",{path}" for path in subject.paths) + ",",
        "addresses": "".join(f",{address}" for address in subject.addresses) + ",",
        "auditor": watched.auditor.key,
        "watcher": watched.watcher,
    }
    for kind, values in (("parameter", subject.parameters), ("setting", subject.settings)):
        found |= {f"{kind}_{name}": _text(value) for name, value in values.items() if _LABEL.fullmatch(name)}
    return found


def _text(value: Json) -> str:
    """Labels are texts: what is none stands there as JSON."""
    return value if isinstance(value, str) else canonical_text(value)


def _write(groups: Iterable[Json]) -> str:
    return json.dumps(list(groups), ensure_ascii=False, indent=1) + "\n"
