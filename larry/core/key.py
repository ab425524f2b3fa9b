"""A key is the name of a thing for tools: derived once from its name, then stored."""

from __future__ import annotations

import re
import unicodedata

LONGEST_KEY = 63
KEY_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,62}")

RESERVED_KEYS = frozenset(
    "and application attr case class component consumes default define else elsif environment false function "
    "if import in inherits node or private produces site true type undef unless main settings "
    "any array boolean collection enum float hash init integer numeric object optional pattern regexp runtime scalar "
    "semver semverrange sensitive string struct timespan timestamp tuple typeset unit variant "
    "all ungrouped localhost".split()
)
"""None may be the name of a class or group: Puppet's words, its built-in classes, its types; Ansible's groups."""

RESERVED_PARAMETER_NAMES = frozenset(
    "alias audit before consume export loglevel noop notify require schedule stage subscribe tag "
    "name title facts trusted server_facts".split()
)
"""Puppet's metaparameters and its reserved variables: a class parameter of that name changes what the tool does."""


class NoKeyFromName(ValueError):
    """The name has no letters or digits that a key could be made of."""


def derive_key(name: str) -> str:
    """The key of a name: compatibility-decomposed, marks dropped, sharp s as ss, lower case, all else a single
    underscore.

    Raises `NoKeyFromName` when nothing is left, it would start with a digit, or it is a reserved word.
    """
    decomposed = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ẞ", "ss"))
    plain = "".join(character for character in decomposed if not unicodedata.category(character).startswith("M"))
    key = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:LONGEST_KEY].strip("_")
    if not key:
        raise NoKeyFromName(f"the name {name!r} has no letter or digit that a key can be made of")
    if not key[0].isalpha():
        raise NoKeyFromName(f"the key of {name!r} would be {key!r}, which starts with a digit")
    if key in RESERVED_KEYS:
        raise NoKeyFromName(f"the key of {name!r} would be {key!r}, which is a reserved word of the tools")
    return key


def fold(name: str) -> str:
    """The name as compared and sorted: without regard to case or to how its characters are composed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
