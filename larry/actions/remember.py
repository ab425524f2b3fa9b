"""Remember: an act that is asked for again under the same key is not done again; it answers what it answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from larry.actions.author import Author, Refused
from larry.actions.transaction import transact
from larry.records.kept_answer import KeptAnswer
from larry.records.remains import sweep_remains
from larry.records.secret import name_digest

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was answered: its status, text and headers; ``redacts``: the act made something a secret."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    redacts: bool = False


class KeyReused(Refused):
    """The key belongs to another request."""


class AnswerRedacted(Refused):
    """It was done, and what was answered then holds what has become a secret since."""


def remember(author: Author, key: str, digest: str, work: Callable[[], Remembered]) -> tuple[Remembered, bool]:
    """What ``work`` answers, and whether it was done now; it and the memory of it are one transaction. Of two at once
    with one key the second waits for the first. What fails leaves nothing behind, and may be asked for again.

    What is kept of the request is no digest that secrets could be tried on: a body may hold some.

    4 SQL statements beside those of the work. Raises `KeyReused`, `AnswerRedacted`, and what the work raises.
    """
    KeptAnswer.objects.filter(at__lte=author.now - KEPT_FOR).delete()

    def attempt() -> tuple[Remembered, bool]:
        named = name_digest(digest)
        row, is_new = KeptAnswer.objects.get_or_create(
            actor=author.actor, key=key, defaults={"digest": named, "at": author.now}
        )
        if not is_new:
            return _recall(row, named), False
        done = work()
        row.status, row.body, row.headers = done.status, done.body, dict(done.headers)
        row.save(update_fields=["status", "body", "headers"])
        return done, True

    remembered, is_new = transact(attempt)
    if is_new and remembered.redacts:
        sweep_remains()
    return remembered, is_new


def forget_answers() -> None:
    """Empty every kept answer: one may hold what becomes a secret. That it was done is still known. 1 SQL."""
    KeptAnswer.objects.exclude(body="").update(body="")


def _recall(row: KeptAnswer, digest: str) -> Remembered:
    if row.digest != digest:
        raise KeyReused("this Idempotency-Key was used for another request: take a new one")
    if not row.body:
        raise AnswerRedacted("this was done already; its answer was redacted since, because it held a secret")
    return Remembered(row.status, row.body, MappingProxyType(dict(row.headers)))
