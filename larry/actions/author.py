"""Who acts, why and when; and how an action refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from larry.core.plan import Plan
from larry.core.rights import ALL_RIGHTS, Rights
from larry.nouns.text import LONGEST_TEXT, find_text_fault
from larry.queries.moment import Moment
from larry.queries.reader import Reader

LONGEST_ACTOR = 200


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who acts: their name, the reason they give, the moment they act at, and what they may do. Without more
    being said they may everything, as whoever runs the command on the machine; pages and the API say more.

    Raises `Refused` for a name or reason that no record holds.
    """

    actor: str
    reason: str
    now: datetime
    rights: Rights = ALL_RIGHTS

    def __post_init__(self) -> None:
        for what, text, longest in (("name", self.actor, LONGEST_ACTOR), ("reason", self.reason, LONGEST_TEXT)):
            fault = find_text_fault(text, longest)
            if fault is not None:
                raise Refused(f"the {what} of who acts {fault}" if what == "name" else f"the reason {fault}")

    @property
    def reader(self) -> Reader:
        """How the act itself reads: all there is, because what others have decides what is possible."""
        return Reader(self.actor, ALL_RIGHTS)

    @property
    def sees(self) -> Reader:
        """How what the author names is found: what they may not see is not there."""
        return Reader(self.actor, self.rights)

    @property
    def moment(self) -> Moment:
        return Moment(self.now)

    def not_before(self, moment: datetime | None) -> Author:
        """The same author, acting no earlier than a moment: now never runs backwards."""
        return self if moment is None or moment <= self.now else replace(self, now=moment)


class Refused(Exception):
    """An action that is not done, and why in one clear line; ``plan`` is there when a Plan was made, ``field`` names
    what of the request is wrong where it is one thing."""

    def __init__(self, text: str, plan: Plan | None = None, *, field: str = "") -> None:
        super().__init__(text)
        self.plan = plan
        self.field = field


class GroundMoved(Refused):
    """The Plan that was expected no longer holds; ``plan`` is the one that does."""


class NoReason(Refused):
    """A deployment needs a reason."""
