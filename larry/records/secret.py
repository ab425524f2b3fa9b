"""A secret is a sensitive value that the database holds only as ciphertext, known elsewhere by its HMAC.

The HMAC is made with the estate's permanent key, so that equal values are known by equal names for ever; the ciphertext
with keys that rotate, so that a key that leaked can be retired. The permanent key is itself kept as ciphertext, in the
estate's row.
"""

from __future__ import annotations

import hashlib
import hmac as keyed_hash
import json
import secrets
from collections.abc import Iterable, Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models, transaction

from larry.core.document import SEALED, Json, canonical_text, is_sealed
from larry.records.estate import Estate

LOST_KEY = "?"
"""Stands for every key that is not in the settings."""

_BATCH = 500


class AlreadySealed(ValueError):
    """The value to be sealed is itself the reference to a sealed one."""


class NoSuchSecret(LookupError):
    """No secret is known by this HMAC."""


class SecretIsUnreadable(Exception):
    """None of the keys in the settings opens the ciphertext, or what it opens is not what it is known as."""


class Secret(models.Model):
    hmac = models.CharField(max_length=64, primary_key=True)
    ciphertext = models.TextField()

    def __str__(self) -> str:
        return self.hmac


def seal(value: Json) -> dict[str, Json]:
    """Keep the value as ciphertext, once, and return the reference to it: ``{"sealed": HMAC}``. 2 or 3 SQL.

    Raises `AlreadySealed` for a reference, and what `canonical_text` raises for what is no JSON.
    """
    if is_sealed(value):
        raise AlreadySealed("a reference to a sealed value cannot be sealed again")
    text = canonical_text(value).encode()
    name = _name_of(text, _permanent_key())
    if not Secret.objects.filter(pk=name).exists():
        # Two who seal one value at once write two ciphertexts of the same; the first stays.
        ciphertext = _keys().encrypt(text).decode()
        Secret.objects.bulk_create([Secret(hmac=name, ciphertext=ciphertext)], ignore_conflicts=True)
    return {SEALED: name}


def name_digest(digest: str) -> str:
    """By which name a digest of clear text is known: its HMAC, so that nobody can try secrets on it. 1 SQL."""
    return _name_of(f"digest {digest}".encode(), _permanent_key())  # no JSON, so that it is no secret's name


def unseal(hmac: str) -> Json:
    """The value known by this HMAC. 2 SQL. Raises `NoSuchSecret` and `SecretIsUnreadable`."""
    return unseal_each([hmac])[hmac]


def unseal_each(hmacs: Iterable[str]) -> dict[str, Json]:
    """The values by their HMACs. 2 SQL for each 500. Raises `NoSuchSecret` and `SecretIsUnreadable`."""
    wanted = sorted(set(hmacs))
    if not wanted:
        return {}
    keys, permanent = _keys(), _permanent_key()
    values: dict[str, Json] = {}
    for secret in Secret.objects.in_bulk(wanted).values():
        text = _open(secret.ciphertext, keys, f"the secret {secret.hmac}")
        if not keyed_hash.compare_digest(_name_of(text, permanent), secret.hmac):
            raise SecretIsUnreadable(f"the secret {secret.hmac} holds another value than it is known for")
        values[secret.hmac] = json.loads(text)
    unknown = [name for name in wanted if name not in values]
    if unknown:
        raise NoSuchSecret(f"no secret is known as {', '.join(unknown)}")
    return values


def prepare_seals() -> None:
    """Make the estate's permanent key if it is not there, so that a dry run names secrets as its act does. 1 SQL."""
    _permanent_key()


def rotate_seals() -> int:
    """Encrypt every secret anew with the first key of the settings, so that the others can be dropped; how many."""
    keys = _keys()
    with transaction.atomic():
        estate = Estate.objects.select_for_update().get(pk=1)
        if estate.seal_key:
            estate.seal_key = _rotate(estate.seal_key, keys, "the permanent key of the estate")
            estate.save(update_fields=["seal_key"])
        names = list(Secret.objects.order_by("pk").values_list("pk", flat=True))
        for first in range(0, len(names), _BATCH):
            batch = list(Secret.objects.select_for_update().filter(pk__in=names[first : first + _BATCH]))
            for secret in batch:
                secret.ciphertext = _rotate(secret.ciphertext, keys, f"the secret {secret.hmac}")
            Secret.objects.bulk_update(batch, ["ciphertext"])
    return len(names)


def list_key_names() -> tuple[str, ...]:
    """The names of the keys in the settings: of each, the first characters of a digest that says nothing else."""
    return tuple(_name_of_key(key) for key in settings.LARRY_SECRETS_KEYS)


def list_needed_keys() -> tuple[str, ...]:
    """The names of those keys that open something in the database, `LOST_KEY` if something opens with none. 2 SQL."""
    keys = {_name_of_key(key): Fernet(key) for key in settings.LARRY_SECRETS_KEYS}
    needed: set[str] = set()
    for texts in (
        Estate.objects.exclude(seal_key="").values_list("seal_key", flat=True),
        Secret.objects.values_list("ciphertext", flat=True).iterator(chunk_size=_BATCH),
    ):
        needed.update(_find_key(text, keys) for text in texts)
    return tuple(sorted(needed))


def forget_lost_key() -> bool:
    """Let go of a permanent key that no key in the settings opens, so that a new one is made; whether it was lost.

    What is sealed already stays what it is, and unreadable. 1 SQL, and 1 more if it was lost.
    """
    try:
        _permanent_key()
    except SecretIsUnreadable:
        return bool(Estate.objects.update(seal_key=""))
    return False


def _find_key(ciphertext: str, keys: Mapping[str, Fernet]) -> str:
    for name, key in keys.items():
        try:
            key.decrypt(ciphertext)
        except InvalidToken:
            continue
        return name
    return LOST_KEY


def _name_of_key(key: str) -> str:
    return hashlib.sha256(f"larry key {key}".encode()).hexdigest()[:12]


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.LARRY_SECRETS_KEYS])


def _name_of(text: bytes, permanent: bytes) -> str:
    return keyed_hash.new(permanent, text, hashlib.sha256).hexdigest()


def _permanent_key() -> bytes:
    """32 random bytes, made when first asked for; who asks at the same time waits and gets the same. 1 SQL, once 3."""
    sealed = Estate.objects.values_list("seal_key", flat=True).get(pk=1)
    if not sealed:
        with transaction.atomic():
            estate = Estate.objects.select_for_update().get(pk=1)
            if not estate.seal_key:
                estate.seal_key = _keys().encrypt(secrets.token_bytes(32)).decode()
                estate.save(update_fields=["seal_key"])
            sealed = estate.seal_key
    return _open(sealed, _keys(), "the permanent key of the estate")


def _open(ciphertext: str, keys: MultiFernet, what: str) -> bytes:
    try:
        return keys.decrypt(ciphertext)
    except InvalidToken as error:
        raise SecretIsUnreadable(f"no key in the settings opens {what}") from error


def _rotate(ciphertext: str, keys: MultiFernet, what: str) -> str:
    try:
        return keys.rotate(ciphertext).decode()
    except InvalidToken as error:
        raise SecretIsUnreadable(f"no key in the settings opens {what}") from error
