"""Tokens are made and revoked; each is told once, to whoever makes it, and is never more than its user."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Q

from larry.actions.activity import record
from larry.actions.author import Author, Refused
from larry.actions.grant import find_scope
from larry.actions.permit import NotAllowed, permit_everything
from larry.actions.transaction import begin_recording, transact
from larry.actions.user import LONGEST_USER_NAME, is_user_name
from larry.core.interval import iso
from larry.core.key import fold
from larry.core.rights import Narrowing, Permission, PersonRole, ScopeKind
from larry.core.token import PUBLIC_BYTES, SECRET_BYTES, find_token_prefix, hash_token, make_token_text
from larry.queries.reader import NotFound
from larry.queries.token import TokenRow, get_narrowed_rights, get_token, token_row_of
from larry.records.token import Token
from larry.records.user import User

USUAL_LIFE = timedelta(days=365)
LONGEST_LIFE = timedelta(days=3660)
"""Ten years."""

SELDOM = timedelta(minutes=5)
"""That a token was used is written no more often."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """What is said of a token: whose, what it is called, until when it holds (a year, if nothing is said), and to what
    it is narrowed; ``reveals`` entitles it to secrets, as far as its user is; ``feeds_only``: it reads feeds alone."""

    user: str
    name: str
    expires_at: datetime | None = None
    role: PersonRole | None = None
    kind: ScopeKind = ScopeKind.EVERYTHING
    address: str = ""
    reveals: bool = False
    feeds_only: bool = False


@dataclass(frozen=True, slots=True)
class MadeToken:
    """``text`` is the token itself, told here and never again; empty for a dry run."""

    row: TokenRow
    text: str = field(repr=False)


def add_token(new: NewToken, author: Author, *, dry_run: bool = False) -> MadeToken:
    """Make a token, by its user, or by who may say who may do what. One transaction.

    Raises `NotFound`, `NotAllowed` for who could not do themselves what the token could, `Refused` for what will not
    do.
    """
    _refuse_odd(new, author)

    def work() -> MadeToken:
        user = _lock_user(new.user, author)
        spot, id_ = find_scope(new.kind, new.address, author)
        narrowing = Narrowing(new.role, new.kind, id_, (spot.customer or 0), new.reveals, new.feeds_only)
        _permit_rights(user, narrowing, author)
        if Token.objects.filter(user=user, name_folded=fold(new.name), revoked_at=None).exists():
            text = f"{user.name} has a token {new.name}: revoke that one, or take another name"
            raise Refused(text, field="name")
        columns = {f"{kind}_id": id_ if new.kind is kind else None for kind in ScopeKind if kind != "everything"}
        text = make_token_text(secrets.token_bytes(PUBLIC_BYTES), secrets.token_bytes(SECRET_BYTES))
        row = Token(
            user=user,
            name=new.name,
            name_folded=fold(new.name),
            prefix=find_token_prefix(text) or "",
            digest=hash_token(text),
            created_at=author.now,
            expires_at=new.expires_at or author.now + USUAL_LIFE,
            role=new.role or "",
            reveals=new.reveals,
            feeds_only=new.feeds_only,
            **columns,
        )
        if dry_run:
            return MadeToken(token_row_of(row), "")
        now = begin_recording(author)
        row.created_at = now.now
        row.save(force_insert=True)
        told = token_row_of(row)
        record(now, "add", "token", f"{user.name}/{row.name}", after=_told(told))
        return MadeToken(told, text)

    return transact(work)


def revoke_token(asked: str, author: Author, *, dry_run: bool = False) -> TokenRow:
    """Let a token, named by its prefix or as USER/NAME, count no more, by its user or by who may say who may do what.

    One transaction. Raises `NotFound`, `NotAllowed`, `Refused` for one that is revoked already.
    """

    def work() -> TokenRow:
        found = get_token(asked, author.sees, author.moment)
        if found.user != author.actor:
            permit_everything(author, Permission.MANAGE, "or revoke tokens of others")
        row = Token.objects.select_for_update().get(id=found.id)
        if row.revoked_at is not None:
            raise Refused(f"the token {found.prefix} was revoked on {iso(row.revoked_at)}")
        if not dry_run:
            now = begin_recording(author)
            row.revoked_at = now.now
            row.save(update_fields=["revoked_at"])
            record(now, "revoke", "token", f"{found.user}/{found.name}", before=_told(found))
        return get_token(found.prefix, author.sees, author.moment)

    return transact(work)


def note_use(token_id: int, used_at: datetime | None, now: datetime) -> None:
    """Keep that a token was used, if that was not said within the last minutes; 1 SQL statement, mostly none.

    It is a hint for people: who answers a lookup calls this after the answer is out, and a database that does not take
    it now is left in peace.
    """
    if used_at is not None and now - used_at < SELDOM:
        return
    stale = Q(used_at=None) | Q(used_at__lte=now - SELDOM)
    try:
        Token.objects.filter(stale, id=token_id).update(used_at=now)
    except DatabaseError:
        return


def _refuse_odd(new: NewToken, author: Author) -> None:
    if not is_user_name(new.name):
        text = f"a token's name is made of letters, digits and . @ + - _, at most {LONGEST_USER_NAME} of them"
        raise Refused(text, field="name")
    if new.expires_at is not None and new.expires_at <= author.now:
        raise Refused("a token expires in the future", field="expires")
    if new.expires_at is not None and new.expires_at > author.now + LONGEST_LIFE:
        raise Refused("a token holds for ten years at most", field="expires")
    if new.feeds_only and new.reveals:
        text = "a token for feeds stands in addresses, and is shown no secrets: leave out the one or the other"
        raise Refused(text, field="secrets")


def _lock_user(name: str, author: Author) -> User:
    """Whose token it is to be; for who may not make tokens for others, nobody else is there."""
    row = User.objects.select_for_update().filter(name_folded=fold(name.strip())).first()
    if row is None or not (row.name == author.actor or author.rights.scope(Permission.REVIEW).everything):
        raise NotFound(f"there is no user {name}")
    if row.name != author.actor:
        permit_everything(author, Permission.MANAGE, "or make tokens for others")
    if row.deactivated_at is not None:
        raise Refused(f"{row.name} is deactivated", field="user")
    return row


def _permit_rights(user: User, narrowing: Narrowing, author: Author) -> None:
    """That the token can do anything at all, and nothing that its maker could not."""
    is_narrow = narrowing.role is not None or narrowing.kind is not ScopeKind.EVERYTHING
    everywhere = Narrowing(narrowing.role, reveals=narrowing.reveals, feeds_only=narrowing.feeds_only)
    rights, widest = (
        get_narrowed_rights(user.id, user.is_administrator, each, author.reader, author.moment)
        for each in (narrowing, everywhere)
    )
    if is_narrow and rights.is_empty:
        raise Refused(f"such a token could do nothing: {user.name} has no such rights there")
    if narrowing.reveals and rights.scope(Permission.REVEAL).is_empty:
        raise Refused(f"{user.name} may not reveal secrets there, and so no token of theirs can", field="secrets")
    if not author.rights.cover(rights) and not author.rights.cover(widest):
        raise NotAllowed(f"{author.actor} may not make a token that could do more than {author.actor} may")


def _told(row: TokenRow) -> dict[str, str | bool | None]:
    return {
        "prefix": row.prefix,
        "expires_at": iso(row.expires_at),
        "role": row.role.value if row.role else None,
        "scope": row.kind.value,
        "address": row.address,
        "secrets": row.reveals,
        "feeds": row.feeds_only,
    }
