"""The table of nouns, in the order in which they depend on one another: a noun comes after those it refers to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.nouns.app import APP
from larry.nouns.customer import CUSTOMER
from larry.nouns.field import Noun
from larry.nouns.grade import GRADE
from larry.nouns.host import HOST
from larry.nouns.instance import INSTANCE
from larry.nouns.pool import POOL
from larry.nouns.role import ROLE
from larry.nouns.service import SERVICE

NOUNS: Mapping[str, Noun] = MappingProxyType(
    {noun.name: noun for noun in (ROLE, GRADE, POOL, HOST, SERVICE, CUSTOMER, APP, INSTANCE)}
)
"""Hosts stand before services because an audit may name a host."""

SECTIONS: Mapping[str, Noun] = MappingProxyType({noun.plural: noun for noun in NOUNS.values() if noun.parent is None})
"""The keys of an estate file that hold nouns."""

CHILDREN: Mapping[str, Mapping[str, Noun]] = MappingProxyType(
    {
        noun.name: MappingProxyType({child.plural: child for child in NOUNS.values() if child.parent == noun.name})
        for noun in NOUNS.values()
    }
)
"""For each noun, the keys that hold its children in an estate file."""
