"""Workers in processes of their own, at the database of these tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def environment() -> dict[str, str]:
    """What a process needs to find this database, and to be let send to the loopback."""
    told = connection.settings_dict
    url = f"sqlite://{told['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{told['USER']}:{told['PASSWORD']}@{told['HOST']}:{told['PORT']}/{told['NAME']}"
    return {**os.environ, "LARRY_DATABASE_URL": url, "LARRY_WEBHOOK_NETWORKS": "127.0.0.0/8"}


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``python`` with these arguments while the block lasts."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
