"""What is counted at once and told later is what the library's own meters would tell of each answer."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.parser import text_string_to_metric_families

from larry.outside import meter
from larry.outside.meter import count_request, print_meters


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meters of this process alone."""
    monkeypatch.delenv(meter.SHARED_FOLDER, raising=False)


def read(route: str) -> dict[tuple[str, str], float]:
    """What is told of a route: by the sample's name and the end of its bucket."""
    told = text_string_to_metric_families(print_meters([]).decode())
    samples = [each for family in told for each in family.samples if each.labels.get("route") == route]
    return {(each.name, each.labels.get("le", "")): each.value for each in samples if not each.name.endswith("created")}


_ROUTES = (f"route{number}" for number in range(10**9))
_SECONDS = st.one_of(st.sampled_from([0.0, 0.001, 0.0025, 0.5, 10.0, 10.5]), st.floats(0, 20))


@pytest.mark.usefixtures("plain")
@given(st.lists(st.lists(_SECONDS, max_size=6), min_size=1, max_size=4))
def test_buckets_and_sums_are_the_librarys(times: list[list[float]]) -> None:
    route, registry = next(_ROUTES), CollectorRegistry()
    by_itself = Histogram("each", "Each observed by itself.", registry=registry, buckets=meter._SECONDS)
    for some in times:
        for seconds in some:
            count_request(route, "GET", 200, seconds)
            by_itself.observe(seconds)
        read(route)  # which tells, and counts on
    told = read(route)
    if not any(times):
        assert told == {}
        return
    assert told.pop(("larry_requests_total", "")) == sum(map(len, times))
    wanted: dict[tuple[str, str], Any] = {
        (each.name.replace("each", "larry_request_seconds"), each.labels.get("le", "")): each.value
        for family in registry.collect()
        for each in family.samples
        if not each.name.endswith("created")
    }
    assert told.keys() == wanted.keys()
    assert all(told[key] == pytest.approx(value) for key, value in wanted.items())


@pytest.mark.usefixtures("plain")
def test_none_is_lost_between_who_counts_and_who_tells() -> None:
    route, turns, together = next(_ROUTES), 2_000, Barrier(4)

    def count() -> None:
        together.wait()
        for _ in range(turns):
            count_request(route, "GET", 200, 0.5)

    def tell() -> None:
        together.wait()
        for _ in range(turns):
            meter.settle_counts()

    threads = [Thread(target=each) for each in (count, count, count, tell)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = read(route)
    assert told["larry_requests_total", ""] == told["larry_request_seconds_count", ""] == 3 * turns
    assert told["larry_request_seconds_sum", ""] == 1.5 * turns
