"""Moments as people write them, in which zone, and the one moment in UTC that is meant, or why it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

NOW = datetime(2026, 11, 22, 11, 0, 0, 500, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """``meant`` is the moment in UTC; where there is none ``why`` and the ``candidates`` stand in the refusal."""

    text: str
    zone: str
    meant: datetime | None
    why: str = ""
    candidates: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.text!r} in {self.zone}"


def _is(text: str, utc: str, zone: str = "UTC") -> Said:
    return Said(text, zone, datetime.fromisoformat(f"{utc}+00:00"))


def _twice(text: str, zone: str, *candidates: str) -> Said:
    return Said(text, zone, None, "happens twice", candidates)


def _never(text: str, zone: str, *candidates: str) -> Said:
    return Said(text, zone, None, "is skipped", candidates)


def _no(text: str, why: str, zone: str = "UTC") -> Said:
    return Said(text, zone, None, why)


BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
KATHMANDU, CASABLANCA, TROLL = "Asia/Kathmandu", "Africa/Casablanca", "Antarctica/Troll"
NO_MOMENT, NO_DAY, NO_YEAR = "is not a moment", "is not in the calendar or on the clock", "is not between the years"

CLOCKS_GO_FORWARD: tuple[Said, ...] = (
    _is("2027-03-28T01:59:59.999999", "2027-03-28T00:59:59.999999", BERLIN),
    _never("2027-03-28T02:00", BERLIN, "2027-03-28T01:00+01:00", "2027-03-28T03:00+02:00"),
    _never("2027-03-28T02:59:59", BERLIN, "2027-03-28T01:59:59+01:00", "2027-03-28T03:59:59+02:00"),
    _is("2027-03-28T03:00", "2027-03-28T01:00", BERLIN),
    _is("2027-03-28T02:30+01:00", "2027-03-28T01:30", BERLIN),
    _is("2027-03-28T02:30Z", "2027-03-28T02:30", BERLIN),
    _never("2027-03-14T02:30", NEW_YORK, "2027-03-14T01:30-05:00", "2027-03-14T03:30-04:00"),
    _is("2027-03-14T03:00", "2027-03-14T07:00", NEW_YORK),
    _never("2027-10-03T02:15", LORD_HOWE, "2027-10-03T01:45+10:30", "2027-10-03T02:45+11:00"),
    _is("2027-10-03T02:30", "2027-10-02T15:30", LORD_HOWE),
    _never("2024-04-14T02:30", CASABLANCA, "2024-04-14T01:30+00:00", "2024-04-14T03:30+01:00"),
    _never("1986-01-01T00:10", KATHMANDU, "1985-12-31T23:55+05:30", "1986-01-01T00:25+05:45"),
    _never("2027-03-28T01:30", TROLL, "2027-03-27T23:30+00:00", "2027-03-28T03:30+02:00"),
    _never("2018-11-04", "America/Sao_Paulo", "2018-11-03T23:00-03:00", "2018-11-04T01:00-02:00"),
    _never("2011-12-30", "Pacific/Apia", "2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00"),
)
CLOCKS_GO_BACK: tuple[Said, ...] = (
    _is("2027-10-31T01:59:59.999999", "2027-10-30T23:59:59.999999", BERLIN),
    _twice("2027-10-31T02:00", BERLIN, "2027-10-31T02:00+02:00", "2027-10-31T02:00+01:00"),
    _twice("2027-10-31T02:59:59", BERLIN, "2027-10-31T02:59:59+02:00", "2027-10-31T02:59:59+01:00"),
    _is("2027-10-31T02:00+02:00", "2027-10-31T00:00", BERLIN),
    _is("2027-10-31T02:00+01:00", "2027-10-31T01:00", BERLIN),
    _is("2027-10-31T03:00", "2027-10-31T02:00", BERLIN),
    _twice("2027-11-07T01:30", NEW_YORK, "2027-11-07T01:30-04:00", "2027-11-07T01:30-05:00"),
    _is("2027-11-07T02:00", "2027-11-07T07:00", NEW_YORK),
    _is("2027-04-04T01:29:59", "2027-04-03T14:29:59", LORD_HOWE),
    _twice("2027-04-04T01:45", LORD_HOWE, "2027-04-04T01:45+11:00", "2027-04-04T01:45+10:30"),
    _is("2027-04-04T02:00", "2027-04-03T15:30", LORD_HOWE),
    _twice("2024-03-10T02:30", CASABLANCA, "2024-03-10T02:30+01:00", "2024-03-10T02:30+00:00"),
    _twice("2027-10-31T02:30", TROLL, "2027-10-31T02:30+02:00", "2027-10-31T02:30+00:00"),
)
OFFSETS: tuple[Said, ...] = (
    _is("2027-06-01", "2027-05-31T18:15", KATHMANDU),
    _is("2027-06-01T00:00", "2027-05-31T18:15", KATHMANDU),
    _is("2027-01-01", "2026-12-31T10:00", "Pacific/Kiritimati"),
    _is("2027-01-01", "2027-01-01T12:00", "Etc/GMT+12"),
    _is("2027-07-01T12:00", "2027-07-01T14:30", "America/St_Johns"),
    _is("2027-07-01T12:00", "2027-07-01T11:00", "Europe/Dublin"),
    _is("2027-01-01T00:00+14:00", "2026-12-31T10:00"),
    _is("2027-01-01T00:00-12:00", "2027-01-01T12:00"),
    _is("2027-01-01T00:00-00:00", "2027-01-01T00:00", BERLIN),
    _is("2027-01-01 09:00+0545", "2027-01-01T03:15"),
    _is("2027-01-01t09:00:00.5z", "2027-01-01T09:00:00.500"),
    _no("2027-01-01T00:00+24:00", NO_DAY),
    _no("2027-01-01T00:00+5", NO_MOMENT),
    _no("2027-01-01T00:00 Europe/Berlin", NO_MOMENT),
    _no("2027-01-01T00:00 CET", NO_MOMENT),
)
CALENDAR: tuple[Said, ...] = (
    _is("2028-02-29", "2028-02-29T00:00"),
    _is("2028-02-29T23:59:59.999999", "2028-02-29T23:59:59.999999"),
    _is("2000-02-29", "2000-02-29T00:00"),
    _is("2400-02-29", "2400-02-29T00:00"),
    _no("2027-02-29", NO_DAY),
    _no("2100-02-29", NO_DAY),
    _no("2027-04-31", NO_DAY),
    _no("2027-13-01", NO_DAY),
    _no("2027-00-01", NO_DAY),
    _no("2016-12-31T23:59:60Z", NO_DAY),
    _no("2027-01-01T24:00", NO_DAY),
    _no("2027-01-01T24:00:00Z", NO_DAY),
    _no("2027-01-01T23:60", NO_DAY),
    _no("0000-01-01", NO_DAY),
    _no("0001-01-01", NO_YEAR),
    _no("0001-01-01T00:00+14:00", NO_YEAR),
    _no("9999-12-31", NO_YEAR),
    _no("9999-12-31T23:59:59.999999Z", NO_YEAR),
    _no("9999-12-31T23:59:59.999999-12:00", NO_YEAR),
    _no("10000-01-01", NO_MOMENT),
    _is("1900-01-01T00:00Z", "1900-01-01T00:00"),
    _no("1899-12-31T23:59:59.999999Z", NO_YEAR),
    _is("8999-12-31T23:59:59.999999Z", "8999-12-31T23:59:59.999999"),
    _is("8999-12-31T23:59:59.999999", "8999-12-31T22:59:59.999999", BERLIN),
    _no("9000-01-01T00:00Z", NO_YEAR),
    _is("1970-01-01T00:00Z", "1970-01-01T00:00"),
    _is("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999"),
    _is("2038-01-19T03:14:08Z", "2038-01-19T03:14:08"),
)
FORMS: tuple[Said, ...] = (
    _is("2027-01-01T09:00:00.123456Z", "2027-01-01T09:00:00.123456"),
    _no("2027-01-01T09:00:00.1234567Z", NO_MOMENT),
    _no("2027-01-01T09:00:00,5Z", NO_MOMENT),
    _no("2027-01-01T09:00.5Z", NO_MOMENT),
    _no("2027-01-01T9:00", NO_MOMENT),
    _no("2027-01-01T09", NO_MOMENT),
    _no("2027-01-01T", NO_MOMENT),
    _no("2027-01-01Z", NO_MOMENT),
    _no("2027-01-01T09:00ZZ", NO_MOMENT),
    _no("2027-W01-1", NO_MOMENT),
    _no("2027-001", NO_MOMENT),
    _no("20270101T090000Z", NO_MOMENT),
    _no("1798761600", NO_MOMENT),
    _no("01/02/2027", NO_MOMENT),
    _no("tomorrow", NO_MOMENT),
    _no("２０２７-01-01", NO_MOMENT),
    _no("2027-01-01T09:00Z; DROP TABLE", NO_MOMENT),
)
FROM_NOW: tuple[Said, ...] = (
    _is("now", "2026-11-22T11:00:00.000500"),
    _is("NOW", "2026-11-22T11:00:00.000500"),
    _is("+2h", "2026-11-22T13:00:01"),
    _is("-1d", "2026-11-21T11:00:01"),
    _is("+1d12h", "2026-11-23T23:00:01", BERLIN),
    _is("+26w", "2027-05-23T11:00:01", BERLIN),
    _is("+0s", "2026-11-22T11:00:01"),
    _is("+90m", "2026-11-22T12:30:01"),
    _no("+1h1h", "names a unit twice"),
    _no("+1y", NO_MOMENT),
    _no("+1.5h", NO_MOMENT),
    _no("+-2h", NO_MOMENT),
    _no("+999999999w", NO_YEAR),
    _no("-999999999d", NO_YEAR),
    _no("+3000000d", NO_YEAR),
    _no("-50000d", NO_YEAR),
    _no("+9999999999s", NO_MOMENT),
)

MOMENTS: tuple[Said, ...] = (*CLOCKS_GO_FORWARD, *CLOCKS_GO_BACK, *OFFSETS, *CALENDAR, *FORMS, *FROM_NOW)
