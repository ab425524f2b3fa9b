"""Atom: valid, the same for the same, and whatever is said is text."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest

from larry.core.feed import Feed, FeedEntry, FeedName, feed_path
from larry.exports.atom import atom_text
from tests.exports.atom_reader import ReadFeed, read_atom
from tests.exports.hostile import LONG, TEXTS

FRONT, WHEN = "https://larry.example.com", datetime(2026, 12, 1, 9, tzinfo=UTC)
MARKUP = ("<script>alert(1)</script>", "]]>", "<![CDATA[", "&amp;", "&#0;", "<!DOCTYPE x>", "--><a/>", "'\"")
BROKEN = ("\0", "\x1b[31m", "\ufffe", "\ud800", "a\x08b", "\x7f\x85\x9f", "\U0001fffe", "\u202egnp.exe")


def entry(text: str = "x", key: str = "k", updated: datetime = WHEN) -> FeedEntry:
    return FeedEntry(key, f"{text}!", f"{text}!", updated, (f"a{text}", f"{text}b"), ("hosts", f"{text}!"))


def show(*entries: FeedEntry, older: str = "", whose: str = "ada") -> ReadFeed:
    feed = Feed(FeedName.ACTIVITY, "Larry: activity", entries, older)
    return read_atom(atom_text(feed, front=FRONT, whose=whose).encode())


def test_it_says_where_it_is_and_where_it_goes_on() -> None:
    told = show(entry(), older="before=7")
    assert told.links == {
        "self": f"{FRONT}/feed/activity.atom",
        "next": f"{FRONT}/feed/activity.atom?before=7",
    }
    assert (told.title, told.updated) == ("Larry: activity", WHEN)
    (only,) = told.entries
    assert (only.title, only.author, only.updated, only.content) == ("x!", "x!", WHEN, "ax\nxb")
    assert only.page == f"{FRONT}/hosts/x%21"
    assert feed_path(FeedName.UPCOMING) == "/feed/upcoming.atom"


def test_an_empty_feed_is_one_too() -> None:
    told = show()
    assert told.entries == ()
    assert told.updated.year == 1970
    assert set(told.links) == {"self"}


def test_ids_are_the_same_for_the_same_and_no_others() -> None:
    first, again, other, key = show(entry()), show(entry("y")), show(entry(), whose="zoe"), show(entry(key="l"))
    assert first.entries[0].id == again.entries[0].id == other.entries[0].id != key.entries[0].id
    assert first.id == again.id != other.id


def test_a_feed_is_as_new_as_its_newest_entry() -> None:
    later = datetime(2026, 12, 2, tzinfo=UTC)
    assert show(entry(), entry(key="l", updated=later), entry(key="m")).updated == later


@pytest.mark.parametrize("text", [*MARKUP, *BROKEN, *TEXTS, LONG])
def test_whatever_is_said_is_text(text: str) -> None:
    (only,) = show(entry(text)).entries
    assert only.title == only.author
    shown = only.title.removesuffix("!")
    if text.isprintable():
        assert shown == text, "nothing is lost, and nothing is markup"
        assert only.content == f"a{text}\n{text}b"
    else:
        assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in shown)


@pytest.mark.parametrize("text, shown", [("\0", "\\u0000"), ("\x1b[31m", "\\u001b[31m"), ("\ud800", "\\ud800"),
                                         ("\ufffe", "\\ufffe"), ("\u202e", "\\u202e"), ("a\tb", "a b")])  # fmt: skip
def test_what_xml_cannot_say_is_seen(text: str, shown: str) -> None:
    assert show(entry(text)).entries[0].title == f"{shown}!"
