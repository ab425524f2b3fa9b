"""Guards on PostgreSQL are exclusion constraints and triggers that hold under every isolation level."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from django.db.backends.base.base import BaseDatabaseWrapper

from larry.records.promise import GATE_IS_OPEN, AppendOnly, NoCircle, NoOverlap, Piece, PieceKind, Promise

# What PostgreSQL itself says of a piece, and where its comment is kept. A trigger that was switched off says so.
_DESCRIBE: Mapping[PieceKind, str] = {
    "function": (
        "SELECT proname, pg_get_functiondef(oid), obj_description(oid, 'pg_proc') FROM pg_proc"
        " WHERE proname = ANY(%(names)s) AND pronamespace = current_schema()::regnamespace"
    ),
    "trigger": (
        "SELECT tgname, pg_get_triggerdef(oid) || tgenabled::text, obj_description(oid, 'pg_trigger') FROM pg_trigger"
        " WHERE tgname = ANY(%(names)s)"
        " AND tgrelid = ANY(SELECT to_regclass(name) FROM unnest(%(tables)s::text[]) AS name)"
    ),
    "constraint": (
        "SELECT conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint') FROM pg_constraint"
        " WHERE conname = ANY(%(names)s)"
        " AND conrelid = ANY(SELECT to_regclass(name) FROM unnest(%(tables)s::text[]) AS name)"
    ),
}
_DROP: Mapping[PieceKind, str] = {
    "function": "DROP FUNCTION IF EXISTS {name}() CASCADE",
    "trigger": "DROP TRIGGER IF EXISTS {name} ON {table}",
    "constraint": "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}",
}
_COMMENT: Mapping[PieceKind, str] = {
    "function": "COMMENT ON FUNCTION {name}() IS '{mark}'",
    "trigger": "COMMENT ON TRIGGER {name} ON {table} IS '{mark}'",
    "constraint": "COMMENT ON CONSTRAINT {name} ON {table} IS '{mark}'",
}


class PostgresqlGuards:
    """Constraints, functions and triggers, each marked with a digest of what it is."""

    def write_pieces(self, promise: Promise) -> tuple[Piece, ...]:
        """What keeps one promise, in the order of its creation."""
        if isinstance(promise, NoOverlap):
            return _forbid_overlap(promise)
        if isinstance(promise, NoCircle):
            return _forbid_circle(promise)
        return _forbid_change(promise)

    def find_in_place(self, connection: BaseDatabaseWrapper, pieces: Iterable[Piece]) -> frozenset[Piece]:
        """The pieces that are there, made by these statements and not altered since. 1 SQL for each kind."""
        return frozenset(
            piece
            for piece, (definition, mark) in _describe(connection, pieces).items()
            if mark == _mark(piece, definition)
        )

    def lay_piece(self, connection: BaseDatabaseWrapper, piece: Piece) -> None:
        """Create the piece in place of what had its name, and mark what PostgreSQL made of it. 4 SQL."""
        self.drop_piece(connection, piece)
        with connection.cursor() as cursor:
            cursor.execute(piece.create)
            definition, _ = _describe(connection, [piece])[piece]
            mark = _mark(piece, definition)
            cursor.execute(_COMMENT[piece.kind].format(name=piece.name, table=piece.table, mark=mark))

    def drop_piece(self, connection: BaseDatabaseWrapper, piece: Piece) -> None:
        """Drop the piece if it is there. 1 SQL."""
        with connection.cursor() as cursor:
            cursor.execute(_DROP[piece.kind].format(name=piece.name, table=piece.table))


def _describe(connection: BaseDatabaseWrapper, pieces: Iterable[Piece]) -> dict[Piece, tuple[str, str | None]]:
    """What PostgreSQL says of each piece that is there, and the mark that it was given."""
    described: dict[Piece, tuple[str, str | None]] = {}
    by_name = {(piece.kind, piece.name): piece for piece in pieces}
    for kind, statement in _DESCRIBE.items():
        of_kind = [piece for piece in by_name.values() if piece.kind == kind]
        if not of_kind:
            continue
        asked = {"names": [piece.name for piece in of_kind], "tables": [piece.table for piece in of_kind]}
        with connection.cursor() as cursor:
            cursor.execute(statement, asked)
            for name, definition, mark in cursor.fetchall():
                described[by_name[kind, name]] = (definition, mark)
    return described


def _mark(piece: Piece, definition: str) -> str:
    return hashlib.sha256(f"{piece.create}\n{definition}".encode()).hexdigest()


def _forbid_overlap(promise: NoOverlap) -> tuple[Piece, ...]:
    # A bigint becomes a range of one number, so that GiST compares it without the extension btree_gist.
    lane = "".join(f"int8range({column}, {column}, '[]') WITH &&, " for column in promise.lane)
    live = f" WHERE ({promise.live} IS NULL)" if promise.live else ""
    create = (
        f"ALTER TABLE {promise.table} ADD CONSTRAINT {promise.name}"
        f' EXCLUDE USING gist ({lane}tstzrange(start, "end") WITH &&){live}'
    )
    return (Piece("constraint", promise.name, promise.table, create),)


def _forbid_circle(promise: NoCircle) -> tuple[Piece, ...]:
    """Two writers who add a half of a circle each meet in the estate's row, before either looks.

    Under READ COMMITTED the second waits there, and its next statement sees the first one's half; under REPEATABLE
    READ and SERIALIZABLE it is told to try again. The trigger fires once a statement, since a row that is updated
    10,000 times in one transaction grows a chain of 10,000 dead versions.
    """
    source, target, table = promise.source, promise.target, promise.table
    refuse = f"USING ERRCODE = 'check_violation', CONSTRAINT = '{promise.name}', TABLE = '{table}'"
    function = f"""CREATE FUNCTION {promise.name}() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE
    newcomers bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        newcomers := ARRAY(SELECT DISTINCT {source} FROM arrived WHERE {target} IS NOT NULL);
    ELSE
        newcomers := ARRAY(SELECT DISTINCT {source} FROM (
            SELECT {source}, {target} FROM arrived WHERE {target} IS NOT NULL
            EXCEPT SELECT {source}, {target} FROM departed) AS moved);
    END IF;
    IF cardinality(newcomers) = 0 THEN
        RETURN NULL;
    END IF;
    UPDATE larry_estate SET graph_version = graph_version + 1 WHERE id = 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION '{promise.name}: the estate has lost its row' {refuse};
    END IF;
    IF EXISTS (
        WITH RECURSIVE reach(origin, id) AS (
            SELECT {source}, {target} FROM {table} WHERE {source} = ANY(newcomers) AND {target} IS NOT NULL
            UNION
            SELECT reach.origin, step.{target} FROM reach JOIN {table} AS step ON step.{source} = reach.id
            WHERE step.{target} IS NOT NULL)
        SELECT 1 FROM reach WHERE id = origin)
    THEN
        RAISE EXCEPTION '{promise.name}' {refuse};
    END IF;
    RETURN NULL;
END $guard$"""  # noqa: S608 - every name in it is a literal in promise.py

    def trigger(event: str, seen: str) -> Piece:
        name = f"{promise.name}_on_{event.lower()}"
        create = (
            f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {seen}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {promise.name}()"
        )
        return Piece("trigger", name, table, create)

    return (
        Piece("function", promise.name, table, function),
        trigger("INSERT", "NEW TABLE AS arrived"),
        trigger("UPDATE", "OLD TABLE AS departed NEW TABLE AS arrived"),
    )


def _forbid_change(promise: AppendOnly) -> tuple[Piece, ...]:
    passes = ""
    if promise.kept:
        new, old = (", ".join(f"{row}.{column}" for column in promise.kept) for row in ("NEW", "OLD"))
        passes += f"""
    IF TG_OP = 'UPDATE' AND {GATE_IS_OPEN} THEN
        IF ROW({new}) IS NOT DISTINCT FROM ROW({old}) THEN
            RETURN NEW;
        END IF;
    END IF;"""
    if promise.replaced:
        passes += f"""
    IF TG_OP = 'DELETE' AND {GATE_IS_OPEN} THEN
        RETURN OLD;
    END IF;"""
    function = f"""CREATE FUNCTION {promise.name}() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN{passes}
    RAISE EXCEPTION '{promise.name}'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{promise.name}', TABLE = '{promise.table}';
END $guard$"""

    def trigger(event: str, each: str) -> Piece:
        name = f"{promise.name}_on_{event.lower()}"
        create = (
            f"CREATE TRIGGER {name} BEFORE {event} ON {promise.table} FOR EACH {each} EXECUTE FUNCTION {promise.name}()"
        )
        return Piece("trigger", name, promise.table, create)

    return (
        Piece("function", promise.name, promise.table, function),
        trigger("UPDATE", "ROW"),
        trigger("DELETE", "ROW"),
        trigger("TRUNCATE", "STATEMENT"),
    )
