"""A token says who asks; it is found in an argument, a variable or a file, and is never printed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

TOKEN, TOKEN_FILE = "LARRY_TOKEN", "LARRY_TOKEN_FILE"  # names of variables
LONGEST = 4096

_FORM = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}")


class NoToken(ValueError):
    """What should be a token is none, or is kept where everybody can read it."""


class Token:
    """The text of a token, which only `header` gives out: a traceback, a log or a debugger shows none of it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not _FORM.fullmatch(text):
            raise NoToken(f"a token is 1 to {LONGEST} printable characters without spaces")
        self._text = text

    @property
    def header(self) -> str:
        """The value of the header Authorization."""
        return f"Bearer {self._text}"

    def __repr__(self) -> str:
        return "Token(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a token is not pickled")


def find_token(
    token: str | None = None, token_file: str | Path | None = None, environment: Mapping[str, str] = os.environ
) -> Token | None:
    """The token that is given, else that of the file, else of LARRY_TOKEN, else of the file LARRY_TOKEN_FILE; None
    where nothing says any. Raises `NoToken`, which tells where it looked and nothing of what it found.
    """
    if token is not None:
        return _read(token, "the argument")
    if token_file is not None:
        return _read_file(Path(token_file))
    if said := environment.get(TOKEN, "").strip():
        return _read(said, TOKEN)
    if named := environment.get(TOKEN_FILE, "").strip():
        return _read_file(Path(named))
    return None


def _read(text: str, whence: str) -> Token:
    try:
        return Token(text.strip())
    except NoToken as fault:
        raise NoToken(f"{whence}: {fault}") from None


def _read_file(path: Path) -> Token:
    """The first line of the file, which must not be for everybody to read."""
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & stat.S_IROTH:
                raise NoToken(f"{path} can be read by everybody: chmod 600 {path}")
            line = file.readline(LONGEST + 2)
    except OSError as fault:
        raise NoToken(f"{path}: {fault.strerror or fault}") from None
    return _read(line.decode("utf-8", "replace"), str(path))
