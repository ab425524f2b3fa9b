"""Welcome: what a directory says of somebody becomes a user, with the grants that their groups there come to."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeAlias

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from larry.actions.activity import record
from larry.actions.author import Author, Refused
from larry.actions.transaction import begin_recording, transact
from larry.actions.user import LONGEST_FULL_NAME, is_user_name
from larry.core.identity import Bestowal, Identity
from larry.core.key import fold
from larry.core.rights import Right, ScopeKind
from larry.queries.grant import columns_of, get_owned_spots, get_pool_ids, right_of
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE
from larry.records.grant import Grant
from larry.records.user import DIRECTORY, User

Ask: TypeAlias = Callable[[str, str], Identity | None]
"""Asks a directory whether a name and a password belong together."""

ACTOR = "the directory"
"""Who is said to do what follows from a directory; no user can be called so."""


class NotWelcome(Refused):
    """The directory knows them, and Larry cannot let them in under their name there."""


def welcome(identity: Identity, now: datetime) -> User:
    """The user that somebody is, added if they come for the first time, with exactly the directory's grants: those that
    are no longer theirs are taken. One transaction, about 6 SQL statements when nothing has changed.

    Raises `NotWelcome` for a name that no user can have, or that is one of Larry's own. Who is deactivated stays so.
    """
    name = unicodedata.normalize("NFKC", identity.name)
    if not is_user_name(name):
        raise NotWelcome(f"the directory calls you {identity.name[:150]!r}, and no user of Larry can be called so")
    author = Author(ACTOR, "signed in", now)

    def work() -> User:
        row = User.objects.select_for_update().filter(name_folded=fold(name)).first()
        if row is not None and row.source != DIRECTORY:
            raise NotWelcome("the directory gives you a name that somebody else has in Larry itself")
        if row is not None and row.deactivated_at is not None:
            return row
        row = _add(name, identity, author) if row is None else _follow(row, identity, author)
        _match_grants(row, identity.bestowals, author)
        return row

    return transact(work)


def _add(name: str, identity: Identity, author: Author) -> User:
    author = begin_recording(author)
    row = User(name=name, name_folded=fold(name), source=DIRECTORY, created_at=author.now, password=make_password(None))
    row.full_name, row.email = _described(identity)
    row.save(force_insert=True)
    record(author, "add", "user", name, after={"full_name": row.full_name, "email": row.email, "source": DIRECTORY})
    return row


def _follow(row: User, identity: Identity, author: Author) -> User:
    before, after = (row.full_name, row.email), _described(identity)
    if before != after:
        row.full_name, row.email = after
        row.save(update_fields=["full_name", "email"])
        told = [dict(zip(("full_name", "email"), texts, strict=True)) for texts in (before, after)]
        record(begin_recording(author), "edit", "user", row.name, before=told[0], after=told[1])
    return row


def _described(identity: Identity) -> tuple[str, str]:
    """Full name and mail as a user has them: what will not do there is left out, because it keeps nobody out."""
    full_name = "".join(each for each in identity.full_name if each.isprintable()).strip()[:LONGEST_FULL_NAME]
    try:
        validate_email(identity.email)
    except ValidationError:
        return full_name, ""
    return full_name, identity.email


def _match_grants(row: User, bestowals: Iterable[Bestowal], author: Author) -> None:
    """Give and take, with a line of activity for each. A scope that there is no longer is granted to nobody."""
    wanted = _find_rights(bestowals, author.moment)
    held = {right_of(each): each for each in Grant.objects.select_related("app__customer", "customer", "pool").filter(
        user=row, source=DIRECTORY
    )}  # fmt: skip
    if wanted.keys() == held.keys():
        return
    author = begin_recording(author)
    for right in sorted(held.keys() - wanted.keys(), key=str):
        held[right].delete()
        record(author, "revoke", "user", row.name, before=_told(right, _address_of(held[right])))
    for right in sorted(wanted.keys() - held.keys(), key=str):
        Grant.objects.create(**columns_of(right), user=row, source=DIRECTORY, created_at=author.now)
        record(author, "grant", "user", row.name, after=_told(right, wanted[right]))


def _find_rights(bestowals: Iterable[Bestowal], at: Moment) -> dict[Right, str]:
    """What is bestowed, with its address; 3 SQL statements where any of it is about a part of the estate."""
    found: dict[Right, str] = {}
    asked = tuple(bestowals)
    owned = (
        get_owned_spots(WHOLE, at) if any(each.kind in {ScopeKind.CUSTOMER, ScopeKind.APP} for each in asked) else {}
    )
    pools = get_pool_ids(WHOLE, at) if any(each.kind is ScopeKind.POOL for each in asked) else {}
    for each in asked:
        address = each.address.lower()
        spot = owned.get((each.kind.value, address))
        if each.kind is ScopeKind.EVERYTHING:
            found[Right(each.role)] = ""
        elif each.kind is ScopeKind.POOL and address in pools:
            found[Right(each.role, each.kind, pools[address])] = address
        elif spot is not None:
            id_ = spot.customer if each.kind is ScopeKind.CUSTOMER else spot.app
            found[Right(each.role, each.kind, id_ or 0)] = address
    return found


def _address_of(row: Grant) -> str:
    if row.customer is not None:
        return row.customer.key
    if row.app is not None:
        return f"{row.app.customer.key}/{row.app.key}"
    return row.pool.key if row.pool is not None else ""


def _told(right: Right, address: str) -> dict[str, str]:
    return {"role": right.role.value, "scope": right.kind.value, "address": address, "source": DIRECTORY}
