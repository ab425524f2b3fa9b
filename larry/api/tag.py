"""Tags: by its ETag a thing that was read is known again, so that nobody's later change is undone unseen."""

from __future__ import annotations

from larry.api.operation import Call


def tag_of(digest: str) -> str:
    """The strong ETag of a thing by its digest."""
    return f'"{digest}"'


def split_tags(text: str) -> frozenset[str]:
    """The tags of a header, weak ones too."""
    return frozenset(tag.strip().removeprefix("W/") for tag in text.split(","))


def read_seen(call: Call, digest: str) -> str | None:
    """The digest that If-Match asks for; any will do when it says so, none when it is left out."""
    tags = split_tags(call.request.headers.get("If-Match", ""))
    if "*" in tags or tags == {""}:
        return None
    return digest if tag_of(digest) in tags else "another"
