"""What Larry answers, as types: plain JSON with the members named. Moments are ISO 8601 in UTC, as they came."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

JsonValue: TypeAlias = Any
"""Anything that JSON can say."""

NounDocument: TypeAlias = dict[str, Any]
"""A simple noun: ``noun``, ``address``, and its fields as the guide to the estate file tells them."""

Span = TypedDict("Span", {"start": str, "end": str | None})  # noqa: UP013 — beside its neighbours
Said = TypedDict("Said", {"code": str, "text": str})  # noqa: UP013 — the same
Audited = TypedDict("Audited", {"service": str, "host": str})  # noqa: UP013 — the same
Valid = TypedDict("Valid", {"from": str, "until": str | None})
NodeStep = TypedDict("NodeStep", {"host": str, "from": str, "digest_before": str | None, "digest_after": str | None})


class PlannedChange(TypedDict):
    """What becomes of one deployment."""

    kind: Literal["add", "end", "extend", "move", "deactivate", "resume", "bound", "delete"]
    deployment: str | None
    instance: str
    host: str
    before: Span | None
    after: Span | None
    why: str


class PlacedService(TypedDict):
    """A service that a Plan puts on a host, and what it audits."""

    service: str
    host: str
    instance: str
    audits: list[Audited]


class PlanDocument(TypedDict):
    """What an act changes, or would change."""

    digest: str
    changes: list[PlannedChange]
    deployed_services: list[PlacedService]
    warnings: list[Said]
    refusals: list[Said]
    nodes: list[NodeStep]


class BeforeAfter(TypedDict):
    """A field of a noun."""

    before: JsonValue
    after: JsonValue


class NounChange(TypedDict):
    """What becomes of one noun."""

    noun: str
    address: str
    verb: Literal["create", "update", "retire"]
    fields: dict[str, BeforeAfter]


class LackingDocument(TypedDict):
    """An instance that could not be deployed, and why."""

    instance: str
    why: list[str]


class ConsequenceDocument(TypedDict):
    """What an edit does to instances, by path: what becomes dirty, what is so no longer, what lacks something."""

    dirty: list[str]
    clean: list[str]
    lacking: list[LackingDocument]


class ChangeDocument(TypedDict):
    """What an edit changes, or would change."""

    changes: list[NounChange]
    consequence: ConsequenceDocument
    digest: str
    plan: PlanDocument
    redaction: dict[str, Any] | None
    notes: list[str]


class KeyChangeDocument(TypedDict):
    """What follows from another key."""

    noun: str
    before: dict[str, str]
    after: dict[str, str]
    moved: list[dict[str, str]]
    references: list[dict[str, str]]
    dirty: list[dict[str, Any]]
    clean: list[str]
    digest: str


class Lack(TypedDict):
    """An auditor that a deployment asks for and does not have."""

    auditor: str
    service: str
    host: str
    why: str


class DeploymentDocument(TypedDict):
    """What was, is or will be live."""

    id: str
    instance: str
    host: str
    snapshot: str
    start: str
    end: str | None
    deactivated: str | None
    reason: str
    rollout: int
    continues: str | None
    state: Literal["past", "current", "future", "deactivated"]
    place: dict[str, str]
    uncovered: list[Lack]


class RolloutDocument(TypedDict):
    """One act that deployed."""

    id: int
    at: str
    actor: str
    reason: str
    deployments: int


class RolloutDetailDocument(TypedDict):
    """The same, with what it touched, and what came into its lanes since."""

    id: int
    actor: str
    reason: str
    touched: list[dict[str, Any]]
    later: list[dict[str, Any]]


class NodeDocument(TypedDict):
    """What a host is to be, from ``valid["from"]`` until ``valid["until"]``."""

    host: str
    addresses: list[str]
    labels: dict[str, str]
    data: dict[str, Any]
    own_parameters: dict[str, Any]
    valid: Valid
    next_change: str | None
    digest: str
    instances: list[dict[str, str]]
    services: list[dict[str, Any]]


class DifferenceDocument(TypedDict):
    """What differs at one path."""

    path: str
    kind: str
    old: JsonValue
    new: JsonValue
    owner: NotRequired[str]
    owner_before: NotRequired[str]


class ActivityDocument(TypedDict):
    """Who did what, when and why."""

    id: int
    at: str
    actor: str
    verb: str
    noun: str
    address: str
    reason: str
    before: JsonValue
    after: JsonValue
    rollout: int | None


class SnapshotDocument(TypedDict):
    """What an instance was frozen as."""

    digest: str
    instance: str
    new: bool


class KeptSnapshotDocument(TypedDict):
    """A snapshot that is kept; ``content`` where one is asked for."""

    digest: str
    instance: str
    taken_at: str
    taken_by: str
    content: NotRequired[dict[str, Any]]


class SituationDocument(TypedDict):
    """Something strange, before it surprises somebody."""

    what: str
    noun: str
    address: str
    text: str


class DirtyDocument(TypedDict):
    """An instance that was edited since it was deployed, and why."""

    instance: str
    hosts: list[str]
    causes: list[dict[str, Any]]
    dirty: NotRequired[bool]


CoverageDocument = TypedDict(
    "CoverageDocument",
    {
        "covered": bool,
        "instance": str,
        "deployment": str,
        "service": str,
        "host": str,
        "auditor": str,
        "where": JsonValue,
        "placed": bool,
        "from": str | None,
        "why_not": str | None,
    },
)


class EdgeDocument(TypedDict):
    """Which service needs or audits which."""

    service: str
    kind: Literal["needs", "audits"]
    target: str
    where: JsonValue
    since: str | None
    activity: int | None
    actor: str
    reason: str


HostStepDocument = TypedDict(
    "HostStepDocument",
    {"from": str, "until": str | None, "digest": str, "differences": list[DifferenceDocument]},
)


class ParameterLineDocument(TypedDict):
    """One parameter of an instance, and whence its value comes."""

    group: Literal["missing", "wrong", "matching", "unknown"]
    name: str
    value: JsonValue
    whence: dict[str, Any] | None
    overrode: list[dict[str, Any]]
    needed_by: list[str]
    expected: str | None


class StatedChangeDocument(ChangeDocument):
    """What files change: a Plan for each group of deployments where they were to be put in place, else None."""

    plans: list[PlanDocument] | None
    left_aside: int


class FleetHostDocument(TypedDict):
    """One host, with what groups it now."""

    node: NodeDocument
    roles: list[str]
    pools: list[str]


class FleetDocument(TypedDict):
    """Every host; between ``start`` and ``end`` none changes but by an act."""

    hosts: list[FleetHostDocument]
    start: str | None
    end: str | None


UserDocument = TypedDict(
    "UserDocument",
    {
        "name": str,
        "full_name": str,
        "email": str,
        "time_zone": str,
        "is_administrator": bool,
        "is_active": bool,
        "from": str,
        "created_at": str,
        "signed_in_at": str | None,
    },
)
GrantDocument = TypedDict(
    "GrantDocument",
    {
        "to": Literal["user", "group"],
        "name": str,
        "role": str,
        "scope": str,
        "address": str,
        "since": str,
        "from": str,
    },
)


class GroupDocument(TypedDict):
    """Users that are granted something together."""

    name: str
    description: str
    members: list[str]


class TokenDocument(TypedDict):
    """A token as it is listed: by its ``prefix``, never itself. ``role`` and ``scope`` narrow what its user may."""

    user: str
    name: str
    prefix: str
    role: str | None
    scope: str
    address: str
    secrets: bool
    feeds: bool
    created_at: str
    expires_at: str
    revoked_at: str | None
    used_at: str | None


class MadeTokenDocument(TokenDocument):
    """The same once, when it is made: with the token itself, and the addresses of feeds that hold it; None when a
    request was sent again."""

    token: str | None
    addresses: list[str] | None


class WebhookDocument(TypedDict):
    """Where Larry tells what happens; never with its secret."""

    id: int
    url: str
    events: list[str]
    scope: str
    address: str
    owner: str | None
    state: str
    created_at: str
    paused_at: str | None
    pending: int
    dead: int


class NewWebhookDocument(TypedDict):
    """The same once, when it is added: with the secret that signs; None when a request was sent again."""

    webhook: WebhookDocument
    secret: str | None


class DeliveryDocument(TypedDict):
    """The telling of one event to one webhook, under one ``key`` however often it is tried."""

    key: str
    webhook: int
    event: str
    noun: str
    address: str
    at: str
    state: str
    attempts: int
    due_at: str | None
    finished_at: str | None
    status: int | None
    note: str
