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

    mark = "?" if connection.vendor == "sqlite" else "%s"
    statement = (
        "SELECT t.expires_at, b.etag, b.body FROM larry_token t JOIN bench_document b"
        f" ON b.host = {mark} WHERE t.digest = {mark} AND t.revoked_at IS NULL"
    )
    opened: list[Any] = []

    def fetch(values: tuple[str, str]) -> Any:
        if not opened:  # by the one thread that answers
            connection.ensure_connection()
            opened.append(connection.connection)
        if connection_is_sqlite:
            return opened[0].execute(statement, values).fetchone()
        from psycopg import Cursor

        with Cursor(opened[0]) as cursor:
            return cursor.execute(statement, values, prepare=True).fetchone()

    connection_is_sqlite = connection.vendor == "sqlite"

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        token = environ["HTTP_AUTHORIZATION"][7:]
        host = environ["PATH_INFO"][15:-5]
        row = fetch((host, hashlib.sha256(token.encode()).hexdigest()))
        if row is None:
            start_response("401 Unauthorized", [])
            return [b""]
        if "HTTP_IF_NONE_MATCH" in environ:
            start_response("304 Not Modified", [("ETag", row[1])])
            return [b""]
        body = row[2].encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return answer
