"""Reveal: hand out secrets in clear, those of a node or many at once, and leave a line that says to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.db import DEFAULT_DB_ALIAS

from larry.actions.activity import activity_of, record, record_all
from larry.actions.author import Author
from larry.actions.permit import permit_everything, permit_host
from larry.actions.transaction import begin_recording, transact
from larry.core.document import Json
from larry.core.interval import iso
from larry.core.node_text import DatedNode, has_secrets, open_node
from larry.core.rights import Permission, Territory
from larry.queries.grant import get_host_spots
from larry.queries.moment import Moment
from larry.queries.node import get_open_node, get_stored_node
from larry.records.gate import keep_gate_shut
from larry.records.route import reading_from
from larry.records.secret import unseal_each
from larry.records.token import Disclosure, Token


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


def may_disclose(hosts: Iterable[str], author: Author) -> frozenset[str]:
    """Of these hosts those whose secrets the author may have; no SQL for who may reveal all or none, else 1."""
    scope = author.rights.scope(Permission.REVEAL)
    if scope.is_empty:
        return frozenset()
    names = {host.lower() for host in hosts}
    if scope.everything:
        return frozenset(names)
    spots: Mapping[str, Territory] = get_host_spots(names, author.sees, author.moment)
    return frozenset(name for name, spot in spots.items() if scope.reaches(spot))


def disclose(stored: Iterable[DatedNode], author: Author, token: int) -> Mapping[str, DatedNode]:
    """The nodes in clear, by host, whose secrets a token may be handed; all others are left out.

    A line of activity says so for each content of a node that the token had not been handed before: a machine that asks
    every half hour is handed the same. About 5 SQL statements, 7 more where there is something to say, and a line and a
    disclosure for each host.
    """
    sealed = {dated.node.facts.name: dated for dated in stored if has_secrets(dated.node)}
    allowed = may_disclose(sealed, author)
    wanted = {name: dated for name, dated in sealed.items() if name in allowed}
    if not wanted:
        return {}

    values = unseal_each({hmac for dated in wanted.values() for hmac in _list_hmacs(dated)})

    def find_new() -> dict[str, DatedNode]:
        said = Disclosure.objects.filter(token_id=token, digest__in={dated.digest for dated in wanted.values()})
        known = set(said.values_list("host", "digest"))
        return {name: dated for name, dated in wanted.items() if (name, dated.digest) not in known}

    def work() -> None:
        keep_gate_shut()
        now = begin_recording(author)
        new = find_new()  # somebody may have been handed the same meanwhile
        shown = str(Token.objects.select_related("user").get(id=token))
        record_all(
            [
                activity_of(now, "reveal", "host", name, after={"digest": dated.digest, "token": shown})
                for name, dated in new.items()
            ]
        )
        said = [Disclosure(token_id=token, host=name, digest=dated.digest, at=now.now) for name, dated in new.items()]
        Disclosure.objects.bulk_create(said)

    if find_new():
        with reading_from(DEFAULT_DB_ALIAS):  # what is recorded is held against what is recorded, not against a replica
            transact(work)
    return {name: replace(dated, node=open_node(dated.node, values.__getitem__)) for name, dated in wanted.items()}


def _list_hmacs(dated: DatedNode) -> list[str]:
    found: list[str] = []
    open_node(dated.node, found.append)
    return found
