"""P10: pages with the largest pictures, each against a bare Django view that renders as many rows in as many bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from random import Random

from django.test.utils import CaptureQueriesContext

from tests.bench.bare_page import bare_view
from tests.bench.measure import Row, compare

BOXES, LANES = 1_000, 200
ROOT, PATH = "box_0", "lanes/long/production"
PICTURES = {
    f"P10 graph of {BOXES:,} boxes": f"/graph/service/{ROOT}?around=all",
    f"P10 graph of {BOXES:,} boxes, as it opens": f"/graph/service/{ROOT}",
    f"P10 interval map of {LANES} lanes": f"/timeline/instance/{PATH}",
}


def lay_out(now: datetime) -> None:
    """A graph of services in which all reach one, each by up to three others; an instance on many hosts, twice."""
    from larry.actions.apply import apply
    from larry.actions.author import Author
    from larry.actions.deploy import DeployItem, DeployRequest, deploy
    from larry.nouns.estate import parse_estate

    dice = Random(1)
    lines = ["larry: 1", "services:", f"- {{name: {ROOT}}}"]
    for number in range(1, BOXES):
        needs: set[str] = set()
        audits: set[str] = set()
        for other in dice.sample(range(number), min(number, 3)):
            (audits if dice.random() < 0.3 else needs).add(f"box_{other}")
        lines.append(
            f"- {{name: box_{number}, needs: [{', '.join(sorted(needs))}], audits: [{', '.join(sorted(audits))}]}}"
        )
    lines.append("- {name: lone}")
    hosts = [f"lane{number}.example.com" for number in range(LANES)]
    lines += ["hosts:", *(f"- {{name: {host}}}" for host in hosts), "customers:"]
    lines.append("- {name: lanes, apps: [{name: long, instances: [{name: production, requires: [lone]}]}]}")
    author = Author("bench", "to be drawn", now)
    apply(parse_estate([("pictures.yaml", "\n".join(lines))]).items, author)
    for day in (1, 2):
        later = Author("bench", "to be drawn", now + timedelta(days=day))
        deploy(DeployRequest((DeployItem(PATH, tuple(hosts)),)), later)


def picture_rows(now: datetime) -> Iterator[Row]:
    """Time and number of statements of each page, asked as a browser asks, by somebody who may see everything."""
    from django.conf import settings
    from django.db import connection

    from tests.web.visitor import sign_in_as

    lay_out(now)
    settings.ALLOWED_HOSTS = ["testserver"]
    client = sign_in_as("visitor")
    for name, path in PICTURES.items():
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
        assert answer.status_code == 200, path
        mine, theirs = compare(partial(client.get, path), bare_view(answer.content.decode()), rounds=5)
        said = f"{len(asked)} SQL, {len(answer.content) // 1000} kB"
        yield Row(name, said, mine, theirs, "a bare view, as many rows and bytes", 4)
