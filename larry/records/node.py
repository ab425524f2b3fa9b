"""A node's timeline is compiled into segments: which document holds on a host during [start, end)."""

from __future__ import annotations

from django.db import models

from larry.records.host import Host


class NodeDocument(models.Model):
    """The canonical text of a node, known by its digest; of a large one ``body`` names parts (core/node_part.py)."""

    digest = models.CharField(max_length=64, primary_key=True)
    body = models.TextField()

    def __str__(self) -> str:
        return self.digest


class NodePart(models.Model):
    """A piece of the texts of large nodes, or the names of others in a row; known by the digest of ``body``."""

    digest = models.CharField(max_length=64, primary_key=True)
    body = models.TextField()

    def __str__(self) -> str:
        return self.digest


class NodeSegment(models.Model):
    """The segments of one host do not overlap: guards.py keeps that."""

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="segments")
    start = models.DateTimeField()
    end = models.DateTimeField(null=True, blank=True)
    document = models.ForeignKey(NodeDocument, on_delete=models.PROTECT, related_name="segments")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="node_segment_start_is_unique_on_its_host", fields=["host", "start"]),
            models.CheckConstraint(
                name="node_segment_ends_after_start",
                condition=models.Q(end__isnull=True) | models.Q(end__gt=models.F("start")),
            ),
        ]
        indexes = [models.Index(name="node_segment_by_start", fields=["start"])]

    def __str__(self) -> str:
        return f"host {self.host_id} from {self.start}"
