"""The clock tells the time of now, in UTC."""

from __future__ import annotations

from datetime import UTC, timedelta

from larry.outside.clock import now


def test_now_is_aware_in_utc_and_goes_on() -> None:
    first, second = now(), now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= second - first < timedelta(seconds=5)
