"""A customer pays, and owns apps."""

from __future__ import annotations

from django.db import models

from larry.records.noun import NounRecord


class Customer(NounRecord):
    parameters = models.JSONField(default=dict)

    class Meta(NounRecord.Meta):
        constraints = [
            *NounRecord.Meta.constraints,
            models.UniqueConstraint(name="customer_key_is_unique", fields=["key"]),
            models.UniqueConstraint(name="customer_name_is_unique", fields=["name_folded"]),
        ]
