"""Users: who may sign in, and who it is that a session belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import BigIntegerField, Q
from django.utils.crypto import constant_time_compare

from larry.core.document import Json, digest_of
from larry.core.interval import iso
from larry.core.key import fold
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.statement import Later, Prepared
from larry.records.user import User


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as listed; never with anything of the password. ``source`` is who knows that: the directory, or nothing
    for Larry itself."""

    id: int
    name: str
    full_name: str
    email: str
    time_zone: str
    is_administrator: bool
    created_at: datetime
    deactivated_at: datetime | None
    signed_in_at: datetime | None
    source: str = ""

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None

    @property
    def digest(self) -> str:
        """By which it is known whether what is told of them has changed."""
        return digest_of([self.full_name, self.email, self.time_zone, self.is_administrator, self.is_active])

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {
            "name": self.name,
            "full_name": self.full_name,
            "email": self.email,
            "time_zone": self.time_zone,
            "is_administrator": self.is_administrator,
            "is_active": self.is_active,
            "from": self.source,
            "created_at": iso(self.created_at),
            "signed_in_at": iso(self.signed_in_at) if self.signed_in_at else None,
        }


def list_users(reader: Reader, at: Moment) -> tuple[UserRow, ...]:
    """All users by name, deactivated ones among them; 1 SQL statement."""
    return tuple(user_row_of(row) for row in restrict(reader, User.objects.order_by("name_folded")))


def get_user(name: str, reader: Reader, at: Moment) -> UserRow:
    """The user of a name, in any case; 1 SQL statement. Raises `NotFound`."""
    row = restrict(reader, User.objects.filter(name_folded=fold(name.strip()))).first()
    if row is None:
        raise NotFound(f"there is no user {name}")
    return user_row_of(row)


def is_anybody_known(reader: Reader, at: Moment) -> bool:
    """Whether there is any user who can sign in, or has: a machine cannot; 1 SQL statement."""
    has_password = ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return restrict(reader, User.objects.filter(has_password | Q(signed_in_at__isnull=False))).exists()


def find_session_user(user_id: int, stamp: str, reader: Reader, at: Moment) -> UserRow | None:
    """The active user whose session carries a stamp, which changes with the password; 1 SQL statement."""
    found = _write_session_user(reader).ask(user=user_id)
    row = User(**dict(zip(_TOLD, found[0], strict=True))) if found else None
    if row is None or not constant_time_compare(stamp, row.get_session_auth_hash()):
        return None
    return user_row_of(row)


_TOLD = tuple(field.attname for field in User._meta.concrete_fields)


@lru_cache(maxsize=64)
def _write_session_user(reader: Reader) -> Prepared:
    """Asked for every page, and so written once."""
    rows = restrict(reader, User.objects.filter(id=Later("user", BigIntegerField()), deactivated_at=None))
    return Prepared.of(rows.values_list(*_TOLD))


def user_row_of(row: User) -> UserRow:
    """What is told of a row."""
    return UserRow(
        row.id,
        row.name,
        row.full_name,
        row.email,
        row.time_zone,
        row.is_administrator,
        row.created_at,
        row.deactivated_at,
        row.signed_in_at,
        row.source,
    )
