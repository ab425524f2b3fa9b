"""Meters count what this server does, for Prometheus; what is counted has bounded labels and no name of a customer."""

from __future__ import annotations

import atexit
import os
import re
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

MEDIA_TYPE = CONTENT_TYPE_LATEST
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder in which several processes count together; read by the client."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

SETTLED_EVERY = 1.0
"""Seconds after which another process's answers are among the sums."""


class _Durations(Histogram):
    """A histogram to which many observations are added at once."""

    def add(self, counts: Sequence[int], total: float) -> None:
        """So many in each bucket, the one without an end last, and their seconds in all."""
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


_REGISTRY = CollectorRegistry(auto_describe=True)
_REQUESTS = Counter(
    "larry_requests", "Requests answered, by route, method and status.", ("route", "method", "status"),
    registry=_REGISTRY,
)  # fmt: skip
_DURATION = _Durations(
    "larry_request_seconds", "How long answers took, by route and sort of status.", ("route", "status"),
    registry=_REGISTRY, buckets=_SECONDS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure of the estate: None for one that there is not now. ``labels`` are few and fixed."""

    name: str
    help: str
    value: float | None
    labels: Mapping[str, str] | None = None


class _Held:
    """Answers of one route, method and status that the meters do not tell yet."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts, self.seconds = [0] * (len(_SECONDS) + 1), 0.0


_LOCK = threading.Lock()
_HELD: dict[tuple[str, str, int], _Held] = {}


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answer. ``route`` is the name of a route, never an address that somebody chose.

    It is held here until `settle_counts`: the meters of several processes are in files, and to write them takes as
    long as a third of a lookup.
    """
    key = (route, method if method in METHODS else "other", status)
    with _LOCK:
        held = _HELD.get(key)
        if held is None:
            held = _HELD[key] = _Held()
        held.counts[bisect_left(_SECONDS, seconds)] += 1
        held.seconds += seconds


def settle_counts() -> None:
    """Put what this process has counted into the meters."""
    with _LOCK:
        settled = dict(_HELD)
        _HELD.clear()
    for key, held in settled.items():
        requests, duration = _find_meters(*key)
        requests.inc(sum(held.counts))
        duration.add(held.counts, held.seconds)


def enlist_process() -> None:
    """Be among the processes that are told of, even before this one has answered anything; one that is killed takes
    with it what it counted in the last second."""
    _find_meters("healthz", "GET", 200)
    if SHARED_FOLDER in os.environ:
        threading.Thread(target=_settle_on, name="meters", daemon=True).start()
        atexit.register(settle_counts)


def _settle_on() -> None:
    never = threading.Event()
    while not never.wait(SETTLED_EVERY):
        settle_counts()


@lru_cache(maxsize=1024)
def _find_meters(route: str, method: str, status: int) -> tuple[Counter, _Durations]:
    """Found once: to look a label up takes longer than to count."""
    return _REQUESTS.labels(route, method, str(status)), _DURATION.labels(route, f"{status // 100}xx")


def print_meters(gauges: Iterable[Gauge]) -> bytes:
    """Everything that is counted, with these figures, in Prometheus's text format.

    Where several processes serve, requests are those of all of them, and each has its own process figures.
    """
    settle_counts()
    told = CollectorRegistry()
    folder = os.environ.get(SHARED_FOLDER)
    if folder:
        MultiProcessCollector(told, folder)  # type: ignore[no-untyped-call]  # the library's
        told.register(_EachProcess(folder))
    else:
        told.register(_Forwarded(_REGISTRY))
        ProcessCollector(registry=told)
        PlatformCollector(registry=told)
        GCCollector(registry=told)
    told.register(_Told(gauges))
    return generate_latest(told)


class _Forwarded(Collector):
    """What another registry holds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        return self._registry.collect()


class _Told(Collector):
    """The figures that a question brought, as they are."""

    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._gauges = tuple(gauges)

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for gauge in self._gauges:
            if gauge.value is None:
                continue
            labels = gauge.labels or {}
            family = families.setdefault(
                gauge.name, GaugeMetricFamily(gauge.name, gauge.help, labels=list(labels) or None)
            )
            family.add_metric(list(labels.values()), gauge.value)
        yield from families.values()


class _EachProcess(Collector):
    """The process figures of every process that counts in the folder and lives, told apart by ``pid``."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def collect(self) -> Iterator[Metric]:
        names = (re.fullmatch(r"counter_(\d+)\.db", path.name) for path in self._folder.iterdir())
        pids = sorted({int(name[1]) for name in names if name})
        families: dict[str, Metric] = {}
        for pid in pids:
            if not Path("/proc", str(pid)).exists():
                continue
            for family in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]  # a lambda's default
                known = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type, family.unit)
                )
                for sample in family.samples:
                    known.add_sample(sample.name, {**sample.labels, "pid": str(pid)}, sample.value)
        yield from families.values()
