"""An edge says that one service needs or audits another; every version of it is kept."""

from __future__ import annotations

from django.db import models

from larry.core.service_graph import WhereKind
from larry.records.activity import Activity
from larry.records.host import Host
from larry.records.role import Role
from larry.records.service import Service

EDGE_KINDS = ("needs", "audits")

_NO_HOST = models.Q(where_host__isnull=True)
_NO_ROLE = models.Q(where_role__isnull=True)


def _audits(*kinds: WhereKind) -> models.Q:
    # A comparison with NULL passes a check, so that presence is asked for by name.
    known = [kind.value for kind in kinds]
    return models.Q(kind="audits", where_kind__isnull=False, where_kind__in=known)


class Edge(models.Model):
    """``service`` needs ``target``, or is the auditor of ``target``; either way the target starts first."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="edges")
    kind = models.CharField(max_length=16)
    target = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="edges_in")
    where_kind = models.CharField(max_length=16, null=True, blank=True)
    where_host = models.ForeignKey(Host, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    where_role = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="edge_is_stated_once", fields=["service", "kind", "target"]),
            models.CheckConstraint(name="edge_needs_or_audits", condition=models.Q(kind__in=list(EDGE_KINDS))),
            models.CheckConstraint(
                name="edge_leads_to_another_service", condition=~models.Q(service=models.F("target"))
            ),
            models.CheckConstraint(
                name="edge_where_fits_its_kind",
                condition=(models.Q(kind="needs", where_kind__isnull=True) & _NO_HOST & _NO_ROLE)
                | (_audits(WhereKind.SAME_HOST, WhereKind.MANUAL) & _NO_HOST & _NO_ROLE)
                | (_audits(WhereKind.HOST) & models.Q(where_host__isnull=False) & _NO_ROLE)
                | (_audits(WhereKind.ROLE) & _NO_HOST & models.Q(where_role__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.kind} {self.target}"


class EdgeVersion(models.Model):
    """What one edge was from a moment on, as recorded; only ever appended."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="edge_versions")
    kind = models.CharField(max_length=16)
    target = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    where = models.JSONField(null=True, blank=True)
    removed = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="edge_versions")

    class Meta:
        constraints = [
            models.CheckConstraint(name="edge_version_needs_or_audits", condition=models.Q(kind__in=list(EDGE_KINDS))),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.kind} {self.target} from {self.recorded_at}"
