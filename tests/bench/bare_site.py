"""The yardstick of lookups: a bare callable that hashes and checks a token and selects a ready document, no more."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any


def lay_documents(now: datetime) -> None:
    """A table of the documents that hosts have now, ready to be sent."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_document")
        cursor.execute("CREATE TABLE bench_document (host text PRIMARY KEY, etag text, body text)")
        cursor.execute(
            "INSERT INTO bench_document SELECT h.name, d.digest, d.body FROM larry_host h"
            " JOIN larry_nodesegment s ON s.host_id = h.id JOIN larry_nodedocument d ON d.digest = s.document_id"
            ' WHERE s.start <= %s AND (s."end" IS NULL OR s."end" > %s)',
            [now, now],
        )


def make_bare() -> Callable[[dict[str, Any], Any], list[bytes]]:
    """The callable: a token hashed and checked, and one indexed SELECT, in one statement of the driver."""
    from django.db import connection

    connection_is_sqlite = connection.vendor == "sqlite"
    marks = ("?", "?") if connection_is_sqlite else ("$1", "$2")
    statement = (
        "SELECT t.expires_at, b.etag, b.body FROM larry_token t JOIN bench_document b"
        f" ON b.host = {marks[0]} WHERE t.digest = {marks[1]} AND t.revoked_at IS NULL"
    )
    opened: list[Any] = []

    def fetch(values: tuple[str, str]) -> Any:
        if not opened:  # by the one thread that answers
            connection.ensure_connection()
            opened.append(connection.connection)
            if not connection_is_sqlite:
                opened.append(connection.connection.pgconn)
                opened[1].prepare(b"bare", statement.encode())
        if connection_is_sqlite:
            return opened[0].execute(statement, values).fetchone()
        result = opened[1].exec_prepared(b"bare", [value.encode() for value in values])  # as directly as Larry asks
        return [result.get_value(0, at) for at in range(3)] if result.ntuples else None

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        token = environ["HTTP_AUTHORIZATION"][7:]
        host = environ["PATH_INFO"][15:-5]
        row = fetch((host, hashlib.sha256(token.encode()).hexdigest()))
        if row is None:
            start_response("401 Unauthorized", [])
            return [b""]
        if "HTTP_IF_NONE_MATCH" in environ:
            start_response("304 Not Modified", [("ETag", row[1] if connection_is_sqlite else row[1].decode())])
            return [b""]
        body = row[2].encode() if connection_is_sqlite else row[2]
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return answer
