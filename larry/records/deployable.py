"""A deployable is the frozen text of everything that is needed to deploy an instance, known by its digest."""

from __future__ import annotations

from django.db import models

from larry.records.instance import Instance


class Deployable(models.Model):
    digest = models.CharField(max_length=64, primary_key=True)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="deployables")
    document = models.TextField()
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(name="deployable_by_instance", fields=["instance", "-taken_at"])]

    def __str__(self) -> str:
        return self.digest
