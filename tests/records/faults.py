"""Faults are planted in guards, one branch at a time, to see whether the probes would notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from larry.records.guards_on_postgresql import PostgresqlGuards
from larry.records.guards_on_sqlite import SqliteGuards
from larry.records.promise import GATE_IS_OPEN, PROMISES, AppendOnly, Piece
from tests.records.probes import LANES, NODES, SERVICES, TEMPLATES


@dataclass(frozen=True, slots=True)
class Fault:
    """In one piece of one guard ``old`` reads ``new``; with nothing old the piece is gone, or ``new`` is done to it."""

    vendor: str
    guard: str
    piece: str
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        return f"{self.vendor}: {self.piece}: {f'{self.old} -> {self.new}' if self.old else self.new or 'gone'}"


def plant(connection: BaseDatabaseWrapper, fault: Fault) -> None:
    """Put the fault in the place of the right piece. The mark on what PostgreSQL replaces in place stays."""
    dialect = SqliteGuards() if connection.vendor == "sqlite" else PostgresqlGuards()
    (promise,) = (promise for promise in PROMISES if promise.name == fault.guard)
    (piece,) = (piece for piece in dialect.write_pieces(promise) if piece.name == fault.piece)
    assert fault.old in piece.create, f"{fault.old} is not in {piece.create}"
    with connection.cursor() as cursor:
        if piece.kind == "function" and fault.old:
            whole = piece.create.replace(fault.old, fault.new)
            cursor.execute(whole.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
        elif fault.old:
            dialect.drop_piece(connection, piece)
            cursor.execute(piece.create.replace(fault.old, fault.new))
        elif fault.new:
            cursor.execute(fault.new)
        else:
            dialect.drop_piece(connection, piece)


def _pieces(vendor: str, guard: str) -> tuple[Piece, ...]:
    (promise,) = (promise for promise in PROMISES if promise.name == guard)
    return (SqliteGuards() if vendor == "sqlite" else PostgresqlGuards()).write_pieces(promise)


def _gone() -> tuple[Fault, ...]:
    """Every piece of every guard, gone."""
    return tuple(
        Fault(vendor, promise.name, piece.name)
        for vendor in ("sqlite", "postgresql")
        for promise in PROMISES
        for piece in _pieces(vendor, promise.name)
    )


def _sqlite_intervals(guard: str) -> tuple[Fault, ...]:
    insert, update = f"{guard}_on_insert", f"{guard}_on_update"
    both = (
        ('other."end" > NEW.start', 'other."end" >= NEW.start'),
        ('NEW."end" > other.start', 'NEW."end" >= other.start'),
        ('other."end" IS NULL OR ', ""),
        ('NEW."end" IS NULL OR ', ""),
        ("other.host_id = NEW.host_id", "1"),
        (f"RAISE(ABORT, '{guard}')", "RAISE(IGNORE)"),
    )
    return (
        *(Fault("sqlite", guard, piece, old, new) for piece in (insert, update) for old, new in both),
        Fault("sqlite", guard, update, "other.id <> OLD.id", "1"),
        *(
            Fault("sqlite", guard, update, "BEFORE UPDATE", f"BEFORE UPDATE OF {columns}")
            for columns in ("host_id, start", 'host_id, "end"', 'start, "end"')
        ),
    )


def _sqlite_lanes() -> tuple[Fault, ...]:
    insert, update = f"{LANES}_on_insert", f"{LANES}_on_update"
    return (
        Fault("sqlite", LANES, insert, "NEW.deactivated_at IS NULL AND", ""),
        Fault("sqlite", LANES, insert, "AND other.deactivated_at IS NULL", ""),
        Fault("sqlite", LANES, update, "AND other.deactivated_at IS NULL", ""),
        Fault("sqlite", LANES, update, "NEW.deactivated_at IS NULL AND", ""),
        Fault("sqlite", LANES, update, "NEW.deactivated_at IS NULL AND", "OLD.deactivated_at IS NULL AND"),
        Fault("sqlite", LANES, insert, "other.instance_id = NEW.instance_id", "1"),
        Fault("sqlite", LANES, update, "BEFORE UPDATE", 'BEFORE UPDATE OF host_id, instance_id, start, "end"'),
        Fault("sqlite", LANES, update, "BEFORE UPDATE", 'BEFORE UPDATE OF host_id, deactivated_at, start, "end"'),
        Fault("sqlite", LANES, update, "BEFORE UPDATE", 'BEFORE UPDATE OF instance_id, deactivated_at, start, "end"'),
    )


def _sqlite_circles(guard: str, source: str, target: str, table: str) -> tuple[Fault, ...]:
    insert, update = f"{guard}_on_insert", f"{guard}_on_update"
    recursion = f" UNION SELECT step.{target} FROM reach JOIN {table} AS step ON step.{source} = reach.id"
    return (
        Fault("sqlite", guard, update, recursion, f" UNION SELECT step.{target} FROM {table} AS step"),
        Fault("sqlite", guard, update, f"{recursion} WHERE step.{target} IS NOT NULL", ""),
        Fault("sqlite", guard, update, f"step.{source} = reach.id", f"step.{target} = reach.id"),
        Fault("sqlite", guard, update, f"NEW.{target} IS NOT OLD.{target}", "0"),
        Fault("sqlite", guard, update, "WHERE NOT EXISTS", "WHERE 0 AND NOT EXISTS"),
        Fault("sqlite", guard, insert, f"RAISE(ABORT, '{guard}') WHERE", "1 WHERE"),
    )


def _sqlite_services() -> tuple[Fault, ...]:
    insert, update = f"{SERVICES}_on_insert", f"{SERVICES}_on_update"
    return (
        Fault("sqlite", SERVICES, insert, "WHERE step.target_id", "WHERE step.kind = 'needs' AND step.target_id"),
        Fault("sqlite", SERVICES, insert, "WHERE step.target_id", "WHERE step.kind = NEW.kind AND step.target_id"),
        Fault("sqlite", SERVICES, insert, "WHEN NEW.target_id", "WHEN NEW.kind = 'needs' AND NEW.target_id"),
        Fault("sqlite", SERVICES, update, "NEW.service_id IS NOT OLD.service_id", "0"),
        Fault("sqlite", SERVICES, insert, "graph_version + 1", "graph_version"),
        Fault("sqlite", SERVICES, insert, "WHERE NOT EXISTS", "WHERE 0 AND NOT EXISTS"),
    )


def _postgresql_intervals(guard: str) -> tuple[Fault, ...]:
    span = 'tstzrange(start, "end")'
    return (
        Fault("postgresql", guard, guard, span, "tstzrange(start, \"end\", '[]')"),
        Fault("postgresql", guard, guard, span, 'tstzrange(start, coalesce("end", start))'),
        Fault("postgresql", guard, guard, span, 'tstzrange(coalesce("end", start), "end")'),
        Fault("postgresql", guard, guard, "int8range(host_id, host_id, '[]') WITH &&, ", ""),
        Fault("postgresql", guard, guard, "host_id, '[]')", "host_id + 1, '[]')"),
    )


def _postgresql_lanes() -> tuple[Fault, ...]:
    return (
        Fault("postgresql", LANES, LANES, " WHERE (deactivated_at IS NULL)", ""),
        Fault("postgresql", LANES, LANES, "deactivated_at IS NULL", 'deactivated_at IS NULL AND "end" IS NOT NULL'),
        Fault("postgresql", LANES, LANES, "deactivated_at IS NULL", "deactivated_at IS NOT NULL"),
        Fault("postgresql", LANES, LANES, "IS NULL)", "IS NULL) DEFERRABLE INITIALLY DEFERRED"),
        Fault("postgresql", LANES, LANES, "int8range(instance_id, instance_id, '[]') WITH &&, ", ""),
    )


def _postgresql_circles(guard: str, source: str, target: str, table: str) -> tuple[Fault, ...]:
    return (
        Fault("postgresql", guard, guard, f"step.{source} = reach.id", f"step.{target} = reach.id"),
        Fault("postgresql", guard, guard, "WHERE id = origin)", "WHERE id = origin AND false)"),
        Fault("postgresql", guard, guard, f"step.{target} IS NOT NULL)", "false)"),
        Fault("postgresql", guard, guard, "IF NOT FOUND", "IF false"),
        Fault("postgresql", guard, guard, "cardinality(newcomers) = 0", "cardinality(newcomers) <= 1"),
        Fault("postgresql", guard, f"{guard}_on_insert", "", f"ALTER TABLE {table} DISABLE TRIGGER {guard}_on_insert"),
        Fault("postgresql", guard, f"{guard}_on_update", "", f"ALTER TABLE {table} DISABLE TRIGGER {guard}_on_update"),
    )


def _postgresql_services() -> tuple[Fault, ...]:
    return (
        Fault("postgresql", SERVICES, SERVICES, "WHERE step.target_id", "WHERE step.kind = 'needs' AND step.target_id"),
        Fault("postgresql", SERVICES, SERVICES, "FROM arrived WHERE", "FROM arrived WHERE kind = 'needs' AND"),
        Fault("postgresql", SERVICES, SERVICES, "graph_version + 1", "graph_version"),
        Fault("postgresql", TEMPLATES, TEMPLATES, "TG_OP = 'INSERT'", "true"),
    )


def _gates() -> Iterator[Fault]:
    """The gate, always open; and each column that is to stay, open to whoever redacts."""
    for promise in (promise for promise in PROMISES if isinstance(promise, AppendOnly)):
        name = promise.name
        if promise.kept:
            yield Fault("sqlite", name, f"{name}_on_update", GATE_IS_OPEN, "1")
            yield Fault("postgresql", name, name, f"TG_OP = 'UPDATE' AND {GATE_IS_OPEN}", "TG_OP = 'UPDATE'")
        if promise.replaced:
            yield Fault("sqlite", name, f"{name}_on_delete", f"NOT {GATE_IS_OPEN}", "0")
            yield Fault("postgresql", name, name, f"TG_OP = 'DELETE' AND {GATE_IS_OPEN}", "TG_OP = 'DELETE'")
            yield Fault("postgresql", name, name, "TG_OP = 'DELETE' AND", "")
        for column in promise.kept:
            yield Fault("sqlite", name, f"{name}_on_update", f"NEW.{column} IS OLD.{column}", "1")
            yield Fault("postgresql", name, name, f"OLD.{column}", f"NEW.{column}")


FAULTS: tuple[Fault, ...] = (
    *_gone(),
    *_gates(),
    *_sqlite_intervals(LANES),
    *_sqlite_intervals(NODES),
    *_sqlite_lanes(),
    *_sqlite_circles(SERVICES, "service_id", "target_id", "larry_edge"),
    *_sqlite_circles(TEMPLATES, "id", "template_id", "larry_instance"),
    *_sqlite_services(),
    *_postgresql_intervals(LANES),
    *_postgresql_intervals(NODES),
    *_postgresql_lanes(),
    *_postgresql_circles(SERVICES, "service_id", "target_id", "larry_edge"),
    *_postgresql_circles(TEMPLATES, "id", "template_id", "larry_instance"),
    *_postgresql_services(),
)
