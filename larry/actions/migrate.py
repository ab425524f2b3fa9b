"""Migrate: bring the database to this version's schema, and lay its guards."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection

from larry.actions.author import Refused
from larry.records import guards
from larry.records.secret import prepare_seals


class GuardsMissing(Refused):
    """The database does not keep all of Larry's promises by itself."""


def migrate() -> None:
    """Create or upgrade the tables; the guards are laid after every migration, and verified here."""
    call_command("migrate", verbosity=0, interactive=False)
    prepare_seals()
    verify_guards()


def verify_guards() -> None:
    """Raise `GuardsMissing` unless the database keeps every promise by itself. At most 3 SQL."""
    missing = guards.missing(connection)
    if missing:
        raise GuardsMissing(f"these guards could not be laid: {', '.join(missing)}")
