"""P6 and P7: what is dirty of very many instances, and what an edit would make so. Rows are laid by hand, quickly.

Alone, in an empty database: `BENCH_CLOCK=cpu LARRY_HOME=… python -m tests.bench.instance_rows 100000`.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.core_rows import NAMES, make_services
from tests.bench.measure import Row, compare
from tests.bench.size import SIZES, Size

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from larry.core.parameters import Layer
    from larry.core.service_graph import ServiceSpec
    from larry.core.survey import Survey
    from larry.queries.moment import Moment
    from larry.records.instance import Instance
    from larry.records.service import Service

LARGE = 812
"""Instances of the largest customer, as in the goal; all others have 20."""
_BATCH = 2000


def instance_rows(size: Size, now: datetime) -> Iterator[Row]:
    """Ten times as many instances as there are hosts, one in a hundred of them dirty."""
    from larry.core.service_graph import ServiceGraph
    from larry.queries import dirty as looked_at
    from larry.queries import kept_survey
    from larry.queries.deployable import _parsed
    from larry.queries.dirty import list_dirty, list_dirty_causes
    from larry.queries.instance import get_descriptions
    from larry.queries.moment import Moment
    from larry.queries.reader import LOCAL
    from larry.queries.service import get_service_graph
    from larry.records.activity import Activity
    from larry.records.instance import Instance

    count, dice, at = size.hosts * 10, random.Random(7), Moment(now)
    services = make_services(dice)
    paths = list(Instance.objects.filter(path__startswith="bench").order_by("id").values_list("path", flat=True))
    paths = paths or _lay(count, services, dice, now)
    Activity.objects.create(at=now, actor="bench", verb="lay", noun="estate", address="", reason="bench")
    part = get_descriptions(dice.sample(paths, 60), LOCAL, at)
    graph = ServiceGraph(get_service_graph(LOCAL, at))
    closures = [len(graph.close(each.requires)) for each in part.values()]

    def naive() -> None:
        for description in part.values():
            vars(graph)["_outlines"] = {}
            _ = description.describe(graph)[0].digest

    def cold() -> None:
        kept_survey._kept.clear()
        assert len([path for path in list_dirty(LOCAL, at) if path.startswith("bench")]) == -(-count // 100)

    def why() -> None:
        _parsed.clear()
        kept_survey._kept.clear()
        looked_at._kept.clear()
        again()

    def again() -> None:
        found = [each for each in list_dirty_causes(LOCAL, at) if each.path.startswith("bench")]
        assert len(found) == -(-count // 100), "one in a hundred"

    said = f"{count:,} instances, mean closure {sum(closures) / len(closures):.0f}"
    for name, ask_for, goal in (
        ("from cold", cold, 1 / 30),
        ("and why, from cold", why, None),
        ("and why, again", again, None),
    ):
        mine, theirs = compare(ask_for, naive, rounds=3)
        yield Row(f"P6 dirty, {name}", said, mine, theirs * count / len(part), "each described by itself", goal)

    yield from _edit_rows(count, services, graph, dice, at)


def _edit_rows(
    count: int, services: Mapping[str, ServiceSpec], graph: Mapping[str, ServiceSpec], dice: random.Random, at: Moment
) -> Iterator[Row]:
    """P7: an edit of a customer's parameter, and of an edge that concerns about as many; written, and undone."""
    from django.db import transaction

    from larry.core.service_graph import reach
    from larry.queries import kept_survey
    from larry.queries.outlook import Edited, NewValues, look_after, open_outlook
    from larry.queries.reader import LOCAL
    from larry.records.customer import Customer
    from larry.records.edge import Edge
    from larry.records.instance import Instance
    from larry.records.service import Service

    brought_by: dict[str, list[str]] = {}
    for key, spec in services.items():
        for need in spec.needs:
            brought_by.setdefault(f"bench_{need}", []).append(f"bench_{key}")
        brought_by.setdefault(f"bench_{key}", []).extend(f"bench_{audit.service}" for audit in spec.audits)
    concerned = Instance.objects.filter(path__startswith="bench")
    above = {key: reach([key], lambda other: brought_by.get(other, ())) for key in dice.sample(sorted(graph), 60)}
    counts = {
        key: concerned.filter(requirements__service__key__in=of_one).distinct().count() for key, of_one in above.items()
    }
    key = min(counts, key=lambda each: abs(counts[each] - LARGE))
    needed = next(f"bench_s{n}" for n in range(1000) if f"bench_s{n}" not in above[key])

    def set_value() -> None:
        customer = Customer.objects.get(key="bench0")
        Customer.objects.filter(key="bench0").update(parameters={**customer.parameters, "other": 1})

    def add_edge() -> None:
        service, target = Service.objects.get(key=key), Service.objects.get(key=needed)
        Edge.objects.create(kind="needs", service=service, target=target)

    of_customer = Edited({"bench0": NewValues({"other": 1}, frozenset())})
    of_key = Edited(services=frozenset({key}))
    for what, rows, touched, write in (
        ("a customer's parameter", concerned.filter(customer__key="bench0"), of_customer, set_value),
        ("an edge", concerned.filter(requirements__service__key__in=above[key]).distinct(), of_key, add_edge),
    ):
        wanted = list(rows.values_list("path", flat=True))
        assert kept_survey.get_stock(LOCAL, at) is not None, "a survey is kept"
        with transaction.atomic():
            write()

            def ask(touched: Edited = touched) -> int:
                return len(look_after(open_outlook(touched, tuple, LOCAL, at), touched, LOCAL, at).dirty)

            assert ask() == len(wanted) - len([path for path in wanted if int(path.rpartition("i")[2]) % 100 == 0])
            mine, theirs = compare(ask, partial(_select, rows), rounds=7)
            transaction.set_rollback(True)
        said = f"{len(wanted):,} of {count:,} instances"
        yield Row(f"P7 what {what} makes dirty", said, mine, theirs, "one SELECT of their keys", 10)


def _select(rows: QuerySet[Instance]) -> list[str]:
    return list(rows.values_list("path", flat=True))


def _lay(count: int, services: Mapping[str, ServiceSpec], dice: random.Random, now: datetime) -> list[str]:
    """The rows of that many live instances; their paths."""
    from larry.core.parameters import Layer
    from larry.core.survey import Survey
    from larry.records.app import App
    from larry.records.customer import Customer
    from larry.records.deployable import Deployable
    from larry.records.deployment import Deployment
    from larry.records.host import Host
    from larry.records.instance import Instance, Requirement
    from larry.records.rollout import Rollout

    rows = _lay_services(services, now)
    named = {f"bench_{key}": spec for key, spec in services.items()}
    survey = Survey({key: _rename(spec) for key, spec in named.items()})
    graph = {key: _rename(spec) for key, spec in named.items()}
    rollout = Rollout.objects.create(reason="bench", actor="bench", recorded_at=now, plan_digest="")
    host = Host.objects.create(key="bench", name="bench", name_folded="bench", created_at=now)
    sets = [tuple(dice.sample(sorted(named), dice.randint(1, 3))) for _ in range(400)]
    paths: list[str] = []
    for number in range(1 + max(0, count - LARGE + 19) // 20):
        alike = dice.sample(sets, 4 if number else 12)  # instances of one customer are much alike
        of_customer, owner = dict.fromkeys(dice.sample(NAMES, 8), number), f"bench{number}"
        noun = {"key": owner, "name": owner, "name_folded": owner, "created_at": now}
        customer = Customer.objects.create(**noun, parameters=of_customer)
        app = App.objects.create(**noun, customer=customer)
        instances, requirements, deployables, deployments = [], [], [], []
        for _ in range(min(20 if number else LARGE, count - len(paths))):
            key, own, requires = f"i{len(paths)}", {dice.choice(NAMES): len(paths)}, dice.choice(alike)
            path = f"{owner}/{owner}/{key}"
            instance = Instance(
                key=key,
                name=key,
                name_folded=key,
                created_at=now,
                app=app,
                customer=customer,
                path=path,
                parameters=own,
            )
            layers = [Layer("customer", owner, of_customer), Layer("app", owner, {}), Layer("instance", path, own)]
            kept = _freeze((owner, owner, key), layers, requires, graph, survey, is_dirty=len(paths) % 100 == 0)
            deployable = Deployable(digest=kept[0], instance=instance, document=kept[1], taken_at=now, taken_by="bench")
            instances.append(instance)
            requirements += [Requirement(instance=instance, service=rows[service]) for service in requires]
            deployables.append(deployable)
            deployments.append(
                Deployment(
                    id=f"b{len(paths):015}", instance=instance, host=host, deployable=deployable, start=now,
                    reason="bench", rollout=rollout, ordinal=1, recorded_at=now,
                )
            )  # fmt: skip
            paths.append(path)
        Instance.objects.bulk_create(instances, batch_size=_BATCH)
        Requirement.objects.bulk_create(requirements, batch_size=_BATCH)
        Deployable.objects.bulk_create(deployables, batch_size=_BATCH)
        Deployment.objects.bulk_create(deployments, batch_size=_BATCH)
    return paths


def _freeze(
    keys: tuple[str, str, str], layers: list[Layer], requires: tuple[str, ...], graph: Mapping[str, ServiceSpec],
    survey: Survey, *, is_dirty: bool,
) -> tuple[str, str]:  # fmt: skip
    """Digest and text of a snapshot: of what is dirty as it was before the instance set anything."""
    from larry.core.deployable import describe

    if not is_dirty:
        return survey.digest(keys, layers, requires), "{}"  # what is clean is not read
    then, _ = describe(keys, layers[:2], requires, graph)
    return then.digest, then.text


def _rename(spec: ServiceSpec) -> ServiceSpec:
    """The service under a name that the estate which is there already has not."""
    from dataclasses import replace

    audits = tuple(replace(audit, service=f"bench_{audit.service}") for audit in spec.audits)
    return replace(spec, key=f"bench_{spec.key}", needs=tuple(f"bench_{need}" for need in spec.needs), audits=audits)


def _lay_services(services: Mapping[str, ServiceSpec], now: datetime) -> Mapping[str, Service]:
    from larry.records.edge import Edge
    from larry.records.service import Parameter, Service

    rows = {
        f"bench_{key}": Service(
            key=f"bench_{key}", name=f"bench_{key}", name_folded=f"bench_{key}", created_at=now, tools={}
        )
        for key in services
    }
    Service.objects.bulk_create(rows.values(), batch_size=_BATCH)
    Parameter.objects.bulk_create(
        [
            Parameter(service=rows[f"bench_{key}"], position=n, name=d.name, has_default=True, default=d.default)
            for key, spec in services.items()
            for n, d in enumerate(spec.declarations)
        ],
        batch_size=_BATCH,
    )
    edges = [
        *(("needs", key, need, None) for key, spec in services.items() for need in spec.needs),
        *(("audits", key, audit.service, "same-host") for key, spec in services.items() for audit in spec.audits),
    ]
    Edge.objects.bulk_create(
        [
            Edge(kind=kind, service=rows[f"bench_{key}"], target=rows[f"bench_{other}"], where_kind=where)
            for kind, key, other, where in edges
        ],
        batch_size=_BATCH,
    )
    return rows


def main() -> None:
    """Only these rows, of as many instances as are asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "larry.site.settings")
    import django

    django.setup()
    from dataclasses import replace

    from larry.actions.migrate import migrate
    from larry.outside import clock

    migrate()
    for row in instance_rows(replace(SIZES["small"], hosts=int(sys.argv[1]) // 10), clock.now()):
        print(f"{row.name} | {row.size} | {row.larry * 1e3:,.1f} ms | {row.yardstick * 1e3:,.1f} ms | {row.ratio:.4f}")


if __name__ == "__main__":
    main()
