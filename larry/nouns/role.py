"""A Role is a tag of Hosts: the sort of work they are for."""

from __future__ import annotations

from larry.nouns.field import Field, FieldKind, Noun, name_fields

ROLE = Noun(
    name="role",
    plural="roles",
    description="A tag of Hosts: the sort of work they are for.",
    fields=(
        *name_fields("role"),
        Field("floor", FieldKind.NUMBER_MAP, "The least capacity that a host of this role has to have.", default={}),
    ),
)
