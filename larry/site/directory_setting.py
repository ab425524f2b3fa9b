"""The setting ``ldap``: a table that says how the directory is asked, read strictly and told of whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from larry.core.identity import Bestowal
from larry.core.rights import PersonRole, ScopeKind
from larry.outside.directory import HOLE, DirectorySettings, is_directory_possible

T = TypeVar("T")

HOW_TO_INSTALL = "pip install 'larry[ldap]'"
KEYS = (
    "url", "start_tls", "plain", "ca_file", "bind_dn", "bind_password", "bind_password_file", "user_dn", "user_base",
    "user_filter", "name_attribute", "full_name_attribute", "email_attribute", "group_base", "group_filter", "seconds",
    "grants",
)  # fmt: skip
GRANT_KEYS = ("group", "role", "customer", "app", "pool")
LONGEST_WAIT = 60
_PLAIN = (
    "send passwords that anybody on the way can read: use ldaps:// or start_tls = true"
    " (or plain = true, if the way is safe by other means)"
)
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9.;-]*")


class NotADirectory(ValueError):
    """The table will not do: every reason, one after the other; never a password."""


def read_directory(value: object) -> DirectorySettings:
    """How the directory is asked. Raises `NotADirectory`."""
    table = _read_file(value) if isinstance(value, str) else value
    if not isinstance(table, Mapping):
        raise NotADirectory("it is neither a table nor the path of a file")
    if not is_directory_possible():
        raise NotADirectory(f"the client of LDAP is not installed: {HOW_TO_INSTALL}")
    found = _Reader(table)
    settings = found.read()
    if found.faults:
        raise NotADirectory("; ".join(found.faults))
    return settings


def _read_file(path: str) -> object:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise NotADirectory(f"{path} is not TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NotADirectory(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


class _Reader:
    """Reads one table, and gathers what is wrong with it."""

    def __init__(self, table: Mapping[str, object]) -> None:
        self._table = table
        self.faults = [f"{key}: there is no such key" for key in sorted(set(table) - set(KEYS))]

    def read(self) -> DirectorySettings:
        told = DirectorySettings(
            urls=self._urls(),
            start_tls=self._truth("start_tls"),
            ca_file=self._file("ca_file"),
            bind_dn=self._text("bind_dn"),
            bind_password=self._password(),
            user_dn=self._text("user_dn"),
            user_base=self._text("user_base"),
            user_filter=self._text("user_filter", "(uid={name})"),
            name_attribute=self._attribute("name_attribute", "uid"),
            full_name_attribute=self._attribute("full_name_attribute", "cn"),
            email_attribute=self._attribute("email_attribute", "mail"),
            group_base=self._text("group_base"),
            group_filter=self._text("group_filter", "(member={dn})"),
            seconds=self._seconds(),
            grants=self._grants(),
        )
        self._judge(told)
        return told

    def _judge(self, told: DirectorySettings) -> None:
        """What each key allows and all together do not: the first rule of each line that is broken is told."""
        is_dn, plain = "=" in told.user_dn, self._truth("plain")
        open_to_all = [url for url in told.urls if not url.startswith("ldaps:") and not _is_near(url)]
        for broken, fault in (
            (not told.urls, 'url: it is missing, such as "ldaps://ldap.example.com"'),
            (
                bool(told.bind_dn) == bool(told.user_dn),
                "either bind_dn (find the entry first) or user_dn has to be said",
            ),
            (told.bind_dn and not told.bind_password, "bind_password or bind_password_file: bind_dn needs one"),
            (told.user_dn and HOLE not in told.user_dn, f"user_dn: {HOLE} has to stand in it"),
            (not is_dn and not told.user_base, "user_base: it is missing, such as ou=people,dc=example,dc=com"),
            (not _is_filter(told.user_filter, HOLE), f"user_filter: it is no filter in brackets with {HOLE} in it"),
            (
                told.group_base
                and not _is_filter(told.group_filter, "{dn}")
                and not _is_filter(told.group_filter, HOLE),
                "group_filter: it is no filter in brackets with {dn} or {name} in it",
            ),
            (
                told.start_tls and any(url.startswith("ldaps:") for url in told.urls),
                "start_tls: ldaps:// is encrypted from the beginning; use one of both",
            ),
            (
                open_to_all and not told.start_tls and not plain,
                f"url: {''.join(open_to_all[:1])} would {_PLAIN}",
            ),
        ):
            if broken:
                self.faults.append(fault)

    def _urls(self) -> tuple[str, ...]:
        value = self._table.get("url", [])
        urls = [value] if isinstance(value, str) else value
        if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
            self.faults.append("url: it is neither a text nor a list of texts")
            return ()
        for url in urls:
            fault = _find_url_fault(url)
            if fault:
                self.faults.append(f"url: {url!r} {fault}")
        return tuple(urls)

    def _text(self, key: str, default: str = "") -> str:
        value = self._table.get(key, default)
        if not isinstance(value, str) or (key in self._table and not value.strip()) or "\0" in value:
            self.faults.append(f"{key}: it is {'empty' if isinstance(value, str) else 'not a text'}")
            return default
        return value.strip()

    def _attribute(self, key: str, default: str) -> str:
        name = self._text(key, default)
        if not _ATTRIBUTE.fullmatch(name):
            self.faults.append(f"{key}: {name!r} is no name of an attribute")
        return name

    def _truth(self, key: str) -> bool:
        value = self._table.get(key, False)
        if not isinstance(value, bool) and f"{key}: it is neither true nor false" not in self.faults:
            self.faults.append(f"{key}: it is neither true nor false")
        return value is True

    def _seconds(self) -> int:
        value = self._table.get("seconds", 5)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LONGEST_WAIT:
            self.faults.append(f"seconds: it is no whole number from 1 to {LONGEST_WAIT}")
            return 5
        return value

    def _file(self, key: str) -> Path | None:
        text = self._text(key)
        if not text:
            return None
        path = Path(text).expanduser()
        try:
            path.open("rb").close()
        except OSError as error:
            self.faults.append(f"{key}: {path} cannot be read: {error.strerror}")
        return path

    def _password(self) -> str:
        path = self._file("bind_password_file")
        said = self._table.get("bind_password", "")
        if not isinstance(said, str):
            self.faults.append("bind_password: it is not a text")
            return ""
        if path is None or said:
            if said and path is not None:
                self.faults.append("bind_password: there is bind_password_file as well; use one of both")
            return said
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            return ""  # told already, or empty, which is told

    def _grants(self) -> tuple[Bestowal, ...]:
        value = self._table.get("grants", [])
        if not isinstance(value, list):
            self.faults.append("grants: it is no list of tables: [[ldap.grants]]")
            return ()
        found = (self._one("grants", number, each, _read_grant) for number, each in enumerate(value, start=1))
        return tuple(each for each in found if each is not None)

    def _one(self, key: str, number: int, value: object, read: Callable[[object], T]) -> T | None:
        try:
            return read(value)
        except ValueError as error:
            self.faults.append(f"{key}, number {number}: {error}")
            return None


def _read_grant(value: object) -> Bestowal:
    if not isinstance(value, Mapping):
        raise ValueError("it is no table")  # noqa: TRY004 — one sort of error for one sort of fault
    strange = sorted(set(value) - set(GRANT_KEYS))
    if strange:
        raise ValueError(f"there is no key {strange[0]}: there are {', '.join(GRANT_KEYS)}")
    texts = {key: text for key, text in value.items() if isinstance(text, str) and text.strip()}
    if texts.keys() != value.keys():
        raise ValueError("each of its values is a text that is not empty")
    if "group" not in texts:
        raise ValueError("group: it is missing, such as cn=operators,ou=groups,dc=example,dc=com")
    roles = [role.value for role in PersonRole]
    if texts.get("role") not in roles:
        raise ValueError(f"role: it is none of {', '.join(roles)}")
    scopes = [kind for kind in ScopeKind if kind.value in texts]
    if len(scopes) > 1:
        raise ValueError(f"{' and '.join(scopes)}: one of them, or none for everything")
    role, kind = PersonRole(texts["role"]), scopes[0] if scopes else ScopeKind.EVERYTHING
    if role is PersonRole.MACHINE and kind in {ScopeKind.CUSTOMER, ScopeKind.APP}:
        raise ValueError("a machine reads the configurations of hosts: grant it a pool, or everything")
    return Bestowal(texts["group"].strip(), role, kind, texts.get(kind.value, "").strip())


def _find_url_fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in {"ldap", "ldaps"}:
        return "does not begin with ldap:// or ldaps://"
    if not parts.hostname or any(not 32 < ord(each) < 127 for each in url):
        return "names no host"
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None or port == 0:
        return "has more in it than a host and a port"
    return ""


def _is_near(url: str) -> bool:
    """Whether what is sent there leaves the machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_filter(text: str, hole: str) -> bool:
    return text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")") and hole in text
