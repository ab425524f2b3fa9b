"""A grant gives a user or a group a role over everything, or over one customer, app or pool."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Coalesce

from larry.core.rights import PersonRole
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.pool import Pool
from larry.records.user import DIRECTORY, User


class Group(models.Model):
    name = models.CharField(max_length=150)
    name_folded = models.CharField(max_length=300)
    description = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="group_name_is_unique", fields=["name_folded"]),
            models.CheckConstraint(name="group_has_a_name", condition=~models.Q(name="") & ~models.Q(name_folded="")),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """That a user has what a group was granted."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(name="user_is_in_a_group_once", fields=["group", "user"])]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"


class Grant(models.Model):
    """Of customer, app and pool one is given or none: none is everything. ``source``: whence it was given."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
    role = models.CharField(max_length=20)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
    app = models.ForeignKey(App, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
    source = models.CharField(max_length=20, default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="grant_source_is_known", condition=models.Q(source__in=["", DIRECTORY])),
            models.CheckConstraint(
                name="grant_is_to_a_user_or_a_group",
                condition=models.Q(user__isnull=False, group__isnull=True)
                | models.Q(user__isnull=True, group__isnull=False),
            ),
            models.CheckConstraint(
                name="grant_role_is_known", condition=models.Q(role__in=[role.value for role in PersonRole])
            ),
            models.CheckConstraint(
                name="grant_has_one_scope_at_most",
                condition=models.Q(customer__isnull=True, app__isnull=True)
                | models.Q(customer__isnull=True, pool__isnull=True)
                | models.Q(app__isnull=True, pool__isnull=True),
            ),
            models.CheckConstraint(
                name="grant_to_a_machine_is_about_hosts",
                condition=~models.Q(role=PersonRole.MACHINE.value) | models.Q(customer__isnull=True, app__isnull=True),
            ),
            models.UniqueConstraint(
                Coalesce("user_id", 0),
                Coalesce("group_id", 0),
                "role",
                Coalesce("customer_id", 0),
                Coalesce("app_id", 0),
                Coalesce("pool_id", 0),
                "source",
                name="grant_is_given_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.user or self.group}"
