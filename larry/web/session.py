"""Sessions are kept in the database, by keys that only Larry makes: what is none is not looked for there."""

from __future__ import annotations

import re

from django.contrib.sessions.backends.db import SessionStore as StoredSession

_KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(StoredSession):
    """Django's, of whose keys nobody can send one that a database refuses to compare."""

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and _KEY.fullmatch(key) is not None
