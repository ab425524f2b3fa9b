"""A noun record is the part that every named thing of the estate has in common."""

from __future__ import annotations

from django.db import models


class NounRecord(models.Model):
    """Key, name and age of one noun; the key and the folded name are written by the actions, never here."""

    key = models.CharField(max_length=63)
    name = models.CharField(max_length=200)
    name_folded = models.CharField(max_length=400)
    description = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_has_a_key_and_a_name",
                condition=~models.Q(key="") & ~models.Q(name="") & ~models.Q(name_folded=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name
