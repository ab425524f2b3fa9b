"""The configuration comes from the environment and one file, and refuses all that is wrong in one answer."""

from __future__ import annotations

import stat
import tomllib
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from larry.site.configuration import SETTINGS, Configuration, WrongSetting, read_configuration
from larry.site.database_url import EmbeddedDatabase, NotADatabaseUrl, ServedDatabase, read_database_url
from larry.site.key_file import KeyFileIsUnusable, keep_keys

SECRET_KEY = "not so secret, but long enough to pass"
FERNET_KEY = Fernet.generate_key().decode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _read(home: Path, **variables: str) -> Configuration:
    return read_configuration({"LARRY_HOME": str(home)} | {f"LARRY_{name}": text for name, text in variables.items()})


def _write(home: Path, text: str) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    file = home / "larry.toml"
    file.write_text(text)
    return file


def test_everything_has_a_default(home: Path) -> None:
    configuration = _read(home)
    assert configuration.home == home
    assert configuration.database == EmbeddedDatabase(home / "larry.sqlite3")
    assert configuration.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert configuration.time_zone == "UTC"
    assert configuration.debug is False
    assert len(configuration.secret_key) >= 50
    Fernet(configuration.secrets_keys[0])


def test_home_is_the_folder_of_the_users_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_configuration({"XDG_DATA_HOME": str(tmp_path / "data")}).home == tmp_path / "data/larry"
    assert read_configuration({}).home == tmp_path / ".local/share/larry"
    assert read_configuration({"XDG_DATA_HOME": "relative"}).home == tmp_path / ".local/share/larry"
    assert read_configuration({"LARRY_HOME": "~/there"}).home == tmp_path / "there"


def test_the_environment_says_it_all(home: Path) -> None:
    configuration = _read(
        home,
        DATABASE_URL="postgres://larry:p%40ss@db.example.com:5433/estate?sslmode=require",
        SECRET_KEY=SECRET_KEY,
        SECRETS_KEYS=f"{FERNET_KEY}, {FERNET_KEY}",
        ALLOWED_HOSTS="larry.example.com, .example.org",
        TIME_ZONE="Europe/Berlin",
        DEBUG="yes",
    )
    assert configuration.database == ServedDatabase(
        "estate", "larry", "p@ss", "db.example.com", 5433, {"sslmode": "require"}
    )
    assert configuration.secret_key == SECRET_KEY
    assert configuration.secrets_keys == (FERNET_KEY, FERNET_KEY)
    assert configuration.allowed_hosts == ("larry.example.com", ".example.org")
    assert configuration.time_zone == "Europe/Berlin"
    assert configuration.debug is True
    assert not home.exists()  # nothing had to be made


def test_the_file_says_it_all_and_the_environment_wins(home: Path) -> None:
    _write(
        home,
        f"""
        database_url = "sqlite:////srv/larry/estate.db"
        secret_key = "{SECRET_KEY}"
        secrets_keys = ["{FERNET_KEY}"]
        allowed_hosts = ["a.example.com", "b.example.com"]
        time_zone = "Asia/Kathmandu"
        debug = true
        """,
    )
    configuration = _read(home, DEBUG="0", TIME_ZONE="UTC", ALLOWED_HOSTS="  ")
    assert configuration.database == EmbeddedDatabase(Path("/srv/larry/estate.db"))
    assert configuration.secrets_keys == (FERNET_KEY,)
    assert configuration.allowed_hosts == ("a.example.com", "b.example.com")  # an empty variable says nothing
    assert configuration.time_zone == "UTC"
    assert configuration.debug is False


def test_replicas_are_servers_of_postgresql(home: Path) -> None:
    primary, replica = "postgres://larry@db1/larry", "postgres://larry:hunter2@db2/larry"
    configuration = _read(home, DATABASE_URL=primary, REPLICA_URLS=f"{replica}, postgres://db3/larry")
    assert [each.host for each in configuration.replicas] == ["db2", "db3"]
    with pytest.raises(WrongSetting, match="a replica is a server of PostgreSQL"):
        _read(home, DATABASE_URL=primary, REPLICA_URLS=f"{replica}, sqlite:///srv/larry.db")
    assert _read(home, DATABASE_URL=primary).replicas == ()


def test_a_file_of_another_place_may_name_the_home(tmp_path: Path, home: Path) -> None:
    file = _write(tmp_path / "etc", f'home = "{home}"')
    assert read_configuration({"LARRY_CONFIG": str(file)}).home == home
    with pytest.raises(WrongSetting, match="this file was itself found in a home"):
        read_configuration({"XDG_DATA_HOME": str(_write(tmp_path / "data" / "larry", 'home = "/srv"').parent.parent)})


WRONG = {
    "HOME": ("relative/path", "not an absolute path"),
    "DATABASE_URL": ("mysql://root:hunter2@localhost/larry", "mysql"),
    "REPLICA_URLS": ("postgres://larry:hunter2@db2/larry", "database_url names no such server"),
    "SECRET_KEY": ("hunter2", "7 characters"),
    "SECRETS_KEYS": (f"{FERNET_KEY},hunter2", "number 2 of 2 is no Fernet key"),
    "ALLOWED_HOSTS": ("https://larry.example.com/", "no scheme, port or path"),
    "TIME_ZONE": ("Europe/Atlantis", "no such zone"),
    "SESSION_HOURS": ("0", "no whole number from 1 to 8760"),
    "PROXIES": ("nginx", "does not appear to be an IPv4 or IPv6"),
    "METRICS_FROM": ("10.1.2.3/24", "has host bits set"),
    "LOOKUPS_FROM": ("everybody", "does not appear to be an IPv4 or IPv6"),
    "WEBHOOK_NETWORKS": ("10.1.2.3/24", "has host bits set"),
    "LOG_FORMAT": ("xml", "none of text, json"),
    "LOG_LEVEL": ("loud", "none of debug, info, warning, error"),
    "LDAP": ("/nowhere/ldap.toml", "/nowhere/ldap.toml cannot be read: No such file"),
    "DEBUG": ("perhaps", "neither true nor false"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_refused_with_what_would_do(name: str, home: Path) -> None:
    text, why = WRONG[name]
    with pytest.raises(WrongSetting) as caught:
        _read(home, **{name: text})
    (wrong,) = caught.value.wrong
    assert wrong.setting == name.lower()
    assert f"LARRY_{name}" in str(wrong)
    assert why in str(wrong)
    assert SETTINGS[name.lower()] in str(wrong)
    assert "hunter2" not in str(caught.value)
    assert not home.exists()  # nothing is made for a configuration that is refused


def test_all_that_is_wrong_is_told_at_once(home: Path, tmp_path: Path) -> None:
    file = _write(tmp_path / "etc", 'colour = "blue"\ntimezone = "UTC"\nallowed_hosts = [1]\ndebug = "maybe"\n')
    variables = {name: text for name, (text, _) in WRONG.items() if name not in {"DEBUG", "ALLOWED_HOSTS"}}
    with pytest.raises(WrongSetting) as caught:
        _read(home, CONFIG=str(file), **variables)
    told = [wrong.setting for wrong in caught.value.wrong]
    assert sorted(told) == sorted(["colour", "timezone", *SETTINGS])
    assert str(caught.value).count("\n") == len(told) - 1
    assert "one of home, database_url" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ['session_hours = true', 'session_hours = 1.5', 'session_hours = 9999', 'proxies = 1', 'proxies = ["10.0.0.1/8"]',
     'time_zone = 1', 'allowed_hosts = []', 'allowed_hosts = [""]', 'debug = 1', 'secrets_keys = {}', 'home = ""',
     'time_zone = "../../etc/passwd"', 'time_zone = "/etc/localtime"', 'time_zone = "\\u0000"'],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_in_the_file_is_refused(text: str, tmp_path: Path, home: Path) -> None:
    file = _write(tmp_path / "etc", text)
    with pytest.raises(WrongSetting) as caught:
        read_configuration({"LARRY_CONFIG": str(file), "XDG_DATA_HOME": str(home)})
    (wrong,) = caught.value.wrong
    assert wrong.whence == str(file)


def test_a_file_that_cannot_be_read_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="there is no such file"):
        _read(home, CONFIG=str(tmp_path / "nowhere.toml"))
    with pytest.raises(WrongSetting, match="it cannot be read"):
        _read(home, CONFIG=str(tmp_path))
    _write(home, "time_zone: UTC")
    with pytest.raises(WrongSetting, match="it is not TOML"):
        _read(home)


def test_keys_do_not_show(home: Path) -> None:
    configuration = _read(
        home, DATABASE_URL="postgres://u:hunter2@h/db", SECRET_KEY=SECRET_KEY, SECRETS_KEYS=FERNET_KEY
    )
    for secret in ("hunter2", SECRET_KEY, FERNET_KEY):
        assert secret not in repr(configuration)


def test_keys_are_made_once_for_their_owner_only(home: Path) -> None:
    first, second = _read(home), _read(home)
    assert (first.secret_key, first.secrets_keys) == (second.secret_key, second.secrets_keys)
    assert stat.S_IMODE((home / "keys.toml").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert sorted(path.name for path in home.iterdir()) == ["keys.toml"]
    given = _read(home, SECRETS_KEYS=FERNET_KEY)
    assert (given.secret_key, given.secrets_keys) == (first.secret_key, (FERNET_KEY,))


def test_processes_that_start_at_once_get_the_same_keys(home: Path) -> None:
    for number in range(5):
        folder = home / str(number)
        with get_context("fork").Pool(8) as processes:
            keys = set(processes.map(_keys_in, [folder] * 16, chunksize=1))
        assert len(keys) == 1
        assert [path.name for path in folder.iterdir()] == ["keys.toml"]
    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(_keys_in, [home / "threads"] * 64))) == 1


def _keys_in(folder: Path) -> tuple[str, tuple[str, ...]]:
    keys = keep_keys(folder)
    return keys.secret, keys.secrets


@pytest.mark.parametrize(
    "text", ["", "secret_key = 1", 'secret_key = "s"', 'secret_key = "s"\nsecrets_keys = []', "secret_key = ", "\xff"]
)
def test_a_key_file_that_is_damaged_is_refused_and_kept(text: str, home: Path) -> None:
    home.mkdir()
    file = home / "keys.toml"
    file.write_bytes(text.encode("latin-1"))
    file.chmod(0o600)
    with pytest.raises(KeyFileIsUnusable):
        keep_keys(home)
    with pytest.raises(WrongSetting, match="both LARRY_SECRET_KEY and LARRY_SECRETS_KEYS"):
        _read(home)
    assert file.read_bytes() == text.encode("latin-1")


def test_a_key_file_with_keys_that_will_not_do_is_refused(home: Path) -> None:
    home.mkdir()
    (home / "keys.toml").write_text(f'secret_key = "{SECRET_KEY}"\nsecrets_keys = ["short"]')
    (home / "keys.toml").chmod(0o600)
    with pytest.raises(WrongSetting, match="no Fernet key"):
        _read(home)


def test_a_key_file_that_others_can_read_is_refused(home: Path) -> None:
    keep_keys(home)
    (home / "keys.toml").chmod(0o640)
    with pytest.raises(KeyFileIsUnusable, match="chmod 600"):
        keep_keys(home)


def test_a_home_where_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(WrongSetting, match="there is a file of that name"):
        _read(file)
    with pytest.raises(WrongSetting, match="Not a directory"):
        _read(file / "below")


def test_the_key_file_is_toml_that_says_what_it_is(home: Path) -> None:
    keep_keys(home)
    text = (home / "keys.toml").read_text()
    assert text.startswith("# Made by Larry.")
    assert set(tomllib.loads(text)) == {"secret_key", "secrets_keys"}


URLS = {
    "sqlite:///srv/larry.db": EmbeddedDatabase(Path("/srv/larry.db")),
    "sqlite:////srv/larry.db": EmbeddedDatabase(Path("/srv/larry.db")),
    "sqlite:///srv/my%20estate.db": EmbeddedDatabase(Path("/srv/my estate.db")),
    "postgres://localhost/larry": ServedDatabase("larry", host="localhost"),
    "postgresql://u@[::1]:5432/larry": ServedDatabase("larry", "u", host="::1", port=5432),
    "postgres:///larry?host=/run/postgresql": ServedDatabase("larry", host="/run/postgresql"),
    "postgres://u:%2F%3A%40@h/larry": ServedDatabase("larry", "u", "/:@", "h"),
    "postgres://h/my%20db?sslmode=verify-full&connect_timeout=3": ServedDatabase(
        "my db", host="h", options={"sslmode": "verify-full", "connect_timeout": "3"}
    ),
}


@pytest.mark.parametrize("url", URLS)
def test_a_database_url_is_understood(url: str) -> None:
    assert read_database_url(url) == URLS[url]


@pytest.mark.parametrize(
    "url",
    [
        "", "larry.sqlite3", "/srv/larry.db", "mysql://h/db", "sqlite://", "sqlite:///", "sqlite://srv/larry.db",
        "sqlite:///:memory:", "sqlite:///srv/", "sqlite:///tmp", "sqlite:///srv/larry.db?mode=ro", "postgres://h",
        "postgres://h/", "postgres://h/a/b", "postgres://h:port/larry", "postgres://h:99999/larry",
        "postgres://h/larry?colour=blue", "postgres://h/larry?sslmode", "postgres://h/lar ry", "postgres://h/larry#x",
        "postgres://[::1/larry",
    ],
)  # fmt: skip
def test_what_is_no_database_url_is_refused(url: str) -> None:
    with pytest.raises(NotADatabaseUrl):
        read_database_url(url)


def test_a_refused_database_url_keeps_its_password() -> None:
    for url in (
        "postgres://u:hunter2@h",
        "postgres://u:hunter2@h:port/x",
        "postgres://u:hunter2@h/x?y=1",
        "x://hunter2@",
    ):
        with pytest.raises(NotADatabaseUrl) as caught:
            read_database_url(url)
        assert "hunter2" not in str(caught.value)
