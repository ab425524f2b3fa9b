"""A token as it stands in a table: what it is narrowed to, whether it counts, and where it is revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from larry.core.rights import Permission, ScopeKind
from larry.nouns.table import NOUNS
from larry.queries.token import TokenRow
from larry.web.address import noun_path
from larry.web.visitor import Visitor


@dataclass(frozen=True, slots=True)
class TokenLine:
    """``over`` and ``href`` are its scope, nothing for everything; ``revoke`` is where, nothing for who may not."""

    row: TokenRow
    state: str
    over: str
    href: str
    revoke: str


def list_token_lines(rows: Iterable[TokenRow], visitor: Visitor, now: datetime) -> tuple[TokenLine, ...]:
    """Tokens as a visitor sees them; who may not revoke them sees them still."""
    return tuple(
        TokenLine(
            row,
            row.state(now),
            "" if row.kind is ScopeKind.EVERYTHING else f"{row.kind} {row.address}",
            noun_path(NOUNS[row.kind].plural, row.address) if row.kind in NOUNS else "",
            reverse("token-revoke", args=[row.prefix])
            if row.revoked_at is None and may_act_for(visitor, row.user)
            else "",
        )
        for row in rows
    )


def sees_all_people(visitor: Visitor) -> bool:
    """Whether nobody is hidden from them."""
    return visitor.rights.scope(Permission.REVIEW).everything


def may_act_for(visitor: Visitor, user: str) -> bool:
    """Whether they make and revoke the tokens of a user."""
    return user == visitor.name or visitor.rights.scope(Permission.MANAGE).everything
