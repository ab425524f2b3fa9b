"""P10: pages over the estate, each against a bare Django view that renders as many rows in as many bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.test.utils import CaptureQueriesContext

from tests.bench.bare_page import bare_view
from tests.bench.measure import Row, compare
from tests.bench.size import Size

PAGES = {
    "P10 home": "/",
    "P10 strange situations": "/situations",
    "P10 list of hosts": "/hosts/",
    "P10 list of hosts, filtered": "/hosts/?q=web1",
    "P10 list of customers": "/customers/",
    "P10 list of apps": "/apps/",
    "P10 list of instances": "/instances/",
    "P10 list of services": "/services/",
    "P10 list of pools": "/pools/",
    "P10 list of deployments": "/deployments/",
    "P10 deployments that are over": "/deployments/?state=past",
    "P10 list of rollouts": "/rollouts/",
    "P10 activity": "/activity",
    "P10 activity of deployments": "/activity?noun=deployment",
    "P10 dirty": "/dirty",
    "P10 coverage": "/coverage",
    "P10 search": "/search?q=web1",
    "P10 page of a host": "/hosts/{host}",
    "P10 history of a host": "/hosts/{host}/history",
    "P10 page of an instance": "/instances/{instance}",
    "P10 page of a customer": "/customers/{customer}",
    "P10 page of a service everywhere": "/services/ntp",
    "P10 page of a role": "/roles/web",
    "P10 page of a grade": "/grades/small",
    "P10 map of a host": "/timeline/host/{host}",
    "P10 map of an instance": "/timeline/instance/{instance}",
    "P10 map of a customer": "/timeline/customer/{customer}",
    "P10 map of a pool": "/timeline/pool/{pool}",
    "P10 map of a role": "/timeline/role/web",
    "P10 map of a grade": "/timeline/grade/small",
    "P10 map of a service everywhere": "/timeline/service/ntp",
    "P10 graph of an instance": "/graph/instance/{instance}",
}


def page_rows(size: Size, now: datetime) -> Iterator[Row]:
    """Every list and picture: time and number of statements, and the time of the processor in milliseconds, which is to
    be well under 500; asked as a browser asks, by somebody who may see everything."""
    from django.conf import settings
    from django.db import connection

    from tests.web.visitor import sign_in_as

    settings.ALLOWED_HOSTS = ["testserver"]
    client = sign_in_as("visitor")
    named = _name_some(now)
    for name, pattern in PAGES.items():
        path = pattern.format(**named)
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
        assert answer.status_code == 200, path
        statements = len(asked)  # before another request empties the log
        begun = time.process_time()
        client.get(path)
        spent = round((time.process_time() - begun) * 1000)
        bare = bare_view(answer.content.decode())
        rounds = 5 if spent < _SLOW else 1
        mine, theirs = compare(partial(client.get, path), bare, rounds=rounds)
        said = f"{size.hosts:,} hosts; {spent} ms CPU, {statements} SQL, {len(answer.content) // 1000} kB"
        yield Row(name, said, mine, theirs, "a bare view, as many rows and bytes", 4)


_SLOW = 500
"""Milliseconds from which on once has to be enough."""


def _name_some(now: datetime) -> dict[str, str]:
    """A host and an instance where something is live, the customer with most instances, and a pool."""
    from django.db.models import Count

    from larry.records.customer import Customer
    from larry.records.deployment import Deployment
    from larry.records.pool import Pool

    live = Deployment.objects.filter(end=None, start__lte=now, deactivated_at=None).order_by("id")
    host, instance = live.values_list("host__name", "instance__path")[0]
    customer = Customer.objects.annotate(size=Count("instances")).order_by("-size").values_list("key", flat=True)[0]
    return {"host": host, "instance": instance, "customer": customer, "pool": Pool.objects.order_by("id")[0].key}
