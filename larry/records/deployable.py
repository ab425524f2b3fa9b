"""A deployable is the frozen text of everything that is needed to deploy an instance, known by its digest."""

from __future__ import annotations

from django.db import models

from larry.records.instance import Instance

FORMER_DIGEST_SHOWN = 12
"""How many characters of a former digest it takes to find its deployable: as many as tables show."""


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


class FormerDigest(models.Model):
    """By which digest a deployable was known before it was redacted: as the HMAC of its first characters, because the
    digest of a text that held a secret would let anybody try secrets until one fits."""

    name = models.CharField(max_length=64, db_index=True)
    deployable = models.ForeignKey(Deployable, on_delete=models.PROTECT, related_name="former_digests")

    def __str__(self) -> str:
        return f"a former digest of {self.deployable_id}"
