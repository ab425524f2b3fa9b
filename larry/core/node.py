"""A node is what one host is to be at one moment: everything live on it, merged and put in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from larry.core.deployable import FrozenService, Snapshot
from larry.core.document import Json, canonical_text, digest_of, freeze, is_sealed
from larry.core.footprint import Cause, Site
from larry.core.interval import Interval
from larry.core.service_graph import Sharing

EMPTY: Mapping[str, Json] = MappingProxyType({})
EMPTY_OWN: Mapping[str, Mapping[str, Json]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What is known of a host apart from what is deployed on it."""

    name: str
    addresses: tuple[str, ...] = ()
    labels: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    data: Mapping[str, Json] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """One deployed service: a service of a deployment on one host during its own interval."""

    deployment: str
    snapshot: Snapshot
    service: str
    host: str
    interval: Interval
    cause: Cause = Cause.REQUIRED
    subjects: tuple[Site, ...] = ()
    elsewhere: tuple[Site, ...] = ()
    now: tuple[str, str] | None = None
    """The instance's path and the service's key as they are now, where they may differ from those of the snapshot."""

    @property
    def frozen(self) -> FrozenService:
        return self.snapshot.by_key[self.service]

    @property
    def identity(self) -> tuple[str, str]:
        """Which instance's and which service it is, whatever keys they were frozen under."""
        return self.now or (self.snapshot.path, self.service)


@dataclass(frozen=True, slots=True)
class Place:
    """A service on another host, with that host's addresses."""

    service: str
    host: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an auditor audits: a service on a host for some instances, with its parameters and the auditor's settings
    for it.
    """

    service: str
    host: str
    addresses: tuple[str, ...]
    paths: tuple[str, ...]
    parameters: Mapping[str, Json]
    settings: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class NodeService:
    """One entry of a node. ``key`` names the entry on the host, ``service`` the service; ``after`` what starts before
    it there.
    """

    service: str
    key: str
    sharing: Sharing
    parameters: Mapping[str, Json]
    paths: tuple[str, ...]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    needs_elsewhere: tuple[Place, ...] = ()
    audits: tuple[Subject, ...] = ()
    tools: Json = None


@dataclass(frozen=True, slots=True)
class NodeInstance:
    """A deployment of an instance that has a service on the host."""

    customer: str
    app: str
    instance: str
    deployment: str
    snapshot: str

    @property
    def path(self) -> str:
        return f"{self.customer}/{self.app}/{self.instance}"


@dataclass(frozen=True)
class Node:
    """A host as of a moment. ``services`` are in start order; ``own`` maps customer, app and instance paths to the
    parameters set at just that level, for tools that have a place for each level."""

    facts: HostFacts
    instances: tuple[NodeInstance, ...] = ()
    services: tuple[NodeService, ...] = ()
    own: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: EMPTY_OWN)

    @cached_property
    def digest(self) -> str:
        """The root of a small tree over the entries, and over buckets of an auditor's subjects."""
        return digest_of(
            {
                "host": self.facts.name,
                "addresses": self.facts.addresses,
                "labels": self.facts.labels,
                "data": self.facts.data,
                "own": self.own,
                "instances": [instance_stamp(each) for each in self.instances],
                "services": [entry_digest(entry) for entry in self.services],
            }
        )


_TOLD = 3
"""How many deployments of one instance a conflict names on each side."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One side of a conflict: the instances that ask, what they ask for, and by which deployments of which snapshots:
    (path, deployment, digest)."""

    paths: tuple[str, ...]
    value: Json
    askers: tuple[tuple[str, str, str], ...] = ()

    def name_askers(self, divided: Collection[str]) -> str:
        """The instances; of those that are divided, which deployments are on this side."""
        return ", ".join(self._name(path) if path in divided else path for path in self.paths)

    def _name(self, path: str) -> str:
        known = [f"{deployment} of snapshot {digest[:12]}" for of, deployment, digest in self.askers if of == path]
        more = f" and {len(known) - _TOLD} more" if len(known) > _TOLD else ""
        return f"{path} (deployment {', '.join(known[:_TOLD])}{more})"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two owners want different things of one entry of one host: ``about`` says what (a parameter, the sharing ...).

    An instance that is on two sides is told with its deployments, which differ.
    """

    host: str
    service: str
    about: str
    claims: tuple[Claim, ...]

    @property
    def text(self) -> str:
        sided = Counter(path for claim in self.claims for path in set(claim.paths))
        divided = {path for path, sides in sided.items() if sides > 1}
        sides = " but ".join(f"{claim.name_askers(divided)} wants {_shown(claim.value)}" for claim in self.claims)
        return f"{self.service} on {self.host}: {self.about}: {sides}"


def keep_leaving(before: Node, after: Node) -> Node:
    """What a host has in one node and lacks in the next, in start order: what must be stopped at the boundary
    between.
    """
    staying = {entry.key for entry in after.services}
    leaving = tuple(entry for entry in before.services if entry.key not in staying)
    return Node(before.facts, before.instances, leaving, before.own)


def entry_key(service: str, sharing: Sharing, path: str) -> str:
    """The key of an entry: the service's own where shared, else prefixed by the instance's path; never ambiguous."""
    return service if sharing is Sharing.HOST else "-".join((*path.split("/"), service))


def entry_digest(entry: NodeService) -> str:
    """The digest of one entry, so that what did not change between two nodes is known by one comparison."""
    return digest_of(entry_stamp(entry, _bucket_digests(entry.audits)))


def entry_stamp(entry: NodeService, buckets: Json) -> Json:
    """What an entry is digested as, given its ``buckets`` of subjects with their digests."""
    return {
        "service": entry.service,
        "key": entry.key,
        "sharing": entry.sharing.value,
        "parameters": entry.parameters,
        "for": entry.paths,
        "needs": entry.needs,
        "after": entry.after,
        "needs_elsewhere": [(place.service, place.host, place.addresses) for place in entry.needs_elsewhere],
        "audits": buckets,
        "tools": entry.tools,
    }


def subject_stamp(subject: Subject) -> Json:
    """What a subject is digested as."""
    return (
        subject.service, subject.host, subject.addresses, subject.paths, subject.parameters, subject.settings,
    )  # fmt: skip


def instance_stamp(each: NodeInstance) -> Json:
    """What a deployment is digested as."""
    return (each.path, each.deployment, each.snapshot)


def are_many(subjects: int) -> bool:
    """Whether so many subjects of one entry are digested in buckets."""
    return subjects > 64


def find_bucket(service: str, host: str) -> str:
    """Which of 256 buckets a subject is in where there are many."""
    return digest_of((service, host))[:2]


def _bucket_digests(subjects: tuple[Subject, ...]) -> list[tuple[str, str]]:
    """Subjects in at most 256 buckets by a hash of (service, host): one change touches one bucket."""
    buckets: dict[str, list[Json]] = {}
    are_divided = are_many(len(subjects))
    for subject in subjects:
        bucket = find_bucket(subject.service, subject.host) if are_divided else ""
        buckets.setdefault(bucket, []).append(subject_stamp(subject))
    return [(bucket, digest_of(members)) for bucket, members in sorted(buckets.items())]


def _shown(value: Json) -> str:
    return "a secret" if is_sealed(value) else canonical_text(freeze(value))
