"""Reveal: hand out a node with its secrets in clear, and leave a line that says to whom."""

from __future__ import annotations

from larry.actions.activity import record
from larry.actions.author import Author
from larry.actions.transaction import not_backwards, transact
from larry.core.interval import iso
from larry.core.node_text import DatedNode, has_secrets
from larry.queries.moment import Moment
from larry.queries.node import get_open_node, get_stored_node


def reveal(host: str, at: Moment, author: Author) -> DatedNode:
    """The node of a host with every secret opened; recorded where there was one. Raises `NotFound`."""
    if not has_secrets(get_stored_node(host, author.reader, at).node):
        return get_open_node(host, author.reader, at)

    def work() -> DatedNode:
        dated = get_open_node(host, author.reader, at)
        after = {"as_of": iso(at.as_of), "digest": dated.digest}
        record(not_backwards(author), "reveal", "host", dated.node.facts.name, after=after)
        return dated

    return transact(work)
