"""Sessions are kept in the database, by keys that only Larry makes: what is none is not looked for there."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as StoredSession
from django.contrib.sessions.models import Session
from django.db.models import CharField, DateTimeField

from larry.outside import clock
from larry.queries.statement import Later, Prepared

_KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(StoredSession):
    """Django's, of whose keys nobody can send one that a database refuses to compare."""

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and _KEY.fullmatch(key) is not None

    def load(self) -> dict[str, Any]:
        """What the session holds, and no key any more where there is none of that key, or it is over."""
        found = _write_search().ask(key=self.session_key, now=clock.now())
        if not found:
            self._session_key = None
            return {}
        told: dict[str, Any] = self.decode(found[0][0])
        return told


@lru_cache(maxsize=1)
def _write_search() -> Prepared:
    rows = Session.objects.filter(session_key=Later("key", CharField()), expire_date__gt=Later("now", DateTimeField()))
    return Prepared.of(rows.values_list("session_data"))
