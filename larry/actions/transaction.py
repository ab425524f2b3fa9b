"""One action is one transaction: retried when the database asks for it, and never earlier than what is already
recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import BigIntegerField, DateTimeField, Subquery
from django.db.models.expressions import RawSQL

from larry.actions.author import Author, Refused
from larry.queries.reader import WHOLE
from larry.queries.statement import KeptStatement
from larry.records.activity import Activity
from larry.records.webhook import BOUNDARIES, Watermark

_Result = TypeVar("_Result")

_TRIES = 10
_TRY_AGAIN = ("40001", "40P01")
"""PostgreSQL's serialization failure and deadlock: the transaction is to be done again."""

_WAITED_IN_VAIN = ("55P03", "database is locked")
"""PostgreSQL's and SQLite's words for a lock that did not come in time."""

_LATEST = (
    RawSQL(
        "SELECT MAX(at) FROM (SELECT at FROM larry_activity ORDER BY id DESC LIMIT 100) AS lines", (), DateTimeField()
    ),
    RawSQL("SELECT MAX(id) FROM larry_rollout", (), BigIntegerField()),
    RawSQL(
        "SELECT MAX(recorded_at) FROM (SELECT recorded_at FROM larry_rollout ORDER BY id DESC LIMIT 100) AS acts",
        (),
        DateTimeField(),
    ),
)
"""The last moment of the last hundred lines, the last rollout, and the last moment of the last hundred rollouts."""

_TOLD = Subquery(Watermark.objects.filter(name=BOUNDARIES).values("at"))
_LAST = KeptStatement(lambda reader: Activity.objects.order_by("-id").values_list("id", _TOLD, *_LATEST)[:1])

_TURN = 0x6C617475726E
"""The advisory lock of those who record ("laturn" in ASCII): edits take turns in the estate's row, records here."""


class Busy(Refused):
    """Others write the same things so fast that this action did not get its turn."""


class BrokenPromise(Refused):
    """The database refuses what would break a promise that it keeps, which is named."""


def transact(work: Callable[[], _Result]) -> _Result:
    """Do ``work`` in one transaction, again when the database says that it met another one.

    A breach of a promise that the database keeps is told as a refusal with the promise's name, `BrokenPromise`.
    """
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None) or str(error)
            if state in _WAITED_IN_VAIN:
                break
            if state not in _TRY_AGAIN or connection.in_atomic_block:
                raise  # what is part of a transaction is tried again with all of it
        except IntegrityError as error:
            raise BrokenPromise(f"the database refuses: {str(error).splitlines()[0]}") from error
    raise Busy("others are writing the same things: try again")


def begin_recording(author: Author) -> Author:
    """Be the only one who records until the transaction ends, at a moment no earlier than the last one recorded; 1 SQL
    statement, 2 on PostgreSQL.

    The last lock that an act takes, after all rows, and before its first line: so moments are recorded in the order of
    the commits, and nobody who has his turn waits for anybody. On SQLite every transaction that writes has it anyway.
    """
    return begin_on_ground(author).author


def begin_on_ground(author: Author) -> Ground:
    """The same as `begin_recording`, and what it is that stays the last recorded until this transaction records."""
    if not is_alone():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
    return look_back(author)


def is_alone() -> bool:
    """Whether nobody else can write while this transaction does: then there is nobody to wait for."""
    return connection.vendor == "sqlite"


def not_backwards(author: Author) -> Author:
    """The author at a moment no earlier than the last one recorded; 1 SQL statement, as `look_back`."""
    return look_back(author).author


@dataclass(frozen=True, slots=True)
class Ground:
    """What is decided on: who acts, when, and the last line and the last rollout that are recorded (0: none).

    Every act that changes what is read adds a line, and they do so in turn: on the same ground the same is decided.
    """

    author: Author
    line: int
    rollout: int


def look_back(author: Author) -> Ground:
    """The author at a moment no earlier than the last one recorded, and the last boundary that others were told of; 1
    SQL statement, inside the transaction. Where there is no line there is no rollout either.

    Records that were made before acts took turns may hold their last lines in another order than that of their moments.
    """
    for line, boundary, recorded, rollout, acted in _LAST.ask(WHOLE):
        moments = [moment for moment in (boundary, recorded, acted) if moment is not None]
        return Ground(author.not_before(max(moments)), line, rollout or 0)
    return Ground(author, 0, 0)
