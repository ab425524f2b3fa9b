"""A token lets a program act as a user; a disclosure is that it was handed secrets."""

from __future__ import annotations

from django.db import models

from larry.core.rights import PersonRole
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.pool import Pool
from larry.records.user import User


class Token(models.Model):
    """``digest`` is the SHA-256 of the whole token, and what it is found by; the token itself is kept nowhere.

    ``role`` and one of customer, app and pool narrow what its user may; ``reveals`` entitles it to secrets. One that is
    ``feeds_only`` stands in addresses of feeds, and counts nowhere else.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=150)
    name_folded = models.CharField(max_length=300)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    role = models.CharField(max_length=20, default="", blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="tokens")
    app = models.ForeignKey(App, on_delete=models.PROTECT, null=True, blank=True, related_name="tokens")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True, blank=True, related_name="tokens")
    reveals = models.BooleanField(default=False)
    feeds_only = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="token_digest_is_unique", fields=["digest"]),
            models.UniqueConstraint(name="token_prefix_is_unique", fields=["prefix"]),
            models.UniqueConstraint(
                name="token_name_is_unique_for_its_user",
                fields=["user", "name_folded"],
                condition=models.Q(revoked_at__isnull=True),
            ),
            models.CheckConstraint(name="token_has_a_name", condition=~models.Q(name="") & ~models.Q(name_folded="")),
            models.CheckConstraint(
                name="token_role_is_known", condition=models.Q(role__in=["", *(role.value for role in PersonRole)])
            ),
            models.CheckConstraint(
                name="token_has_one_scope_at_most",
                condition=models.Q(customer__isnull=True, app__isnull=True)
                | models.Q(customer__isnull=True, pool__isnull=True)
                | models.Q(app__isnull=True, pool__isnull=True),
            ),
            models.CheckConstraint(
                name="token_for_feeds_reveals_nothing", condition=models.Q(feeds_only=False) | models.Q(reveals=False)
            ),
            models.CheckConstraint(
                name="token_expires_after_it_was_made", condition=models.Q(expires_at__gt=models.F("created_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}/{self.name}"


class Disclosure(models.Model):
    """That a token was handed the secrets of a node; said once for each content of it, as ``digest`` knows it."""

    token = models.ForeignKey(Token, on_delete=models.PROTECT, related_name="disclosures")
    host = models.CharField(max_length=253)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="disclosure_is_said_once", fields=["token", "host", "digest"])]

    def __str__(self) -> str:
        return f"{self.host} to {self.token}"
