"""The configuration of one Larry, read from the environment and one TOML file; the environment wins."""

from __future__ import annotations

import os
import re
import tomllib
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from larry.site.database_url import (
    WHAT_WOULD_DO,
    Database,
    EmbeddedDatabase,
    NotADatabaseUrl,
    ServedDatabase,
    read_database_url,
)
from larry.site.key_file import KEY_FILE, KeyFileIsUnusable, Keys, is_fernet_key, keep_keys

if TYPE_CHECKING:
    from larry.outside.directory import DirectorySettings

T = TypeVar("T")

FILE_NAME = "larry.toml"
SHORTEST_SECRET_KEY = 32
MOST_HOURS = 365 * 24

SETTINGS: Mapping[str, str] = {
    "home": "the folder of the embedded database, the key file and published state: an absolute path",
    "database_url": f"which database: {WHAT_WOULD_DO}",
    "replica_urls": "streaming replicas of the database, which lookups are read from: postgres:// URLs",
    "secret_key": f"signs cookies and links: {SHORTEST_SECRET_KEY} or more random characters",
    "secrets_keys": "encrypt sensitive values: Fernet keys, the newest first, older ones as long as they are needed",
    "allowed_hosts": "the host names that the pages answer to, such as larry.example.com or .example.com",
    "time_zone": "the zone of moments given without one: a name of the IANA database, such as Europe/Berlin",
    "session_hours": "how long somebody stays signed in: a whole number of hours, from 1 to 8760",
    "proxies": "the proxies in front whose word about the client counts: addresses or networks, such as 127.0.0.1",
    "metrics_from": "the networks that may read /metrics without signing in, such as 127.0.0.1 or 10.1.2.0/24",
    "lookups_from": "the networks that may read masked configurations without a token, such as 127.0.0.1; better none",
    "log_format": "how the server writes its log: text or json",
    "log_level": "what it writes: debug, info, warning or error",
    "ldap": "a table [ldap] as docs/guide/ldap.md has it, or the path of a TOML file that holds its lines",
    "webhook_networks": "networks to which webhooks may be sent though they are not public, such as 10.1.2.0/24",
    "debug": "error pages that show everything to everybody: true or false",
}
"""Every setting by its name in larry.toml, and what would do. In the environment: LARRY_ and the name in capitals."""

_NETWORKS = ("proxies", "metrics_from", "lookups_from")
_SECRET = frozenset({"database_url", "ldap", "replica_urls", "secret_key", "secrets_keys"})
_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class WrongValue:
    """One setting that will not do: where it was said, what it said (never a secret), why not, and what would do."""

    setting: str
    whence: str
    value: str
    why: str
    would_do: str

    def __str__(self) -> str:
        return f"{self.setting} ({self.whence}) = {self.value}: {self.why}. What would do: {self.would_do}."


class WrongSetting(Exception):
    """Settings that will not do, all of them at once."""

    def __init__(self, *wrong: WrongValue) -> None:
        super().__init__("\n".join(str(one) for one in wrong))
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Configuration:
    """What one process of Larry was told, checked. The keys do not show in its repr."""

    home: Path
    database: Database
    replicas: tuple[ServedDatabase, ...]
    secret_key: str = field(repr=False)
    secrets_keys: tuple[str, ...] = field(repr=False)
    allowed_hosts: tuple[str, ...]
    time_zone: str
    session_hours: int
    proxies: tuple[IPv4Network | IPv6Network, ...]
    metrics_from: tuple[IPv4Network | IPv6Network, ...]
    lookups_from: tuple[IPv4Network | IPv6Network, ...]
    log_format: str
    log_level: str
    ldap: DirectorySettings | None
    webhook_networks: tuple[IPv4Network | IPv6Network, ...]
    debug: bool


class _WillNotDo(ValueError):
    """Why one value will not do."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One setting as somebody said it."""

    whence: str
    value: object


def read_configuration(environment: Mapping[str, str]) -> Configuration:
    """The configuration that this environment and its ``larry.toml`` amount to.

    Makes the folder and the key file when no keys are given. Raises `WrongSetting`, which tells of every wrong one.
    """
    wrong: list[WrongValue] = []
    file, said = _read_file(environment, wrong)
    said |= _read_environment(environment)

    def read(name: str, parse: Callable[[object], T]) -> T | None:
        if name not in said:
            return None
        whence, value = said[name].whence, said[name].value
        try:
            return parse(value)
        except _WillNotDo as error:
            shown = "(not shown)" if name in _SECRET else repr(value)
            wrong.append(WrongValue(name, whence, shown, str(error), SETTINGS[name]))
            return None

    if "LARRY_CONFIG" not in environment and "home" in said and said["home"].whence == str(file):
        wrong.append(_home_in_a_home(file, said["home"]))
    home = read("home", _read_folder) or _default_home(environment)
    database = read("database_url", _read_database)
    replicas = read("replica_urls", lambda value: _read_replicas(value, database))
    secret_key = read("secret_key", _read_secret_key)
    secrets_keys = read("secrets_keys", _read_secrets_keys)
    allowed_hosts = read("allowed_hosts", _read_hosts)
    time_zone = read("time_zone", _read_zone)
    session_hours = read("session_hours", _read_hours)
    proxies, metrics_from, lookups_from = (read(name, _read_networks) for name in _NETWORKS)
    log_format = read("log_format", _one_of("text", "json"))
    log_level = read("log_level", _one_of("debug", "info", "warning", "error"))
    ldap = read("ldap", _read_ldap)
    webhook_networks = read("webhook_networks", _read_networks) or ()
    debug = read("debug", _read_truth)
    if wrong:
        raise WrongSetting(*wrong)
    if secret_key is None or secrets_keys is None:
        kept = _read_kept_keys(home)
        secret_key, secrets_keys = secret_key or kept.secret, secrets_keys or kept.secrets
    return Configuration(
        home=home,
        database=database or EmbeddedDatabase(home / "larry.sqlite3"),
        replicas=replicas or (),
        secret_key=secret_key,
        secrets_keys=secrets_keys,
        allowed_hosts=allowed_hosts or ("localhost", "127.0.0.1", "[::1]"),
        time_zone=time_zone or "UTC",
        session_hours=session_hours or 12,
        proxies=proxies or (),
        metrics_from=metrics_from or (ip_network("127.0.0.0/8"), ip_network("::1")),
        lookups_from=lookups_from or (),
        log_format=log_format or "text",
        log_level=log_level or "info",
        ldap=ldap,
        webhook_networks=webhook_networks,
        debug=bool(debug),
    )


def _read_environment(environment: Mapping[str, str]) -> dict[str, _Said]:
    """What variables say; an empty one is one that a container file left open."""
    texts = {name: environment.get(f"LARRY_{name.upper()}", "").strip() for name in SETTINGS}
    return {name: _Said(f"environment variable LARRY_{name.upper()}", text) for name, text in texts.items() if text}


def _home_in_a_home(file: Path | None, said: _Said) -> WrongValue:
    why, would_do = "this file was itself found in a home", "LARRY_HOME, or this file named by LARRY_CONFIG"
    return WrongValue("home", str(file), repr(said.value), why, would_do)


def _default_home(environment: Mapping[str, str]) -> Path:
    data = environment.get("XDG_DATA_HOME", "")
    # The specification of XDG has relative paths ignored.
    folder = Path(data) if data.startswith("/") else Path(os.path.expanduser("~")) / ".local" / "share"  # noqa: PTH111 — never fails
    return folder / "larry"


def _read_file(environment: Mapping[str, str], wrong: list[WrongValue]) -> tuple[Path | None, dict[str, _Said]]:
    """The file's own settings, with what is wrong with the file as a whole put among ``wrong``."""
    named = environment.get("LARRY_CONFIG", "").strip()
    home = environment.get("LARRY_HOME", "").strip() or str(_default_home(environment))
    path = Path(named).expanduser() if named else Path(home).expanduser() / FILE_NAME

    def refuse(setting: str, value: str, why: str, would_do: str) -> None:
        wrong.append(WrongValue(setting, str(path), value, why, would_do))

    setting = "LARRY_CONFIG" if named else FILE_NAME
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            refuse(setting, repr(named), "there is no such file", "the path of a larry.toml")
        return None, {}
    except tomllib.TOMLDecodeError as error:
        refuse(setting, str(path), f"it is not TOML: {error}", 'lines like time_zone = "UTC"')
        return None, {}
    except (OSError, UnicodeDecodeError) as error:
        refuse(setting, str(path), f"it cannot be read: {error}", "a readable file of TOML")
        return None, {}
    for name in sorted(set(content) - set(SETTINGS)):
        refuse(name, "…", "there is no such setting", f"one of {', '.join(SETTINGS)}")
    return path, {name: _Said(str(path), value) for name, value in content.items() if name in SETTINGS}


def _read_kept_keys(home: Path) -> Keys:
    try:
        kept = keep_keys(home)
        return Keys(_read_secret_key(kept.secret), _read_secrets_keys(list(kept.secrets)))
    except (KeyFileIsUnusable, _WillNotDo) as error:
        would_do = "a folder that Larry may write to, or both LARRY_SECRET_KEY and LARRY_SECRETS_KEYS"
        raise WrongSetting(WrongValue("home", KEY_FILE, str(home), str(error), would_do)) from error


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WillNotDo("it is not a text" if not isinstance(value, str) else "it is empty")
    return value.strip()


def _texts(value: object) -> tuple[str, ...]:
    """A list in the file, or one text with commas in the environment."""
    parts = value if isinstance(value, list) else _text(value).split(",")
    texts = tuple(_text(part) for part in parts if not isinstance(part, str) or part.strip())
    if not texts:
        raise _WillNotDo("it is empty")
    return texts


def _read_folder(value: object) -> Path:
    folder = Path(_text(value)).expanduser()
    if not folder.is_absolute():
        raise _WillNotDo("it is not an absolute path")
    if folder.exists() and not folder.is_dir():
        raise _WillNotDo("there is a file of that name")
    return folder


def _read_database(value: object) -> Database:
    try:
        return read_database_url(_text(value))
    except NotADatabaseUrl as error:
        raise _WillNotDo(str(error)) from error


def _read_ldap(value: object) -> DirectorySettings:
    from larry.site.directory_setting import NotADirectory, read_directory

    try:
        return read_directory(value)
    except NotADirectory as error:
        raise _WillNotDo(str(error)) from error


def _read_replicas(value: object, primary: Database | None) -> tuple[ServedDatabase, ...]:
    if not isinstance(primary, ServedDatabase):
        raise _WillNotDo("only PostgreSQL has replicas, and database_url names no such server")
    found = tuple(_read_database(text) for text in _texts(value))
    served = tuple(each for each in found if isinstance(each, ServedDatabase))
    if len(served) < len(found):
        raise _WillNotDo("a replica is a server of PostgreSQL")
    return served


def _read_secret_key(value: object) -> str:
    text = _text(value)
    if len(text) < SHORTEST_SECRET_KEY:
        raise _WillNotDo(f"it has {len(text)} characters, which can be guessed")
    return text


def _read_secrets_keys(value: object) -> tuple[str, ...]:
    keys = _texts(value)
    for number, key in enumerate(keys, start=1):
        if not is_fernet_key(key):
            raise _WillNotDo(f"number {number} of {len(keys)} is no Fernet key (44 characters of base64)")
    return keys


def _read_hosts(value: object) -> tuple[str, ...]:
    hosts = _texts(value)
    for host in hosts:
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host.replace(":", "/")
        if "/" in bare or " " in bare:
            raise _WillNotDo(f"{host!r} is not a bare host name: no scheme, port or path")
    return hosts


def _read_zone(value: object) -> str:
    name = _text(value)
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _WillNotDo("the IANA database has no such zone") from error
    return name


def _read_hours(value: object) -> int:
    text = value.strip() if isinstance(value, str) else value
    hours = int(text) if isinstance(text, str) and re.fullmatch(r"[0-9]{1,4}", text) else text
    if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= MOST_HOURS:
        raise _WillNotDo(f"it is no whole number from 1 to {MOST_HOURS}")
    return hours


def _read_networks(value: object) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text) for text in _texts(value))
    except ValueError as error:
        raise _WillNotDo(str(error)) from error


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        word = _text(value).lower()
        if word not in words:
            raise _WillNotDo(f"it is none of {', '.join(words)}")
        return word

    return read


def _read_truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    truth = _TRUTHS.get(str(value).strip().lower()) if isinstance(value, str) else None
    if truth is None:
        raise _WillNotDo("it is neither true nor false")
    return truth
