"""A rollout is the deployments that were made by one act, with one reason."""

from __future__ import annotations

from django.db import models


class Rollout(models.Model):
    id = models.BigAutoField(primary_key=True)
    reason = models.TextField()
    actor = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    plan_digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(name="rollout_has_a_reason", condition=~models.Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"rollout {self.id}: {self.reason}"
