"""A long list is a sorted list, however it is revised."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from larry.core import long_list
from larry.core.long_list import ListItem, LongList

NUMBERS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), max_size=40)


@settings(max_examples=200)
@given(NUMBERS, st.lists(st.tuples(st.sets(st.integers(0, 12)), NUMBERS), max_size=4))
def test_a_long_list_is_a_sorted_list(numbers: list[tuple[int, int]], steps: list[tuple[set[int], object]]) -> None:
    """Also of items with the same key, which stand in the order in which they came."""

    def items(pairs: object, step: int) -> list[ListItem]:
        assert isinstance(pairs, list)
        return [ListItem((f"{key:02}", f"{no}"), f"{key}-{step}-{at}", "") for at, (key, no) in enumerate(pairs)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_list, "_LONG", 2)
        plain = sorted(items(numbers, 0), key=lambda item: item.key)
        long = LongList.of(items(numbers, 0))
        for step, (keys, come) in enumerate(steps, start=1):
            gone = {(f"{key:02}", f"{no}") for key in keys for no in range(2)}
            coming = items(come, step)
            plain = sorted([*(item for item in plain if item.key not in gone), *coming], key=lambda item: item.key)
            long = long.revise(gone, coming)
            assert list(long) == plain
            assert (len(long), long.text) == (len(plain), ",".join(item.text for item in plain))
            assert long.length == len(long.text)
            for key in range(13):
                assert long.find((f"{key:02}",)) == tuple(item for item in plain if item.key[0] == f"{key:02}")
        assert all(len(block.items) <= 4 for block in long.blocks)
