"""Prints what auditors of logs audit as stanzas of logrotate, one for each subject."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from larry.core.document import Json
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint, refuse_stop
from larry.exports.watch.watched import Watched, list_watched

_EVERY = {"hour": "hourly", "day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}
_FLAGS = ("compress", "copytruncate", "dateext", "delaycompress", "missingok", "notifempty", "sharedscripts")
_NUMBERS = ("maxage", "rotate", "start")
_SCRIPTS = ("firstaction", "lastaction", "postrotate", "preremove", "prerotate")
_PATH = re.compile(r"/[^\x00-\x1f\x7f\"'\\{}]*")
_OWNER = r"[a-z_][a-z0-9_-]*"
_SIZE = (re.compile(r"[0-9]{1,12}[kMG]?"), "a text such as 100k or 2M")
_TEXTS = {
    "maxsize": _SIZE,
    "minsize": _SIZE,
    "size": _SIZE,
    "create": (
        re.compile(rf"[0-7]{{3,4}}(?: {_OWNER} {_OWNER})?"),
        "a text, a mode or mode, owner and group, such as 0640 www-data adm",
    ),
    "su": (re.compile(rf"{_OWNER} {_OWNER}"), "a user and a group, such as www-data adm"),
}
_FIELDS = ("address", "every", "paths", "port", *_FLAGS, *_NUMBERS, *_SCRIPTS, *_TEXTS)
_USUAL = {"missingok": True}
_NOT = {"notifempty": "ifempty"}


def write_stanzas(dated: DatedNode, *, stop: bool = False) -> str:
    """The stanzas of one host, in start order. Raises `CannotPrint` for what logrotate would misread, for logs of
    another host, for a log that two stanzas name, and for ``stop``.
    """
    refuse_stop("logrotate", stop=stop)
    owners: dict[str, str] = {}
    stanzas = []
    for watched in list_watched("logrotate", dated, (), _FIELDS):
        if watched.subject.host != watched.watcher:
            raise CannotPrint(f"{watched.place}: logs are rotated on their own host: audit with where: same-host")
        for path in (paths := _read_paths(watched)):
            owner = f"{watched.auditor.key} for {watched.name}"
            if owners.setdefault(path, owner) != owner:
                raise CannotPrint(f"{path} would be rotated twice, by {owners[path]} and by {owner}: let one leave it")
        stanzas.append(_stanza(watched, paths))
    return "\n".join(["# Written by Larry: one stanza for each service whose logs are audited.\n", *stanzas])


def _stanza(watched: Watched, paths: Sequence[str]) -> str:
    return "".join(
        [
            f"# {watched.name}, by {watched.auditor.key}\n",
            " ".join(f'"{path}"' for path in paths),
            " {\n",
            *(f"    {line}\n" for line in _list_directives(watched)),
            "}\n",
        ]
    )


def _list_directives(watched: Watched) -> Iterator[str]:
    if (every := watched.get("every")) is not None:
        if not isinstance(every, str) or every not in (*_EVERY, *_EVERY.values()):
            raise watched.refuse("every", every, f"must be one of {', '.join(_EVERY)}")
        yield _EVERY.get(every, every)
    for name in _NUMBERS:
        if (number := watched.number(name)) is not None:
            yield f"{name} {number}"
    for name, (pattern, such_as) in _TEXTS.items():
        if name in watched.fields:
            yield f"{name} {watched.text(name, None, pattern, such_as)}"
    for name in _FLAGS:
        if (flag := watched.flag(name, _USUAL.get(name))) is not None:
            yield name if flag else _NOT.get(name, f"no{name}")
    for name in _SCRIPTS:
        if name in watched.fields:
            yield from _script(watched, name, watched.fields[name])


def _script(watched: Watched, name: str, text: Json) -> Iterator[str]:
    """Only what stands in ``tools`` itself is ever run: nothing is looked up in it."""
    if not isinstance(text, str) or "\x00" in text or "\r" in text:
        raise watched.refuse(name, text, "must be a script, written out: nothing is looked up in what root runs")
    lines = text.rstrip("\n").split("\n")
    if any(line.strip() == "endscript" for line in lines):
        raise watched.refuse(name, text, "has a line endscript, which would end it")
    yield from (name, *lines, "endscript")


def _read_paths(watched: Watched) -> tuple[str, ...]:
    said = watched.get("paths", {"setting": "path", "default": None})
    listed = [said] if isinstance(said, str) else said
    if not isinstance(listed, Sequence) or not listed:
        raise watched.refuse("paths", said, "must be a list of paths; * and ? stand for what they do in a shell")
    return tuple(_read_path(watched, path) for path in listed)


def _read_path(watched: Watched, path: Json) -> str:
    if not isinstance(path, str) or not _PATH.fullmatch(path) or ".." in path.split("/"):
        reason = "must be a whole path, without .. or quotes, braces, backslashes and ends of lines"
        raise watched.refuse("paths", path, reason)
    return path
