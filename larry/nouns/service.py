"""A Service is a named thing that an Instance needs: tool-neutral, declaring the parameters it needs."""

from __future__ import annotations

from larry.core.service_graph import Sharing
from larry.nouns.field import Field, FieldKind, Noun, name_fields

SERVICE = Noun(
    name="service",
    plural="services",
    description="A named thing an Instance needs (web server, certificates, postgres); tool-neutral.",
    fields=(
        *name_fields("service"),
        Field(
            "sharing",
            FieldKind.CHOICE,
            "Whether a host has the service once for all instances (host) or once for each of them (instance).",
            default=Sharing.HOST.value,
            choices=tuple(sharing.value for sharing in Sharing),
        ),
        Field("category", FieldKind.LINE, "The billing category.", default=""),
        Field(
            "parameters",
            FieldKind.DECLARATIONS,
            "The parameters the service needs: a name, or a map of name, type, default, merge, sensitive, description.",
            default=[],
        ),
        Field("needs", FieldKind.REFERENCES, "The services that this one needs.", default=[], target="service"),
        Field(
            "audits",
            FieldKind.AUDITS,
            "The services that this one audits: it is deployed about them wherever they are deployed.",
            default=[],
            target="service",
        ),
        Field("tools", FieldKind.JSON_MAP, "Free data by tool: {puppet: {class: 'postgresql::server'}}.", default={}),
    ),
    filters=("sharing", "category", "needs", "audits"),
    search=("name", "key", "description", "category"),
)
