"""A Customer is who pays: it owns Apps and has parameters for all of them."""

from __future__ import annotations

from larry.nouns.field import Field, FieldKind, Noun, name_fields

CUSTOMER = Noun(
    name="customer",
    plural="customers",
    description="Who pays; owns Apps.",
    fields=(
        *name_fields("customer"),
        Field("parameters", FieldKind.VALUES, "Parameters for all apps of the customer.", default={}, sensitive=True),
    ),
    scope=("customer",),
)
