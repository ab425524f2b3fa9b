"""What a process finds out about all instances of an estate: from cold, as a server does as it begins, and again; and
what an edit makes dirty of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import Row, compare
from tests.bench.size import Size

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from larry.queries.moment import Moment
    from larry.records.instance import Instance

_SOME = 60
GOAL = 812
"""Instances that an edit is to make dirty."""


def kept_survey_rows(size: Size, now: datetime) -> Iterator[Row]:
    """P6 over the instances that the estate has: what each is described as, then what is dirty and why, then both
    again; seconds of the processor, each once. The yardstick describes some instances one by one, and multiplies."""
    from larry.core.service_graph import ServiceGraph
    from larry.queries import kept_survey
    from larry.queries.dirty import list_dirty, list_dirty_causes
    from larry.queries.instance import get_descriptions
    from larry.queries.moment import Moment
    from larry.queries.reader import WHOLE
    from larry.queries.service import get_service_graph
    from larry.queries.situation import list_situations
    from larry.records.instance import Instance

    del size
    at = Moment(now)
    paths = list(Instance.objects.filter(retired_at=None).order_by("id").values_list("path", flat=True))
    part = get_descriptions(random.Random(7).sample(paths, min(_SOME, len(paths))), WHOLE, at)
    graph = ServiceGraph(get_service_graph(WHOLE, at))

    def naive() -> None:
        for description in part.values():
            vars(graph)["_outlines"] = {}
            _ = description.describe(graph)[0].digest

    kept_survey._kept.clear()
    yardstick = spent(naive) * len(paths) / len(part)
    said = f"{len(paths):,} instances; CPU"
    before = _resident()
    for name, ask, goal in (
        ("P6 dirty of the estate, from cold", list_dirty, 1 / 30),
        ("P6 and why, the survey kept", list_dirty_causes, None),
        ("P6 dirty again", list_dirty, None),
        ("strange situations, the survey kept", list_situations, None),
    ):
        yield Row(name, said, spent(lambda ask=ask: ask(WHOLE, at)), yardstick, "each described by itself", goal)  # type: ignore[misc]
    memory = f"{len(paths):,} instances; MB more than before"
    yield Row("what is kept of all instances", memory, _resident() - before, before, "the process before", None)
    yield from _edited_rows(at, len(paths))


def _resident() -> float:
    """Memory of this process in MB, as if they were milliseconds."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024 / 1000


def _edited_rows(at: Moment, count: int) -> Iterator[Row]:
    """P7: a parameter of a customer, and an edge of a service, each of about as many instances as in the goal; written,
    asked for, and undone."""
    from django.db import transaction

    from larry.queries import kept_survey
    from larry.queries.outlook import Edited, NewValues, look_after, open_outlook
    from larry.queries.reader import LOCAL
    from larry.records.customer import Customer
    from larry.records.edge import Edge
    from larry.records.instance import Instance
    from larry.records.service import Service

    standing = Instance.objects.filter(retired_at=None)
    customer = Customer.objects.get(key=_nearest(standing, "customer__key"))
    service = Service.objects.get(key=_nearest(standing, "requirements__service__key"))
    named = {"database_password": 1}  # of those that the services of few need
    of_customer, of_key = (
        Edited({customer.key: NewValues(named, frozenset())}),
        Edited(services=frozenset({service.key})),
    )
    wrongly = {service.pk, *Edge.objects.filter(service=service).values_list("target_id", flat=True)}
    target = Service.objects.exclude(pk__in=wrongly).filter(edges=None).order_by("key")[0]

    def set_value() -> None:
        Customer.objects.filter(pk=customer.pk).update(parameters={**customer.parameters, **named})

    def add_edge() -> None:
        Edge.objects.create(kind="needs", service=service, target=target)

    for what, rows, touched, write in (
        ("a customer's parameter", standing.filter(customer=customer), of_customer, set_value),
        ("an edge", standing.filter(requirements__service=service), of_key, add_edge),
    ):
        assert kept_survey.get_stock(LOCAL, at) is not None, "a survey is kept"
        with transaction.atomic():
            write()

            def ask(touched: Edited = touched) -> int:
                return len(look_after(open_outlook(touched, tuple, LOCAL, at), touched, LOCAL, at).dirty)

            dirty = ask()
            mine, theirs = compare(ask, lambda rows=rows: list(rows.values_list("path", flat=True)), rounds=5)  # type: ignore[misc]
            transaction.set_rollback(True)
        said = f"{dirty:,} of {count:,} instances"
        yield Row(f"P7 what {what} makes dirty", said, mine, theirs, "one SELECT of their keys", 10)


def _nearest(standing: QuerySet[Instance], word: str) -> str:
    """Whose instances are as many as may be in the goal."""
    from django.db.models import Count

    counts = standing.order_by().values_list(word).annotate(count=Count("id", distinct=True))
    return str(min((abs(count - GOAL), key) for key, count in counts)[1])


def spent(work: Callable[[], object]) -> float:
    """Seconds of the processor of one piece of work."""
    begun = time.process_time()
    work()
    return time.process_time() - begun
