"""What went wrong, in one line that says what to do."""

from __future__ import annotations

import os
import sys
import traceback

from larry.cli.printing import show_plain

_NO_TABLES = ("no such table", "does not exist", "no such column")
_LOCKED = ("database is locked", "lock timeout", "database table is locked")
_READ_ONLY = ("readonly database", "read-only")
_FULL = ("disk is full", "no space left")
_FAILS = ("disk i/o error", "input/output error")
_LAST_WORDS = ("PANIC", "FATAL")
TRACEBACK = "LARRY_TRACEBACK"


class CannotStart(Exception):
    """Larry's settings or its database will not do; the text says what would."""


def explain_failure(error: Exception) -> str:
    """One clear line (or one a fault, for a file with many); a defect of Larry's own says so, without its traceback."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, CannotStart) or _is_known(error):
        return _list_faults(_find_faults(error) or [str(error) or type(error).__name__])
    if _is(error, "django.db.utils", "DatabaseError") or _is(error, "django.db.utils", "InterfaceError"):
        return _explain_database(error)
    if isinstance(error, OSError):
        return show_plain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    if isinstance(error, RecursionError):
        return "this is nested too deeply"
    fault = show_plain(f"{type(error).__name__}: {error}")
    return f"this is a defect of Larry's: {fault} (set {TRACEBACK}=1 to see where; nothing was changed by half)"


def _find_faults(error: Exception) -> list[str]:
    """The faults of an error that tells of several. A line feed tells nothing of how many there are: what somebody
    typed, and is named in one of them, may hold one.
    """
    if _is(error, "larry.nouns.estate", "EstateFaults") or _is(error, "larry.cli.remote.table", "RefusedThere"):
        return [str(fault) for fault in getattr(error, "faults", ())]
    return [str(fault) for fault in getattr(error.__cause__, "wrong", ())] if isinstance(error, CannotStart) else []


def _list_faults(faults: list[str]) -> str:
    """One in its line; many under a line that counts them."""
    lines = [show_plain(fault) for fault in faults]
    return lines[0] if len(lines) == 1 else "\n".join([f"{len(lines)} faults, and nothing has been changed:", *lines])


def _is_known(error: Exception) -> bool:
    known = (
        ("larry.actions.author", "Refused"),
        ("larry.exports", "CannotPrint"),
        ("larry.queries.reader", "NotFound"),
        ("larry.queries.node_part", "RedactedMeanwhile"),
        ("larry.nouns.estate", "EstateFaults"),
        ("larry.outside.puppet_classes", "CannotReadClasses"),
        ("larry.nouns.package_index", "NotAnIndex"),
        ("larry.outside.packed_file", "CannotUnpack"),
        ("larry.outside.published_file", "NotPublished"),
        ("larry.cli.published_tree", "NotOurTimeline"),
        ("larry.client.failure", "RemoteFailure"),
        ("larry.client.token", "NoToken"),
        ("larry.core.backup", "UnusableBackup"),
        ("larry.records.table_copy", "TablesDiffer"),
    )
    return any(_is(error, module, name) for module, name in known)


def _is(error: Exception, module: str, name: str) -> bool:
    """Whether the error is of a class that only what has been imported can have raised."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(error, kind)


def _find_last_words(error: BaseException | None) -> BaseException | None:
    """What PostgreSQL said last, if it ended the connection amid something: its log may hold the commit that it could
    not tell of. Who was left may have asked for another connection since, in vain, of which alone the error tells.
    """
    while error is not None:
        told = getattr(error, "diag", None)
        if getattr(told, "severity_nonlocalized", None) in _LAST_WORDS:
            return error
        error = error.__cause__ or error.__context__
    return None


def _explain_database(error: Exception) -> str:
    last_words = _find_last_words(error)
    text = show_plain(" ".join(str(last_words or error).split()))
    lowered = text.lower()
    if last_words is not None:
        return f"the database's server has stopped amid this ({text}): once it is up again, look whether this was done"
    if any(sign in lowered for sign in _LOCKED):
        return f"another process has been writing to the database for too long ({text}): try again"
    if any(sign in lowered for sign in _FULL):
        return f"the disk that holds the database is full ({text}): nothing was changed; make room, and try again"
    if any(sign in lowered for sign in _FAILS):
        return f"the disk that holds the database fails ({text}): nothing was changed; look at the disk before all else"
    if any(sign in lowered for sign in _READ_ONLY):
        return f"the database cannot be written to ({text}): is it yours, and is the disk mounted for writing?"
    if any(sign in lowered for sign in _NO_TABLES):
        return f"the database is not up to date ({text}): run `larry migrate`"
    if _is(error, "django.db.utils", "OperationalError"):
        return f"the database does not answer ({text}): is it running, and does LARRY_DATABASE_URL name it?"
    return f"the database refused: {text}"
