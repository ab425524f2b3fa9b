"""Prints a node as CFEngine's augments (`def.json`): classes, and variables in the scope ``larry``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from larry.core.document import Json, canonical_text, thaw
from larry.core.node_text import DatedNode, dated_document
from larry.exports import CannotPrint

LARGEST_NUMBER = 2**31 - 1
"""CFEngine reads larger whole numbers as -1."""

_EXPANDED = re.compile(r"[$@][({]")
_NO_CHARACTER = re.compile("[\x01-\x07\x0b\x0e-\x1f]")
_LEVELS = ("customer", "app", "instance")


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """The file: ``larry.order`` has the keys of what is on the host in start order (with ``stop`` in reverse), and
    ``larry.services`` the entries by key.

    Raises `CannotPrint` for texts that CFEngine would expand or spoil, and numbers that it would round: no way of
    writing them is known that every policy reads back.
    """
    document: dict[str, Any] = dated_document(dated)
    own, services = document.pop("own_parameters"), document.pop("services")
    kept = [entry for entry in services if not _is_skipped(entry)]
    keys = [entry["key"] for entry in kept]
    document |= {"order": keys[::-1] if stop else keys, "services": {entry["key"]: entry for entry in kept}, "own": own}
    classes = {f"larry_service_{entry['service']}": ["any"] for entry in kept}
    classes |= {f"larry_{_LEVELS[path.count('/')]}_{path.replace('/', '__')}": ["any"] for path in sorted(own)}
    # CFEngine takes no null for a variable: without a next change there is no larry.next_change.
    said = {name: value for name, value in document.items() if value is not None}
    values = {f"default:larry.{name}": {"value": _exact(value, name)} for name, value in said.items()}
    augments: Any = thaw({"classes": classes, "variables": values})
    return json.dumps(augments, ensure_ascii=False, indent=1) + "\n"


def _is_skipped(entry: Mapping[str, Any]) -> bool:
    settings = (entry["tools"] or {}).get("cfengine", {})
    if not isinstance(settings, Mapping):
        raise CannotPrint(f"{entry['service']}: tools.cfengine must be a map, such as {{skip: true}}")
    return settings.get("skip") is True


def _exact(value: Json, path: str) -> Json:
    if isinstance(value, str):
        _refuse_text(value, path)
        return value.replace("\\", "\\\\")  # CFEngine reads escapes in values twice; in keys once
    if isinstance(value, Mapping):
        for key in value:
            _refuse_text(key, f"a key in {path}")
        return {key: _exact(member, f"{path}.{key}") for key, member in value.items()}
    if isinstance(value, Sequence):
        return [_exact(member, f"{path}[{place}]") for place, member in enumerate(value)]
    if isinstance(value, float) and float(f"{value:.2f}") != value:
        raise CannotPrint(f"{path}: CFEngine rounds {canonical_text(value)} to two places: say it as text")
    if isinstance(value, int | float) and abs(value) > LARGEST_NUMBER:
        raise CannotPrint(f"{path}: CFEngine cannot read {canonical_text(value)}, 2^31 - 1 at most: say it as text")
    return value


def _refuse_text(text: str, path: str) -> None:
    found = _EXPANDED.search(text)
    if found:
        raise CannotPrint(
            f"{path}: CFEngine expands {found.group()} wherever the text is used, and has no way to say it plainly: "
            "say it without, or keep the service from CFEngine (tools.cfengine.skip)"
        )
    if _NO_CHARACTER.search(text):
        raise CannotPrint(f"{path}: CFEngine spoils control characters: say it without {canonical_text(text)[:60]}")
