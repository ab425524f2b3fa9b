"""A role is a tag of hosts: the sort of work that they are for."""

from __future__ import annotations

from django.db import models

from larry.records.noun import NounRecord


class Role(NounRecord):
    floor = models.JSONField(default=dict)

    class Meta(NounRecord.Meta):
        constraints = [
            *NounRecord.Meta.constraints,
            models.UniqueConstraint(name="role_key_is_unique", fields=["key"]),
            models.UniqueConstraint(name="role_name_is_unique", fields=["name_folded"]),
        ]
