"""A deployment states that a deployable is live on a host during [start, end); guards.py keeps a lane's apart."""

from __future__ import annotations

from django.db import models

from larry.core.footprint import Cause
from larry.records.deployable import Deployable
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.rollout import Rollout
from larry.records.service import Service

_ENDS_AFTER_START = models.Q(end__isnull=True) | models.Q(end__gt=models.F("start"))


class Deployment(models.Model):
    """``place`` is {service key: host id}; ``uncovered`` a list of [auditor, audited, host id, why].

    One that is deleted before it begins is deactivated, and shown no more: what the record said before stays known.
    """

    id = models.CharField(max_length=16, primary_key=True)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="deployments")
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="deployments")
    deployable = models.ForeignKey(Deployable, on_delete=models.PROTECT, related_name="deployments")
    start = models.DateTimeField()
    end = models.DateTimeField(null=True, blank=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    is_deleted = models.BooleanField(default=False)
    reason = models.TextField()
    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="deployments")
    continues = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="continuations")
    place = models.JSONField(default=dict)
    uncovered = models.JSONField(default=list)
    ordinal = models.IntegerField()
    version = models.IntegerField(default=1)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="deployment_ordinal_is_unique_in_its_lane", fields=["instance", "host", "ordinal"]
            ),
            models.CheckConstraint(name="deployment_ends_after_start", condition=_ENDS_AFTER_START),
            models.CheckConstraint(
                name="deployment_that_is_deleted_is_deactivated",
                condition=models.Q(is_deleted=False) | models.Q(deactivated_at__isnull=False),
            ),
            models.CheckConstraint(name="deployment_has_a_reason", condition=~models.Q(reason="")),
            models.CheckConstraint(
                name="deployment_does_not_continue_itself",
                condition=models.Q(continues__isnull=True) | ~models.Q(continues=models.F("id")),
            ),
        ]
        indexes = [
            models.Index(name="deployment_by_host_and_end", fields=["host", "end"]),
            models.Index(name="deployment_by_end", fields=["end"]),
            models.Index(name="deployment_by_start", fields=["start"]),
        ]

    def __str__(self) -> str:
        return self.id


class DeploymentVersion(models.Model):
    """What one deployment was from a moment on, as recorded; only ever appended."""

    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="versions")
    version = models.IntegerField()
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")
    start = models.DateTimeField()
    end = models.DateTimeField(null=True, blank=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    is_deleted = models.BooleanField(default=False)
    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, null=True, blank=True, related_name="versions")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="deployment_version_is_recorded_once", fields=["deployment", "version"]),
            models.CheckConstraint(name="deployment_version_ends_after_start", condition=_ENDS_AFTER_START),
        ]

    def __str__(self) -> str:
        return f"{self.deployment_id} version {self.version}"


class DeployedService(models.Model):
    """One service of a deployment on one host; ``subjects`` and ``elsewhere`` are lists of [service key, host id]."""

    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="deployed_services")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="deployed_services")
    service_key = models.CharField(max_length=63)
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="deployed_services")
    start = models.DateTimeField()
    end = models.DateTimeField(null=True, blank=True)
    deactivated = models.BooleanField(default=False)
    cause = models.CharField(max_length=16)
    subjects = models.JSONField(default=list)
    elsewhere = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="deployment_has_a_service_on_a_host_once", fields=["deployment", "service_key", "host"]
            ),
            models.CheckConstraint(name="deployed_service_ends_after_start", condition=_ENDS_AFTER_START),
            models.CheckConstraint(
                name="deployed_service_cause_is_known", condition=models.Q(cause__in=[cause.value for cause in Cause])
            ),
        ]
        indexes = [
            models.Index(name="deployed_service_host_and_end", fields=["host", "end"]),
            models.Index(name="deployed_service_by_service", fields=["service", "end", "host", "deactivated"]),
        ]

    def __str__(self) -> str:
        return f"{self.service_key} of {self.deployment_id} on host {self.host_id}"
