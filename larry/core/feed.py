"""Feeds are read by ordinary feed readers: which there are, at which address, and what stands in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FeedName(StrEnum):
    """What a feed tells of: what was done, or what will happen by itself."""

    ACTIVITY = "activity"
    UPCOMING = "upcoming"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One thing that is told: ``key`` is the same however often it is told, and nothing else's; ``updated`` is when it
    was said last; ``lines`` are plain text; ``page`` are the segments of the path where it is shown, if it is."""

    key: str
    title: str
    author: str
    updated: datetime
    lines: tuple[str, ...]
    page: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """Entries, in the order in which they are told; ``older`` is the query of the page that goes on, if one does."""

    name: FeedName
    title: str
    entries: tuple[FeedEntry, ...]
    older: str = ""


def feed_path(name: FeedName, token: str = "") -> str:
    """The address of a feed from Larry's own on, with the token that opens it if that is said."""
    return f"/feed/{name}.atom{f'?token={token}' if token else ''}"
