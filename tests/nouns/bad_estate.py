"""The table of bad estate files: each file with marks where its faults are to be reported, and a fragment of each."""

from __future__ import annotations

from pathlib import Path

MARK = "¦"


def read_table() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name to marked file and fragments, as written in bad_estate.txt."""
    table = {}
    text = Path(__file__).with_name("bad_estate.txt").read_text(encoding="utf-8")
    for block in text.split("\n=== ")[1:]:
        name, *lines = block.split("\n")
        fragments = tuple(line.removeprefix("! ") for line in lines if line.startswith("! "))
        table[name] = ("\n".join(line for line in lines if not line.startswith("! ")) + "\n", fragments)
    return table


def spell_role(name: str) -> str:
    return f"larry: 1\nroles: [{{name: {MARK}{name}}}]\n"


BAD = read_table() | {
    "empty": (MARK, ("empty",)),
    "raw control character": (f"larry: 1\nroles:\n- name: a{MARK}\x07b\n", ("U+0007",)),
    "raw NUL": (f"larry: 1\n{MARK}\0", ("U+0000",)),
    "tab": (f"larry: 1\nroles:\n{MARK}\t- name: web\n", ("tab",)),
    "two raw characters": (f"larry: 1\n\n{MARK}\x1b\na{MARK}\x7f\n", ("U+001B", "U+007F")),
    "too deep": (f"larry: 1\nroles: {'[' * 43}{MARK}[{']' * 44}\n", ("nested deeper than 44",)),
    "name with bidi control": (spell_role("'a\u202eb'"), ("U+202E",)),
    "name with zero width": (spell_role("'a\u200bb'"), ("U+200B",)),
    "name with private use": (spell_role("'a\ue000b'"), ("U+E000",)),
    "long name": (spell_role("a" * 201), ("at most 200 characters",)),
    "description too long": (
        f"larry: 1\nroles: [{{name: a, description: {MARK}{'a' * 10001}}}]\n",
        ("too long: 10001 characters, at most 10000",),
    ),
    "long reference": (f"larry: 1\nhosts: [{{name: a, grade: {MARK}{'a' * 700}}}]\n", ("too long",)),
}
