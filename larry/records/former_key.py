"""A former key is one that a noun had before its key was changed; it stays that noun's for ever."""

from __future__ import annotations

from django.db import models

from larry.records.activity import Activity


class FormerKey(models.Model):
    """``owner`` is the id of the noun's row, ``parent`` that of its customer or app, 0 for nouns without one."""

    noun = models.CharField(max_length=63)
    parent = models.BigIntegerField(default=0)
    key = models.CharField(max_length=63)
    owner = models.BigIntegerField()
    until = models.DateTimeField()
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="former_keys")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="former_key_is_of_one_noun", fields=["noun", "parent", "key"]),
            models.CheckConstraint(name="former_key_is_not_empty", condition=~models.Q(key="")),
        ]

    def __str__(self) -> str:
        return f"{self.noun} {self.key} until {self.until}"
