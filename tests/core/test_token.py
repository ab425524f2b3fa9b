"""The form of tokens, and what they are known by."""

from __future__ import annotations

import hashlib

import pytest

from larry.core.token import PUBLIC_BYTES, SECRET_BYTES, find_token_prefix, hash_token, make_token_text

LOWEST = make_token_text(bytes(PUBLIC_BYTES), bytes(SECRET_BYTES))
HIGHEST = make_token_text(b"\xff" * PUBLIC_BYTES, b"\xff" * SECRET_BYTES)


def test_every_secret_makes_a_token_of_one_length_and_no_two_the_same() -> None:
    assert f"larry_{'0' * 12}_{'0' * 43}" == LOWEST
    assert len(HIGHEST) == len(LOWEST)
    assert find_token_prefix(HIGHEST) == "f" * 12
    one = make_token_text(bytes(PUBLIC_BYTES), bytes(31) + b"\x01")
    assert one.endswith("01")
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = 0
    for digit in HIGHEST.rpartition("_")[2]:
        number = number * 62 + digits.index(digit)
    assert number == 2**256 - 1, "nothing of the secret is lost"


@pytest.mark.parametrize(
    "text",
    ["", "larry_", LOWEST[:-1], LOWEST + "0", LOWEST + "\n", LOWEST.upper(), LOWEST.replace("larry", "harry"),
     LOWEST[:-1] + "-", LOWEST[:-1] + "é", "larry_" + "g" * 12 + LOWEST[18:]],
)  # fmt: skip
def test_what_no_token_looks_like_is_none(text: str) -> None:
    assert find_token_prefix(text) is None


def test_it_is_known_by_its_sha256() -> None:
    assert hash_token(LOWEST) == hashlib.sha256(LOWEST.encode()).hexdigest()
