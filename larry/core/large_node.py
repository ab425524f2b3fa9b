"""A large node, held as the texts of what is in its long lists.

The next one is made of what changes, and so are its digest and the pieces that it is stored in. What concerns some
instances is given as a small node, an *excerpt*; what that becomes is put in its place. Nothing but the order, the
digest and the document of a node is known here: what it is to be is decided on excerpts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from larry.core.document import Json, canonical_text, freeze_map
from larry.core.footprint import Site
from larry.core.large_entry import LongEntry
from larry.core.long_list import ListItem, LongList
from larry.core.node import HostFacts, Node, NodeInstance, NodeService, entry_digest, instance_stamp
from larry.core.node_part import Divided, Edits, Pieces, cut_text, digest_pieces, divide_pieces, recut_text
from larry.core.node_text import instance_document, read_entry, read_instance


class LargeNode(Node):
    """A node with long lists. Whoever asks for its instances or its services has all of them read."""

    deployments: LongList
    entries: Mapping[str, LongEntry]
    heads: tuple[str, str]
    """What its document has before the instances, and between them and the own parameters."""
    _before: LargeNode | None
    """The node that this one was made from, until its pieces are known."""
    _next: tuple[_Splice, LargeNode] | None
    """What was made of this one last, and by what: what is previewed is mostly done."""

    def __init__(
        self,
        facts: HostFacts,
        own: Mapping[str, Mapping[str, Json]],
        heads: tuple[str, str],
        deployments: LongList,
        entries: Mapping[str, LongEntry],
        before: LargeNode | None = None,
    ) -> None:
        # Not by assigning, for a node is frozen.
        self.__dict__.update(facts=facts, own=own, heads=heads, deployments=deployments, entries=entries)
        self.__dict__.update(_before=before, _next=None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @classmethod
    def read(cls, text: str, digest: str | None = None) -> LargeNode:
        """The node of a text that `write_node` wrote, and its digest where that is known; O(length)."""
        read = _NodeReader(text)
        addresses = read.value('{"addresses":')
        data = read.value(',"data":')
        host = read.value(',"host":')
        head = text[: read.at]
        deployments = LongList.of(
            _write_instance(read_instance(each), spelt) for each, spelt in read.items(',"instances":')
        )
        begin = read.at
        labels = read.value(',"labels":')
        middle = text[begin : read.at]
        own = read.value(',"own_parameters":')
        entries = _read_entries(read)
        facts = HostFacts(host, tuple(addresses), MappingProxyType(labels), freeze_map(data))
        owners = MappingProxyType({path: freeze_map(values) for path, values in own.items()})
        node = cls(facts, owners, (head, middle), deployments, MappingProxyType(entries))
        if digest is not None:
            node.__dict__["digest"] = digest
        return node

    @cached_property
    def instances(self) -> tuple[NodeInstance, ...]:
        """All of them; O(instances)."""
        return tuple(read_instance(json.loads(item.text)) for item in self.deployments)

    @cached_property
    def services(self) -> tuple[NodeService, ...]:
        """All of them; O(node)."""
        return tuple(entry.whole for entry in self.entries.values())

    @cached_property
    def own_text(self) -> str:
        """The own parameters as they are written."""
        return canonical_text(self.own)

    @cached_property
    def digest(self) -> str:
        """That of the same node as a `Node`: the texts that were made already are hashed."""
        head, middle = self.heads
        services = ",".join(f'"{entry.digest}"' for entry in self.entries.values())
        behind = f']{middle},"own":{self.own_text},"services":[{services}]}}'
        return digest_pieces((f'{head},"instances":['.encode(), *self.deployments.stamps, behind.encode()))

    @property
    def text(self) -> str:
        """What `write_node` writes of it; O(length)."""
        return "".join(_spell(section) for section in self.sections)

    @property
    def length(self) -> int:
        """Characters of its text."""
        return sum(map(_length, self.sections))

    @cached_property
    def pieces(self) -> Pieces:
        """Its text as it is cut; cut anew where it differs from that of the node that it was made from."""
        before = self._before
        edits = None if before is None else _compare(before.sections, self.sections)
        return cut_text(self.text) if before is None or edits is None else recut_text(before.pieces, edits)

    @cached_property
    def divided(self) -> Divided:
        """Its text as it is kept."""
        before = self._before
        return divide_pieces(self.pieces) if before is None else divide_pieces(self.pieces, before.divided.groups)

    def settle(self) -> Divided:
        """Let go of the node that it was made from, and so of all before that, when its pieces are known."""
        divided = self.divided
        self.__dict__["_before"] = None
        return divided

    def excerpt(self, paths: Collection[str], sites: Collection[Site]) -> Node:
        """What the node has for some instances, and of what is audited on some sites. That others have an entry too is
        seen by the path of one of them."""
        instances = (item for path in sorted(paths) for item in self.deployments.find((path,)))
        return Node(
            self.facts,
            tuple(read_instance(json.loads(item.text)) for item in instances),
            tuple(entry.excerpt(paths, sites) for entry in self.entries.values()),
            self.own,
        )

    def splice(self, excerpt: Node, revised: Node) -> LargeNode:
        """The node with something else in place of an excerpt of it. Copies what stays, by the block."""
        known = {entry.key: entry for entry in excerpt.services}
        made_by = _Splice.of(known, excerpt, revised)
        if self._next is not None and self._next[0] == made_by:
            return self._next[1]
        gone = {(each.path, each.deployment) for each in excerpt.instances}
        deployments = self.deployments.revise(gone, map(_write_instance, revised.instances))
        entries: dict[str, LongEntry] = {}
        for entry in revised.services:
            there = known.get(entry.key)
            if there is entry:
                entries[entry.key] = self.entries[entry.key]
            else:
                made = LongEntry.of(entry) if there is None else self.entries[entry.key].splice(there, entry)
                entries[entry.key] = made
        node = LargeNode(self.facts, revised.own, self.heads, deployments, MappingProxyType(entries), self)
        node.__dict__["own_text"] = made_by.own or self.own_text
        self.__dict__["_next"] = (made_by, node)
        return node

    @cached_property
    def sections(self) -> tuple[str | LongList, ...]:
        """Its document, in which long lists stand between texts."""
        head, middle = self.heads
        sections: list[str | LongList] = [f'{head},"instances":[', self.deployments]
        before = f']{middle},"own_parameters":{self.own_text},"services":['
        for entry in self.entries.values():
            opening, closing = entry.hole
            sections += (before + opening, entry.subjects, '],"for":[', entry.paths)
            before = f"{closing},"
        # Between two entries is a comma, behind the last one is none.
        return (*sections, (before[:-1] if self.entries else before) + "]}")


class _Splice(NamedTuple):
    """What makes one large node of another: the deployments that go and come, the entries in their order, each that
    changes by its digests, and the text of the own parameters, if they change."""

    deployments: tuple[tuple[NodeInstance, ...], tuple[NodeInstance, ...]]
    order: tuple[str, ...]
    changed: tuple[tuple[str, str], ...]
    own: str

    @classmethod
    def of(cls, known: Mapping[str, NodeService], excerpt: Node, revised: Node) -> _Splice:
        """``known`` are the entries of the excerpt by key."""
        changed = [(known.get(each.key), each) for each in revised.services if known.get(each.key) is not each]
        return cls(
            (excerpt.instances, revised.instances),
            tuple(each.key for each in revised.services),
            tuple((entry_digest(before) if before else "", entry_digest(after)) for before, after in changed),
            "" if revised.own is excerpt.own else canonical_text(revised.own),
        )


class _NodeReader:
    """Goes through a canonical text of which the members are known, and says where each value stands."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def skip(self, expected: str) -> None:
        """Go on behind what has to stand here. Raises ``ValueError`` where something else does."""
        if not self.text.startswith(expected, self.at):
            raise ValueError(f"the text of a node has {self.text[self.at : self.at + 40]} instead of {expected}")
        self.at += len(expected)

    def value(self, name: str) -> Any:
        """The value behind a name."""
        self.skip(name)
        value, self.at = _DECODER.raw_decode(self.text, self.at)
        return value

    def items(self, name: str) -> Iterator[tuple[Any, str]]:
        """Each item of the list behind a name, with its text."""
        self.skip(f"{name}[")
        while self.text[self.at] != "]":
            begin = self.at
            value, self.at = _DECODER.raw_decode(self.text, begin)
            yield value, self.text[begin : self.at]
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1


_DECODER = json.JSONDecoder()


def _read_entries(read: _NodeReader) -> dict[str, LongEntry]:
    entries: dict[str, LongEntry] = {}
    read.skip(',"services":[')
    while read.text[read.at] != "]":
        read.skip("{" if not entries else ",{")
        after = read.value('"after":')
        audits = tuple(read.items(',"audits":'))
        paths = read.value(',"for":')
        names = ("key", "needs", "needs_elsewhere", "parameters", "service", "sharing", "tools")
        rest = {name: read.value(f',"{name}":') for name in names}
        read.skip("}")
        entry = read_entry({"after": after, "audits": [subject for subject, _ in audits], "for": paths, **rest})
        entries[entry.key] = LongEntry.of(entry, [spelt for _, spelt in audits])
    return entries


def _compare(before: Sequence[str | LongList], after: Sequence[str | LongList]) -> Edits | None:
    """How one document becomes another of the same sections; None where it has others."""
    if len(before) != len(after):
        return None
    edits: list[tuple[int, int, str]] = []
    place = 0
    for old, new in zip(before, after, strict=True):
        if isinstance(old, str) or isinstance(new, str):
            if old != new:
                edits.append((place, place + _length(old), _spell(new)))
        elif old is not new:
            edits.extend(_compare_lists(place, old, new))
        place += _length(old)
    return edits


def _compare_lists(place: int, old: LongList, new: LongList) -> Iterator[tuple[int, int, str]]:
    """From the first block that differs to the last one."""
    shorter = min(len(old.blocks), len(new.blocks))
    alike = 0
    while alike < shorter and old.blocks[alike] is new.blocks[alike]:
        alike += 1
    behind = 0
    while behind < shorter - alike and old.blocks[-1 - behind] is new.blocks[-1 - behind]:
        behind += 1
    if alike + behind == shorter:  # blocks only come or go: a neighbour's comma comes and goes with them
        alike, behind = (alike - 1, behind) if alike else (alike, max(0, behind - 1))
    gone, come = (LongList(each.blocks[alike : len(each.blocks) - behind]) for each in (old, new))
    if gone.blocks or come.blocks:
        start = place + LongList(old.blocks[:alike]).length + bool(alike)
        yield start, start + gone.length, _spell(come)


def _spell(section: str | LongList) -> str:
    return section if isinstance(section, str) else section.text


def _length(section: str | LongList) -> int:
    return len(section) if isinstance(section, str) else section.length


def _write_instance(each: NodeInstance, spelt: str = "") -> ListItem:
    text = spelt or canonical_text(instance_document(each))
    return ListItem((each.path, each.deployment), text, canonical_text(instance_stamp(each)))
