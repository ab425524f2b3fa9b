"""Rights: which role of a person permits what, and where it counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType


class Permission(StrEnum):
    """What a role permits; each reads as ``may …``."""

    LOOK = "look"
    CONFIGURE = "read configurations"
    REVIEW = "see who may do what, and who did it"
    EDIT = "edit"
    DEPLOY = "deploy"
    REVEAL = "reveal secrets"
    MANAGE = "say who may do what"


class PersonRole(StrEnum):
    """What somebody is to a part of the estate. (The roles of hosts are another thing.)"""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    PLANNER = "planner"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    MACHINE = "machine"


_LOOK, _TOOL, _REVIEW = Permission.LOOK, Permission.CONFIGURE, Permission.REVIEW
_EDIT, _DEPLOY, _REVEAL, _MANAGE = Permission.EDIT, Permission.DEPLOY, Permission.REVEAL, Permission.MANAGE

PERMITS: Mapping[PersonRole, frozenset[Permission]] = MappingProxyType(
    {
        PersonRole.VIEWER: frozenset({_LOOK, _TOOL}),
        PersonRole.REVIEWER: frozenset({_LOOK, _TOOL, _REVIEW}),
        PersonRole.PLANNER: frozenset({_LOOK, _TOOL, _EDIT}),
        PersonRole.OPERATOR: frozenset({_LOOK, _TOOL, _EDIT, _DEPLOY}),
        PersonRole.ADMINISTRATOR: frozenset(Permission),
        PersonRole.MACHINE: frozenset({_TOOL, _REVEAL}),
    }
)
"""Who may do what. Where is said by the scope of each grant."""


class ScopeKind(StrEnum):
    """What a grant is about."""

    EVERYTHING = "everything"
    CUSTOMER = "customer"
    APP = "app"
    POOL = "pool"


@dataclass(frozen=True, slots=True)
class Right:
    """One role with its scope: the id of a customer, an app or a pool; 0 for everything."""

    role: PersonRole
    kind: ScopeKind = ScopeKind.EVERYTHING
    id: int = 0


@dataclass(frozen=True, slots=True)
class Territory:
    """What an act is about, as far as rights go: an instance or app by its customer and app, a host by its pools.

    With none of them it is what belongs to nobody alone (services, roles, grades, pools): only a right for everything
    reaches that.
    """

    customer: int | None = None
    app: int | None = None
    pools: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """All that one permission of somebody reaches."""

    everything: bool = False
    customers: frozenset[int] = frozenset()
    apps: frozenset[int] = frozenset()
    pools: frozenset[int] = frozenset()

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.customers or self.apps or self.pools)

    def reaches(self, spot: Territory) -> bool:
        return (
            self.everything
            or spot.customer in self.customers
            or spot.app in self.apps
            or not self.pools.isdisjoint(spot.pools)
        )

    def covers(self, other: Scope) -> bool:
        return self.everything or (
            not other.everything
            and other.customers <= self.customers
            and other.apps <= self.apps
            and other.pools <= self.pools
        )


EVERY_PERMISSION = frozenset(Permission)
FEED_PERMISSIONS = frozenset({_LOOK, _TOOL, _REVIEW})


@dataclass(frozen=True, slots=True)
class Rights:
    """All that somebody was granted, by themselves and by their groups; of it only what ``permits`` has, for a token
    that may do less than its user."""

    of: frozenset[Right] = frozenset()
    permits: frozenset[Permission] = EVERY_PERMISSION

    def scope(self, permission: Permission) -> Scope:
        return _scope(self.of, permission) if permission in self.permits else _NOWHERE

    def may(self, permission: Permission, spot: Territory) -> bool:
        return self.scope(permission).reaches(spot)

    def cover(self, other: Rights) -> bool:
        """Whether whatever the other rights permit somewhere, these permit there. An app is not known to be within
        its customer here: that counts as not covered."""
        return all(self.scope(each).covers(other.scope(each)) for each in Permission)

    @property
    def is_empty(self) -> bool:
        return all(self.scope(each).is_empty for each in Permission)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a token is left of its user's rights: those of one role, over one scope (``customer`` is that of an app),
    and to reveal secrets only if it is entitled to them; ``feeds_only``: to nothing but what feeds tell."""

    role: PersonRole | None = None
    kind: ScopeKind = ScopeKind.EVERYTHING
    id: int = 0
    customer: int = 0
    reveals: bool = False
    feeds_only: bool = False


_NOWHERE = Scope()
NO_RIGHTS = Rights()
ALL_RIGHTS = Rights(frozenset({Right(PersonRole.ADMINISTRATOR)}))


def rights_of(granted: Iterable[Right]) -> Rights:
    """The rights that these grants come to."""
    return Rights(frozenset(granted))


def narrow(rights: Rights, to: Narrowing, customers: Mapping[int, int]) -> Rights:
    """What is left of rights: never more than they are. ``customers`` has the customer of each app in them.

    A pool and a customer have nothing in common that rights could name: of the one, nothing is left within the other.
    """
    permits = rights.permits if to.role is None else rights.permits & PERMITS[to.role]
    permits &= FEED_PERMISSIONS if to.feeds_only else EVERY_PERMISSION
    met = (_meet(right, to, customers) for right in rights.of)
    return Rights(
        frozenset(right for right in met if right is not None),
        permits if to.reveals else permits - {Permission.REVEAL},
    )


def roles_with(permission: Permission) -> tuple[PersonRole, ...]:
    """The roles that permit something, the least first."""
    found = (role for role in PERMITS if permission in PERMITS[role])
    return tuple(sorted(found, key=lambda role: len(PERMITS[role])))


def _meet(right: Right, to: Narrowing, customers: Mapping[int, int]) -> Right | None:
    if to.kind is ScopeKind.EVERYTHING or (to.kind, to.id) == (right.kind, right.id):
        return right
    if right.kind is ScopeKind.EVERYTHING:
        return Right(right.role, to.kind, to.id)
    if to.kind is ScopeKind.APP and (right.kind, right.id) == (ScopeKind.CUSTOMER, to.customer):
        return Right(right.role, to.kind, to.id)
    if to.kind is ScopeKind.CUSTOMER and right.kind is ScopeKind.APP and customers.get(right.id) == to.id:
        return right
    return None


@lru_cache(maxsize=4096)
def _scope(rights: frozenset[Right], permission: Permission) -> Scope:
    ids: dict[ScopeKind, set[int]] = {kind: set() for kind in ScopeKind}
    for right in rights:
        if permission in PERMITS[right.role]:
            ids[right.kind].add(right.id)
    return Scope(
        bool(ids[ScopeKind.EVERYTHING]),
        frozenset(ids[ScopeKind.CUSTOMER]),
        frozenset(ids[ScopeKind.APP]),
        frozenset(ids[ScopeKind.POOL]),
    )
