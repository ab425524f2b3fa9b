"""A service is a named thing that instances need; it declares the parameters that it wants."""

from __future__ import annotations

from django.db import models

from larry.core.parameters import Merge, ParameterType
from larry.core.service_graph import Sharing
from larry.records.noun import NounRecord


class Service(NounRecord):
    sharing = models.CharField(max_length=16, default=Sharing.HOST.value)
    category = models.CharField(max_length=200, default="", blank=True)
    tools = models.JSONField(default=dict)

    class Meta(NounRecord.Meta):
        constraints = [
            *NounRecord.Meta.constraints,
            models.UniqueConstraint(name="service_key_is_unique", fields=["key"]),
            models.UniqueConstraint(name="service_name_is_unique", fields=["name_folded"]),
            models.CheckConstraint(
                name="service_is_shared_by_host_or_instance",
                condition=models.Q(sharing__in=[sharing.value for sharing in Sharing]),
            ),
        ]


class Parameter(models.Model):
    """One parameter that a service declares. JSON null can be a default, hence ``has_default``."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="parameters")
    position = models.IntegerField()
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=16, default=ParameterType.ANY.value)
    merge = models.CharField(max_length=16, default=Merge.REPLACE.value)
    sensitive = models.BooleanField(default=False)
    description = models.TextField(default="", blank=True)
    has_default = models.BooleanField(default=False)
    default = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="service_declares_a_parameter_once", fields=["service", "name"]),
            models.CheckConstraint(
                name="parameter_type_is_known", condition=models.Q(type__in=[known.value for known in ParameterType])
            ),
            models.CheckConstraint(
                name="parameter_merge_is_known", condition=models.Q(merge__in=[known.value for known in Merge])
            ),
            models.CheckConstraint(
                name="parameter_without_default_holds_none",
                condition=models.Q(has_default=True) | models.Q(default__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.name}"
