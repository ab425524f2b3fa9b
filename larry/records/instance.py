"""An instance is one configuration of an app: what it requires, with which parameters, how often."""

from __future__ import annotations

from django.db import models

from larry.records.app import App
from larry.records.customer import Customer
from larry.records.noun import NounRecord
from larry.records.service import Service


class Instance(NounRecord):
    """``path`` is customer/app/instance; ``customer`` is the app's customer once more, so that rights are one test."""

    app = models.ForeignKey(App, on_delete=models.PROTECT, related_name="instances")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="instances")
    path = models.CharField(max_length=191)
    parameters = models.JSONField(default=dict)
    copies = models.IntegerField(default=1)
    demand = models.JSONField(default=dict)
    template = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="followers")

    class Meta(NounRecord.Meta):
        constraints = [
            *NounRecord.Meta.constraints,
            models.UniqueConstraint(name="instance_path_is_unique", fields=["path"]),
            models.UniqueConstraint(name="instance_key_is_unique_in_its_app", fields=["app", "key"]),
            models.UniqueConstraint(name="instance_name_is_unique_in_its_app", fields=["app", "name_folded"]),
            models.CheckConstraint(name="instance_copies_are_not_negative", condition=models.Q(copies__gte=0)),
            models.CheckConstraint(
                name="instance_is_not_its_own_template",
                condition=models.Q(template__isnull=True) | ~models.Q(template=models.F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.path


class Requirement(models.Model):
    """One service that an instance requires by its own wish."""

    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="requirements")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="requirements")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="instance_requires_a_service_once", fields=["instance", "service"]),
        ]

    def __str__(self) -> str:
        return f"{self.instance} requires {self.service}"
