"""One edit of one noun, previewed: what it costs, against the same decided with the whole estate read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import count

from tests.bench.measure import Row, compare
from tests.bench.size import Size


def edit_rows(size: Size, now: datetime) -> Iterator[Row]:
    """One parameter, one label, one line of a description: each in the middle of those that there are. Of many hosts
    the whole estate is read for the first alone."""
    acts = _list_acts(now)
    whole = 0.0
    for name, act in acts.items():
        if size.hosts > _MANY and whole:
            mine, theirs = compare(act, int)[0], whole
        else:
            mine, theirs = compare(act, partial(_in_whole, act), rounds=1 if size.hosts > _MANY else 3)
        whole = theirs
        yield Row(f"edit of one {name}", f"{size.hosts:,} hosts", mine, theirs, "with the whole estate read", None)


_MANY = 20_000


def _list_acts(now: datetime) -> Mapping[str, Callable[[], object]]:
    from larry.actions.author import Author
    from larry.actions.edit import edit
    from larry.queries.address import list_addresses
    from larry.queries.moment import Moment
    from larry.queries.noun import get_item
    from larry.queries.reader import LOCAL

    at, author, turns = Moment(now), Author("bench", "to measure", now), count()

    def act(noun: str, field: str, address: str) -> object:
        stands = get_item(noun, address, LOCAL, at).values[field]
        value = f"turn {next(turns)}"
        stated = {**stands, "bench": value} if isinstance(stands, Mapping) else value
        return edit(noun, address, {field: stated}, author, dry_run=True)

    acts: dict[str, Callable[[], object]] = {}
    for noun, field in _FIELDS:
        addresses = [each.address for each in list_addresses(noun, "", LOCAL, at)]
        acts[noun] = partial(act, noun, field, addresses[len(addresses) // 2])
    return acts


_FIELDS = (
    ("customer", "parameters"),
    ("app", "parameters"),
    ("instance", "parameters"),
    ("host", "labels"),
    ("service", "description"),
)


def _in_whole(act: Callable[[], object]) -> object:
    from larry.actions import apply

    few = apply.MOST_IN_EXCERPT
    apply.MOST_IN_EXCERPT = 0
    try:
        return act()
    finally:
        apply.MOST_IN_EXCERPT = few
