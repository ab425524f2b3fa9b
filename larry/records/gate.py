"""The gate: what is recorded stays as it is, but for the act that redacts it; who writes records, and who waits.

Edits of nouns take turns. Whoever freezes or deploys shares the gate with others, and keeps it shut until the end of
the transaction; who redacts waits for all of them, and is then alone. All meet in the estate's row, before any other.
On SQLite there is one writer at a time anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from larry.records.estate import Estate

_NO_ESTATE = 0
"""There is one estate, and its id is 1."""


def take_turn() -> None:
    """Wait until no other edit of nouns is under way; those who keep the gate shut go on. 1 SQL."""
    list(Estate.objects.select_for_update(no_key=True).filter(pk=1).values_list("pk"))


def keep_gate_shut() -> None:
    """Wait until nobody redacts, and let nobody begin to until this transaction ends. 1 SQL on PostgreSQL, else none.

    What was read before may hold in clear what is sealed by now; what is read after does not.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM larry_estate WHERE id = 1 FOR KEY SHARE")


def wait_for_gate() -> None:
    """Wait until nobody keeps the gate shut, and be alone until this transaction ends. 1 SQL."""
    list(Estate.objects.select_for_update().filter(pk=1).values_list("pk"))


@contextmanager
def opened_gate() -> Iterator[None]:
    """Inside, the guards let records be redacted; outside they do not, and no transaction ends inside. 3 SQL."""
    wait_for_gate()
    Estate.objects.filter(pk=1).update(redacting=_NO_ESTATE)
    yield
    Estate.objects.filter(pk=1).update(redacting=None)
