"""The key file holds the keys of one Larry, made once for those who gave none, readable by its owner only."""

from __future__ import annotations

import contextlib
import os
import stat
import tomllib
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from pathlib import Path

KEY_FILE = "keys.toml"
_KEY_BYTES = 32


class KeyFileIsUnusable(Exception):
    """The key file cannot be read, made or understood."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """``secret`` signs cookies; ``secrets`` encrypt sensitive values, the first one new values."""

    secret: str
    secrets: tuple[str, ...]


def is_fernet_key(text: str) -> bool:
    """Whether `Fernet` takes it, which is not loaded for that: what only looks something up needs no key."""
    try:
        return len(urlsafe_b64decode(text)) == _KEY_BYTES
    except ValueError:
        return False


def keep_keys(home: Path) -> Keys:
    """The keys in ``home``, made there first if there are none; two who start at once get the same ones.

    Raises `KeyFileIsUnusable`.
    """
    path = home / KEY_FILE
    try:
        if not path.exists():
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyFileIsUnusable(f"{path} is open to other users of this machine: chmod 600 {path}")
        return _read(path)
    except OSError as error:
        raise KeyFileIsUnusable(f"{path}: {error.strerror or error}") from error


def _make(path: Path) -> None:
    """Write a whole file beside, and link it into place: whoever comes second keeps the first one's."""
    import secrets
    import tempfile

    from cryptography.fernet import Fernet

    text = (
        "# Made by Larry. Whoever has these keys can read every secret in the database; without them nobody can.\n"
        "# Keep a copy apart from the copies of the database.\n"
        f'secret_key = "{secrets.token_urlsafe(48)}"\n'
        f'secrets_keys = ["{Fernet.generate_key().decode()}"]\n'
    )
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(name)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        Path(name).unlink(missing_ok=True)


def _read(path: Path) -> Keys:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KeyFileIsUnusable(f"{path} is not TOML: {error}") from error
    secret, several = content.get("secret_key"), content.get("secrets_keys")
    if not isinstance(secret, str) or not secret:
        raise KeyFileIsUnusable(f"{path} has no text secret_key")
    if not isinstance(several, list) or not several or not all(isinstance(key, str) for key in several):
        raise KeyFileIsUnusable(f"{path} has no list secrets_keys of texts")
    return Keys(secret, tuple(several))
