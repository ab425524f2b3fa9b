"""Stale snapshots: frozen from what was read before a name became sensitive, and written only after."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from larry.actions.author import Author, Refused
from larry.core.deployable import Snapshot
from larry.core.redaction import holds_clear
from larry.queries.service import list_sensitive_names
from larry.records.deployable import Deployable

_Result = TypeVar("_Result")

_TRIES = 10


class SealedMeanwhile(Refused):
    """A name has become sensitive since the snapshot was taken; another one is to be taken."""


def refuse_stale(snapshots: Iterable[Snapshot], author: Author) -> None:
    """Let nothing be stored that holds in clear what is sensitive now: 1 SQL, 2 where something does, after
    `keep_gate_shut`.

    What is stored already was redacted with all the rest. Raises `SealedMeanwhile`.
    """
    names = list_sensitive_names(author.reader, author.moment)
    clear = {snapshot.digest: snapshot.path for snapshot in snapshots if holds_clear(snapshot, names)}
    stored = set(Deployable.objects.filter(digest__in=clear).values_list("digest", flat=True)) if clear else set()
    stale = {path for digest, path in clear.items() if digest not in stored}
    if stale:
        raise SealedMeanwhile(f"parameters of {', '.join(sorted(stale))} have become secrets meanwhile: try again")


def retake(act: Callable[[], _Result]) -> _Result:
    """Do the act, again from the start where a snapshot of it went stale on the way."""
    for _ in range(_TRIES):
        try:
            return act()
        except SealedMeanwhile:
            continue
    return act()
