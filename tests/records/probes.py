"""A probe is one write that a guard must refuse, or must not; a hole is a probe that went the other way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, models, transaction

from larry.records import guards
from larry.records.gate import opened_gate
from larry.records.models import Edge, Estate, Instance
from larry.records.promise import PROMISES, AppendOnly
from tests.records.rows import (
    add_activity,
    add_deployable,
    add_deployment,
    add_deployment_version,
    add_edge,
    add_edge_version,
    add_host,
    add_instance,
    add_rollout,
    add_segment,
    add_service,
    hour,
    named,
)

LANES, NODES, SERVICES, TEMPLATES, *_ = (promise.name for promise in PROMISES)
LOGS = tuple(promise for promise in PROMISES if isinstance(promise, AppendOnly))


@dataclass(frozen=True, slots=True)
class Probe:
    """``act`` writes; a guard that ``refuses`` it raises IntegrityError with its own name."""

    guard: str
    name: str
    refuses: bool
    act: Callable[[], object]


class NotAsExpected(Exception):
    """A probe found something other than a refusal to be wrong."""


def find_holes(guard: str) -> tuple[str, ...]:
    """The probes of one guard that went the wrong way; every probe's rows are taken back."""
    return tuple(probe.name for probe in list_probes(guard) if not _is_well(probe))


def has_a_hole(guard: str) -> bool:
    """Whether any probe goes the wrong way; the rest is not tried."""
    return any(not _is_well(probe) for probe in list_probes(guard))


def list_probes(guard: str) -> tuple[Probe, ...]:
    """All probes of one guard."""
    return tuple(Probe(guard, name, refuses, act) for name, refuses, act in _PROBES[guard]())


def _is_well(probe: Probe) -> bool:
    refused = ""
    with transaction.atomic():
        try:
            with transaction.atomic():
                probe.act()
        except IntegrityError as error:
            refused = str(error)
        except (DatabaseError, NotAsExpected, TypeError):  # TypeError: Django finds no row where it inserted one
            return False
        transaction.set_rollback(True)
    return probe.guard in refused if probe.refuses else not refused


Row = tuple[str, bool, Callable[[], object]]
Span = tuple[float, float | None]
Add = Callable[..., models.Model]


def _change(row: models.Model, **values: Any) -> None:
    changed = type(row)._default_manager.filter(pk=row.pk).update(**values)
    if changed != 1 or type(row)._default_manager.filter(**{"pk": row.pk, **values}).count() != 1:
        raise NotAsExpected(f"{values} was neither written nor refused")


def _insert(add: Add, lane: Callable[[], dict[str, Any]], *spans: Span) -> None:
    """Add these intervals to one lane, one after another."""
    place = lane()
    for start, end in spans:
        row = add(start, end, **place)
        if not type(row)._default_manager.filter(pk=row.pk).exists():
            raise NotAsExpected("the row was neither written nor refused")


def _move(add: Add, lane: Callable[[], dict[str, Any]], spans: list[Span], **values: Any) -> None:
    """Add these intervals to one lane, then change the last one."""
    place = lane()
    rows = [add(start, end, **place) for start, end in spans]
    _change(rows[-1], **values)


def _intervals(add: Add, lane: Callable[[], dict[str, Any]]) -> Iterator[Row]:
    """What holds for every sort of lane."""
    insert, move = partial(_insert, add, lane), partial(_move, add, lane)
    refused: dict[str, tuple[Span, ...]] = {
        "starts within": ((10, 20), (15, 25)),
        "ends within": ((10, 20), (5, 15)),
        "lies within": ((10, 20), (12, 18)),
        "lies around": ((10, 20), (5, 25)),
        "ends with it, starts earlier": ((10, 20), (5, 20)),
        "open, starts within": ((10, 20), (15, None)),
        "open, starts before": ((10, 20), (5, None)),
        "lies within an open one": ((10, None), (15, 20)),
        "ends within an open one": ((10, None), (5, 15)),
        "both open": ((10, None), (20, None)),
        "both open, the newcomer earlier": ((20, None), (10, None)),
        "by a moment": ((10, 20), (19.9999, 21)),
    }
    accepted: dict[str, tuple[Span, ...]] = {
        "starts where it ends": ((10, 20), (20, 30)),
        "ends where it starts": ((10, 20), (0, 10)),
        "open, starts where it ends": ((10, 20), (20, None)),
        "ends where an open one starts": ((10, None), (0, 10)),
        "between two": ((0, 10), (20, 30), (10, 20)),
    }
    for name, spans in refused.items():
        yield f"insert: {name}", True, partial(insert, *spans)
    for name, spans in accepted.items():
        yield f"insert: {name}", False, partial(insert, *spans)
    yield "update: the start into another", True, partial(move, [(0, 10), (10, 20)], start=hour(9))
    yield "update: the end into another", True, partial(move, [(10, 20), (0, 10)], end=hour(11))
    yield "update: the end opened", True, partial(move, [(10, 20), (0, 10)], end=None)
    yield "update: both, onto another", True, partial(move, [(0, 10), (10, 20)], start=hour(1), end=hour(5))
    yield "update: the end into an open one", True, partial(move, [(10, None), (0, 10)], end=hour(11))
    yield "update: the end to where the other starts", False, partial(move, [(10, 20), (0, 5)], end=hour(10))
    yield "update: within itself", False, partial(move, [(0, 10), (10, 20)], start=hour(12), end=hour(15))
    yield "update: the end opened, nothing follows", False, partial(move, [(0, 10), (10, 20)], end=None)
    yield "update: the start to where the other ends", False, partial(move, [(0, 10), (12, 20)], start=hour(10))


def _elsewhere(add: Add, lane: Callable[[], dict[str, Any]], column: str, other: Callable[[], Any]) -> Iterator[Row]:
    """What one column of a lane makes a difference to."""

    def insert() -> None:
        place = lane()
        add(0, 10, **place)
        add(0, 10, **(place | {column: other()}))

    def move() -> None:
        place = lane()
        add(0, 10, **place)
        _change(add(5, 15, **(place | {column: other()})), **{column: place[column]})

    def stay() -> None:
        place = lane()
        add(0, 10, **place)
        _change(add(20, 30, **(place | {column: other()})), start=hour(5))

    yield f"insert: the same time, another {column}", False, insert
    yield f"update: to the same time, another {column}", False, stay
    yield f"update: to a {column} that is taken", True, move


def _probe_lanes() -> Iterator[Row]:
    def lane() -> dict[str, Any]:
        instance = add_instance()
        return {"instance": instance, "host": add_host(), "deployable": add_deployable(instance=instance)}

    add = add_deployment
    yield from _intervals(add, lane)
    yield from _elsewhere(add, lane, "host", add_host)
    yield from _elsewhere(add, lane, "instance", add_instance)

    def deactivated(*, first: bool, second: bool, then: dict[str, Any] | None = None) -> None:
        place = lane()
        add(0, 10, **place, deactivated_at=hour(1) if first else None)
        row = add(5, 15, **place, deactivated_at=hour(1) if second else None)
        if then is not None:
            _change(row, **then)

    yield "insert: starts with it, ends later", True, partial(_insert, add, lane, (10, 20), (10, 30))
    yield "insert: onto a deactivated one", False, partial(deactivated, first=True, second=False)
    yield "insert: deactivated onto a live one", False, partial(deactivated, first=False, second=True)
    yield (
        "update: reactivated onto a live one",
        True,
        partial(deactivated, first=False, second=True, then={"deactivated_at": None}),
    )
    yield (
        "update: reactivated onto a deactivated one",
        False,
        partial(deactivated, first=True, second=True, then={"deactivated_at": None}),
    )
    yield (
        "update: a deactivated one moves over a live one",
        False,
        partial(deactivated, first=False, second=True, then={"start": hour(0), "end": hour(10)}),
    )
    yield (
        "update: deactivated",
        False,
        partial(deactivated, first=True, second=False, then={"deactivated_at": hour(2)}),
    )


def _probe_nodes() -> Iterator[Row]:
    def lane() -> dict[str, Any]:
        return {"host": add_host()}

    yield from _intervals(add_segment, lane)
    yield from _elsewhere(add_segment, lane, "host", add_host)


def _version() -> int:
    return Estate.objects.get(pk=1).graph_version


def _chain(length: int, *kinds: str) -> list[Any]:
    """Services of which each needs the next, or audits it, as the kinds go round."""
    services = [add_service() for _ in range(length)]
    for number in range(length - 1):
        add_edge(services[number], services[number + 1], kinds[number % len(kinds)] if kinds else "needs")
    return services


def _probe_services() -> Iterator[Row]:
    def close(length: int, back_to: int, kind: str, *kinds: str) -> None:
        services = _chain(length, *kinds)
        add_edge(services[-1], services[back_to], kind)

    for kind in ("needs", "audits"):
        yield f"insert: {kind}, there and back", True, partial(close, 2, 0, kind)
        yield f"insert: {kind}, a circle of five", True, partial(close, 5, 0, kind)
        yield f"insert: {kind}, back into the middle", True, partial(close, 5, 2, kind)
        yield f"insert: {kind}, a circle of both kinds", True, partial(close, 4, 0, kind, "audits", "needs")
        yield f"insert: {kind}, a circle of audits", True, partial(close, 3, 0, kind, "audits")

    def at_once() -> None:
        a, b, c = (add_service() for _ in range(3))
        Edge.objects.bulk_create(Edge(service=x, target=y, kind="needs") for x, y in ((a, b), (b, c), (c, a)))

    def turn(**ends: int) -> None:
        services = [*_chain(3), add_service()]
        edge = add_edge(services[2], services[3]) if "target" in ends else add_edge(services[3], services[0])
        _change(edge, **{end: services[number] for end, number in ends.items()})

    def accepted() -> None:
        a, b, c, d = _chain(4)
        add_edge(a, c)
        add_edge(a, d, "audits")
        add_edge(a, b, "audits")
        edge = add_edge(b, d)
        _change(edge, target=c, kind="audits", where_kind="manual")
        _change(edge, where_kind="same-host")
        edge.delete()

    yield "insert: a circle in one statement", True, at_once
    yield "update: the target closes a circle", True, partial(turn, target=0)
    yield "update: the target closes a circle of two", True, partial(turn, target=1)
    yield "update: the service closes a circle", True, partial(turn, service=2)
    yield "what closes no circle", False, accepted
    yield from _probe_version()


def _probe_version() -> Iterator[Row]:
    """Where writers meet, before they look."""

    def bumped() -> None:
        a, _, c, d = _chain(4)
        before = _version()
        edge = add_edge(a, c)
        inserted = _version()
        _change(edge, target=d)
        if not before < inserted < _version():
            raise NotAsExpected("the version of the graph was not bumped")

    def rootless(*, update: bool) -> None:
        a, b, c = _chain(3)
        edge = add_edge(a, c)
        Estate.objects.all().delete()
        _change(edge, service=b, target=add_service()) if update else add_edge(b, add_service())

    yield "the version is bumped", False, bumped
    yield "insert: the estate has lost its row", True, partial(rootless, update=False)
    yield "update: the estate has lost its row", True, partial(rootless, update=True)


def _probe_templates() -> Iterator[Row]:
    def chain(length: int) -> list[Instance]:
        instances = [add_instance()]
        while len(instances) < length:
            instances.append(add_instance(template=instances[-1]))
        return instances

    def close(length: int, to: int) -> None:
        instances = chain(length)
        _change(instances[to], template=instances[-1])

    def at_once() -> None:
        app = add_instance().app
        common = {"app": app, "customer": app.customer}
        Instance.objects.bulk_create(
            Instance(id=number, template_id=other, path=str(number), **common, **named())
            for number, other in ((10**6, 10**6 + 1), (10**6 + 1, 10**6))
        )

    def accepted() -> None:
        a, b, c = chain(3)
        _change(c, template=a)
        _change(b, template=c)
        _change(a, template=add_instance())
        _change(b, template=None)
        before = _version()
        _change(c, copies=2)
        _change(c, template=a)
        if _version() != before:
            raise NotAsExpected("an edit that moves no template was taken for one")

    def rootless() -> None:
        instance, template = add_instance(), add_instance()
        Estate.objects.all().delete()
        _change(instance, template=template)

    yield "update: there and back", True, partial(close, 2, 0)
    yield "update: a circle of five", True, partial(close, 5, 0)
    yield "update: back into the middle", True, partial(close, 5, 2)
    yield "insert: a circle in one statement", True, at_once
    yield "what closes no circle", False, accepted
    yield "update: the estate has lost its row", True, rootless


def _after_gate(act: Callable[[], object]) -> None:
    with opened_gate():
        pass
    act()


def _other_values(add: Callable[[], models.Model], edit: dict[str, Any]) -> dict[str, Any]:
    """By column of a log, a value that no row of it has; of all columns where some are open to redaction."""
    if add is not add_activity:
        return edit
    words = dict.fromkeys(("actor", "verb", "noun", "address", "reason"), "another")
    moved = {"id": 10**9, "at": hour(1), "rollout_id": add_rollout().pk}
    return {**words, **moved, "before": {"other": 1}, "after": {"other": 1}}


def _probe_log(
    add: Callable[[], models.Model], redacted: tuple[str, ...] = (), *, replaced: bool = False, **edit: Any
) -> Iterator[Row]:
    def execute(statement: str, row: models.Model) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=row._meta.db_table), [row.pk] if "%s" in statement else None)

    def truncate(row: models.Model) -> None:
        guards.remove(connection, *(log.name for log in LOGS if log.table != row._meta.db_table))
        execute("SET CONSTRAINTS ALL IMMEDIATE", row)
        execute("TRUNCATE {table} CASCADE", row)

    def while_open(act: Callable[[], object]) -> None:
        with opened_gate():
            act()

    yield "insert", False, add
    yield "insert, while the gate is open", False, partial(while_open, add)
    yield "update", True, lambda: _change(add(), **edit)
    for column, value in _other_values(add, edit).items():
        open_to = column in redacted
        act = partial(lambda values: _change(add(), **values), {column: value})
        yield f"update {column}, while the gate is open", not open_to, partial(while_open, act)
        yield f"update {column}, after the gate was open", True, partial(_after_gate, act)
    remove = partial(lambda: execute(f"DELETE FROM {{table}} WHERE {_key(add)} = %s", add()))
    yield "delete, while the gate is open", not replaced, partial(while_open, remove)
    yield "delete, after the gate was open", True, partial(_after_gate, remove)
    yield "delete", True, lambda: execute(f"DELETE FROM {{table}} WHERE {_key(add)} = %s", add())
    yield "delete all", True, lambda: execute("DELETE FROM {table}", add())
    if connection.vendor == "postgresql":
        yield "truncate", True, lambda: truncate(add())
    else:
        replace = f"INSERT OR REPLACE INTO {{table}} SELECT * FROM {{table}} WHERE {_key(add)} = %s"
        yield "replace", True, lambda: execute(replace, add())


def _key(add: Callable[[], models.Model]) -> str:
    return "digest" if add is add_deployable else "id"


_PROBES: dict[str, Callable[[], Iterator[Row]]] = {
    LANES: _probe_lanes,
    NODES: _probe_nodes,
    SERVICES: _probe_services,
    TEMPLATES: _probe_templates,
    "activity_is_append_only": partial(_probe_log, add_activity, ("before", "after"), reason="another"),
    "deployable_is_append_only": partial(_probe_log, add_deployable, replaced=True, document="[]"),
    "deployment_version_is_append_only": partial(_probe_log, add_deployment_version, version=2),
    "edge_version_is_append_only": partial(_probe_log, add_edge_version, removed=True),
}
