"""Moments on pages: what was asked for, and how each is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest

from larry.core.interval import iso
from larry.core.moment_text import NotAMoment, read_moment
from larry.outside import clock
from larry.queries.moment import Moment
from larry.web.visitor import read_visitor

ZONE_COOKIE = "larry_zone"
_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


@dataclass(frozen=True, slots=True)
class When:
    """One moment for a template: ``iso`` for programs, ``shown`` in the zone and named with it, ``brief`` without it,
    ``ago`` in words from now, ``utc`` to be told on request.
    """

    iso: str
    shown: str
    brief: str
    ago: str
    utc: str


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
        spelled, shown, brief, in_utc = _spell(moment, self.zone)
        return When(spelled, shown, brief, tell_distance(moment, self.now), in_utc)

    def find(self, moment: datetime | None) -> When | None:
        return None if moment is None else self.show(moment)


@lru_cache(maxsize=4096)
def _spell(moment: datetime, zone: ZoneInfo) -> tuple[str, str, str, str]:
    """A moment in all ways but one, which changes with the time; many things of a list begin together."""
    local, utc = moment.astimezone(zone), moment.astimezone(UTC)
    brief = f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
    in_utc = f"{utc:%Y-%m-%d %H:%M:%S} UTC" if utc.second else f"{utc:%Y-%m-%d %H:%M} UTC"
    return iso(moment), f"{brief} {local:%Z}", brief, in_utc


def read_asked(request: HttpRequest) -> Asked:
    """The moment in the query string, else now, shown in the visitor's zone. An address means the same to everybody who
    is sent it: without an offset its moment is in the zone of the settings.
    """
    now, zone = clock.now(), read_zone(request)
    text = request.GET.get("as_of", "").strip()
    if not text:
        return Asked(now, now, zone)
    try:
        return Asked(now, read_moment(text, now=now, zone=ZoneInfo(settings.TIME_ZONE)), zone, text)
    except NotAMoment as fault:
        return Asked(now, now, zone, text, str(fault))


def read_zone(request: HttpRequest) -> ZoneInfo:
    """The zone that the visitor's browser told, or the one that they prefer, or that of the settings."""
    name = request.COOKIES.get(ZONE_COOKIE, "")
    return ZoneInfo(name if name in zone_names() else read_visitor(request).zone or settings.TIME_ZONE)


@cache
def zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def tell_distance(moment: datetime, now: datetime) -> str:
    """``in 3 days``, ``2 hours ago``, ``now`` within a minute; rounded down."""
    distance = abs(moment - now)
    for name, unit in _UNITS:
        count = distance // unit
        if count:
            told = f"{count} {name}{'s' if count > 1 else ''}"
            return f"in {told}" if moment > now else f"{told} ago"
    return "now"
