"""Prints what backups audit as configurations of borgmatic, one for each subject."""

from __future__ import annotations

import re
from collections.abc import Mapping

from larry.core.document import Json
from larry.core.fleet import Fleet
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint, refuse_stop, yaml_block
from larry.exports.watch.watched import Unfit, Watched, as_map, list_watched

_FIELDS = ("address", "configuration", "port")
_PLAIN = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_.:/@-]*")
_SECRET = re.compile(r"(?:^|[._])(?:password|passphrase)$")
_VARIABLE = re.compile(r"(?=\$\{[A-Za-z0-9_]+(?::?-[^}]+)?\})")
_SECTIONS = ("location", "storage", "retention", "consistency", "output", "hooks")


def write_host_jobs(dated: DatedNode, *, stop: bool = False) -> str:
    """The jobs of one host, as YAML documents under their names. borgmatic takes one for each file: `write_job_files`.

    Raises `CannotPrint` for what borgmatic, borg or a shell would misread, and for ``stop``.
    """
    refuse_stop("borgmatic", stop=stop)
    jobs = _list_jobs(dated)
    if not jobs:
        return "# Written by Larry: nothing is backed up from here.\n"
    return "".join(f"---\n# {name}.yaml\n{text}" for name, text in jobs.items())


def write_job_files(fleet: Fleet) -> Mapping[str, str]:
    """``HOST/NAME.yaml`` of every job of every host: a folder ``/etc/borgmatic.d`` for each host."""
    return {f"{host.name}/{name}.yaml": text for host in fleet.hosts for name, text in _list_jobs(host.dated).items()}


def _list_jobs(dated: DatedNode) -> dict[str, str]:
    """Always by instance: an archive's name may not change when a second database comes to its host."""
    jobs: dict[str, str] = {}
    for watched in list_watched("borgmatic", dated, (), _FIELDS, per="instance"):
        name = f"{watched.subject.host}-{watched.name}"
        text = f"{yaml_block(_configuration(watched, name)).removeprefix(chr(10))}\n"
        if jobs.setdefault(name, text) != text:
            raise CannotPrint(f"{name} would be backed up in two ways, by {watched.auditor.key} and another: skip one")
    return jobs


def _configuration(watched: Watched, name: str) -> Json:
    """What ``tools`` say, with archives named so that no job ever prunes those of another."""
    said = watched.get("configuration", None, _admit)
    if not isinstance(said, Mapping) or not as_map(said.get("location")).get("repositories"):
        raise watched.refuse("configuration", said, "must be a map, such as {location: {repositories: [/srv/x.borg]}}")
    for section, members in said.items():
        if section not in _SECTIONS or not isinstance(members, Mapping):
            raise CannotPrint(
                f"{watched.place}: configuration.{section} is no section; there are {', '.join(_SECTIONS)}, each a map"
            )
    location = {"source_directories": (), **as_map(said["location"])}
    storage = {"archive_name_format": f"{name}-{{now:%Y-%m-%dT%H:%M:%S.%f}}", **as_map(said.get("storage"))}
    prefix = {} if "archive_name_format" in as_map(said.get("storage")) else {"prefix": f"{name}-"}
    retention = {**prefix, **as_map(said.get("retention"))}
    consistency = {**prefix, **as_map(said.get("consistency"))}
    parts = {**said, "location": location, "storage": storage, "retention": retention, "consistency": consistency}
    return {section: parts[section] for section in _SECTIONS if parts.get(section)}


def _admit(field: str, text: str) -> str:
    """A password goes through the environment and may be anything; all else may reach borg's or a shell's eyes."""
    if _SECRET.search(field):
        return _VARIABLE.sub(r"\\", text)
    if text != "all" and _PLAIN.fullmatch(text) and ".." not in text.split("/"):
        return text
    raise Unfit("must be letters, digits and _ . : / @ -, with no - in front, and neither all nor a path with ..")
