"""The texts of nodes, put together where they are kept in parts; and the entries of large nodes as texts."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import Any, NamedTuple, TypeAlias, TypeVar

from larry.core.document import canonical_text, digest_of_text
from larry.core.footprint import Site
from larry.core.node import NodeService, Subject, are_many, entry_stamp, find_bucket, subject_stamp
from larry.core.node_part import (
    digest_pieces,
    is_divided,
    list_names,
    put_together,
    read_depth,
)
from larry.core.node_text import entry_document, read_subject, subject_document
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.view import read_view
from larry.records.node import NodePart

_Read = TypeVar("_Read")

_AT_ONCE = 5_000
"""So many parts are asked for by one statement."""


class RedactedMeanwhile(LookupError):
    """A document was redacted after it was read and before its parts were: they are gone."""


def read_undisturbed(read: Callable[[], _Read]) -> _Read:
    """What ``read`` finds of documents and then of their parts; no SQL of its own, but where a redaction came between:
    then it reads once more, from one state of the database.
    """
    try:
        return read()
    except RedactedMeanwhile:
        with read_view():
            return read()


def get_node_texts(bodies: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, str]:
    """By the body of a document, the text of the node; no SQL where none is divided, else as many statements as the
    deepest tree has steps (one to three), each for up to 5,000 parts.

    Whoever was shown a document may read all of it: the parts are not asked for by themselves. Raises
    `RedactedMeanwhile`, which cannot be where the documents were read in the same view, or behind the gate.
    """
    del reader, at  # a part is the same at every moment, and for everybody
    wanted = set(bodies)
    divided = {body for body in wanted if is_divided(body)}
    if not divided:
        return {body: body for body in wanted}
    try:
        parts = _load(divided)
        return {body: put_together(body, parts) for body in wanted}
    except KeyError as missing:
        raise RedactedMeanwhile(f"there is no part {missing}") from missing


def get_node_text(body: str, reader: Reader, at: Moment) -> str:
    """The text of one; SQL, and what it raises, as for many."""
    return get_node_texts([body], reader, at)[body] if is_divided(body) else body


def _load(bodies: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    level = {(name, read_depth(body) - 1) for body in bodies for name in list_names(body)}
    while level:
        found.update(_fetch({name for name, _ in level} - found.keys()))
        level = {(below, depth - 1) for name, depth in level if depth for below in list_names(found[name])}
    return found


def _fetch(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    asked = sorted(names)
    for first in range(0, len(asked), _AT_ONCE):
        rows = restrict(WHOLE, NodePart.objects.filter(digest__in=asked[first : first + _AT_ONCE]))
        yield from rows.values_list("digest", "body")


Key: TypeAlias = tuple[Any, ...]
"""What items are ordered by: texts, and tuples of texts behind them."""

_LONG = 64
"""Items of a block, about; never more than twice as many."""


class ListItem(NamedTuple):
    """What a list holds: its place, how it is written in a document, and how it is in what is digested."""

    key: Key
    text: str
    stamp: str


class _Block:
    """Neighbours in a list. It never changes."""

    def __init__(self, items: tuple[ListItem, ...]) -> None:
        self.items = items
        self.length = sum(len(item.text) for item in items) + len(items) - 1

    @cached_property
    def text(self) -> str:
        """The items as a document has them, with commas between."""
        return ",".join(item.text for item in self.items)

    @cached_property
    def stamp(self) -> bytes:
        """The items as they are digested, with commas between."""
        return ",".join(item.stamp for item in self.items).encode()


@dataclass(frozen=True)
class LongList:
    """Items in the order of their keys; of those with the same key in the order in which they came."""

    blocks: tuple[_Block, ...] = ()

    @classmethod
    def of(cls, items: Iterable[ListItem]) -> LongList:
        """A list of items; O(items log items)."""
        return cls(tuple(_make_blocks(sorted(items, key=_key_of))))

    @cached_property
    def _firsts(self) -> list[Key]:
        return [block.items[0].key for block in self.blocks]

    @cached_property
    def _lasts(self) -> list[Key]:
        return [block.items[-1].key for block in self.blocks]

    def __iter__(self) -> Iterator[ListItem]:
        return (item for block in self.blocks for item in block.items)

    def __len__(self) -> int:
        return sum(map(len, [block.items for block in self.blocks]))

    @property
    def length(self) -> int:
        """Characters of the items as a document has them, with commas between."""
        # Not by a generator, which takes twice as long.
        return sum([block.length + 1 for block in self.blocks]) - bool(self.blocks)

    @property
    def stamps(self) -> Iterator[bytes]:
        """The items as they are digested, with commas between."""
        for number, block in enumerate(self.blocks):
            yield block.stamp if not number else b"," + block.stamp

    @property
    def text(self) -> str:
        """The items as a document has them, with commas between; O(length)."""
        return ",".join(block.text for block in self.blocks)

    def find(self, beginning: Key) -> tuple[ListItem, ...]:
        """The items whose key begins so; O(log items + found)."""
        size = len(beginning)
        behind = (
            item
            for block in self.blocks[bisect_left(self._lasts, beginning) :]
            for item in block.items
            if item.key >= beginning
        )
        return tuple(takewhile(lambda item: item.key[:size] == beginning, behind))

    def revise(self, gone: Collection[Key], come: Iterable[ListItem]) -> LongList:
        """The list without the items of some keys and with others, which come behind those of the same key. Makes the
        blocks anew in which something changes, and copies the list of the others."""
        coming: dict[int, list[ListItem]] = {}
        for item in come:
            coming.setdefault(max(0, bisect_right(self._firsts, item.key) - 1), []).append(item)
        changed = set(coming)
        for key in gone:
            number = bisect_left(self._lasts, key)
            while number < len(self.blocks) and self._firsts[number] <= key:
                changed.add(number)
                number += 1
        blocks = list(self.blocks)
        for number in sorted(changed, reverse=True):
            there = self.blocks[number].items if self.blocks else ()
            kept = [item for item in there if item.key not in gone]
            blocks[number : number + 1] = _make_blocks(sorted((*kept, *coming.get(number, ())), key=_key_of))
        return LongList(tuple(blocks))


def _key_of(item: ListItem) -> Key:
    return item.key


def _make_blocks(items: Sequence[ListItem]) -> Iterator[_Block]:
    step = len(items) if len(items) <= 2 * _LONG else _LONG
    for first in range(0, len(items), max(1, step)):
        yield _Block(tuple(items[first : first + step]))


_HOLE = '"audits":[],"for":[]'
"""Where the long lists of an entry stand in its document; no text within one is written so, for its quotes are not."""


class LongEntry:
    """An entry of a large node: its paths and subjects are long lists; ``bare`` is the rest of it. It never changes."""

    def __init__(self, bare: NodeService, paths: LongList, subjects: LongList, keys: _SubjectKeys) -> None:
        self.bare, self.paths, self.subjects, self.keys = bare, paths, subjects, keys

    @classmethod
    def of(cls, entry: NodeService, spelt: Sequence[str] = ()) -> LongEntry:
        """An entry as it is in a `Node`; ``spelt`` are the texts of its subjects, where they are known."""
        texts = spelt or (canonical_text(subject_document(subject)) for subject in entry.audits)
        subjects = tuple(map(_of_subject, entry.audits, texts))
        paths = LongList.of(map(_of_path, entry.paths))
        return cls(_strip(entry), paths, LongList.of(subjects), _SubjectKeys.of(subjects))

    @cached_property
    def hole(self) -> tuple[str, str]:
        """What its document has before the subjects, and behind the paths."""
        before, _, behind = canonical_text(entry_document(self.bare)).partition(_HOLE)
        return f'{before}"audits":[', f"]{behind}"

    @cached_property
    def digest(self) -> str:
        """That of `entry_digest`."""
        before, _, behind = canonical_text(entry_stamp(self.bare, ())).partition(_HOLE)
        buckets = ",".join(f'["{bucket}","{digest}"]' for bucket, digest in sorted(self.keys.digests.items()))
        head, tail = f'{before}"audits":[{buckets}],"for":[', f"]{behind}"
        return digest_pieces((head.encode(), *self.paths.stamps, tail.encode()))

    @property
    def whole(self) -> NodeService:
        """The entry as it is in a `Node`; O(entry)."""
        subjects = tuple(read_subject(json.loads(item.text)) for item in self.subjects)
        return replace(self.bare, paths=tuple(item.key[0] for item in self.paths), audits=subjects)

    def excerpt(self, paths: Collection[str], sites: Collection[Site]) -> NodeService:
        """What the entry has for some instances, and of what is audited on some sites; with the path of one other
        instance where there are others."""
        mine = {path for path in paths if self.paths.find((path,))}
        other = next((item.key[0] for item in self.paths if item.key[0] not in mine), None)
        beginnings = {key[:2] for path in paths for key in self.keys.of_path.get(path, ())} | set(sites)
        found = [item for beginning in sorted(beginnings) for item in self.subjects.find(beginning)]
        return replace(
            self.bare,
            paths=tuple(sorted(mine if other is None else {*mine, other})),
            audits=tuple(read_subject(json.loads(item.text)) for item in found),
        )

    def splice(self, excerpt: NodeService, revised: NodeService) -> LongEntry:
        """The entry with something else in place of its excerpt."""
        bare = _strip(revised)
        paths = self.paths
        if excerpt.paths != revised.paths:
            come = map(_of_path, sorted({*revised.paths} - {*excerpt.paths}))
            paths = paths.revise({(path,) for path in {*excerpt.paths} - {*revised.paths}}, come)
        staying = {id(subject) for subject in revised.audits}
        known = {id(subject) for subject in excerpt.audits}
        gone = {_key(subject) for subject in excerpt.audits if id(subject) not in staying}
        coming = [each for each in revised.audits if id(each) not in known or _key(each) in gone]
        if not gone and not coming:
            return LongEntry(bare, paths, self.subjects, self.keys)
        items = tuple(_of_subject(each, canonical_text(subject_document(each))) for each in coming)
        subjects = self.subjects.revise(gone, items)
        return LongEntry(bare, paths, subjects, self.keys.revise(gone, items, subjects))


class _SubjectKeys:
    """Of the subjects of an entry: the keys by path, and the buckets that they are digested in."""

    def __init__(
        self,
        of_path: Mapping[str, tuple[Key, ...]],
        buckets: Mapping[str, LongList],
        digests: Mapping[str, str],
        count: int,
    ) -> None:
        self.of_path, self.buckets, self.digests, self.count = of_path, buckets, digests, count

    @classmethod
    def of(cls, subjects: Collection[ListItem]) -> _SubjectKeys:
        """Those of all subjects; O(subjects)."""
        of_path: dict[str, tuple[Key, ...]] = {}
        buckets: dict[str, list[ListItem]] = {}
        for item in subjects:
            buckets.setdefault(_bucket(item.key, len(subjects)), []).append(item)
            for path in item.key[2]:
                of_path[path] = (*of_path.get(path, ()), item.key)
        lists = {bucket: LongList.of(items) for bucket, items in buckets.items()}
        return cls(of_path, lists, {bucket: _bucket_digest(items) for bucket, items in lists.items()}, len(subjects))

    def revise(self, gone: Collection[Key], come: Sequence[ListItem], subjects: LongList) -> _SubjectKeys:
        """Those of the subjects that there are then. Copies what stays, and digests the buckets that change."""
        count = len(subjects)
        if are_many(count) != are_many(self.count):
            return _SubjectKeys.of(tuple(subjects))
        of_path = dict(self.of_path)
        for key in gone:
            for path in key[2]:
                left = tuple(other for other in of_path.pop(path, ()) if other != key)
                of_path |= {path: left} if left else {}
        for item in come:
            for path in item.key[2]:
                of_path[path] = (*of_path.get(path, ()), item.key)
        buckets, digests = dict(self.buckets), dict(self.digests)
        for bucket in {_bucket(key, count) for key in (*gone, *(item.key for item in come))}:
            mine = [item for item in come if _bucket(item.key, count) == bucket]
            members = buckets.pop(bucket, LongList()).revise(gone, mine)
            digests.pop(bucket, None)
            if members.blocks:
                buckets[bucket], digests[bucket] = members, _bucket_digest(members)
        return _SubjectKeys(of_path, buckets, digests, count)


def _strip(entry: NodeService) -> NodeService:
    return replace(entry, paths=(), audits=())


def _of_path(path: str) -> ListItem:
    spelt = canonical_text(path)
    return ListItem((path,), spelt, spelt)


def _of_subject(each: Subject, text: str) -> ListItem:
    return ListItem(_key(each), text, canonical_text(subject_stamp(each)))


def _key(subject: Subject) -> Key:
    return subject.service, subject.host, subject.paths


def _bucket(key: Key, count: int) -> str:
    return find_bucket(key[0], key[1]) if are_many(count) else ""


def _bucket_digest(items: LongList) -> str:
    return digest_of_text(f"[{','.join(item.stamp for item in items)}]")
