"""A grade is a local size of hosts, ordered by rank, with the least capacity that it promises."""

from __future__ import annotations

from django.db import models

from larry.records.noun import NounRecord


class Grade(NounRecord):
    rank = models.IntegerField()
    floor = models.JSONField(default=dict)

    class Meta(NounRecord.Meta):
        constraints = [
            *NounRecord.Meta.constraints,
            models.UniqueConstraint(name="grade_key_is_unique", fields=["key"]),
            models.UniqueConstraint(name="grade_name_is_unique", fields=["name_folded"]),
        ]
