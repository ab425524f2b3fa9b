"""Activity is who did what to what, when and why, with before and after; only ever appended."""

from __future__ import annotations

from django.db import models

from larry.records.rollout import Rollout


class Activity(models.Model):
    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    verb = models.CharField(max_length=63)
    noun = models.CharField(max_length=63)
    address = models.CharField(max_length=255)
    reason = models.TextField(default="", blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, null=True, blank=True, related_name="activities")

    class Meta:
        indexes = [
            models.Index(name="activity_by_noun_and_address", fields=["noun", "address", "-id"]),
            models.Index(name="activity_by_noun", fields=["noun", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.noun} {self.address}"
