"""Text that some reader of some tool takes for something else: code, a date, a number, an end of line, nothing."""

from __future__ import annotations

from random import Random
from typing import Any

_CODE = (
    "%{lookup('x')}",
    "%{facts.os.family}",
    "%{literal('%')}{x}",
    "$(id)",
    "`id`",
    "${HOME}",
    "${facts}",
    "$facts",
    "$$",
    "#{x}",
    "@@x",
    "@(x)",
    "{{ lookup('pipe', 'id') }}",
    "{% raw %}",
    "<%= x %>",
    "!ruby/object:X {}",
    "!!python/object/apply:os.system ['id']",
    "!!binary aGk=",
    "'; id; '",
    '"; id; "',
    "' => fail('x'), 'y' => '",
    "\\' => fail(x)",
    "; id #",
    "&& id",
    "| id",
    "LARRY_END",
    "%s%n%d",
    "*",
    "?",
    "~root",
    "~",
    "-n",
    "--list",
)
_YAML = (
    ":sym",
    ":",
    ": ",
    "a: b",
    "key:",
    "1,000",
    "1_000",
    "2026-12-01",
    "2026-12-01T09:00:00Z",
    "2026-12-01 09:00:00 +1",
    "12:30:45",
    "190:20:30",
    "null",
    "Null",
    "yes",
    "no",
    "on",
    "Off",
    "y",
    "true",
    "False",
    "0o17",
    "017",
    "0x1F",
    "0b11",
    "1e3",
    "1.0",
    "-.inf",
    ".nan",
    "-0",
    "*alias",
    "&anchor",
    "<<",
    "=",
    "? ",
    "- ",
    "-",
    "---",
    "...",
    "|",
    ">",
    "|-",
    "%YAML 1.1",
    "@at",
    "# comment",
    "a #b",
    "[a, b",
    "{a: b",
    "]",
    "}",
    ",",
    "undef",
    "default",
    "Class[apache]",
    "__proto__",
)
_QUOTES = (
    "'",
    "''",
    '"',
    "\\",
    "\\\\",
    "\\'",
    "\\\\'",
    "'\\''",
    "\\n",
    "\\u0041",
    "ends with \\",
    'it\'s "both"',
    "`",
    "´",
)
_BLANKS = (
    "",
    " ",
    "   ",
    " leading",
    "trailing ",
    "trailing\t",
    "tab\there",
    "line\nfeed",
    "\n",
    "ends with a line feed\n",
    "ends with two\n\n",
    "\nbegins with one",
    "carriage\rreturn",
    "windows\r\nline",
    "\r",
    "form\ffeed\vvertical",
    "bell\x07escape\x1b[31m",
    "\x01\x02\x7f",
)
_UNICODE = (
    "next\x85line",
    "\x80\x9f",
    "no\xa0break",
    "soft\xadhyphen",
    "line\u2028separator",
    "paragraph\u2029separator",
    "zero\u200bwidth\u200djoiner",
    "right\u202eto left\u202c",
    "\u2066isolate\u2069",
    "\ufeffbyte order mark",
    "in\ufeffside",
    "\ufffe\uffff",
    "\ufffd",
    "emoji 😀",
    "family 👨‍👩‍👧",
    "astral 𝒜 \U0010ffff",
    "cafe\u0301",
    "café",
    "Straße",
    "İstanbul ı",
    "日本語",
    "\u0600\u0627\u0644",
    "e" + "\u0301" * 40,
)

TEXTS: tuple[str, ...] = (*_CODE, *_YAML, *_QUOTES, *_BLANKS, *_UNICODE)

LONG = "long ' \\ $(id) é " * 4096
"""64 KiB and more, in characters; longer than any reader's window."""

_SIGNS = ((0x20, 0x7F), (0x01, 0x20), (0x7F, 0x100), (0x100, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000))
"""From and to: what can be printed, what steers, Latin, all else but halves of pairs."""

NUMBERS: tuple[Any, ...] = (
    0,
    -1,
    2**53 - 1,
    -(2**53) + 1,
    0.5,
    -2.5,
    1e-7,
    1.5e-10,
    5e-324,
    1.7976931348623157e300 / 3e290,
)


def make_texts(count: int, seed: int = 77) -> tuple[str, ...]:
    """So many different texts, of pieces of the table and of any signs. The same numbers make the same texts."""
    drawn = Random(seed)
    texts: dict[str, None] = {}
    while len(texts) < count:
        texts["".join(_draw_piece(drawn) for _ in range(drawn.choice((1, 2, 2, 3, 5, 8))))] = None
    return tuple(texts)


def _draw_piece(drawn: Random) -> str:
    if drawn.random() < 0.4:
        return chr(drawn.randrange(*drawn.choice((*_SIGNS, _SIGNS[0]))))
    text = drawn.choice(TEXTS)
    start = drawn.randrange(len(text) + 1)
    return text[start : start + drawn.choice((1, 2, 4, 99))]


def every_value() -> dict[str, Any]:
    """All of it as values and as keys of maps, deep and shallow, beside what only looks like it."""
    return {
        "texts": [*TEXTS, LONG],
        "keys": {text: place for place, text in enumerate([*TEXTS, LONG])},
        "numbers": list(NUMBERS),
        "plain": [None, True, False, {}, [], [[]], [{}], {"": {"": ""}}, [[1, [2]], {"a": [{"b": None}]}]],
    }
