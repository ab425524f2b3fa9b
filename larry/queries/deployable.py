"""Deployables, read back as the snapshots they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from larry.core.deployable import Snapshot, read_snapshot
from larry.core.document import Json
from larry.core.interval import iso
from larry.nouns.json_text import read_json
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.statement import KeptStatement
from larry.records.deployable import FORMER_DIGEST_SHOWN, Deployable, FormerDigest
from larry.records.secret import name_digest

_KEPT = 4096
_parsed: dict[str, Snapshot] = {}
"""Snapshots by digest: what a digest names never changes, so it never goes stale."""

_AT_ONCE = 5000
"""So many are asked for by one statement, since none takes as many values as one likes."""


_DOCUMENTS = KeptStatement(
    lambda reader, digests: restrict(reader, Deployable.objects.filter(digest__in=digests)).values_list(
        "digest", "document"
    )
)


def get_snapshots(digests: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, Snapshot]:
    """Snapshots by digest; 1 SQL statement for each 5,000, none when all are known already. Raises `NotFound` naming
    what is not there.
    """
    del at  # a Deployable is the same at every moment
    wanted = set(digests)
    known = {
        digest: snapshot
        for digest in wanted
        if reader.sees_everything and (snapshot := _parsed.get(digest)) is not None
    }
    unknown = wanted - known.keys()
    if unknown:
        found: dict[str, Snapshot] = {}
        missing = tuple(unknown)
        for first in range(0, len(missing), _AT_ONCE):
            rows = _DOCUMENTS.ask(reader, digests=missing[first : first + _AT_ONCE])
            found.update((digest, read_snapshot(document, digest)) for digest, document in rows)
        if unknown - found.keys():
            raise NotFound(f"there is no snapshot {', '.join(sorted(unknown - found.keys()))}")
        if len(_parsed) + len(found) > _KEPT:
            _parsed.clear()
        if len(found) <= _KEPT:
            _parsed.update(found)
        return {**known, **found}
    return known


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """A snapshot as it is kept: whose, since when, taken by whom; ``content`` is its canonical text."""

    digest: str
    instance: str
    taken_at: datetime
    taken_by: str
    content: str = ""

    @property
    def document(self) -> dict[str, Json]:
        """The snapshot for programs, without its content."""
        return {
            "digest": self.digest,
            "instance": self.instance,
            "taken_at": iso(self.taken_at),
            "taken_by": self.taken_by,
        }

    @property
    def whole(self) -> dict[str, Json]:
        """The same with its content."""
        return {**self.document, "content": read_json(self.content)}


def list_kept_snapshots(
    reader: Reader, at: Moment, *, instance: str | None = None, after: str | None = None, limit: int | None = None
) -> tuple[KeptSnapshot, ...]:
    """Snapshots taken up to a moment, the latest first, without their content; ``after`` goes on after a digest; 1 SQL
    statement, 2 with ``after``. Raises `NotFound` for a digest that there is not.
    """
    rows = restrict(reader, Deployable.objects.filter(taken_at__lte=at.as_of))
    if after is not None:
        taken_at = restrict(reader, Deployable.objects.filter(digest=after)).values_list("taken_at", flat=True).first()
        if taken_at is None:
            raise NotFound("the list ended at a snapshot that is no longer there: begin again without a cursor")
        rows = rows.filter(Q(taken_at__lt=taken_at) | Q(taken_at=taken_at, digest__gt=after))
    if instance is not None:
        rows = rows.filter(instance__path=instance.lower())
    ordered = rows.order_by("-taken_at", "digest").values_list("digest", "instance__path", "taken_at", "taken_by")
    return tuple(KeptSnapshot(*row) for row in ordered[:limit])


def get_kept_snapshot(digest: str, reader: Reader, at: Moment) -> KeptSnapshot:
    """One snapshot with its content, by its whole digest; 1 SQL statement. Raises `NotFound`."""
    rows = restrict(reader, Deployable.objects.filter(digest=digest))
    row = rows.values_list("digest", "instance__path", "taken_at", "taken_by", "document").first()
    if row is None:
        raise NotFound(f"there is no snapshot {digest}")
    return KeptSnapshot(*row)


def find_digest(prefix: str, path: str, reader: Reader, at: Moment) -> str:
    """The digest of an instance's snapshot from its first characters; 1 SQL statement, 3 for a former digest.

    One that was redacted since is found by at least 12 characters of the digest that it had. Raises `NotFound` when
    there is none, or more than one.
    """
    del at
    prefix = prefix.lower()
    rows = restrict(reader, Deployable.objects.filter(instance__path=path, digest__startswith=prefix))
    digests = list(rows.values_list("digest", flat=True)[:2])
    if not digests and len(prefix) >= FORMER_DIGEST_SHOWN:
        name = name_digest(prefix[:FORMER_DIGEST_SHOWN])
        former = restrict(reader, FormerDigest.objects.filter(name=name, deployable__instance__path=path))
        digests = list(former.values_list("deployable_id", flat=True).distinct()[:2])
    if not digests:
        redacted = restrict(reader, FormerDigest.objects.filter(deployable__instance__path=path))
        why = f"{path} has no snapshot {prefix}"
        if len(prefix) < FORMER_DIGEST_SHOWN and redacted.exists():
            why += f"; of a snapshot that was redacted since, give {FORMER_DIGEST_SHOWN} characters"
        raise NotFound(why)
    if len(digests) > 1:
        raise NotFound(f"several snapshots of {path} start with {prefix}: give more characters")
    return digests[0]


@dataclass(frozen=True, slots=True)
class TakenSnapshot:
    """A snapshot of an instance: when and by whom it was taken, and in how many deployments it is and was to be."""

    digest: str
    taken_at: datetime
    taken_by: str
    live: int
    deactivated: int


def list_taken(path: str, reader: Reader, at: Moment, limit: int = 50) -> tuple[TakenSnapshot, ...]:
    """The snapshots of an instance, the latest first; 1 SQL statement."""
    del at
    rows = restrict(reader, Deployable.objects.filter(instance__path=path.lower())).annotate(
        live=Count("deployments", filter=Q(deployments__deactivated_at=None)),
        deactivated=Count("deployments", filter=Q(deployments__deactivated_at__isnull=False)),
    )
    columns = rows.order_by("-taken_at", "digest").values_list("digest", "taken_at", "taken_by", "live", "deactivated")
    return tuple(TakenSnapshot(*row) for row in columns[:limit])
