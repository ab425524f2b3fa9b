"""Rotate: encrypt every secret anew with the first key of the settings, so that older keys can be dropped."""

from __future__ import annotations

from larry.actions.activity import record
from larry.actions.author import Author
from larry.actions.transaction import begin_recording, transact
from larry.records.secret import rotate_seals


def rotate(author: Author) -> int:
    """How many secrets there are; no digest changes, because they are known by an HMAC that stays. One transaction."""

    def work() -> int:
        count = rotate_seals()
        record(begin_recording(author), "rotate", "secrets", "all", after={"secrets": count})
        return count

    return transact(work)
