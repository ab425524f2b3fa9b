"""A kept answer is what was answered to a request with an Idempotency-Key, for as long as it may be sent again."""

from __future__ import annotations

from django.db import models


class KeptAnswer(models.Model):
    """``digest`` is that of the request; an empty body was redacted since."""

    actor = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="kept_answer_is_of_one_request", fields=["actor", "key"])]
        indexes = [models.Index(name="kept_answer_by_moment", fields=["at"])]

    def __str__(self) -> str:
        return f"{self.actor} {self.key}"
