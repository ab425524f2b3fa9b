"""What owners set at their own level, told anew from what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

from larry.core.deployable import take_snapshot
from larry.core.footprint import Cause
from larry.core.node import Presence
from larry.core.owner import own_parameters, revise_own
from larry.core.parameters import Declaration, Layer
from larry.core.service_graph import ServiceSpec
from tests.core.budget import dice
from tests.core.hours import between

GRAPH = {
    "web": ServiceSpec("web", declarations=(Declaration("password", sensitive=True, has_default=True, default="x"),)),
    "log": ServiceSpec("log"),
}
PATHS = tuple(f"c{number % 2}/{'ab'[number // 2 % 2]}/i{number}" for number in range(8))
SECRETS = ({"sealed": "5ea1"}, {"sealed": "07e7"})


def make_values(random: Random) -> Mapping[str, Any]:
    """Few values, mostly the same, so that neighbours agree on some and not on others."""
    values: dict[str, Any] = {}
    for name in "yz":
        if random.random() < 0.7:
            values[name] = random.choice((1, 1, 1, 1, 2, True))
    if random.random() < 0.3:
        values["password"] = random.choice(SECRETS)
    return values


def make_presences(path: str, random: Random, number: int) -> list[Presence]:
    customer, app, instance = path.split("/")
    addresses = (customer, f"{customer}/{app}", path)
    levels = ("customer", "app", "instance")
    layers = [Layer(level, of, make_values(random)) for level, of in zip(levels, addresses, strict=True)]
    requires = random.choice((["web"], ["log"], ["web", "log"]))
    snapshot, _ = take_snapshot((customer, app, instance), layers, requires, GRAPH)
    causes = (Cause.REQUIRED, Cause.REQUIRED, Cause.NEEDED, Cause.AUDITS)
    return [Presence(f"d{number}", snapshot, key, "h1", between(0), random.choice(causes)) for key in requires]


def test_what_is_told_from_what_it_was_is_what_everything_makes() -> None:
    told: Counter[str] = Counter()
    for seed, random in dice(1500):
        there = {
            path: make_presences(path, random, number) for number, path in enumerate(PATHS) if random.random() < 0.6
        }
        own = own_parameters(p for presences in there.values() for p in presences)
        paths = random.sample(PATHS, random.choice((1, 1, 2)))
        gone = [p for path in paths for p in there.pop(path, ())]
        come = [] if random.random() < 0.2 else [p for path in paths for p in make_presences(path, random, 9)]
        if random.random() < 0.3:
            come = list(gone)
        wanted = own_parameters([*(p for presences in there.values() for p in presences), *come])
        found = revise_own(own, gone, come, paths)
        told["asks the others" if found is None else "changed" if found != own else "kept"] += 1
        assert found is None or (found == wanted and list(found) == list(wanted)), f"seed {seed}"
        if found is not None:
            assert [list(values) for values in found.values()] == [list(values) for values in wanted.values()], seed
    assert min(told["asks the others"], told["changed"], told["kept"]) > 100, told


def test_a_customer_that_nobody_has_any_more_goes() -> None:
    there = make_presences("c0/a/i0", Random(1), 0)
    there = [Presence(p.deployment, p.snapshot, p.service, p.host, p.interval) for p in there]
    assert list(own_parameters(there)) == ["c0", "c0/a", "c0/a/i0"]
    assert revise_own(own_parameters(there), there, [], ["c0/a/i0"]) == {}
    assert revise_own({}, [], there, ["c0/a/i0"]) == own_parameters(there)


def test_who_leaves_others_behind_may_have_kept_them_from_agreeing() -> None:
    """What all that are left say is not known from what they said together with it."""
    said = [Layer("customer", "c0", {"z": 1})]
    left, first = (
        Presence(
            f"d{number}", take_snapshot(("c0", "a", f"i{number}"), layers, ["log"], GRAPH)[0], "log", "h1", between(0)
        )
        for number, layers in enumerate(([], said))
    )
    both = own_parameters([left, first])
    assert both["c0"] == {}
    assert revise_own(both, [left], [], ["c0/a/i0"]) is None
    assert own_parameters([first])["c0"] == {"z": 1}
