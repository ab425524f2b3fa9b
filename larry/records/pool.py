"""A pool is a named set of hosts."""

from __future__ import annotations

from django.db import models

from larry.records.noun import NounRecord


class Pool(NounRecord):
    class Meta(NounRecord.Meta):
        constraints = [
            *NounRecord.Meta.constraints,
            models.UniqueConstraint(name="pool_key_is_unique", fields=["key"]),
            models.UniqueConstraint(name="pool_name_is_unique", fields=["name_folded"]),
        ]
