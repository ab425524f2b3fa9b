"""A host is a compute resource that a tool manages."""

from __future__ import annotations

from django.db import models

from larry.records.grade import Grade
from larry.records.noun import NounRecord
from larry.records.pool import Pool
from larry.records.role import Role


class Host(NounRecord):
    """``name`` is the DNS name in lower case, by which the host is addressed."""

    name = models.CharField(max_length=253)
    addresses = models.JSONField(default=list)
    labels = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    capacity = models.JSONField(default=dict)
    grade = models.ForeignKey(Grade, on_delete=models.PROTECT, null=True, blank=True, related_name="hosts")
    roles = models.ManyToManyField(Role, related_name="hosts", blank=True)
    pools = models.ManyToManyField(Pool, related_name="hosts", blank=True)

    class Meta(NounRecord.Meta):
        constraints = [
            *NounRecord.Meta.constraints,
            models.UniqueConstraint(name="host_key_is_unique", fields=["key"]),
            models.UniqueConstraint(name="host_name_is_unique", fields=["name_folded"]),
        ]
        indexes = [models.Index(name="host_by_name", fields=["name"])]
