"""What is refused whole: all faults in one clear answer, and nothing changed."""

from __future__ import annotations

from tests.cli.terminal import Said


def refused_whole(said: Said) -> list[str]:
    """The faults of a command that was refused, in an answer that is clear."""
    assert said.code == 1, said
    assert "Traceback" not in said.err
    assert "defect" not in said.err
    first, *others = said.err.splitlines()
    assert first.startswith("larry: ")
    if not others:
        return [first.removeprefix("larry: ")]
    assert first == f"larry: {len(others)} faults, and nothing has been changed:"
    return others
