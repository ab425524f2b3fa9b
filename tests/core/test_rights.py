"""Rights narrowed to those of a token: never more than they were, by every combination of a small world."""

from __future__ import annotations

from itertools import combinations, product

from larry.core.rights import (
    ALL_RIGHTS,
    PERMITS,
    Narrowing,
    Permission,
    PersonRole,
    Right,
    Rights,
    ScopeKind,
    Territory,
    narrow,
    rights_of,
)

APPS = {1: 10, 2: 10, 3: 20}
"""The customer of each app."""

SPOTS = [
    Territory(),
    *(Territory(customer, app) for app, customer in APPS.items()),
    *(Territory(customer) for customer in set(APPS.values())),
    *(Territory(pools=frozenset(pools)) for pools in ((), (7,), (8,), (7, 8))),
]
SCOPES = [
    (ScopeKind.EVERYTHING, 0),
    (ScopeKind.CUSTOMER, 10),
    (ScopeKind.CUSTOMER, 20),
    (ScopeKind.APP, 1),
    (ScopeKind.APP, 3),
    (ScopeKind.POOL, 7),
    (ScopeKind.POOL, 8),
]


def is_within(spot: Territory, kind: ScopeKind, id_: int) -> bool:
    """In words as plain as the guide's."""
    if kind is ScopeKind.EVERYTHING:
        return True
    if kind is ScopeKind.CUSTOMER:
        return spot.customer == id_
    return spot.app == id_ if kind is ScopeKind.APP else id_ in spot.pools


def test_a_narrowed_right_reaches_what_both_reach_and_nothing_else() -> None:
    cases = 0
    for (kind, id_), (to_kind, to_id), role, to_role, reveals in product(
        SCOPES, SCOPES, PersonRole, (None, *PersonRole), (False, True)
    ):
        to = Narrowing(to_role, to_kind, to_id, APPS.get(to_id, 0) if to_kind is ScopeKind.APP else 0, reveals)
        narrowed = narrow(rights_of([Right(role, kind, id_)]), to, APPS)
        for spot, permission in product(SPOTS, Permission):
            permits = permission in PERMITS[role] and (to_role is None or permission in PERMITS[to_role])
            permits = permits and (reveals or permission is not Permission.REVEAL)
            both = permits and is_within(spot, kind, id_) and is_within(spot, to_kind, to_id)
            # Of a host in two pools nothing is told apart: a pool narrowed to another one is nothing.
            is_mixed = (
                ScopeKind.POOL in {kind, to_kind}
                and kind is not to_kind
                and ScopeKind.EVERYTHING not in {kind, to_kind}
            )
            is_mixed = is_mixed or (kind is to_kind is ScopeKind.POOL and id_ != to_id)
            assert narrowed.may(permission, spot) == (both and not is_mixed), (kind, id_, to, role, spot, permission)
            cases += 1
    assert cases > 50_000


def test_rights_narrowed_to_feeds_look_and_do_nothing() -> None:
    rights = narrow(ALL_RIGHTS, Narrowing(reveals=True, feeds_only=True), {})
    looks = {Permission.LOOK, Permission.CONFIGURE, Permission.REVIEW}
    assert {each for each in Permission if rights.scope(each).everything} == looks
    assert all(rights.scope(each).is_empty for each in set(Permission) - looks)


def test_rights_cover_what_is_narrowed_from_them_but_not_the_other_way() -> None:
    granted = [Right(role, kind, id_) for role in (PersonRole.PLANNER, PersonRole.MACHINE) for kind, id_ in SCOPES]
    for pair in combinations(granted, 2):
        rights = rights_of(pair)
        assert rights.cover(rights)
        assert not rights.is_empty
        planner = narrow(rights, Narrowing(PersonRole.PLANNER, reveals=True), APPS)
        assert rights.cover(planner)
        if any(right.role is PersonRole.MACHINE for right in pair):
            assert not planner.cover(rights), "it lacks revealing"
    assert Rights().is_empty
    assert rights_of([Right(PersonRole.VIEWER)]).cover(rights_of([Right(PersonRole.VIEWER, ScopeKind.POOL, 7)]))
    assert not rights_of([Right(PersonRole.VIEWER, ScopeKind.POOL, 7)]).cover(rights_of([Right(PersonRole.VIEWER)]))
