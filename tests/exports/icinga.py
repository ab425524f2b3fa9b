"""The real Icinga 2 as a reader: the objects that it made of a file, as it writes them down itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.tools import require

Made = dict[tuple[str, str], dict[str, Any]]
"""By kind and full name (``HOST!SERVICE``), the attributes."""

_KINDS = ("Dependency", "Host", "HostGroup", "Service", "ServiceGroup")
_MAIN = """\
include <itl>
include <plugins>
template Host "generic-host" { check_command = "hostalive" }
template Service "generic-service" { max_check_attempts = 5 }
template Service "slow" { check_interval = 1h }
object CheckCommand "mine" { command = [ "/bin/true" ] }
include "larry.conf"
"""


def check(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """``icinga2 daemon -C`` with the file and templates of the names that Debian's samples have."""
    icinga = require("icinga2")
    (folder / "larry.conf").write_text(text, encoding="utf-8")
    (folder / "icinga2.conf").write_text(_MAIN)
    constants = {
        "PluginDir": "/usr/lib/nagios/plugins", "RunAsUser": "root", "RunAsGroup": "root",
        "DataDir": folder, "CacheDir": folder, "LogDir": folder, "SpoolDir": folder, "InitRunDir": folder,
    }  # fmt: skip
    asked: list[str | Path] = [
        icinga,
        "daemon",
        "-C",
        "-c",
        str(folder / "icinga2.conf"),
        *(f"-D{k}={v}" for k, v in constants.items()),
    ]
    return subprocess.run(asked, capture_output=True, encoding="utf-8", check=False)


def understood(text: str, folder: Path) -> Made:
    """What Icinga made of the file; its own commands left out."""
    done = check(text, folder)
    assert done.returncode == 0, done.stdout
    found: Made = {}
    for each in _read_strings((folder / "icinga2.debug").read_bytes()):
        if each["type"] in _KINDS:
            found[each["type"], each["properties"]["__name"]] = each["properties"]
    return found


def _read_strings(content: bytes) -> Iterator[dict[str, Any]]:
    """JSON documents, each a netstring."""
    while content:
        length, _, rest = content.partition(b":")
        yield json.loads(rest[: int(length)])
        content = rest[int(length) + 1 :]
