"""Rotate: encrypt every secret anew with the first key of the settings, so that older keys can be dropped."""

from __future__ import annotations

from larry.actions.activity import record
from larry.actions.author import Author
from larry.actions.permit import permit_everything
from larry.actions.transaction import begin_recording, transact
from larry.core.rights import Permission
from larry.records.secret import rotate_seals


def rotate(author: Author) -> int:
    """How many secrets there are; no digest changes, because they are known by an HMAC that stays. One transaction."""

    permit_everything(author, Permission.MANAGE, "or put secrets under another key")

    def work() -> int:
        count = rotate_seals()
        record(begin_recording(author), "rotate", "secrets", "all", after={"secrets": count})
        return count

    return transact(work)
