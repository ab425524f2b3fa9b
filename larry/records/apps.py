"""The app config names the one Django app, and lays the guards after every migration."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class RecordsConfig(AppConfig):
    name = "larry.records"
    label = "larry"
    verbose_name = "Larry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        pre_migrate.connect(_lift_guards, sender=self, dispatch_uid="larry.records.guards.lift")
        post_migrate.connect(_lay_guards, sender=self, dispatch_uid="larry.records.guards.lay")


def _lift_guards(*, using: str, plan: list[tuple[Any, bool]], **_: Any) -> None:
    """SQLite refuses to remake a table that a trigger of another table speaks of: such as the estate's."""
    from larry.records import guards

    if connections[using].vendor == "sqlite" and any(migration.app_label == "larry" for migration, _ in plan):
        guards.remove(connections[using])


def _lay_guards(*, using: str, **_: Any) -> None:
    from larry.records import guards

    guards.install(connections[using])
