"""Whatever is done to the text that a parser reads, it reads it or refuses it in words of its own, and soon."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from larry.core.moment_text import NotAMoment, read_moment
from larry.nouns.csv_text import parse_csv
from larry.nouns.estate import EstateFaults, complete, parse_estate
from larry.nouns.json_text import NotJson, read_json
from larry.nouns.package import propose_services
from larry.nouns.package_index import NotAnIndex, read_index
from larry.nouns.table import NOUNS
from tests.cli.terminal import ESTATE
from tests.nouns.bad_csv import BAD_CSV
from tests.nouns.test_package_index import INDEX

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
MUTATIONS = 150
TEN_MINUTES = 600.0
SLOWEST = 20.0
"""Seconds of the processor for one text of a few kilobytes."""

PIECES = tuple(
    rb"""\0 \xff \xef\xbb\xbf \r \n \t , ; : - # " ' [ ] { } & * ! | > % @ ` ~ ? \\ \x85 1e999 -0 .inf NaN 0x1F
    2026-13-41T25:61 +99999d null true \xe2\x80\xa8 \xf0\x9f\x92\xa9 \xed\xa0\x80 {{ [[[[[[[[ }}}}}} << !!python/object
    was key name needs""".decode("unicode_escape")
    .encode("latin-1")
    .split(b" ")
)


def read_as_estate(text: bytes) -> object:
    return complete(parse_estate([("x.yaml", text)]).items, {})


def read_as_table(text: bytes) -> object:
    return complete(parse_csv(NOUNS["host"], "x.csv", text), {})


def read_as_json(text: bytes) -> object:
    return read_json(text.decode("utf-8", "surrogateescape"))


def read_as_index(text: bytes) -> object:
    return propose_services(read_index(text, "x"))


def read_as_moment(text: bytes) -> object:
    return read_moment(text.decode("latin-1"), now=NOW, zone=BERLIN)


JSON = b'{"a": [1, -2.5e3, true, null, "\\u00e9\\n"], "b": {"c": {}}, "d": "\\ud83d\\ude00"}'
TABLE = b'name,roles,addresses,labels,capacity,data\nweb1.example.com,web;db,10.0.0.1,site=fra,cpu=4,"{""a"": 1}"\n'
MOMENTS = (b"2026-12-01T09:00:00.123456+01:00", b"+1w2d3h4m5s", b"2027-03-28 02:30", b"now")
TABLES = tuple(bad.content for bad in BAD_CSV.values() if bad.noun == "host")
PARSERS: Mapping[str, tuple[Callable[[bytes], object], type[Exception], tuple[bytes, ...]]] = MappingProxyType(
    {
        "estate": (read_as_estate, EstateFaults, (ESTATE.encode(),)),
        "table": (read_as_table, EstateFaults, (TABLE, *TABLES)),
        "json": (read_as_json, NotJson, (JSON,)),
        "packages": (read_as_index, NotAnIndex, (INDEX.encode(),)),
        "moment": (read_as_moment, NotAMoment, MOMENTS),
    }
)  # fmt: skip


def mutate(text: bytes, chance: random.Random) -> bytes:
    """A few changes: bytes taken out, put in, doubled, or moved elsewhere."""
    body = bytearray(text)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice((0, 1, 1, 3, 10, 60)))
        piece = chance.choice((bytes(body[start:end]) * 2, chance.choice(PIECES), b"", chance.randbytes(2)))
        if chance.random() < 0.2:
            elsewhere = chance.randrange(len(body) + 1)
            body[elsewhere:elsewhere] = body[start:end]
        else:
            body[start:end] = piece
    return bytes(body)


def break_text(name: str, seed: int) -> bool:
    """One text of that seed; whether the parser took it."""
    read, refusal, texts = PARSERS[name]
    chance = random.Random(seed)
    text = mutate(chance.choice(texts), chance)
    begun = time.process_time()
    try:
        read(text)
    except refusal:
        taken = False
    except Exception as fault:
        fault.add_note(f"{name}, seed {seed}: {text!r}")
        raise
    else:
        taken = True
    assert time.process_time() - begun < SLOWEST, (name, seed)
    return taken


def break_while(name: str, goes_on: Callable[[int], bool], first: int) -> tuple[int, int]:
    """How many were taken, and how many refused."""
    taken = count = 0
    while goes_on(count):
        taken += break_text(name, first + count)
        count += 1
    return taken, count - taken


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_broken_is_read_or_refused(name: str) -> None:
    taken, refused = break_while(name, lambda count: count < MUTATIONS, 0)
    assert refused >= MUTATIONS // 10
    assert taken >= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSERS)
def test_for_ten_minutes(name: str, record_property: Callable[[str, object], None]) -> None:
    until = time.monotonic() + TEN_MINUTES
    taken, refused = break_while(name, lambda _: time.monotonic() < until, 1_000_000)
    record_property("taken", taken)
    record_property("refused", refused)
    assert taken + refused > MUTATIONS
