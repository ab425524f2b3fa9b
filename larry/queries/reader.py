"""Who asks: every query passes its rows through `restrict`, the one place that says what a reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from larry.core.rights import ALL_RIGHTS, NO_RIGHTS, Permission, Rights, Territory

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

_Row = TypeVar("_Row", bound="Model")


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads, with what they were granted; without rights they see nothing."""

    user: str
    rights: Rights = NO_RIGHTS

    @property
    def sees_everything(self) -> bool:
        """Whether nothing of the estate is hidden from them."""
        return self.rights.scope(Permission.LOOK).everything

    def sees(self, customer: int, app: int) -> bool:
        """Whether an app of a customer is theirs to look at."""
        return self.rights.may(Permission.LOOK, Territory(customer, app))


LOCAL = Reader("local", ALL_RIGHTS)
"""Whoever runs the command on the machine that holds the database."""

WHOLE = Reader("Larry itself", ALL_RIGHTS)
"""For what is computed from the whole estate before anything of it is shown: names of hosts by the ids that visible
rows hold, templates that visible instances follow, and who it is that signs in."""


class NotFound(LookupError):
    """What was asked for does not exist, or not for this reader."""


def restrict(reader: Reader, rows: QuerySet[_Row]) -> QuerySet[_Row]:
    """The rows that the reader may see. Costs no SQL of its own: what it adds is a part of the same statement."""
    from larry.queries.visible import find_visible  # noqa: PLC0415 — who reads is known where Django is not loaded too

    visible = find_visible(rows.model, reader.user, reader.rights)
    return rows if visible is None else rows.filter(visible)
