"""Redact: what was recorded of a name before it became sensitive is sealed, as part of the edit that makes it so.

Digests are names of content: what is redacted gets the digest of its new content, and whatever referred to the old one
refers to the new one from then on. See decision 19 for which values are concerned, and why old digests go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q

from larry.actions.activity import record
from larry.actions.author import Author
from larry.actions.remember import forget_answers
from larry.actions.timeline import store_documents
from larry.core.deployable import read_snapshot
from larry.core.document import Json, canonical_text, freeze_map, is_sealed, thaw
from larry.core.moment_text import LATEST
from larry.core.node_part import is_divided, list_names, read_depth
from larry.core.node_text import read_node, write_node
from larry.core.redaction import Seal, redact_node, redact_record, redact_snapshot, seal_values
from larry.queries.moment import Moment
from larry.queries.node_part import get_node_text
from larry.queries.reader import WHOLE
from larry.records.activity import Activity
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployable import FORMER_DIGEST_SHOWN, Deployable, FormerDigest
from larry.records.deployment import Deployment
from larry.records.gate import opened_gate
from larry.records.instance import Instance
from larry.records.node import NodeDocument, NodePart, NodeSegment
from larry.records.rollout import Rollout
from larry.records.secret import name_digest, seal
from larry.records.service import Parameter

_AT = Moment(LATEST)
_BATCH = 200
_LAYERS: tuple[type[Model], ...] = (Customer, App, Instance)
_SNAPSHOT = re.compile(r'"snapshot":"([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True)
class Redaction:
    """Which names became sensitive, how much was sealed and redacted for it, and what of it is left to a person."""

    names: tuple[str, ...]
    values: int
    snapshots: int
    documents: int
    lines: int
    remains: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of these names had ever been in clear."""
        return not (self.values or self.snapshots or self.documents or self.lines)

    @property
    def document(self) -> Mapping[str, Json]:
        """The same for programs."""
        return {
            "names": self.names,
            "values": self.values,
            "snapshots": self.snapshots,
            "node_documents": self.documents,
            "activity_lines": self.lines,
        }

    @property
    def text(self) -> str:
        """One line for people."""
        return (
            f"{', '.join(self.names)}: seals {_count(self.values, 'value')}, redacts"
            f" {_count(self.snapshots, 'snapshot')}, {_count(self.documents, 'node document')} and"
            f" {_count(self.lines, 'line')} of activity"
        )


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was done, and the hosts of which a node was redacted that holds now or later."""

    redaction: Redaction
    hosts: frozenset[str]


def redact(names: frozenset[str], standing: int, author: Author) -> Redacted:
    """Seal what is recorded in clear of names that have become sensitive; ``standing`` values were sealed by the edit
    itself. Inside its transaction, alone (`wait_for_gate`), after everything else of it is written.

    SQL: 3 for each secret, a few for each redacted snapshot, 1 for each 200 rows of documents and activity.
    """
    sealing = _Sealing()
    with opened_gate():
        values = standing + _seal_layers(names, sealing) + _seal_defaults(names, sealing)
        snapshots = _redact_snapshots(names, sealing)
        documents, segments = _redact_documents(names, sealing, snapshots)
        plans = _rename_plans(snapshots, {segment.host_id for segment in segments})
        lines = _redact_lines(names, sealing, {**snapshots, **documents, **plans})
    forget_answers()
    hosts = frozenset(s.host.name for s in segments if s.end is None or s.end > author.now)
    redaction = Redaction(tuple(sorted(names)), values, len(snapshots), len(documents), lines)
    if values or snapshots or documents or lines:
        record(author, "redact", "secrets", "all", after=redaction.document)
    return Redacted(redaction, hosts)


class _Sealing:
    """Seals, each value once: the same secret stands in many places."""

    def __init__(self) -> None:
        self._known: dict[str, Json] = {}

    def __call__(self, value: Json) -> Json:
        text = canonical_text(value)
        if text not in self._known:
            self._known[text] = seal(value)
        return self._known[text]


def _seal_layers(names: frozenset[str], sealing: Seal) -> int:
    """Layers of what has retired, which no edit reaches any more."""
    count = 0
    for model in _LAYERS:
        manager = model._default_manager
        for pk, stored in manager.exclude(retired_at=None).values_list("pk", "parameters"):
            values = freeze_map(stored)
            sealed = seal_values(values, names, sealing)
            if sealed is not values:
                manager.filter(pk=pk).update(parameters=thaw(sealed))
                count += sum(is_sealed(sealed[name]) and not is_sealed(values[name]) for name in sealed)
    return count


def _seal_defaults(names: frozenset[str], sealing: Seal) -> int:
    """Defaults that services which have retired declared: those in use have none where the name is sensitive."""
    rows = [row for row in Parameter.objects.filter(name__in=names, has_default=True) if not is_sealed(row.default)]
    for row in rows:
        row.default = thaw(sealing(row.default))
        row.save(update_fields=["default"])
    return len(rows)


def _redact_snapshots(names: frozenset[str], sealing: Seal) -> dict[str, str]:
    """Old digests and new ones. Two that become equal are one from then on."""
    moved: dict[str, str] = {}
    found = Deployable.objects.filter(_holds_a_name("document", names)).order_by("taken_at", "digest")
    for digests in _batches(list(found.values_list("digest", flat=True))):
        rows = Deployable.objects.in_bulk(digests)
        for old in digests:
            row = rows[old]
            frozen = read_snapshot(row.document)
            redacted = redact_snapshot(frozen, names, sealing)
            if redacted is not frozen:
                row.digest, row.document = redacted.digest, redacted.text
                Deployable.objects.bulk_create([row], ignore_conflicts=True)
                _follow_snapshot(old, redacted.digest)
                moved[old] = redacted.digest
        Deployable.objects.filter(digest__in=[digest for digest in digests if digest in moved]).delete()
    return moved


def _follow_snapshot(old: str, new: str) -> None:
    Deployment.objects.filter(deployable=old).update(deployable=new)
    FormerDigest.objects.filter(deployable=old).update(deployable=new)
    FormerDigest.objects.create(name=name_digest(old[:FORMER_DIGEST_SHOWN]), deployable_id=new)


def _redact_documents(
    names: frozenset[str], sealing: Seal, snapshots: Mapping[str, str]
) -> tuple[dict[str, str], list[NodeSegment]]:
    """Old digests and new ones of nodes that hold such a name or a redacted snapshot's digest, whenever they were or
    will be delivered; and the segments during which they hold."""
    moved: dict[str, str] = {}
    concerned: list[NodeSegment] = []
    had_parts = False
    for digests in _batches(list(NodeDocument.objects.order_by("digest").values_list("digest", flat=True))):
        new: dict[str, str] = {}
        texts: dict[str, str] = {}
        for old, body in NodeDocument.objects.filter(digest__in=digests).values_list("digest", "body"):
            text = get_node_text(body, WHOLE, _AT)
            if _is_concerned(text, names, snapshots):
                node = redact_node(read_node(text), names, sealing, snapshots)
                if node.digest != old:
                    new[old] = node.digest
                    texts[node.digest] = write_node(node)
                    if is_divided(body):  # few of these are in memory at once
                        store_documents(texts)
                        texts, had_parts = {}, True
        store_documents(texts)
        segments = list(NodeSegment.objects.filter(document__in=new).select_related("host"))
        for segment in segments:
            segment.document_id = new[segment.document_id]
        NodeSegment.objects.bulk_update(segments, ["document"], batch_size=_BATCH)
        NodeDocument.objects.filter(digest__in=new).delete()
        moved.update(new)
        concerned.extend(segments)
    if had_parts:
        _remove_parts()
    return moved, concerned


def _remove_parts() -> None:
    """Remove the parts that no document names any more: what was redacted may stand in them."""
    bodies = list(NodeDocument.objects.exclude(body__startswith="{").values_list("body", flat=True))
    level = {(name, read_depth(body) - 1) for body in bodies for name in list_names(body)}
    named: set[str] = set()
    while level:
        named.update(name for name, _ in level)
        above = sorted({name for name, depth in level if depth})
        found = dict(
            pair
            for names in _batches(above)
            for pair in NodePart.objects.filter(digest__in=names).values_list("digest", "body")
        )
        level = {(below, depth - 1) for name, depth in level if depth for below in list_names(found[name])}
    left = sorted(set(NodePart.objects.values_list("digest", flat=True)) - named)
    for names in _batches(left):
        NodePart.objects.filter(digest__in=names).delete()


def _is_concerned(body: str, names: Iterable[str], snapshots: Mapping[str, str]) -> bool:
    return any(f'"{name}":' in body for name in names) or any(d in snapshots for d in _SNAPSHOT.findall(body))


def _rename_plans(snapshots: Mapping[str, str], hosts: Iterable[int]) -> dict[str, str]:
    """The digest of a Plan covers those of the snapshots and nodes in it: that of a rollout which is concerned goes
    the same way."""
    concerned: dict[int, Rollout] = {}
    for digests in _batches(sorted(set(snapshots.values()))):
        of_snapshots = Rollout.objects.filter(versions__deployment__deployable__in=digests)
        concerned.update({rollout.id: rollout for rollout in of_snapshots.distinct()})
    for ids in _batches(sorted(hosts)):
        on_hosts = Rollout.objects.filter(versions__deployment__deployed_services__host__in=ids)
        concerned.update({rollout.id: rollout for rollout in on_hosts.distinct()})
    renamed: dict[str, str] = {}
    for rollout in concerned.values():
        former, rollout.plan_digest = rollout.plan_digest, name_digest(rollout.plan_digest)
        renamed[former] = rollout.plan_digest
    Rollout.objects.bulk_update(concerned.values(), ["plan_digest"], batch_size=_BATCH)
    return renamed


def _redact_lines(names: frozenset[str], sealing: Seal, digests: Mapping[str, str]) -> int:
    """How many lines of activity changed in what was before, or after."""
    changed: set[int] = set()
    for ids in _batches(list(Activity.objects.order_by("id").values_list("id", flat=True))):
        rows = list(Activity.objects.filter(id__in=ids))
        for side in ("before", "after"):
            redacted: list[Activity] = []
            for row in rows:
                told = getattr(row, side)
                new = redact_record(told, names, sealing, digests)
                if new is not told:
                    setattr(row, side, thaw(new))
                    redacted.append(row)
            Activity.objects.bulk_update(redacted, [side])
            changed.update(row.id for row in redacted)
    return len(changed)


def _holds_a_name(column: str, names: Iterable[str]) -> Q:
    """Whether a canonical text may hold a parameter of one of the names; its quotes and colons are always alike."""
    found = Q()
    for name in sorted(names):
        found |= Q(**{f"{column}__contains": f'"{name}":'})
    return found


def _batches(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(keys), _BATCH):
        yield keys[first : first + _BATCH]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
