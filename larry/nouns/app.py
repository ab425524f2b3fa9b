"""An App is one application of a Customer: it carries the contract."""

from __future__ import annotations

from larry.nouns.field import Field, FieldKind, Noun, name_fields

APP = Noun(
    name="app",
    plural="apps",
    description="One application of a Customer; carries the contract.",
    parent="customer",
    fields=(
        *name_fields("app"),
        Field("parameters", FieldKind.VALUES, "Parameters for all instances of the app.", default={}, sensitive=True),
        Field("service_level", FieldKind.LINE, "The service level of the contract.", default=""),
        Field("importance", FieldKind.INTEGER, "How important the app is: the larger, the more.", default=0),
    ),
    scope=("app", "customer"),
    sorts=("name", "key", "importance", "service_level"),
    filters=("customer", "service_level"),
)
