"""A database URL says which database, in the one line that every hosting panel knows how to hand over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

WHAT_WOULD_DO = "sqlite:///absolute/path/larry.sqlite3 or postgres://user:password@host:5432/database"

POSTGRES_OPTIONS = frozenset(
    {
        "application_name",
        "channel_binding",
        "connect_timeout",
        "gssencmode",
        "host",
        "options",
        "passfile",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)
"""What may follow the question mark: names of libpq's, handed over as they are."""


class NotADatabaseUrl(ValueError):
    """The text names no database that Larry could use; the text of this error holds no password."""


@dataclass(frozen=True, slots=True)
class EmbeddedDatabase:
    path: Path
    kind: Literal["sqlite"] = "sqlite"


@dataclass(frozen=True, slots=True)
class ServedDatabase:
    name: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: int | None = None
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    kind: Literal["postgres"] = "postgres"


Database: TypeAlias = EmbeddedDatabase | ServedDatabase


def read_database_url(text: str) -> Database:
    """The database that a URL names. Raises `NotADatabaseUrl`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise NotADatabaseUrl(str(error)) from error
    if parts.fragment or any(ord(character) < 33 for character in text):
        raise NotADatabaseUrl("a # or a blank in it has to be written as %23 or %20")
    if parts.scheme == "sqlite":
        return _embedded(parts)
    if parts.scheme in {"postgres", "postgresql"}:
        return _served(parts, port)
    raise NotADatabaseUrl(f"{parts.scheme or 'nothing'}: is no kind of database that Larry knows")


def _embedded(parts: SplitResult) -> EmbeddedDatabase:
    path = Path("/" + unquote(parts.path).lstrip("/"))
    if parts.netloc:
        raise NotADatabaseUrl("a path after sqlite: is absolute, and so begins with three slashes")
    if parts.query:
        raise NotADatabaseUrl("nothing can follow the path after a question mark")
    if path.name == ":memory:":
        raise NotADatabaseUrl("a database in memory would be another one for each connection")
    if not parts.path.strip("/") or parts.path.endswith("/") or path.is_dir():
        raise NotADatabaseUrl("it names a folder, not a file")
    return EmbeddedDatabase(path)


def _served(parts: SplitResult, port: int | None) -> ServedDatabase:
    name = unquote(parts.path).removeprefix("/")
    if not name or "/" in name:
        raise NotADatabaseUrl("one name of a database has to follow the host and a slash")
    try:
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError as error:
        raise NotADatabaseUrl("what follows the question mark is not name=value&name=value") from error
    unknown = sorted(set(options) - POSTGRES_OPTIONS)
    if unknown:
        raise NotADatabaseUrl(f"{', '.join(unknown)}: unknown; known are {', '.join(sorted(POSTGRES_OPTIONS))}")
    return ServedDatabase(
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=options.pop("host", "") or unquote(parts.hostname or ""),
        port=port,
        options=MappingProxyType(options),
    )
