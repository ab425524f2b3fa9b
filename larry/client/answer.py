"""An answer is what came back: status, headers and body, read whole before anybody sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers`` by name in lower case; ``is_stale``: it was kept, and Larry is away."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_stale: bool = False
    request: str = ""
    """Method and address, without what was asked in a query."""

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def document(self) -> Any:
        """The body as JSON. Raises ValueError when it is none."""
        return json.loads(self.body)

    @property
    def etag(self) -> str | None:
        return self.headers.get("etag")

    @property
    def as_of(self) -> datetime | None:
        """Of which moment the answer is, where it says so."""
        return self._moment("larry-as-of")

    @property
    def next_change(self) -> datetime | None:
        """Until when it holds, as far as is known."""
        return self._moment("larry-next-change")

    @property
    def note(self) -> str | None:
        """What was asked of another moment and is told as it is now."""
        return self.headers.get("larry-note")

    @property
    def freshness(self) -> Mapping[str, int]:
        """The seconds that Cache-Control names: ``max-age``, ``stale-if-error``."""
        found: dict[str, int] = {}
        for part in self.headers.get("cache-control", "").split(","):
            name, _, seconds = part.strip().partition("=")
            if seconds.isascii() and seconds.isdigit():
                found[name.lower()] = int(seconds[:10])
        return found

    def kept_while_away(self) -> Answer:
        """The same, told as an answer of before."""
        return replace(self, is_stale=True)

    def _moment(self, name: str) -> datetime | None:
        text = self.headers.get(name)
        return datetime.fromisoformat(text) if text else None
