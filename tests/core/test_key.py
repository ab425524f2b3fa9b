"""Keys: derived from names as the specification's recipe says, or refused with the reason."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larry.core.key import KEY_PATTERN, LONGEST_KEY, RESERVED_KEYS, NoKeyFromName, derive_key, fold
from tests.core.budget import cases


@pytest.mark.parametrize(
    "name, key",
    [
        ("Acme", "acme"),
        ("a", "a"),
        ("Müller & Söhne GmbH", "muller_sohne_gmbh"),
        ("Mu\u0308ller", "muller"),
        ("Straße", "strasse"),
        ("GROẞ", "gross"),
        ("ﬁle ﬂow", "file_flow"),
        ("x²", "x2"),
        ("Café", "cafe"),
        ("  a -- b  ", "a_b"),
        ("a__b", "a_b"),
        ("ＡＢＣ", "abc"),
        ("Ångström", "angstrom"),
        ("Chapter Ⅳ", "chapter_iv"),
        ("\u212aelvin", "kelvin"),
        ("İstanbul", "istanbul"),
        ("e-mail/web", "e_mail_web"),
        ("node 1", "node_1"),
        ("classes", "classes"),
        ("❤\ufe0f love", "love"),
        ("a\ufe0fb", "ab"),
        ("क\u0940x", "x"),
        ("v1.2.3", "v1_2_3"),
        ("tab\there\nthere", "tab_here_there"),
        ("x" * 63, "x" * 63),
        ("x" * 64, "x" * 63),
        ("x" * 62 + " tail", "x" * 62),
    ],
)
def test_a_name_has_its_key(name: str, key: str) -> None:
    assert derive_key(name) == key


@pytest.mark.parametrize("name", ["", " ", "---", "日本", "❤\ufe0f", "\u0301", "🙂"])
def test_a_name_without_letters_has_no_key(name: str) -> None:
    with pytest.raises(NoKeyFromName, match="no letter or digit"):
        derive_key(name)


@pytest.mark.parametrize("name, key", [("3com", "3com"), ("½ price", "1_2_price"), ("-7-", "7"), ("²", "2")])
def test_a_key_does_not_start_with_a_digit(name: str, key: str) -> None:
    with pytest.raises(NoKeyFromName, match=f"{key!r}, which starts with a digit"):
        derive_key(name)


@pytest.mark.parametrize("word", sorted(RESERVED_KEYS))
def test_reserved_words_are_no_keys(word: str) -> None:
    for name in (word, word.upper(), f" {word}! ", word[0].upper() + word[1:]):
        with pytest.raises(NoKeyFromName, match="reserved"):
            derive_key(name)
    assert derive_key(f"{word} x") == f"{word}_x"


PUPPETS_WORDS = (
    "and application attr case component consumes default define else elsif environment false function if import in "
    "inherits node or private produces site true type undef unit unless class main settings "
    # Puppet::Pops::Validation::Checker4_0::RESERVED_TYPE_NAMES: no class may be called so.
    "any array boolean collection enum float hash init integer numeric object optional pattern regexp runtime scalar "
    "semver semverrange sensitive string struct timespan timestamp tuple typeset variant"
)


def test_the_words_of_puppet_and_ansible_are_reserved() -> None:
    assert set(PUPPETS_WORDS.split()) <= RESERVED_KEYS
    assert {"all", "ungrouped"} <= RESERVED_KEYS


def recipe(name: str) -> str:
    """The specification's recipe, a step a line; "" when nothing is left."""
    text = name.replace("ß", "ss").replace("ẞ", "SS")
    text = unicodedata.normalize("NFKD", text)
    text = "".join(character for character in text if unicodedata.category(character)[0] != "M")
    text = text.lower()
    words = "".join(character if character in "abcdefghijklmnopqrstuvwxyz0123456789" else " " for character in text)
    return "_".join(words.split())


@cases(500)
@given(st.text(max_size=20) | st.text(st.sampled_from("aZ9_ -ßẞäé\u0301\ufe0fﬁ²"), max_size=80))
def test_keys_follow_the_recipe(name: str) -> None:
    wanted = recipe(name)[:LONGEST_KEY].strip("_")
    if not wanted or wanted[0].isdigit() or wanted in RESERVED_KEYS:
        with pytest.raises(NoKeyFromName):
            derive_key(name)
        return
    key = derive_key(name)
    assert key == wanted
    assert KEY_PATTERN.fullmatch(key)
    assert derive_key(key) == key
    assert derive_key(unicodedata.normalize("NFD", name)) == key
    assert re.fullmatch(r"[a-z][a-z0-9_]*", key)
    assert len(key) <= 63


@pytest.mark.parametrize(
    "one, other",
    [
        ("ACME", "acme"),
        ("Straße", "STRASSE"),
        ("Café", "Cafe\u0301"),
        ("ﬁle", "File"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("ＡＢＣ", "abc"),
        ("\u212a", "k"),
        ("x²", "X2"),
    ],
)
def test_names_that_differ_in_case_only_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize("one, other", [("acme", "acme "), ("cafe", "café"), ("a-b", "a_b"), ("ı", "i")])
def test_names_that_differ_otherwise_are_two(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@cases(500)
@given(st.text(max_size=12))
def test_folding_again_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert fold(unicodedata.normalize("NFD", name)) == fold(name)


def test_folding_every_character_twice_changes_nothing() -> None:
    unstable = [hex(code) for code in range(0x110000) if fold(fold(chr(code))) != fold(chr(code))]
    assert unstable == []
