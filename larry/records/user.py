"""A user is somebody who signs in; an attempt is one try to do so, kept while it counts against guessing."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

DIRECTORY = "directory"
"""The source of what comes from a directory; what is said in Larry itself has none."""


class User(AbstractBaseUser):
    """``name`` is what somebody signs in with and what activity calls them; users are deactivated, never deleted.

    ``source`` says who knows the password: Larry itself, or the directory.
    """

    last_login = None  # Django's own would be set by a signal, at Django's own time
    name = models.CharField(max_length=150)
    name_folded = models.CharField(max_length=300)
    full_name = models.CharField(max_length=200, default="", blank=True)
    email = models.CharField(max_length=254, default="", blank=True)
    time_zone = models.CharField(max_length=63, default="", blank=True)
    source = models.CharField(max_length=20, default="", blank=True)
    is_administrator = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    deactivated_at = models.DateTimeField(null=True, blank=True)
    signed_in_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "name"

    class Meta:
        constraints = [
            models.UniqueConstraint(name="user_name_is_unique", fields=["name_folded"]),
            models.CheckConstraint(name="user_has_a_name", condition=~models.Q(name="") & ~models.Q(name_folded="")),
            models.CheckConstraint(name="user_source_is_known", condition=models.Q(source__in=["", DIRECTORY])),
        ]

    def __str__(self) -> str:
        return self.name


class SignInAttempt(models.Model):
    """``account`` is an HMAC of the name that was typed: people type passwords there by mistake."""

    at = models.DateTimeField()
    account = models.CharField(max_length=64)
    address = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(name="sign_in_attempt_by_account", fields=["account", "at"]),
            models.Index(name="sign_in_attempt_by_address", fields=["address", "at"]),
            models.Index(name="sign_in_attempt_by_moment", fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"from {self.address} at {self.at}"
