"""An identity is what a directory says of somebody who has shown their password to it."""

from __future__ import annotations

from dataclasses import dataclass

from larry.core.rights import PersonRole, ScopeKind


@dataclass(frozen=True, slots=True)
class Bestowal:
    """What the members of one group of a directory are granted: a role over a scope with its address."""

    group: str
    role: PersonRole
    kind: ScopeKind = ScopeKind.EVERYTHING
    address: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """``name`` is what somebody signs in with and activity calls them; the others are empty where nothing is said."""

    name: str
    full_name: str = ""
    email: str = ""
    bestowals: tuple[Bestowal, ...] = ()
