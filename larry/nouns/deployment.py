"""A deployment as an estate file states it, for adopting or rebuilding an estate: the noun itself is no simple one."""

from __future__ import annotations

from dataclasses import dataclass, field

from larry.nouns.field import Field, FieldKind
from larry.nouns.item import Places, Position

DEPLOYMENT_SECTION = "deployments"

DEPLOYMENT_FIELDS = (
    Field("instance", FieldKind.REFERENCE, "The instance: customer/app/instance.", required=True, target="instance"),
    Field("host", FieldKind.REFERENCE, "The host it is live on.", required=True, target="host"),
    Field("start", FieldKind.MOMENT, "Since when (2026-12-01T00:00Z).", required=True),
    Field("end", FieldKind.MOMENT, "Until when, or null while it has no end."),
    Field("reason", FieldKind.LINE, "Why.", required=True),
)


@dataclass(frozen=True, slots=True)
class DeploymentLine:
    """One line of ``deployments:``; moments are ISO 8601 texts as written, checked but not yet put into a zone."""

    instance: str
    host: str
    start: str
    end: str | None
    reason: str
    position: Position = field(compare=False)
    places: Places = field(compare=False, repr=False)
