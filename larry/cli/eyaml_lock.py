"""Secrets locked for Hiera, kept beside the tree: each is locked once, so that no file changes without cause."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from larry.core.document import Json, thaw
from larry.exports import CannotPrint
from larry.exports.puppet.eyaml import lock_secret, read_public_key
from larry.exports.puppet.hiera import Lock
from larry.outside.published_file import NotPublished, read_published, replace_files

_NAME = "locks.json"


def make_lock(
    folder: Path, certificate: Path, secrets: Iterable[str], reveal: Callable[[Iterable[str]], Mapping[str, Json]]
) -> Lock:
    """What stands in Hiera's tree for each secret; only those not locked before are revealed.

    The lock raises `CannotPrint` for what eyaml cannot hold and for a secret that could not be revealed.
    """
    pem = certificate.read_bytes()
    public, key = read_public_key(pem), hashlib.sha256(pem).hexdigest()
    locked = _read(folder / _NAME, key)
    missing = [hmac for hmac in secrets if hmac not in locked]
    refused: dict[str, str] = {}
    for hmac, value in reveal(missing).items() if missing else ():
        try:
            locked[hmac] = lock_secret(value, public)
        except CannotPrint as fault:
            refused[hmac] = str(fault)
    replace_files({folder / _NAME: json.dumps({"key": key, "locked": thaw(locked)}, sort_keys=True) + "\n"})

    def lock(hmac: str) -> Json:
        if hmac not in locked:
            raise CannotPrint(refused.get(hmac, "a secret is not locked yet: publish again when the database answers"))
        return locked[hmac]

    return lock


def _read(path: Path, key: str) -> dict[str, Json]:
    """What was locked before with the same public key."""
    try:
        document = json.loads(read_published(path).text)
    except NotPublished:
        return {}
    return dict(document["locked"]) if document["key"] == key else {}
