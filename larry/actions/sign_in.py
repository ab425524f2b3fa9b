"""Sign in: a name and a password become a session; who guesses has to wait, whether or not there is such a name.

Who guesses tokens waits as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db.models import Count, Min, Q
from django.utils.crypto import salted_hmac

from larry.actions.activity import record
from larry.actions.author import Author, Refused
from larry.actions.transaction import begin_recording, transact
from larry.actions.user import LONGEST_PASSWORD, hash_password
from larry.actions.welcome import Ask, welcome
from larry.core.key import fold
from larry.records.user import DIRECTORY, SignInAttempt, User

SESSION_USER, SESSION_STAMP = "user", "stamp"
"""What a session calls its user and the stamp."""

WINDOW = timedelta(minutes=15)
"""For how long an attempt counts."""

MOST_OF_ACCOUNT = 10
"""Wrong attempts for one name within the window; a thousand a day guess no password that was accepted."""

MOST_OF_ADDRESS = 50
"""Wrong attempts from one address within the window: an office may share one."""


class WrongCredentials(Refused):
    """Name and password do not belong together. It does not say which of them is wrong, or whether there is such a
    user."""


class TooManyAttempts(Refused):
    """Somebody guesses; ``wait`` is how long until the next attempt is looked at."""

    def __init__(self, wait: timedelta) -> None:
        minutes = max(1, -(-wait // timedelta(minutes=1)))
        super().__init__(f"Too many attempts. Try again in {minutes} minute{'s' if minutes > 1 else ''}.")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a session keeps: who, and a stamp that no longer fits when the password is another one."""

    id: int
    name: str
    stamp: str = field(repr=False)


def sign_in(name: str, password: str, address: str, now: datetime, ask: Ask | None = None) -> SignedIn:
    """Who it is. About 8 SQL statements, and a good part of a second for the password, outside of transactions.

    ``ask`` asks a directory, about names that are none of Larry's own: users of Larry are never sought there, and can
    sign in while it is away. What it raises passes, and is no attempt.

    Raises `WrongCredentials`, after the same work for a name that there is not; `TooManyAttempts`, before any;
    `NotWelcome`.
    """
    attempt = _admit(name, address, now)
    row = User.objects.filter(name_folded=fold(name.strip())).first()
    tried = password[: LONGEST_PASSWORD + 1]  # none that was accepted is longer
    if row is None or row.source == DIRECTORY:
        make_password(tried)  # what checking costs, so that the time tells nothing
        row = _find_by(ask, name, password, attempt, now) if ask is not None else None
    elif not row.check_password(tried):
        row = None
    if row is None or row.deactivated_at is not None:
        raise WrongCredentials("The name and the password do not belong together.")
    who = row

    def work() -> None:
        SignInAttempt.objects.filter(account=attempt.account).delete()
        Session.objects.filter(expire_date__lt=now).delete()
        User.objects.filter(id=who.id).update(signed_in_at=now)

    transact(work)
    return SignedIn(who.id, who.name, who.get_session_auth_hash())


def change_password(user_id: int, old: str, new: str, address: str, author: Author) -> SignedIn:
    """Change one's own password: all other sessions end. Raises like `sign_in`, `WeakPassword` for the new one."""
    row = User.objects.get(id=user_id, deactivated_at=None)
    if row.source == DIRECTORY:
        raise Refused("Your password is kept in the directory: change it there.")
    hashed = hash_password(new, row)
    attempt = _admit(row.name, address, author.now)
    if not row.check_password(old[: LONGEST_PASSWORD + 1]):
        raise WrongCredentials("That is not your present password.")

    def work() -> SignedIn:
        SignInAttempt.objects.filter(account=attempt.account).delete()
        locked = User.objects.select_for_update().get(id=user_id)
        locked.password = hashed
        locked.save(update_fields=["password"])
        record(begin_recording(author), "change password", "user", locked.name)
        return SignedIn(locked.id, locked.name, locked.get_session_auth_hash())

    return transact(work)


def _find_by(ask: Ask, name: str, password: str, attempt: SignInAttempt, now: datetime) -> User | None:
    """Whom the directory knows by name and password, welcomed."""
    try:
        identity = ask(name, password)
    except Exception:
        attempt.delete()
        raise
    return welcome(identity, now) if identity is not None else None


def count_guess(address: str, now: datetime) -> None:
    """Count a token that there is not against the address it came from; 2 SQL statements. Raises `TooManyAttempts`.

    Only what is wrong is counted, and apart from passwords: neither a right token nor anybody who signs in ever waits
    for it.
    """
    place = f"token {_network(address)}"
    rows = SignInAttempt.objects.filter(address=place, at__gt=now - WINDOW)
    told = rows.aggregate(count=Count("id"), first=Min("at"))
    if told["count"] >= MOST_OF_ADDRESS:
        raise TooManyAttempts(told["first"] + WINDOW - now)
    SignInAttempt.objects.create(at=now, account="", address=place)


def _admit(name: str, address: str, now: datetime) -> SignInAttempt:
    """The attempt, written down before it is looked at, so that many at once are as many as they are.

    One that is refused here does not count, so that waiting is enough.
    """
    SignInAttempt.objects.filter(at__lte=now - WINDOW).delete()
    attempt = SignInAttempt.objects.create(at=now, account=_mark(name), address=_network(address))
    account, place = Q(account=attempt.account), Q(address=attempt.address)
    told = SignInAttempt.objects.filter(account | place).aggregate(
        of_account=Count("id", filter=account),
        of_address=Count("id", filter=place),
        first_of_account=Min("at", filter=account),
        first_of_address=Min("at", filter=place),
    )
    begun = [
        told[f"first_of_{what}"]
        for what, most in (("account", MOST_OF_ACCOUNT), ("address", MOST_OF_ADDRESS))
        if told[f"of_{what}"] > most
    ]
    if begun:
        attempt.delete()
        raise TooManyAttempts(max(begun) + WINDOW - now)
    return attempt


def _mark(name: str) -> str:
    return salted_hmac("larry.sign_in", fold(name.strip()), algorithm="sha256").hexdigest()


def _network(address: str) -> str:
    """The address; of version 6 the network that one household or machine has."""
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    return str(known) if known.version == 4 else str(ip_network((int(known) >> 64 << 64, 64)))
