"""A token is what a program shows instead of a password: a name that everybody may see, and a secret of 256 bits."""

from __future__ import annotations

import hashlib
import re

PUBLIC_BYTES, SECRET_BYTES = 6, 32
"""How many random bytes the two parts are made of."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH = 43
"""So many digits of base 62 hold 256 bits."""

_TOKEN = re.compile(rf"larry_([0-9a-f]{{{2 * PUBLIC_BYTES}}})_[0-9A-Za-z]{{{_LENGTH}}}")


def make_token_text(public: bytes, secret: bytes) -> str:
    """The token made of random bytes: letters, digits and underscores, so that one click marks all of it."""
    rest, digits = int.from_bytes(secret), []
    for _ in range(_LENGTH):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return f"larry_{public.hex()}_{''.join(reversed(digits))}"


def find_token_prefix(text: str) -> str | None:
    """The part that everybody may see; None for what no token looks like."""
    found = _TOKEN.fullmatch(text)
    return None if found is None else found.group(1)


def hash_token(text: str) -> str:
    """What is kept of a token, and what it is found by: SHA-256, in hexadecimal.

    A slow hash is for secrets that people choose, because these can be guessed. 256 random bits cannot, however fast
    the hash is; and a machine that asks each minute is answered without a second of work.
    """
    return hashlib.sha256(text.encode()).hexdigest()
