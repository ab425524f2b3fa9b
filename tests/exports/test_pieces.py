"""What tells all hosts piece by piece is, put together, what it would be at once; and no host is asked for before its
turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from larry.core.fleet import Fleet, FleetHost, fleet_document, outline
from larry.core.node_text import DatedNode, read_node, write_node
from larry.exports import yaml_block
from larry.exports.dialect import DIALECTS, Dialect, find_dialect
from tests.exports.many import make_fleet
from tests.exports.specimen import END, START, dated, entry
from tests.exports.test_document import hostile_node

IN_PIECES = [dialect for dialect in DIALECTS if dialect.render_texts is not None]


def make_fleets() -> list[Fleet]:
    """Fleets as they are read: of no host, of one, with everything hostile in it, without an end, of many."""
    lonely, hostile = dated(entry("ntp")), hostile_node()
    return [
        Fleet(()),
        Fleet((), START),
        Fleet((FleetHost(_read(lonely)),), START, END),
        Fleet((FleetHost(replace(_read(hostile), end=None), ("web", "é"), ("north",)), FleetHost(_read(lonely)))),
        _read_all(make_fleet(40)),
    ]


def _read(dated_node: DatedNode) -> DatedNode:
    return replace(dated_node, node=read_node(write_node(dated_node.node)))


def _read_all(fleet: Fleet) -> Fleet:
    return replace(fleet, hosts=tuple(replace(host, dated=_read(host.dated)) for host in fleet.hosts))


@pytest.mark.parametrize("dialect", IN_PIECES, ids=lambda dialect: dialect.name)
def test_pieces_are_the_whole(dialect: Dialect) -> None:
    for fleet in make_fleets():
        texts = [write_node(host.dated.node) for host in fleet.hosts]
        assert dialect.render_fleet is not None
        assert dialect.render_texts is not None
        assert "".join(dialect.render_texts(outline(fleet), texts)) == dialect.render_fleet(fleet)


def test_yaml_is_one_document() -> None:
    for fleet in make_fleets():
        render = find_dialect("yaml").render_fleet
        assert render is not None
        assert render(fleet) == yaml_block(fleet_document(fleet)).lstrip("\n") + "\n"


@pytest.mark.parametrize("dialect", IN_PIECES, ids=lambda dialect: dialect.name)
def test_no_host_is_asked_for_before_its_turn(dialect: Dialect) -> None:
    fleet = make_fleets()[-1]
    asked: list[str] = []

    def ask() -> Iterator[str]:
        for host in fleet.hosts:
            asked.append(host.name)
            yield write_node(host.dated.node)

    assert dialect.render_texts is not None
    told = 0
    for piece in dialect.render_texts(outline(fleet), ask()):
        told += any(f'"{name}"' in piece for name in asked[-1:])
        assert len(asked) - told <= 1, "one node at a time is in memory"
    assert told == len(asked) == len(fleet.hosts)
