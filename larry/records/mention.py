"""Which rows mention a text, without regard to case, alike on every database.

SQLite compares only ASCII letters so, PostgreSQL those of the language it was told; with other letters each is looked
for as it is written in either case.
"""

from __future__ import annotations

import re

from django.db.models import Q


def mentions(column: str, text: str) -> Q:
    """The column holds the text somewhere."""
    return Q(**{f"{column}__icontains": text}) if text.isascii() else Q(**{f"{column}__iregex": _either_case(text)})


def says(column: str, text: str) -> Q:
    """The column is the text."""
    return Q(**{f"{column}__iexact": text}) if text.isascii() else Q(**{f"{column}__iregex": f"^{_either_case(text)}$"})


def _either_case(text: str) -> str:
    return "".join(map(_either_case_of_one, text))


def _either_case_of_one(letter: str) -> str:
    if letter.isascii():
        return letter if letter.isalnum() else f"\\{letter}"
    forms = dict.fromkeys((letter, letter.lower(), letter.upper(), letter.title(), letter.casefold()))
    return f"(?:{'|'.join(map(re.escape, forms))})" if len(forms) > 1 else letter
