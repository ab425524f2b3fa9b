"""Users are added, deactivated and given passwords; no password and nothing made of one is ever in activity."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from larry.actions.activity import record
from larry.actions.author import Author, Refused
from larry.actions.describe import ChangedMeanwhile
from larry.actions.permit import permit_everything
from larry.actions.transaction import begin_recording, transact
from larry.core.document import Json
from larry.core.key import fold
from larry.core.rights import Permission
from larry.queries.user import UserRow, get_user, user_row_of
from larry.records.user import DIRECTORY, User

LONGEST_USER_NAME = 150
LONGEST_FULL_NAME = 200
LONGEST_PASSWORD = 1000
_NAME = re.compile(r"(?!\.+$)[\w.@+-]+")
"""Dots alone would be no name in an address."""


class CannotBeUser(Refused):
    """What was said of a user will not do, all of it in one line."""


class WeakPassword(Refused):
    """The password can be guessed; the text says what would do."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is said of somebody who is to sign in. ``time_zone`` empty: the one of the settings."""

    name: str
    full_name: str = ""
    email: str = ""
    time_zone: str = ""
    is_administrator: bool = False


def add_user(new: NewUser, password: str | None, author: Author, *, dry_run: bool = False) -> UserRow:
    """Add somebody who may sign in, with this password; without one nobody can sign in as them yet. One transaction.

    Raises `CannotBeUser` with every fault, `WeakPassword`.
    """
    permit_everything(author, Permission.MANAGE, "or add users")
    name = unicodedata.normalize("NFKC", new.name.strip())
    faults = list(_find_faults(name, new))
    if faults:
        raise CannotBeUser("; ".join(faults))
    row = User(
        name=name,
        name_folded=fold(name),
        full_name=new.full_name.strip(),
        email=new.email.strip(),
        time_zone=new.time_zone.strip(),
        is_administrator=new.is_administrator,
        created_at=author.now,
        password=make_password(None),
    )
    if password is not None:
        row.password = hash_password(password, row)

    def work() -> UserRow:
        known = User.objects.filter(name_folded=row.name_folded).first()
        if known is not None:
            raise CannotBeUser(f"there is already a user {known.name}")
        if not dry_run:
            now = begin_recording(author)
            row.created_at = now.now
            row.save(force_insert=True)
            record(now, "add", "user", row.name, after=_told(row))
        return user_row_of(row)

    return transact(work)


@dataclass(frozen=True, slots=True)
class UserEdit:
    """What becomes of what is told of a user; None leaves it as it is."""

    full_name: str | None = None
    email: str | None = None
    time_zone: str | None = None
    is_administrator: bool | None = None


def edit_user(
    name: str, asked: UserEdit, author: Author, *, expect: str | None = None, dry_run: bool = False
) -> UserRow:
    """Change what is told of a user. One transaction. Raises `NotFound`, `CannotBeUser`, `Refused` when all is so,
    `ChangedMeanwhile` where the user is not of the digest that is expected."""
    known = get_user(name, author.sees, author.moment)
    permit_everything(author, Permission.MANAGE, "or edit users")

    def work() -> UserRow:
        row = _lock(known)
        if expect not in {None, user_row_of(row).digest}:
            raise ChangedMeanwhile(f"{row.name} has changed since they were read: read them again")
        before = _told(row)
        for field, value in asdict(asked).items():
            if value is not None:
                setattr(row, field, value.strip() if isinstance(value, str) else value)
        faults = list(_find_faults(row.name, NewUser(row.name, row.full_name, row.email, row.time_zone)))
        if faults:
            raise CannotBeUser("; ".join(faults))
        after = _told(row)
        changed = [field for field in after if before[field] != after[field]]
        if not changed:
            raise Refused(f"{row.name} is all that already")
        if not dry_run:
            row.save(update_fields=changed)
            told = ({field: side[field] for field in changed} for side in (before, after))
            record(begin_recording(author), "edit", "user", row.name, before=next(told), after=next(told))
        return user_row_of(row)

    return transact(work)


def set_password(name: str, password: str, author: Author) -> UserRow:
    """Give a user another password: all sessions of theirs end. One transaction. Raises `NotFound`, `WeakPassword`,
    `Refused` for one who has theirs in the directory."""
    seen = get_user(name, author.sees, author.moment)
    permit_everything(author, Permission.MANAGE, "or set passwords")
    known = User.objects.get(id=seen.id)
    if known.source == DIRECTORY:
        raise Refused(f"{known.name} has a password in the directory: change it there")
    hashed = hash_password(password, known)

    def work() -> UserRow:
        row = _lock(seen)
        row.password = hashed
        row.save(update_fields=["password"])
        record(begin_recording(author), "set password", "user", row.name)
        return user_row_of(row)

    return transact(work)


def deactivate_user(name: str, author: Author, *, dry_run: bool = False) -> UserRow:
    """Let a user no longer in; what they have open ends with their next request. Raises `NotFound`, `Refused`."""
    return _switch(name, author, author.now, "deactivate", dry_run=dry_run)


def activate_user(name: str, author: Author, *, dry_run: bool = False) -> UserRow:
    """Let a deactivated user in again, with the password of before. Raises `NotFound`, `Refused`."""
    return _switch(name, author, None, "activate", dry_run=dry_run)


def hash_password(password: str, user: User) -> str:
    """What is stored of a password: takes a good part of a second, so never inside a transaction.

    Raises `WeakPassword`.
    """
    if len(password) > LONGEST_PASSWORD:
        raise WeakPassword(f"a password has at most {LONGEST_PASSWORD} characters")
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise WeakPassword(" ".join(weak.messages)) from weak
    return make_password(password)


def is_user_name(name: str) -> bool:
    """Whether users and groups can be called so."""
    return _NAME.fullmatch(name) is not None and len(name) <= LONGEST_USER_NAME


def _switch(name: str, author: Author, moment: datetime | None, verb: str, *, dry_run: bool) -> UserRow:
    known = get_user(name, author.sees, author.moment)
    permit_everything(author, Permission.MANAGE, "or sign in")

    def work() -> UserRow:
        row = _lock(known)
        if (row.deactivated_at is None) == (moment is None):
            raise Refused(f"{row.name} is {'active' if moment is None else 'deactivated'} already")
        row.deactivated_at = moment
        if not dry_run:
            row.save(update_fields=["deactivated_at"])
            record(begin_recording(author), verb, "user", row.name)
        return user_row_of(row)

    return transact(work)


def _lock(known: UserRow) -> User:
    return User.objects.select_for_update().get(id=known.id)


def _find_faults(name: str, new: NewUser) -> Iterator[str]:
    if not is_user_name(name):
        yield f"a user's name is made of letters, digits and . @ + - _, at most {LONGEST_USER_NAME} of them"
    full_name = new.full_name.strip()
    if len(full_name) > LONGEST_FULL_NAME or not full_name.isprintable():
        yield f"a full name is one line of at most {LONGEST_FULL_NAME} characters"
    if new.email.strip():
        try:
            validate_email(new.email.strip())
        except ValidationError:
            yield f"{new.email.strip()!r} is no address for mail"
    if new.time_zone.strip():
        try:
            zoneinfo.ZoneInfo(new.time_zone.strip())
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            yield f"the IANA database has no zone {new.time_zone.strip()!r}: it is a name such as Europe/Berlin"


def _told(row: User) -> dict[str, Json]:
    return {
        "full_name": row.full_name,
        "email": row.email,
        "time_zone": row.time_zone,
        "is_administrator": row.is_administrator,
    }
