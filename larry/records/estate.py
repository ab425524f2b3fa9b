"""The estate is one row: where those who change a graph at once meet, and where the key of all seals is kept."""

from __future__ import annotations

from django.db import models


class Estate(models.Model):
    """``graph_version`` is bumped by whatever could close a circle; ``seal_key`` is ciphertext, empty until needed.

    ``redacting`` points to an estate that cannot be while records are redacted (gate.py): the guards let that act
    through, and as references are checked at the end of a transaction none can end with it.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    graph_version = models.BigIntegerField(default=0)
    seal_key = models.TextField(default="", blank=True)
    redacting = models.ForeignKey("self", on_delete=models.DO_NOTHING, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(name="there_is_one_estate", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return "the estate"
