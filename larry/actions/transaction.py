"""One action is one transaction: retried when the database asks for it, and never earlier than what is already
recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction

from larry.actions.author import Author, Refused
from larry.records.activity import Activity

_Result = TypeVar("_Result")

_TRIES = 10
_TRY_AGAIN = ("40001", "40P01")
"""PostgreSQL's serialization failure and deadlock: the transaction is to be done again."""


class Busy(Refused):
    """Others write the same things so fast that this action did not get its turn."""


def transact(work: Callable[[], _Result]) -> _Result:
    """Do ``work`` in one transaction, again when the database says that it met another one.

    A breach of a promise that the database keeps is told as a refusal with the promise's name.
    """
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in _TRY_AGAIN or attempt == _TRIES - 1:
                raise
        except IntegrityError as error:
            raise Refused(f"the database refuses: {str(error).splitlines()[0]}") from error
    raise Busy("others are writing the same things: try again")


def not_backwards(author: Author) -> Author:
    """The author at a moment no earlier than the last one recorded; 1 SQL statement, inside the transaction."""
    last = Activity.objects.order_by("-id").values_list("at", flat=True).first()
    return author.not_before(last)
