"""Snapshot: freeze an instance as it is described now."""

from __future__ import annotations

from dataclasses import dataclass

from larry.actions.activity import record
from larry.actions.author import Author, Refused
from larry.actions.permit import permit_instance
from larry.actions.stale import refuse_stale, retake
from larry.actions.transaction import begin_recording, transact
from larry.core.deployable import CannotSnapshot, Snapshot, refuse_unready
from larry.core.document import Json
from larry.core.parameters import Resolved
from larry.core.rights import Permission
from larry.queries.instance import get_descriptions
from larry.queries.service import get_service_graph
from larry.queries.view import read_view
from larry.records.deployable import Deployable
from larry.records.gate import keep_gate_shut
from larry.records.instance import Instance


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot that is kept: ``is_new`` is False when the same content had been kept before."""

    digest: str
    path: str
    is_new: bool
    resolved: Resolved
    snapshot: Snapshot

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {"digest": self.digest, "instance": self.path, "new": self.is_new}


def snapshot(path: str, author: Author, *, dry_run: bool = False) -> Taken:
    """Freeze one instance; about 12 SQL statements. Raises `Refused` naming all that is missing, `NotFound`."""
    return retake(lambda: _take(path, author, dry_run=dry_run))


def _take(path: str, author: Author, *, dry_run: bool) -> Taken:
    with read_view():
        description = get_descriptions([path], author.sees, author.moment)[path.lower()]
        frozen, resolved = description.describe(get_service_graph(author.sees, author.moment, description.requires))
        permit_instance(frozen.path, Permission.EDIT, author)
        kept = Deployable.objects.filter(digest=frozen.digest).exists()
    try:
        refuse_unready(frozen.path, resolved)
    except CannotSnapshot as reason:
        raise Refused(str(reason)) from reason
    if not kept and not dry_run:
        kept = not transact(lambda: _keep(frozen, author))
    return Taken(frozen.digest, frozen.path, not kept, resolved, frozen)


def _keep(frozen: Snapshot, author: Author) -> bool:
    """Whether it was new: of two that freeze the same at once, one is."""
    keep_gate_shut()
    refuse_stale([frozen], author)
    instance = Instance.objects.select_for_update(no_key=True).get(path=frozen.path)
    author = begin_recording(author)
    _, is_new = Deployable.objects.get_or_create(
        digest=frozen.digest,
        defaults={"instance": instance, "document": frozen.text, "taken_at": author.now, "taken_by": author.actor},
    )
    if is_new:
        record(author, "snapshot", "instance", frozen.path, after={"snapshot": frozen.digest})
    return is_new
