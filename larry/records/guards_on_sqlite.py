"""Guards on SQLite are triggers that abort; there is one writer at a time, so that what they see is what there is."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper

from larry.records.promise import GATE_IS_OPEN, AppendOnly, NoCircle, NoOverlap, Piece, Promise


class SqliteGuards:
    """Triggers by their text, which SQLite keeps word for word."""

    def write_pieces(self, promise: Promise) -> tuple[Piece, ...]:
        """The triggers that keep one promise, in the order of their creation."""
        if isinstance(promise, NoOverlap):
            return _forbid_overlap(promise)
        if isinstance(promise, NoCircle):
            return _forbid_circle(promise)
        return _forbid_change(promise)

    def find_in_place(self, connection: BaseDatabaseWrapper, pieces: Iterable[Piece]) -> frozenset[Piece]:
        """The triggers that are there, word for word. 1 SQL."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
            there = set(cursor.fetchall())
        return frozenset(piece for piece in pieces if (piece.name, piece.table, piece.create) in there)

    def lay_piece(self, connection: BaseDatabaseWrapper, piece: Piece) -> None:
        """Create the trigger, in place of what had its name. 2 SQL."""
        self.drop_piece(connection, piece)
        with connection.cursor() as cursor:
            cursor.execute(piece.create)

    def drop_piece(self, connection: BaseDatabaseWrapper, piece: Piece) -> None:
        """Drop the trigger if it is there. 1 SQL."""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER IF EXISTS {piece.name}")


def _trigger(promise: Promise, event: str, when: str, suffix: str, body: str) -> Piece:
    name = f"{promise.name}_on_{suffix}"
    create = f"CREATE TRIGGER {name} {event} ON {promise.table} FOR EACH ROW WHEN {when} BEGIN {body} END"
    return Piece("trigger", name, promise.table, create)


def _forbid_overlap(promise: NoOverlap) -> tuple[Piece, ...]:
    same_lane = " AND ".join(f"other.{column} = NEW.{column}" for column in promise.lane)
    new_counts, other_counts = "1", "1"
    if promise.live:
        new_counts, other_counts = f"NEW.{promise.live} IS NULL", f"other.{promise.live} IS NULL"

    def overlapped(itself: str) -> str:
        # Half-open: the end of one may be the start of the other. A null end lies after every moment.
        return (
            f"{new_counts} AND EXISTS (SELECT 1 FROM {promise.table} AS other"  # noqa: S608 - literals of promise.py
            f" WHERE {same_lane} AND {other_counts} AND other.id <> {itself}"
            f' AND (other."end" IS NULL OR other."end" > NEW.start)'
            f' AND (NEW."end" IS NULL OR NEW."end" > other.start))'
        )

    abort = f"SELECT RAISE(ABORT, '{promise.name}');"
    return (
        # Before an insert the row of an automatic id is -1, which is nobody's.
        _trigger(promise, "BEFORE INSERT", overlapped("NEW.id"), "insert", abort),
        _trigger(promise, "BEFORE UPDATE", overlapped("OLD.id"), "update", abort),
    )


def _forbid_circle(promise: NoCircle) -> tuple[Piece, ...]:
    source, target, table = promise.source, promise.target, promise.table
    body = (
        "UPDATE larry_estate SET graph_version = graph_version + 1 WHERE id = 1;"  # noqa: S608 - literals of promise.py
        f" SELECT RAISE(ABORT, '{promise.name}: the estate has lost its row')"
        " WHERE NOT EXISTS (SELECT 1 FROM larry_estate WHERE id = 1);"
        f" SELECT RAISE(ABORT, '{promise.name}') WHERE NEW.{source} IN"
        f" (WITH RECURSIVE reach(id) AS (SELECT NEW.{target} UNION"
        f" SELECT step.{target} FROM reach JOIN {table} AS step ON step.{source} = reach.id"
        f" WHERE step.{target} IS NOT NULL) SELECT id FROM reach);"
    )
    leads_on = f"NEW.{target} IS NOT NULL"
    moved = f"(NEW.{source} IS NOT OLD.{source} OR NEW.{target} IS NOT OLD.{target})"
    return (
        _trigger(promise, "AFTER INSERT", leads_on, "insert", body),
        _trigger(promise, "AFTER UPDATE", f"{leads_on} AND {moved}", "update", body),
    )


def _forbid_change(promise: AppendOnly) -> tuple[Piece, ...]:
    abort = f"SELECT RAISE(ABORT, '{promise.name}');"
    same = "".join(f" AND NEW.{column} IS OLD.{column}" for column in promise.kept)
    return (
        _trigger(promise, "BEFORE UPDATE", f"NOT ({GATE_IS_OPEN}{same})" if same else "1", "update", abort),
        _trigger(promise, "BEFORE DELETE", f"NOT {GATE_IS_OPEN}" if promise.replaced else "1", "delete", abort),
    )
