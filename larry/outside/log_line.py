"""A log line tells one thing on one line, as text or as JSON, with the request that it belongs to."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType

LONGEST_VALUE = 2000
"""Characters of one value or message; what is longer is cut."""

_WORDS = "larry_words"
"""The attribute of a record that holds what a line tells beside its message."""

_BARE = re.compile(r"[A-Za-z0-9._:@/+-]+")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_TRACE: ContextVar[Mapping[str, str]] = ContextVar("larry_trace", default=_NOTHING)


@contextmanager
def tracing(**words: str) -> Iterator[None]:
    """Inside, every line of this thread carries these words."""
    token = _TRACE.set(MappingProxyType(words))
    try:
        yield
    finally:
        _TRACE.reset(token)


def add_trace(**words: str) -> None:
    """More words for the lines of the request at hand; nothing happens outside of one."""
    if _TRACE.get():
        _TRACE.set(MappingProxyType({**_TRACE.get(), **words}))


def get_trace() -> Mapping[str, str]:
    """The words of the request at hand, such as its id under ``request``; empty outside of one."""
    return _TRACE.get()


def tell(log: logging.Logger, level: int, message: str, **words: str | float) -> None:
    """Write a line that tells these words beside its message."""
    log.log(level, "%s", message, extra={_WORDS: words})


def start_logging(level: str, style: str) -> None:
    """From now on lines of that level and above go to standard error; ``style`` is text or json."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if style == "json" else TextLine())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # A page that is not there is no fault of the server; the line of the request tells it.
    logging.getLogger("django.request").setLevel(logging.ERROR)


class TextLine(logging.Formatter):
    """For people: moment, level, place and message, then name=value. What might begin a new line is spelled out."""

    def format(self, record: logging.LogRecord) -> str:
        told = " ".join(f"{name}={_quote(value)}" for name, value in _words(record).items())
        message = _spell(_cut(record.getMessage()))
        line = f"{_moment(record)} {record.levelname} {record.name}: {message}{' ' if told else ''}{told}"
        traceback = _traceback(self, record)
        # Each line of a traceback is marked as such, so that none can pass for a line of its own.
        return "\n".join([line, *(f"  | {_spell(each)}" for each in traceback.splitlines())])


class JsonLine(logging.Formatter):
    """For programs: one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _cut(record.getMessage()),
        }
        told |= {name: _cut(value) if isinstance(value, str) else value for name, value in _words(record).items()}
        traceback = _traceback(self, record)
        if traceback:
            told["traceback"] = traceback
        return json.dumps(told)  # in ASCII: no reader takes any of it for the end of a line


def _words(record: logging.LogRecord) -> Mapping[str, str | float]:
    return {**_TRACE.get(), **getattr(record, _WORDS, {})}


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _quote(value: str | float) -> str:
    text = _cut(str(value))
    return text if _BARE.fullmatch(text) else f'"{_spell(text, also=chr(34))}"'


def _spell(text: str, *, also: str = "") -> str:
    r"""The text with everything that does not print, and the backslash, as in Python: \n, \x1b, \u2028."""
    return "".join(
        repr(each)[1:-1] if not each.isprintable() or each == "\\" else f"\\{each}" if each in also else each
        for each in text
    )
