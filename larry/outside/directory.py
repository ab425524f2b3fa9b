"""The directory (LDAP) knows people: it is asked whether a name and a password belong together, and who that is.

python-ldap is an extra that is compiled on the spot, so it is imported when somebody is asked about.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from larry.core.identity import Bestowal, Identity
from larry.outside.log_line import tell

LOG = logging.getLogger("larry.directory")
_LONGEST_PASSWORD = 1000
HOLE = "{name}"
"""In a template: where the name stands that somebody signs in with; ``{dn}`` is where their entry is."""

_MOST_GROUPS = 10_000
_NAME = re.compile(r"[\w.@+-]{1,150}")
"""What names of users are made of. A directory takes no notice of soft hyphens, marks without width or more blanks:
with those one name could be guessed at under many."""


class DirectoryIsAway(Exception):
    """The directory cannot be asked, so that nobody knows whether the password is right. The log says why."""


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """How the directory is asked. Either Larry's own account (``bind_dn``) finds the entry and then the entry's own
    name is bound, or ``user_dn`` says how names are bound. ``seconds`` is how long each step may take."""

    urls: tuple[str, ...]
    start_tls: bool = False
    ca_file: Path | None = None
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)
    user_dn: str = ""
    user_base: str = ""
    user_filter: str = "(uid={name})"
    name_attribute: str = "uid"
    full_name_attribute: str = "cn"
    email_attribute: str = "mail"
    group_base: str = ""
    group_filter: str = "(member={dn})"
    seconds: int = 5
    grants: tuple[Bestowal, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    dn: str
    attributes: dict[str, list[bytes]]

    def first(self, name: str) -> str:
        """The first value of an attribute, whatever the case of its name; empty for none, or for what is no text."""
        for known, values in self.attributes.items():
            if known.lower() == name.lower() and values:
                try:
                    return values[0].decode("utf-8")
                except UnicodeDecodeError:
                    return ""
        return ""

    def all(self, name: str) -> list[str]:
        values = (values for known, values in self.attributes.items() if known.lower() == name.lower())
        return [value.decode("utf-8", "replace") for each in values for value in each]


def is_directory_possible() -> bool:
    """Whether python-ldap is installed."""
    return importlib.util.find_spec("ldap") is not None


def ask_directory(settings: DirectorySettings, name: str, password: str) -> Identity | None:
    """Who it is, or None when the name and the password do not belong together. No password is no password: servers
    take an empty one for somebody who does not want to be known, and say yes.

    Asks each server until one answers. Raises `DirectoryIsAway`.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not _NAME.fullmatch(name) or not _is_password(password):
        return None
    ldap: Any = importlib.import_module("ldap")
    importlib.import_module("ldap.filter")
    away = (
        ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.TIMEOUT, ldap.TIMELIMIT_EXCEEDED, ldap.UNAVAILABLE, ldap.BUSY,
        ldap.ADMINLIMIT_EXCEEDED, ldap.CONFIDENTIALITY_REQUIRED, ldap.STRONG_AUTH_REQUIRED, ldap.PROTOCOL_ERROR,
    )  # fmt: skip
    for url in settings.urls:
        try:
            return _Asked(ldap, settings, url).who(name, password)
        except away as failure:
            tell(LOG, logging.WARNING, "the directory is away", url=url, why=_why(failure))
        except ldap.LDAPError as failure:  # it answers, and Larry asks wrongly: the same everywhere
            tell(LOG, logging.ERROR, "the directory does not let itself be asked so", url=url, why=_why(failure))
            break
    raise DirectoryIsAway("the directory cannot be asked")


def read_group(text: str) -> str:
    """The name of a group, in the one form in which two can be compared; as it is if it is no distinguished name."""
    dn: Any = importlib.import_module("ldap.dn")
    try:
        parts = dn.str2dn(text)
    except Exception:  # noqa: BLE001 — python-ldap raises several sorts for a text that is none
        return text.strip().casefold()
    return str(
        dn.dn2str([[(key.lower(), " ".join(value.split()).casefold(), 1) for key, value, _ in rdn] for rdn in parts])
    )


def _is_password(text: str) -> bool:
    return (
        0 < len(text) <= _LONGEST_PASSWORD
        and "\0" not in text
        and not any(0xD800 <= ord(each) < 0xE000 for each in text)
    )


def _why(failure: Any) -> str:
    told = failure.args[0] if failure.args and isinstance(failure.args[0], dict) else {}
    said = (str(told.get(key, "")) for key in ("desc", "info"))
    return ": ".join(text for text in (type(failure).__name__, *said) if text)


class _Asked:
    """One server being asked."""

    def __init__(self, ldap: Any, settings: DirectorySettings, url: str) -> None:
        self._ldap, self._settings, self._url = ldap, settings, url

    def who(self, name: str, password: str) -> Identity | None:
        """The identity. Raises python-ldap's errors."""
        return self._who_by_search(name, password) if self._settings.bind_dn else self._who_directly(name, password)

    def _who_by_search(self, name: str, password: str) -> Identity | None:
        settings = self._settings
        own = self._connect()
        try:
            own.simple_bind_s(settings.bind_dn, settings.bind_password)
            entry = self._find(own, settings.user_filter, name)
            if entry is None or not entry.dn:
                return None
            theirs = self._connect()
            try:
                if not self._bind(theirs, entry.dn, password):
                    return None
            finally:
                theirs.unbind_s()
            return self._identify(own, entry)
        finally:
            own.unbind_s()

    def _who_directly(self, name: str, password: str) -> Identity | None:
        """As the user themselves. A name that is bound by another way than its entry's (``ada@example.com``) is looked
        up by just that name, lest one who is called so elsewhere be taken for them."""
        settings = self._settings
        is_dn = "=" in settings.user_dn
        bound = settings.user_dn.replace(HOLE, self._ldap.dn.escape_dn_chars(name) if is_dn else name)
        theirs = self._connect()
        try:
            if not self._bind(theirs, bound, password):
                return None
            if is_dn:
                entry = self._find(theirs, "(objectClass=*)", name, base=bound)
            else:
                escaped = self._ldap.filter.escape_filter_chars(bound)
                entry = self._find(theirs, f"(&{settings.user_filter}(userPrincipalName={escaped}))", name)
            return self._identify(theirs, entry) if entry is not None else None
        finally:
            theirs.unbind_s()

    def _connect(self) -> Any:
        """A connection whose certificate is verified, that follows nobody elsewhere and waits for nobody for ever."""
        ldap, settings = self._ldap, self._settings
        connection = ldap.initialize(self._url)
        connection.set_option(ldap.OPT_PROTOCOL_VERSION, 3)
        connection.set_option(ldap.OPT_REFERRALS, 0)
        connection.set_option(ldap.OPT_NETWORK_TIMEOUT, settings.seconds)
        connection.set_option(ldap.OPT_TIMEOUT, settings.seconds)
        if settings.start_tls or self._url.lower().startswith("ldaps:"):
            if settings.ca_file is not None:
                connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(settings.ca_file))
            connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
            connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, ldap.OPT_X_TLS_PROTOCOL_TLS1_2)
            connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)  # the last: it takes up all of these
        if settings.start_tls:
            connection.start_tls_s()
        return connection

    def _bind(self, connection: Any, dn: str, password: str) -> bool:
        """Whether the password is theirs. What a server says of a locked account is no more than that it is not."""
        ldap = self._ldap
        if not dn or not password:
            return False
        try:
            connection.simple_bind_s(dn, password)
        except ldap.INVALID_CREDENTIALS:
            return False
        except (
            ldap.UNWILLING_TO_PERFORM, ldap.CONSTRAINT_VIOLATION, ldap.NO_SUCH_OBJECT, ldap.INAPPROPRIATE_AUTH,
            ldap.INSUFFICIENT_ACCESS, ldap.INVALID_DN_SYNTAX, ldap.NAMING_VIOLATION,
        ) as refusal:  # fmt: skip
            tell(LOG, logging.WARNING, "the directory refuses somebody", url=self._url, why=_why(refusal))
            return False
        return True

    def _find(self, connection: Any, template: str, name: str, *, base: str | None = None) -> _Entry | None:
        """The one entry that a filter finds; two are none, because nobody knows which of them it is."""
        settings, ldap = self._settings, self._ldap
        sought = template.replace(HOLE, ldap.filter.escape_filter_chars(name))
        wanted = [settings.name_attribute, settings.full_name_attribute, settings.email_attribute, "memberOf"]
        scope = ldap.SCOPE_SUBTREE if base is None else ldap.SCOPE_BASE
        try:
            found = connection.search_ext_s(
                settings.user_base if base is None else base, scope, sought, wanted, sizelimit=2
            )
        except ldap.SIZELIMIT_EXCEEDED:
            found = [("", {}), ("", {})]
        except ldap.NO_SUCH_OBJECT:
            found = []
        entries = [_Entry(dn, attributes) for dn, attributes in found if dn is not None]  # None: seek it elsewhere
        if len(entries) > 1:
            tell(LOG, logging.WARNING, "the filter finds several entries for one name", url=self._url, filter=template)
        return entries[0] if len(entries) == 1 else None

    def _identify(self, connection: Any, entry: _Entry) -> Identity | None:
        settings = self._settings
        name = unicodedata.normalize("NFKC", entry.first(settings.name_attribute)).strip()
        if not name:
            tell(LOG, logging.WARNING, "an entry has no name to be called by", attribute=settings.name_attribute)
            return None
        groups = {read_group(group) for group in self._list_groups(connection, entry)} if settings.grants else set()
        return Identity(
            name,
            entry.first(settings.full_name_attribute),
            entry.first(settings.email_attribute),
            tuple(each for each in settings.grants if read_group(each.group) in groups),
        )

    def _list_groups(self, connection: Any, entry: _Entry) -> list[str]:
        settings, escape = self._settings, self._ldap.filter.escape_filter_chars
        if not settings.group_base:
            return entry.all("memberOf")
        name = entry.first(settings.name_attribute)
        sought = settings.group_filter.replace("{dn}", escape(entry.dn)).replace(HOLE, escape(name))
        found = connection.search_ext_s(
            settings.group_base, self._ldap.SCOPE_SUBTREE, sought, ["1.1"], sizelimit=_MOST_GROUPS
        )
        return [dn for dn, _ in found if dn is not None]
