"""P8 where a monitoring host has many subjects: an estate of its own, in a database of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.bench.measure import Row, compare
from tests.bench.size import Size

_NEEDED = 9
_OF_A_CUSTOMER = 50


def state_watched(subjects: int) -> str:
    """An estate file: each instance requires ten services, on a host of its own, and one auditor watches all of them
    from one host."""
    services: list[dict[str, Any]] = [
        {
            "name": f"s{number}",
            "needs": [f"s{number - 1}"] if number else [],
            "parameters": [{"name": f"p{number}", "default": number}],
        }
        for number in range(_NEEDED)
    ]
    services.append({"name": "app", "needs": [f"s{_NEEDED - 1}"], "parameters": [{"name": "workers", "default": 1}]})
    services.append(
        {
            "name": "watch",
            "parameters": [{"name": "every", "default": 5}],
            "audits": [{"service": "app", "where": {"host": "mon"}}],
        }
    )
    owned: dict[int, list[dict[str, Any]]] = {}
    for number in range(subjects):
        owned.setdefault(number // _OF_A_CUSTOMER, []).append({"name": f"i{number}", "requires": ["app"]})
    customers = [{"name": f"c{owner}", "apps": [{"name": "a", "instances": of}]} for owner, of in owned.items()]
    hosts: list[dict[str, Any]] = [
        {"name": f"w{number}", "addresses": [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"]}
        for number in range(subjects)
    ]
    return json.dumps({"larry": 1, "services": services, "customers": customers, "hosts": [{"name": "mon"}, *hosts]})


def find_lane(number: int) -> tuple[str, str]:
    """The path and the host of an instance by its number."""
    return f"c{number // _OF_A_CUSTOMER}/a/i{number}", f"w{number}"


def lay_watched(subjects: int, now: datetime) -> None:
    """Apply the estate and deploy all of it by one rollout: every host is compiled once."""
    lay_deployed(state_watched(subjects), map(find_lane, range(subjects)), now)


def lay_deployed(stated: str, lanes: Iterable[tuple[str, str]], now: datetime) -> None:
    """Apply an estate file, and deploy to lanes by one rollout."""
    from larry.actions.apply import apply
    from larry.actions.author import Author
    from larry.actions.deploy import DeployItem, DeployRequest, deploy
    from larry.nouns.estate import parse_estate

    author = Author("bench", "to measure", now)
    apply(parse_estate([("estate.yaml", stated)], largest=1 << 30).items, author)
    deploy(DeployRequest(tuple(DeployItem(path, (host,)) for path, host in lanes)), author)


def watched_rows(size: Size, now: datetime) -> Iterator[Row]:
    """P8: preview and deploy one instance of ten services and one off-host auditor, which has many subjects; and the
    bytes that such a deploy adds to the documents of nodes, against the text of that one node."""
    from larry.core.node_text import write_node
    from larry.queries.moment import Moment
    from larry.queries.node import get_stored_node
    from larry.queries.reader import LOCAL
    from tests.bench.estate_rows import MOST_FOR_A_DEPLOY, count_rows, insert_rows

    lay_watched(size.subjects, now)
    act = make_deploys(find_lane, now)
    act()
    before, stored = count_rows(), _count_stored()
    act()
    written, added = count_rows() - before, _count_stored() - stored
    mine, theirs = compare(act, insert_rows(written), rounds=5)
    said = f"{size.subjects:,} subjects, {written} rows"
    yield Row("P8 with a big auditor", said, mine, theirs, "as many INSERTs, durable", MOST_FOR_A_DEPLOY)
    text = write_node(get_stored_node("mon", LOCAL, Moment(now + timedelta(days=1))).node)
    yield Row("P8 stored for it; MB", said, added / 1e9, len(text) / 1e9, "the monitoring host's node, whole", None)


def make_deploys(lane: Callable[[int], tuple[str, str]], now: datetime) -> Callable[[], None]:
    """What previews and deploys the next instance each time, edited before."""
    from larry.actions.author import Author
    from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
    from larry.records.instance import Instance

    numbers = count()

    def act() -> None:
        number = next(numbers)
        path, host = lane(number)
        Instance.objects.filter(path=path).update(parameters={"workers": 100 + number})
        author = Author("bench", "measure", now + timedelta(seconds=number + 1))
        request = DeployRequest((DeployItem(path, (host,)),))
        preview_deploy(request, author)
        deploy(request, author)

    return act


def _count_stored() -> int:
    """Characters in documents and parts."""
    from django.db.models import Sum
    from django.db.models.functions import Length

    from larry.records.node import NodeDocument, NodePart

    models = (NodeDocument, NodePart)
    return sum(model._default_manager.aggregate(all=Sum(Length("body")))["all"] or 0 for model in models)
