"""A formula is what a spreadsheet runs when it should show: text that looks like one is guarded in CSV."""

from __future__ import annotations

import re

_LOOKS_LIKE_ONE = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""The wide forms of East Asian keyboards among them; guards before it count, so that guarding can be undone."""


def guard_formula(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if _LOOKS_LIKE_ONE.match(text) else text


def unguard_formula(text: str) -> str:
    """The text that `guard_formula` guarded, or any other as it is."""
    return text[1:] if text.startswith("'") and _LOOKS_LIKE_ONE.match(text) else text
