"""Nodes that are kept in parts although they are small, so that few services make what else takes thousands."""

from __future__ import annotations

import pytest

from larry.core import node_part


def make_every_node_large(patch: pytest.MonkeyPatch) -> None:
    """From now on; what was written before is read as it is."""
    for name, value in (("UNDIVIDED", 50), ("_LEAST", 20), ("_MOST", 200), ("_WIDEST", 2), ("_BRANCHES", 2)):
        patch.setattr(node_part, name, value)
