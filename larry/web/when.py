"""Moments on pages: what was asked for, and how each is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest

from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, read_moment
from larry.outside import clock
from larry.queries.moment import Moment

_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


@dataclass(frozen=True, slots=True)
class When:
    """One moment for a template: ``iso`` for programs, ``shown`` in the zone, ``ago`` in words from now."""

    iso: str
    shown: str
    ago: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The moment a page is asked as of. ``fault`` says why the text given names none; then it is now."""

    now: datetime
    as_of: datetime
    zone: ZoneInfo
    text: str = ""
    fault: str = ""

    @property
    def at(self) -> Moment:
        return Moment(self.as_of)

    @property
    def is_now(self) -> bool:
        return self.as_of == self.now

    @property
    def is_past(self) -> bool:
        return self.as_of < self.now

    @property
    def query(self) -> str:
        """What links carry on, so that one follows them within the same moment."""
        return "" if self.is_now else f"?as_of={iso(self.as_of)}"

    @property
    def when(self) -> When:
        return self.show(self.as_of)

    def show(self, moment: datetime) -> When:
        local = moment.astimezone(self.zone)
        shown = f"{local:%Y-%m-%d %H:%M:%S %Z}" if local.second else f"{local:%Y-%m-%d %H:%M %Z}"
        return When(iso(moment), shown, tell_distance(moment, self.now))

    def find(self, moment: datetime | None) -> When | None:
        return None if moment is None else self.show(moment)


def read_asked(request: HttpRequest) -> Asked:
    """The moment in the query string, else now."""
    now, zone = clock.now(), ZoneInfo(settings.TIME_ZONE)
    text = request.GET.get("as_of", "").strip()
    if not text:
        return Asked(now, now, zone)
    try:
        return Asked(now, read_moment(text, now=now, zone=zone), zone, text)
    except NotAMoment as fault:
        return Asked(now, now, zone, text, str(fault))


def tell_distance(moment: datetime, now: datetime) -> str:
    """``in 3 days``, ``2 hours ago``, ``now`` within a minute; rounded down."""
    distance = abs(moment - now)
    for name, unit in _UNITS:
        count = distance // unit
        if count:
            told = f"{count} {name}{'s' if count > 1 else ''}"
            return f"in {told}" if moment > now else f"{told} ago"
    return "now"
