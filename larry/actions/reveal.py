"""Reveal: hand out secrets in clear, those of a node or many at once, and leave a line that says to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from larry.actions.activity import record
from larry.actions.author import Author
from larry.actions.permit import permit_everything, permit_host
from larry.actions.transaction import begin_recording, transact
from larry.core.document import Json
from larry.core.interval import iso
from larry.core.node_text import DatedNode, has_secrets
from larry.core.rights import Permission
from larry.queries.moment import Moment
from larry.queries.node import get_open_node, get_stored_node
from larry.records.gate import keep_gate_shut
from larry.records.secret import unseal_each


def reveal(host: str, at: Moment, author: Author) -> DatedNode:
    """The node of a host with every secret opened; recorded where there was one. Raises `NotFound`."""
    stored = get_stored_node(host, author.sees, at).node
    permit_host(stored.facts.name, Permission.REVEAL, author)
    if not has_secrets(stored):
        return get_open_node(host, author.sees, at)

    def work() -> DatedNode:
        keep_gate_shut()
        dated = get_open_node(host, author.sees, at)
        after = {"as_of": iso(at.as_of), "digest": dated.digest}
        record(begin_recording(author), "reveal", "host", dated.node.facts.name, after=after)
        return dated

    return transact(work)


def reveal_secrets(hmacs: Iterable[str], author: Author) -> Mapping[str, Json]:
    """The values known by these HMACs, for a tree of files; recorded where there are any. Raises `NoSuchSecret`."""
    permit_everything(author, Permission.REVEAL, "of all hosts")
    wanted = sorted(set(hmacs))
    if not wanted:
        return {}

    def work() -> Mapping[str, Json]:
        values = unseal_each(wanted)
        record(begin_recording(author), "reveal", "secrets", "all", after={"secrets": len(values)})
        return values

    return transact(work)
