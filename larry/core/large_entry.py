"""An entry of a large node: what it has many of is held as texts, and what changes is digested and written anew."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice

from larry.core.document import canonical_text, digest_of_text
from larry.core.footprint import Site
from larry.core.long_list import Key, ListItem, LongList
from larry.core.node import NodeService, Subject, are_many, entry_stamp, find_bucket, subject_stamp
from larry.core.node_part import digest_pieces
from larry.core.node_text import entry_document, read_subject, subject_document

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
        paths = LongList.of(map(_of_path, entry.paths))
        if not entry.audits:  # as nearly all entries of a host that many share
            return cls(_strip(entry), paths, _NO_SUBJECTS, _NO_KEYS)
        subjects = tuple(map(_of_subject, entry.audits, texts))
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
        mine = self._list_mine(paths)
        if not mine and not self.subjects.blocks:
            return self._of_others
        other = next((item.key[0] for item in self.paths if item.key[0] not in mine), None)
        beginnings = {key[:2] for path in paths for key in self.keys.of_path.get(path, ())} | set(sites)
        found = [item for beginning in sorted(beginnings) for item in self.subjects.find(beginning)]
        return replace(
            self.bare,
            paths=tuple(sorted(mine if other is None else {*mine, other})),
            audits=tuple(read_subject(json.loads(item.text)) for item in found),
        )

    def _list_mine(self, paths: Collection[str]) -> set[str]:
        """Which of some paths are its own: by looking for them, or through those that it has, where they are fewer."""
        if len(self.paths) < len(paths):
            return {item.key[0] for item in self.paths if item.key[0] in paths}
        return {path for path in paths if self.paths.find((path,))}

    @cached_property
    def _of_others(self) -> NodeService:
        """Its excerpt for who has nothing to do with it, as most have nothing to do with most entries."""
        return replace(self.bare, paths=tuple(item.key[0] for item in islice(self.paths, 1)))

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


_NO_SUBJECTS = LongList()
_NO_KEYS = _SubjectKeys({}, {}, {}, 0)


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
