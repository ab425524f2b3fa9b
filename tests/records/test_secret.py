"""Sealed values are known by one name for ever, readable with the keys of the settings only."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import Settings

from larry.core.document import Json, canonical_text
from larry.records.estate import Estate
from larry.records.secret import (
    AlreadySealed,
    NoSuchSecret,
    Secret,
    SecretIsUnreadable,
    rotate_seals,
    seal,
    unseal,
    unseal_each,
)

VALUES: tuple[Json, ...] = (
    "hunter2", "", " padded ", "zażółć 🔑", 0, -1, 1.5, 2**53 - 1, True, False, None, [], {}, [1, "1", [None]],
    {"b": 1, "a": {"nested": [True]}}, "null", "x" * 100_000,
)  # fmt: skip


def _name(value: Json) -> str:
    name = seal(value)["sealed"]
    assert isinstance(name, str)
    return name


def _new_key() -> str:
    return Fernet.generate_key().decode()


@pytest.mark.django_db
def test_what_is_sealed_comes_back_as_it_was() -> None:
    names = [_name(value) for value in VALUES]
    assert len(set(names)) == len(VALUES)
    for value, name in zip(VALUES, names, strict=True):
        back = unseal(name)
        assert back == value
        assert type(back) is type(value)
    assert unseal_each(names) == dict(zip(names, VALUES, strict=True))
    assert unseal_each([]) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


class AnyValue(TestCase):
    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(JSON.filter(lambda value: not isinstance(value, dict) or set(value) != {"sealed"}))
    def test_comes_back_and_is_known_by_what_it_means(self, value: Json) -> None:
        name = _name(value)
        assert canonical_text(unseal(name)) == canonical_text(value)
        assert _name(json.loads(canonical_text(value))) == name


@pytest.mark.django_db
def test_equal_values_have_one_name_and_one_row() -> None:
    assert seal({"a": 1, "b": 2}) == seal({"b": 2, "a": 1.0})
    assert seal("1") != seal(1)
    assert Secret.objects.count() == 3
    before = Secret.objects.get(pk=_name("1")).ciphertext
    seal("1")
    assert Secret.objects.get(pk=_name("1")).ciphertext == before


@pytest.mark.django_db
def test_neither_table_holds_the_plain_text() -> None:
    name = _name("correct horse battery staple")
    with connection.cursor() as cursor:
        cursor.execute("SELECT hmac, ciphertext FROM larry_secret")
        secrets = str(cursor.fetchall())
        cursor.execute("SELECT seal_key FROM larry_estate")
        ((key,),) = cursor.fetchall()
    for plain in ("correct", "horse", "staple"):
        assert plain not in secrets
        assert plain.encode().hex() not in secrets
    assert name in secrets
    assert len(name) == 64
    assert key.startswith("gAAAA")


@pytest.mark.django_db
def test_two_estates_know_one_value_by_two_names() -> None:
    first = seal("hunter2")
    Estate.objects.update(seal_key="")
    assert seal("hunter2") != first


@pytest.mark.django_db
def test_rotating_keys_changes_no_name_and_retires_the_old_key(settings: Settings) -> None:
    old, new = settings.LARRY_SECRETS_KEYS[0], _new_key()
    names = [_name(value) for value in VALUES]
    before = dict(Secret.objects.values_list("hmac", "ciphertext"))

    settings.LARRY_SECRETS_KEYS = (new, old)
    assert [_name(value) for value in VALUES] == names
    assert dict(Secret.objects.values_list("hmac", "ciphertext")) == before
    assert rotate_seals() == len(VALUES)
    assert not set(dict(Secret.objects.values_list("hmac", "ciphertext")).values()) & set(before.values())

    settings.LARRY_SECRETS_KEYS = (new,)
    assert [_name(value) for value in VALUES] == names
    assert unseal_each(names) == dict(zip(names, VALUES, strict=True))

    settings.LARRY_SECRETS_KEYS = (old,)
    with pytest.raises(SecretIsUnreadable, match="the permanent key of the estate"):
        unseal(names[0])


@pytest.mark.django_db
def test_more_secrets_than_a_batch_are_rotated_and_unsealed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("larry.records.secret._BATCH", 7)
    names = {_name(number): number for number in range(20)}
    settings.LARRY_SECRETS_KEYS = (_new_key(), *settings.LARRY_SECRETS_KEYS)
    assert rotate_seals() == 20
    settings.LARRY_SECRETS_KEYS = settings.LARRY_SECRETS_KEYS[:1]
    assert unseal_each(names) == names


@pytest.mark.django_db
def test_rotating_without_the_key_that_is_needed_changes_nothing(settings: Settings) -> None:
    name = _name("hunter2")
    before = Secret.objects.get(pk=name).ciphertext
    settings.LARRY_SECRETS_KEYS = (_new_key(),)
    with pytest.raises(SecretIsUnreadable):
        rotate_seals()
    assert Secret.objects.get(pk=name).ciphertext == before


@pytest.mark.django_db
def test_rotating_an_estate_without_secrets_is_nothing() -> None:
    assert rotate_seals() == 0
    assert Estate.objects.get().seal_key == ""


@pytest.mark.django_db
def test_refusals_name_the_secret_and_never_its_value() -> None:
    name, other = _name("hunter2"), _name("correct horse")
    with pytest.raises(NoSuchSecret, match="f" * 64):
        unseal("f" * 64)
    with pytest.raises(AlreadySealed):
        seal({"sealed": name})
    Secret.objects.filter(pk=name).update(ciphertext=Secret.objects.get(pk=other).ciphertext)
    with pytest.raises(SecretIsUnreadable, match=name) as caught:
        unseal(name)
    assert "horse" not in str(caught.value)


@pytest.mark.django_db(transaction=True)
def test_writers_that_seal_first_at_once_agree_on_the_permanent_key_and_keep_one_row() -> None:
    writers = 8
    barrier = Barrier(writers)

    def run(_: int) -> str:
        try:
            barrier.wait()
            return _name("hunter2")
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as threads:
        names = set(threads.map(run, range(writers)))
    assert len(names) == 1
    assert Secret.objects.count() == 1
    assert unseal(names.pop()) == "hunter2"
