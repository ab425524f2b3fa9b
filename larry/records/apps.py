"""The app config names the one Django app, and lays the guards after every migration."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class RecordsConfig(AppConfig):
    name = "larry.records"
    label = "larry"
    verbose_name = "Larry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_lay_guards, sender=self, dispatch_uid="larry.records.guards")


def _lay_guards(*, using: str, **_: Any) -> None:
    from larry.records import guards

    guards.install(connections[using])
