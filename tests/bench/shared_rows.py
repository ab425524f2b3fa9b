"""P8 where one host is shared by many instances, as at hosting companies: beside the estate of a monitoring host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.bench.measure import Row, compare
from tests.bench.size import Size
from tests.bench.watched_rows import lay_deployed, make_deploys

_OF_A_CUSTOMER = 5


def state_shared(instances: int) -> str:
    """An estate file: each instance has an application and a database account of its own, and all have the same web
    server."""
    services: list[dict[str, Any]] = [
        {"name": "linux"},
        {"name": "web", "needs": ["linux"], "parameters": [{"name": "threads", "default": 8}]},
        {"name": "account", "sharing": "instance", "needs": ["linux"]},
        {
            "name": "shop",
            "sharing": "instance",
            "needs": ["web", "account"],
            "parameters": [{"name": "workers", "default": 1}],
        },
    ]
    owned: dict[int, list[dict[str, Any]]] = {}
    for number in range(instances):
        owned.setdefault(number // _OF_A_CUSTOMER, []).append({"name": f"i{number}", "requires": ["shop"]})
    customers = [
        {
            "name": f"shared{owner}",
            "parameters": {"mail": f"{owner}@example.com"},
            "apps": [{"name": "a", "instances": of}],
        }
        for owner, of in owned.items()
    ]
    return json.dumps({"larry": 1, "services": services, "customers": customers, "hosts": [{"name": "shared"}]})


def find_shared(number: int) -> tuple[str, str]:
    """The path and the host of an instance by its number."""
    return f"shared{number // _OF_A_CUSTOMER}/a/i{number}", "shared"


def shared_rows(size: Size, now: datetime) -> Iterator[Row]:
    """P8: preview and deploy one of very many instances on one host."""
    from tests.bench.estate_rows import MOST_FOR_A_DEPLOY, count_rows, insert_rows

    lay_deployed(state_shared(size.subjects), map(find_shared, range(size.subjects)), now)
    act = make_deploys(find_shared, now + timedelta(hours=1))
    act()
    before = count_rows()
    act()
    written = count_rows() - before
    mine, theirs = compare(act, insert_rows(written), rounds=5)
    said = f"{size.subjects:,} instances, {written} rows"
    yield Row("P8 on a shared host", said, mine, theirs, "as many INSERTs, durable", MOST_FOR_A_DEPLOY)
