"""A scalar is read alike by JSON and by YAML 1.1, and a dialect is found by its name or its suffix."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from larry.exports import exact_scalar
from larry.exports.dialect import DIALECTS, UnknownDialect, find_dialect
from tests.exports.hostile import LONG, NUMBERS, TEXTS

SCALARS: tuple[Any, ...] = (*TEXTS, LONG, *NUMBERS, None, True, False)


def test_there_are_many_hostile_texts_and_none_twice() -> None:
    assert len(set(TEXTS)) == len(TEXTS) > 77


@pytest.mark.parametrize("value", SCALARS, ids=lambda value: repr(value)[:30])
def test_json_and_yaml_read_a_scalar_alike(value: Any) -> None:
    text = exact_scalar(value)
    read = json.loads(text), yaml.safe_load(text), yaml.load(text, yaml.CSafeLoader)
    assert [(type(each), each) for each in read] == [(type(value), value)] * 3


def test_no_scalar_has_a_line_end_or_half_of_a_pair() -> None:
    for value in SCALARS:
        text = exact_scalar(value)
        assert len(text.splitlines()) == 1
        assert "\\ud" not in text.replace("\\\\", "")


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_dialect_has_two_names(dialect: Any) -> None:
    assert find_dialect(dialect.name) is find_dialect(dialect.suffix) is dialect


def test_an_unknown_dialect_names_all() -> None:
    with pytest.raises(UnknownDialect) as refusal:
        find_dialect("cobol")
    known = ", ".join(dialect.name for dialect in DIALECTS)
    assert str(refusal.value) == f"there is no dialect 'cobol'; there are {known}"


def test_names_and_suffixes_are_unambiguous() -> None:
    names = [name for dialect in DIALECTS for name in {dialect.name, dialect.suffix}]
    assert len(names) == len(set(names))


def test_dialects_are_as_the_interface_says() -> None:
    assert set("json yaml enc pp hiera ansible salt cfengine chef sh".split()) <= {
        dialect.suffix for dialect in DIALECTS
    }
    assert {"json", "yaml", "cfengine", "sh"} <= {dialect.suffix for dialect in DIALECTS if dialect.can_stop}
