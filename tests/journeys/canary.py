"""An estate with a canary in every field that may hold a secret, and how a canary is looked for."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.db import connection

from larry.site.settings import LARRY
from tests.database import SESSION, find_programs

STEM = "C4n4rySings"
"""Stands in every text that is a secret; nowhere else in Larry or its tests."""
NUMBER = 770_077_700_777_007
"""The one secret that is a number."""


def canary(number: int, around: str = "{}") -> str:
    return around.format(f"{STEM}{number:02}")


SECRETS: Mapping[str, object] = {
    "customer": canary(1),
    "app": {"left": canary(2), "right": {"deep": [canary(3), "plain"]}},
    "instance": canary(4, "ü\"'{}$(id)\n\t<b>"),
    "list": [canary(5), canary(6)],
    "number": NUMBER,
    "template": canary(7),
    "needed by nobody": canary(8),
    "settings": canary(9),
    "other customer": canary(10),
}

LIVE, TEST, STAGING, OTHER = "acme/shop/live", "acme/shop/test", "acme/shop/staging", "zeta/blog/live"
WEB, SPARE, MONITOR = "web1.example.com", "web2.example.com", "mon.example.com"

_PASSWORD = {"name": "password", "type": "string", "sensitive": True}

ESTATE: Mapping[str, object] = {
    "larry": 1,
    "services": [
        {"name": "system", "parameters": ["plain"]},
        {
            "name": "vault",
            "needs": ["system"],
            "parameters": [
                _PASSWORD,
                {"name": "keyring", "type": "map", "sensitive": True, "merge": "deep"},
                {"name": "pins", "type": "list", "sensitive": True},
                {"name": "pin", "type": "integer", "sensitive": True},
                {"name": "seed", "sensitive": True},
            ],
        },
        {"name": "app", "sharing": "instance", "needs": ["vault"], "parameters": [_PASSWORD]},
        {"name": "lonely", "parameters": [{"name": "token", "sensitive": True}]},
        {
            "name": "watch",
            "parameters": [_PASSWORD, {"name": "watch_key", "sensitive": True}],
            "audits": [{"service": "app", "where": {"host": MONITOR}}],
        },
        {"name": "blind", "audits": [{"service": "app", "where": {"host": MONITOR}}]},
    ],
    "customers": [
        {
            "name": "Acme",
            "parameters": {"password": SECRETS["customer"], "watch_key": SECRETS["settings"], "plain": "in the open"},
            "apps": [
                {
                    "name": "Shop",
                    "parameters": {"keyring": SECRETS["app"]},
                    "instances": [
                        {"name": "Staging", "requires": ["app"], "parameters": {"seed": SECRETS["template"]}},
                        {
                            "name": "Live",
                            "requires": ["app"],
                            "template": STAGING,
                            "parameters": {
                                "password": SECRETS["instance"],
                                "pins": SECRETS["list"],
                                "pin": NUMBER,
                                "token": SECRETS["needed by nobody"],
                            },
                        },
                        {"name": "Test", "requires": ["app"], "template": STAGING,
                         "parameters": {"pins": [], "pin": 1}},
                    ],
                }
            ],
        },
        {
            "name": "Zeta",
            "parameters": {"plain": "", "password": SECRETS["other customer"], "watch_key": "", "keyring": {},
                           "pins": [], "pin": 2, "seed": ""},
            "apps": [{"name": "Blog", "instances": [{"name": "Live", "requires": ["app"]}]}],
        },
    ],
    "hosts": [{"name": WEB, "addresses": ["10.0.0.1"]}, {"name": SPARE}, {"name": MONITOR}],
}  # fmt: skip


def find_canaries(text: str | bytes) -> list[str]:
    """Every form in which a canary, or a readable piece of one, stands in a text."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return [form for form, pattern in _FORMS.items() if pattern in raw]


def _forms() -> Iterator[tuple[str, bytes]]:
    yield "text", STEM.encode()
    yield "number", str(NUMBER).encode()
    yield "UTF-16", STEM.encode("utf-16-le")
    yield "hexadecimal", STEM.encode().hex().encode()
    yield "HEXADECIMAL", STEM.encode().hex().upper().encode()
    for offset in range(3):  # what of base64 does not hang on what stands before and after
        coded = base64.b64encode(b"\0" * offset + STEM.encode())
        yield f"base64 at {offset}", coded[4 if offset else 0 : len(coded) // 4 * 4 - 4]


_FORMS: Mapping[str, bytes] = dict(_forms())


def estate_text() -> str:
    return json.dumps(ESTATE)


# --- what a thief would read ------------------------------------------------------------------------------------------


def read_files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def read_database_files() -> bytes:
    """The very bytes on the disk: SQLite's file with its log, or PostgreSQL's tables, indexes and log."""
    if connection.vendor == "sqlite":
        place = Path(str(connection.settings_dict["NAME"]))
        files = sorted(place.parent.glob(f"{place.name}*"))
        assert place in files
        return b"".join(path.read_bytes() for path in files)
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
    return b"".join(read_files(folder / part) for part in ("base", "global", "pg_wal"))


def read_backup(into: Path) -> bytes:
    """What a person who runs Larry takes as a backup: a copy by SQLite, or pg_dump."""
    if connection.vendor == "sqlite":
        copy = into / "backup.sqlite3"
        with sqlite3.connect(str(connection.settings_dict["NAME"])) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        return copy.read_bytes()
    programs = find_programs()
    assert programs is not None
    of = connection.settings_dict
    address = ["-h", str(of["HOST"]), "-p", str(of["PORT"]), "-U", str(of["USER"]), str(of["NAME"])]
    return subprocess.run([programs / "pg_dump", *address], capture_output=True, check=True, timeout=60).stdout


def read_home() -> bytes:
    """The folder of Larry's own files, the keys among them."""
    assert str(LARRY.home).startswith(os.environ[SESSION])
    return read_files(Path(LARRY.home)) if Path(LARRY.home).exists() else b""
