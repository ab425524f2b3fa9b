"""Directly: the one question that tools ask most is put to the database here without making Django ready first.

Everything that is not plain is left to the other way, and told by it: wrong settings, a database that is not there or
busy, an unknown host, a moment that is none. So both say the same; tests/cli/test_direct.py holds them equal.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from larry.cli.server_option import find_chosen
from larry.core.moment_text import read_moment
from larry.outside import clock

if TYPE_CHECKING:
    from larry.core.node_text import DatedNode


def find_node_directly(host: str, as_of: str | None) -> DatedNode | None:
    """The node of a host with its secrets masked, or None for whoever is to ask again by Django."""
    if find_chosen() is not None or "django.conf" in sys.modules:
        return None
    now = clock.now()
    try:
        database = importlib.import_module("larry.site.direct_database").find_direct_database(os.environ)
        if database is None:
            return None
        from larry.queries.direct_node import find_direct_node
        from larry.queries.moment import Moment
        from larry.queries.reader import LOCAL

        moment = now if as_of is None else read_moment(as_of, now=now, zone=database.zone)
        return find_direct_node(host, LOCAL, Moment(moment), database.ask, keeps_text=database.keeps_text)
    except Exception:  # noqa: BLE001 — whatever is wrong is told by the other way
        return None
