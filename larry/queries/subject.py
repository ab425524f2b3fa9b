"""The subject of a picture: which noun an address or a name means, where a command takes several sorts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from django.db.models import Q

from larry.core.key import fold
from larry.nouns.fault import did_you_mean
from larry.queries.address import list_addresses
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.view import read_view
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.pool import Pool
from larry.records.service import Service


def find_subject(address: str, kinds: Iterable[str], reader: Reader, at: Moment) -> tuple[str, str]:
    """Which noun of some kinds an address or a name means: its kind and its address; 1 SQL statement for each kind.

    Raises `NotFound` when there is none, with a name that is near, or when there is more than one.
    """
    kinds = tuple(kinds)
    with read_view():
        found = [(kind, known) for kind in kinds for known in _FINDERS[kind](address.strip(), reader)]
    if not found:
        raise NotFound(_why_none(address.strip(), kinds, reader, at))
    if len(found) > 1:
        named = " and ".join(f"{kind} {known}" for kind, known in found)
        raise NotFound(f"{address} may be {named}: say which kind is meant, and write its address")
    return found[0]


def _why_none(address: str, kinds: Sequence[str], reader: Reader, at: Moment) -> str:
    nouns = ", ".join(kinds[:-1]) + " or " + kinds[-1] if len(kinds) > 1 else kinds[0]
    known = {fold(each.address): each.address for kind in kinds for each in list_addresses(kind, "", reader, at)}
    return f"there is no {nouns} {address}{did_you_mean(address, known)}"


def _find_instances(address: str, reader: Reader) -> Iterable[str]:
    return restrict(reader, Instance.objects.filter(path=address.lower())).values_list("path", flat=True)


def _find_apps(address: str, reader: Reader) -> Iterable[str]:
    customer, _, app = address.lower().partition("/")
    rows = restrict(reader, App.objects.filter(customer__key=customer, key=app))
    return [f"{customer}/{key}" for key in rows.values_list("key", flat=True)]


def _named(address: str) -> Q:
    return Q(key=address.lower()) | Q(name_folded=fold(address))


_FINDERS: Mapping[str, Callable[[str, Reader], Iterable[str]]] = MappingProxyType(
    {
        "service": lambda a, r: restrict(r, Service.objects.filter(_named(a))).values_list("key", flat=True),
        "instance": _find_instances,
        "host": lambda a, r: restrict(r, Host.objects.filter(name=a.lower())).values_list("name", flat=True),
        "app": _find_apps,
        "customer": lambda a, r: restrict(r, Customer.objects.filter(_named(a))).values_list("key", flat=True),
        "pool": lambda a, r: restrict(r, Pool.objects.filter(_named(a))).values_list("key", flat=True),
    }
)
