"""Bodies that are kept: no more of them than there is room for, and each as it was."""

from __future__ import annotations

from larry.api.kept_body import AROUND, BodyStore, KeptBodies


def test_whoever_asks_for_all_in_turn_finds_most_bodies_kept() -> None:
    room, found = BodyStore(90 * (AROUND + 1)), 0
    for _ in range(20):
        for key in range(100):
            found += key in room.found
            if key not in room.found:
                room.put(key, b"x")
    assert room.size == sum(AROUND + len(body) for body in room.found.values()) == 90 * (AROUND + 1)
    assert len(room.found) == 90
    assert found > 1200


def test_what_has_to_leave_is_packed_and_given_as_it_was() -> None:
    bodies = {key: bytes([key]) * 900 for key in range(100)}
    kept = KeptBodies(10 * (AROUND + 900), 1 << 20)
    for key, body in bodies.items():
        kept.keep(key, body)
    for _ in range(3):
        assert {key: kept.find(key) for key in bodies} == bodies
        assert len(kept.open.found) == 10
        assert kept.open.found.keys() | kept.packed.found.keys() == bodies.keys()
    assert kept.find("another") is None
