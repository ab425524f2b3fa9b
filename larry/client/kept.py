"""Answers that are kept: given again while fresh, then asked about by their ETag, and told while Larry is away."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock

from larry.client.answer import Answer

Clock = Callable[[], float]
"""Seconds that only ever grow."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer with the moments until which it is fresh, and may be told while Larry is away."""

    answer: Answer
    fresh_until: float
    stale_until: float


class Kept:
    """The latest answers by address, at most so many; in memory, and so gone with the program. Safe among threads."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most, self._clock, self._lock = most, clock, Lock()
        self._answers: OrderedDict[str, KeptAnswer] = OrderedDict()

    def find(self, address: str) -> KeptAnswer | None:
        """What is kept of an address, fresh or not."""
        with self._lock:
            kept = self._answers.get(address)
            if kept is not None:
                self._answers.move_to_end(address)
            return kept

    def is_fresh(self, kept: KeptAnswer) -> bool:
        return self._clock() < kept.fresh_until

    def may_stand_in(self, kept: KeptAnswer) -> bool:
        """Whether it may be told while Larry is away: stale-if-error counts from the end of freshness (RFC 5861)."""
        return self._clock() < kept.stale_until

    def keep(self, address: str, answer: Answer) -> Answer:
        """Keep an answer that says for how long; one without an ETag or with no-store is not kept."""
        said = answer.freshness
        if answer.etag is None or "no-store" in answer.headers.get("cache-control", ""):
            return answer
        fresh = self._clock() + said.get("max-age", 0)
        with self._lock:
            self._answers[address] = KeptAnswer(answer, fresh, fresh + said.get("stale-if-error", 0))
            self._answers.move_to_end(address)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return answer

    def renew(self, address: str, kept: KeptAnswer, again: Answer) -> Answer:
        """What is kept, with the headers of the 304 that says it is still so."""
        return self.keep(address, replace(kept.answer, headers={**kept.answer.headers, **again.headers}))

    def drop(self, address: str) -> None:
        with self._lock:
            self._answers.pop(address, None)
