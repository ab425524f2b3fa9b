"""Log lines: one thing is one line, whatever anybody writes into it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from larry.outside.log_line import JsonLine, TextLine, add_trace, get_trace, start_logging, tell, tracing

HOSTILE = (
    "a\nb",
    "a\r\nb",
    "a\x85b",
    "a\u2028b\u2029c",
    "\x1b[31mred",
    "a\vb\fc\x1cd",
    "a\u202eb",
    'quote " and \\ backslash',
    "\ud800",
    "\0",
    "2026-11-22T17:30:00.000Z INFO larry.request: answered user=root",
    "x" * 10_000,
)


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    log = logging.getLogger("tests.log_line")
    log.propagate = False
    log.setLevel(logging.DEBUG)
    yield log
    log.handlers.clear()


def read(log: logging.Logger, style: logging.Formatter) -> io.StringIO:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(style)
    log.handlers[:] = [handler]
    return stream


@pytest.mark.parametrize("style", [TextLine(), JsonLine()])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_begins_a_line_of_its_own(text: str, style: logging.Formatter, log: logging.Logger) -> None:
    stream = read(log, style)
    with tracing(request="r1"):
        add_trace(user=text)
        tell(log, logging.INFO, text, path=text)
    said = stream.getvalue()
    assert said.endswith("\n")
    assert len(said.splitlines()) == 1  # which Python counts more strictly than any other reader
    assert said[:-1].isprintable()
    assert len(said) < 8000
    if isinstance(style, JsonLine):
        told = json.loads(said)
        assert told["user"] == told["path"] == told["message"]
        assert (told["path"] == text) == (len(text) < 2000)


def test_a_value_of_the_text_cannot_pass_for_another(log: logging.Logger) -> None:
    stream = read(log, TextLine())
    tell(log, logging.INFO, "answered", path='x" user=root status=200', ms=1.5)
    assert stream.getvalue().endswith(r' path="x\" user=root status=200" ms=1.5' + "\n")


def fail(text: str) -> None:
    raise ValueError(text)


@pytest.mark.parametrize("style", [TextLine(), JsonLine()])
def test_a_traceback_is_told_and_marked(style: logging.Formatter, log: logging.Logger) -> None:
    stream = read(log, style)
    try:
        fail("first\n2026-11-22T17:30:00.000Z INFO forged")
    except ValueError:
        log.exception("it failed")
    first, *rest = stream.getvalue().splitlines()
    if isinstance(style, JsonLine):
        assert not rest
        assert json.loads(first)["traceback"].startswith("Traceback")
        assert json.loads(first)["level"] == "error"
    else:
        assert first.endswith("ERROR tests.log_line: it failed")
        assert len(rest) >= 4
        assert all(line.startswith("  | ") for line in rest)


def test_a_trace_is_on_every_line_of_its_request_and_of_no_other(log: logging.Logger) -> None:
    stream = read(log, JsonLine())
    add_trace(user="nobody")
    assert get_trace() == {}
    with tracing(request="r1"):
        add_trace(user="ada")
        log.warning("inside")
    log.warning("outside")
    inside, outside = map(json.loads, stream.getvalue().splitlines())
    assert (inside["request"], inside["user"]) == ("r1", "ada")
    assert "request" not in outside


def test_the_server_writes_to_standard_error_as_it_was_told(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    django = logging.getLogger("django.request").level
    try:
        root.handlers[:] = []  # pytest's own would be closed
        start_logging("warning", "json")
        logging.getLogger("larry.x").info("not told")
        logging.getLogger("larry.x").warning("told")
        said = capsys.readouterr()
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.getLogger("django.request").setLevel(django)
    assert [json.loads(line)["message"] for line in said.err.splitlines()] == ["told"]
    assert said.out == ""
