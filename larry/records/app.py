"""An app is one application of a customer; it carries the contract."""

from __future__ import annotations

from django.db import models

from larry.records.customer import Customer
from larry.records.noun import NounRecord


class App(NounRecord):
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="apps")
    parameters = models.JSONField(default=dict)
    service_level = models.CharField(max_length=200, default="", blank=True)
    importance = models.IntegerField(default=0)

    class Meta(NounRecord.Meta):
        constraints = [
            *NounRecord.Meta.constraints,
            models.UniqueConstraint(name="app_key_is_unique_in_its_customer", fields=["customer", "key"]),
            models.UniqueConstraint(name="app_name_is_unique_in_its_customer", fields=["customer", "name_folded"]),
        ]
