"""Tokens: which there are, whose one is that a program shows, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from larry.core.document import Json
from larry.core.interval import iso
from larry.core.key import fold
from larry.core.rights import Narrowing, PersonRole, Right, Rights, ScopeKind, narrow, rights_of
from larry.queries.grant import right_of
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.scope import app_customer_of, scope_address_of, scope_of
from larry.records.grant import Grant
from larry.records.token import Token


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as listed: never with the token, nor with what it is found by. ``address`` is that of its scope."""

    id: int
    user: str
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    role: PersonRole | None
    kind: ScopeKind
    address: str
    reveals: bool
    feeds_only: bool

    @property
    def document(self) -> dict[str, Json]:
        """As every face tells it."""
        return {
            "user": self.user,
            "name": self.name,
            "prefix": self.prefix,
            "role": self.role.value if self.role else None,
            "scope": self.kind.value,
            "address": self.address,
            "secrets": self.reveals,
            "feeds": self.feeds_only,
            "created_at": iso(self.created_at),
            "expires_at": iso(self.expires_at),
            "revoked_at": iso(self.revoked_at) if self.revoked_at else None,
            "used_at": iso(self.used_at) if self.used_at else None,
        }

    def state(self, now: datetime) -> str:
        """``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if now < self.expires_at else "expired"


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token that somebody shows: whose it is, whether it still holds, and what it leaves of its user's rights."""

    id: int
    prefix: str
    user_id: int
    user: str
    is_administrator: bool
    is_deactivated: bool
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    narrowing: Narrowing

    def find_fault(self, now: datetime) -> str | None:
        """Why it does not count, in one line; None when it does."""
        if self.revoked_at is not None:
            return f"the token {self.prefix} has been revoked: make another one"
        if self.expires_at <= now:
            return f"the token {self.prefix} has expired: make another one"
        return f"the user of the token {self.prefix} has been deactivated" if self.is_deactivated else None


def find_token(digest: str, reader: Reader, at: Moment, *, for_feeds: bool = False) -> ShownToken | None:
    """The token that is known by this digest, with its user, however it stands with it; 1 SQL statement, by an index
    on the digest. One that reads feeds alone is there only ``for_feeds``."""
    rows = restrict(reader, Token.objects.select_related("user", "app").filter(digest=digest))
    row = (rows if for_feeds else rows.filter(feeds_only=False)).first()
    if row is None:
        return None
    return ShownToken(
        row.id,
        row.prefix,
        row.user_id,
        row.user.name,
        row.user.is_administrator,
        row.user.deactivated_at is not None,
        row.expires_at,
        row.revoked_at,
        row.used_at,
        narrowing_of(row),
    )


def get_narrowed_rights(
    user_id: int, is_administrator: bool, narrowing: Narrowing, reader: Reader, at: Moment
) -> Rights:
    """What a token may: what its user was granted, by themselves and by their groups, as far as it is not narrowed;
    1 SQL statement."""
    rows = restrict(reader, Grant.objects.select_related("app")).filter(
        Q(user=user_id) | Q(group__memberships__user=user_id)
    )
    found = list(rows)
    granted = [right_of(row) for row in found]
    customers = {row.app.id: row.app.customer_id for row in found if row.app is not None}
    held = rights_of([*granted, Right(PersonRole.ADMINISTRATOR)] if is_administrator else granted)
    return narrow(held, narrowing, customers)


def list_tokens(reader: Reader, at: Moment, *, user: str | None = None) -> tuple[TokenRow, ...]:
    """The tokens that the reader may see, by user and name, the newest of one name first; 1 SQL statement."""
    rows = _rows(reader)
    if user is not None:
        rows = rows.filter(user__name_folded=fold(user.strip()))
    return tuple(token_row_of(row) for row in rows.order_by("user__name_folded", "name_folded", "-id"))


def get_token(asked: str, reader: Reader, at: Moment) -> TokenRow:
    """The token of a prefix, or the newest that is called USER/NAME; 1 SQL statement. Raises `NotFound`."""
    user, _, name = asked.strip().rpartition("/")
    named = Q(user__name_folded=fold(user), name_folded=fold(name)) if user else Q(prefix=asked.strip().lower())
    row = _rows(reader).filter(named).order_by("-id").first()
    if row is None:
        raise NotFound(f"there is no token {asked}")
    return token_row_of(row)


def narrowing_of(row: Token) -> Narrowing:
    """What a row narrows its user's rights to. No SQL where its app is at hand."""
    role = PersonRole(row.role) if row.role else None
    return Narrowing(role, *scope_of(row), app_customer_of(row), row.reveals, row.feeds_only)


def token_row_of(row: Token) -> TokenRow:
    """What is told of a row. No SQL where its user and its scope are at hand."""
    return TokenRow(
        row.id,
        row.user.name,
        row.name,
        row.prefix,
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.used_at,
        PersonRole(row.role) if row.role else None,
        *scope_address_of(row),
        row.reveals,
        row.feeds_only,
    )


def _rows(reader: Reader) -> QuerySet[Token]:
    return restrict(reader, Token.objects.select_related("user", "customer", "app__customer", "pool"))
