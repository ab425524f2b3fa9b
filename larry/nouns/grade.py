"""A Grade is a local size of Hosts, ordered, with a floor of capacity."""

from __future__ import annotations

from larry.nouns.field import Field, FieldKind, Noun, name_fields

GRADE = Noun(
    name="grade",
    plural="grades",
    description="A local size of Hosts, ordered, with floor capacity (medium, large, huge).",
    fields=(
        *name_fields("grade"),
        Field("rank", FieldKind.INTEGER, "The place of the grade among the grades: the larger, the higher.", default=0),
        Field("floor", FieldKind.NUMBER_MAP, "The least capacity that a host of this grade has.", default={}),
    ),
    sorts=("rank", "name", "key"),
)
