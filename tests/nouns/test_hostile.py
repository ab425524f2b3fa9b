"""Hostile files of one megabyte cost time and memory in proportion to their size, and never more than a fault."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from larry.nouns.estate import EstateFaults, read_estate

SIZE = 1_000_000
HEAD = "larry: 1\n"


def many(piece: str, around: str = "%s") -> str:
    """The piece as often as it fits into a megabyte; a number in place of each ``#``."""
    count = SIZE // (len(piece) + 4 * piece.count("#"))
    members = "".join(piece.replace("#", str(number)) for number in range(count)) if "#" in piece else piece * count
    return HEAD + around.replace("%s", members)


def services(count: int, spell: Callable[[int], str]) -> str:
    return f"{HEAD}services: [{','.join(f'{{{spell(number)}}}' for number in range(count))}]"


HOSTILE = {
    "texts": many("a,", "roles: [%s]"),
    "empty lists": many("[],", "roles: [%s]"),
    "empty maps": many("{},", "roles: [%s]"),
    "roles": many("{name: r#},", "roles: [%s]"),
    "one role": many("{name: a},", "roles: [%s]"),
    "one key": many("a: 1,", "customers: [{name: a, parameters: {%s}}]"),
    "keys": many("a#: 1,", "customers: [{name: a, parameters: {%s}}]"),
    "unknown keys": many("a#: 1,", "customers: [{name: a, %s}]"),
    "misspelt keys": many("nam#: 1,", "customers: [{%s}]"),
    "unknown sections": many("roles#: 1\n"),
    "deep lists": many("[", "roles: %s"),
    "deep maps": many("{a: ", "roles: %s"),
    "deep blocks": many("- ", "roles:\n%s"),
    "deeper and deeper": "".join(" " * depth + "a:\n" for depth in range(1400)),
    "deep keys": many("? "),
    "anchors": many("&a b,", "roles: [%s]"),
    "aliases": many("*a ,", "roles: [&a b, %s]"),
    "laughs": HEAD + "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 10}]\n" for n in range(1, 12_000)),
    "tags": many("!!str b,", "roles: [%s]"),
    "long text": many("a", "roles: %s"),
    "escapes": many("\\x41", 'roles: "%s"'),
    "long number": many("9", "roles: %s"),
    "long key": many("a", "? %s\n: 1\n"),
    "NUL": many("\0"),
    "control characters": many("a\n\x01"),
    "comments": HEAD + "#\n" * (SIZE // 2),
    "spaces": many(" "),
    "lines": many("\n"),
    "documents": many("---\n"),
    "colons": many("a: "),
    "hyphens": many("-"),
    "quotes": many("'"),
    "directives": "%TAG !a! b\n" * (SIZE // 11),
    "folded": many(" a\n\n", "roles: >\n%s"),
    "dangling needs": many("b#,", "services: [{name: a, needs: [%s]}]"),
    "dangling near misses": many("servic#,", "services: [{name: service1}, {name: a, needs: [%s]}]"),
    "dangling grades": many("{name: h#, grade: g},", "hosts: [%s]"),
    "one address": many("1.2.3.4,", "hosts: [{name: a, addresses: [%s]}]"),
    "addresses": many("'::#',", "hosts: [{name: a, addresses: [%s]}]"),
    "pairs in circles": services(30_000, lambda n: f"name: s{n}, needs: [s{n ^ 1}]"),
    "a chain": services(30_000, lambda n: f"name: s{n}, needs: [s{n - 1}]" if n else "name: s0"),
    "a ring": services(30_000, lambda n: f"name: s{n}, needs: [s{(n + 1) % 30_000}]"),
    "disagreements": services(
        20_000, lambda n: f"name: s{n}, parameters: [{{name: p, type: {('map', 'list')[n % 2]}}}]"
    ),
    "seals": many("p#: {sealed: a},", "customers: [{name: c, parameters: {%s}}]"),
    "declarations": many("{name: p#, tipe: a},", "services: [{name: c, parameters: [%s]}]"),
}


def measure(text: bytes) -> float:
    start = time.process_time()
    try:
        read_estate([("f", text)], {})
    except EstateFaults as refusal:
        str(refusal)
    return time.process_time() - start


TRIES = 5
ENOUGH = 2.0
"""Seconds of the processor that a megabyte may take."""


def is_just_slow(seconds: float) -> bool:
    """Whether PyYAML takes a third of that for a megabyte: the machine is slow, or busy just now."""
    start = time.process_time()
    yaml.load(HOSTILE["roles"], Loader=yaml.CSafeLoader)
    return seconds < 3 * (time.process_time() - start)


@pytest.mark.parametrize("name", HOSTILE)
def test_time(name: str) -> None:
    """What is too slow is so each time; what others on the machine slowed down is looked at again."""
    text = HOSTILE[name].encode()
    taken: list[float] = []
    for _ in range(TRIES):
        seconds = measure(text)
        if seconds < ENOUGH or is_just_slow(seconds):
            return
        taken.append(round(seconds, 2))
    pytest.fail(f"{taken} seconds, each more than three times what PyYAML took beside it")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is asked of Linux")
@pytest.mark.parametrize("name", ["texts", "empty maps", "roles", "a chain"])
def test_memory(name: str) -> None:
    program = """
        import sys
        from larry.nouns.estate import EstateFaults, read_estate
        text = sys.stdin.buffer.read()
        try:
            read_estate([("f", text)], {})
        except EstateFaults as refusal:
            str(refusal)
        print(open("/proc/self/status").read())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        input=HOSTILE[name].encode(),
        capture_output=True,
        check=True,
        timeout=120,
    )
    (peak,) = re.findall(rb"VmHWM:\s*(\d+) kB", done.stdout)
    assert int(peak) < 200 * 1024


def test_a_larger_file_is_refused_by_its_size_at_once() -> None:
    text = b"#" * (8 * 1024 * 1024 + 1)
    assert measure(text) < 0.1
    with pytest.raises(EstateFaults, match="8388609 bytes; at most 8388608 are read"):
        read_estate([("f", text)], {})


def test_each_is_a_megabyte() -> None:
    assert all(700_000 <= len(text) <= 1_600_000 for text in HOSTILE.values()), {
        name: len(text) for name, text in HOSTILE.items()
    }
