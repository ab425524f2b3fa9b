"""A Pool is a named set of Hosts."""

from __future__ import annotations

from larry.nouns.field import Noun, name_fields

POOL = Noun(
    name="pool",
    plural="pools",
    description="A named set of Hosts; a Host may be in many.",
    fields=name_fields("pool"),
    scope=("pool",),
)
