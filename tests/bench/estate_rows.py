"""P4 and P8: the inventory and a deploy, on an estate that is made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count

from tests.bench.measure import Row, compare
from tests.bench.size import Size

MOST_FOR_A_DEPLOY = 50
"""Times its bare INSERTs, as docs/performance.md proposes: 6, as was wished first, is less than to read and to plan."""


def inventory_rows(size: Size, now: datetime) -> Iterator[Row]:
    """P4: the fleet as JSON against copying as many bytes of ready documents."""
    from django.db import connection

    from larry.exports.dialect import find_dialect
    from larry.queries.fleet import get_fleet_outline, list_masked_texts
    from larry.queries.moment import Moment
    from larry.queries.reader import LOCAL

    dialect = find_dialect("json")
    assert dialect.render_texts is not None
    render = dialect.render_texts

    def copy() -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT d.body FROM larry_nodesegment s JOIN larry_nodedocument d ON d.digest = s.document_id"
                ' WHERE s.start <= %s AND (s."end" IS NULL OR s."end" > %s)',
                [now, now],
            )
            return ",".join(body for (body,) in cursor.fetchall())

    def print_all() -> str:
        fleet = get_fleet_outline(LOCAL, Moment(now))
        return "".join(render(fleet, list_masked_texts(fleet, LOCAL, Moment(now))))

    mine, theirs = compare(print_all, copy, rounds=5)
    yield Row("P4 inventory as JSON", f"{size.hosts:,} hosts", mine, theirs, "copying ready documents", 4)


def deploy_rows(size: Size, now: datetime) -> Iterator[Row]:
    """P8: preview and deploy an instance again that has changed, against as many plain INSERTs in one transaction."""
    from larry.actions.author import Author
    from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
    from larry.records.deployment import Deployment
    from larry.records.instance import Instance

    live = Deployment.objects.filter(end=None, start__lte=now, deactivated_at=None)
    lanes = iter(list(live.order_by("id").values_list("instance__path", "host__name")))
    numbers = count(1)

    def act() -> None:
        (path, host), number = next(lanes), next(numbers)
        row = Instance.objects.get(path=path)
        Instance.objects.filter(pk=row.pk).update(parameters={**row.parameters, "workers": 100 + number})
        author = Author("bench", "measure", now + timedelta(seconds=number))
        request = DeployRequest((DeployItem(path, (host,)),))
        preview_deploy(request, author)
        deploy(request, author)

    act()
    before = count_rows()
    act()
    written = count_rows() - before
    mine, theirs = compare(act, insert_rows(written), rounds=7)
    said = f"{size.hosts:,} hosts, {written} rows"
    yield Row("P8 preview and deploy", said, mine, theirs, "as many INSERTs, durable", MOST_FOR_A_DEPLOY)


def count_rows() -> int:
    """The rows of all tables."""
    from django.apps import apps

    return sum(model._default_manager.count() for model in apps.get_app_config("larry").get_models())


def insert_rows(rows: int) -> Callable[[], None]:
    """So many plain INSERTs in one durable transaction."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_row")
        cursor.execute("CREATE TABLE bench_row (id integer, body text)")

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for number in range(rows):
                cursor.execute("INSERT INTO bench_row (id, body) VALUES (%s, %s)", [number, "x" * 200])

    return insert
