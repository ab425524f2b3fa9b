"""Hearing: what a webhook may be told, by the rights of its owner and no further than its scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from larry.core.rights import ALL_RIGHTS, NO_RIGHTS, Narrowing, narrow
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader, restrict
from larry.queries.scope import app_customer_of, scope_of
from larry.queries.token import get_narrowed_rights
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployment import Deployment
from larry.records.instance import Instance
from larry.records.node import NodeSegment
from larry.records.webhook import Webhook

_BATCH = 500


def get_listener(webhook: int, reader: Reader, at: Moment) -> Reader:
    """Who listens at a webhook, as a reader: its owner, narrowed to its scope; 1 or 2 SQL statements.

    Somebody who is deactivated hears nothing. Without an owner it hears what whoever runs Larry would.
    Raises `NotFound`.
    """
    row = restrict(reader, Webhook.objects.select_related("owner", "app").defer("known").filter(id=webhook)).first()
    if row is None:
        raise NotFound("there is no such webhook")
    to = Narrowing(None, *scope_of(row), app_customer_of(row))
    if row.owner is None:
        return Reader("", narrow(ALL_RIGHTS, to, {}))
    if row.owner.deactivated_at is not None:
        return Reader(row.owner.name, NO_RIGHTS)
    rights = get_narrowed_rights(row.owner.id, row.owner.is_administrator, to, reader, at)
    return Reader(row.owner.name, rights)


def list_heard(subjects: Iterable[tuple[str, str]], reader: Reader, at: Moment) -> frozenset[tuple[str, str]]:
    """Which of some (noun, address) the reader may be told of; 1 SQL statement for each noun and 500 of it.

    Of a host: whose configuration they may read. What is about no noun of the estate is for who sees everything.
    """
    addresses: dict[str, set[str]] = {}
    for noun, address in subjects:
        addresses.setdefault(noun, set()).add(address)
    heard: set[tuple[str, str]] = set()
    for noun, asked in addresses.items():
        if noun in _FINDERS:
            listed = sorted(asked)
            for first in range(0, len(listed), _BATCH):
                found = _FINDERS[noun](listed[first : first + _BATCH], reader)
                heard.update((noun, address) for address in found)
        elif reader.sees_everything:
            heard.update((noun, address) for address in asked)
    return frozenset(heard)


def _find_apps(addresses: list[str], reader: Reader) -> Iterable[str]:
    path = Concat("customer__key", Value("/"), "key", output_field=CharField())
    return restrict(reader, App.objects.annotate(path=path).filter(path__in=addresses)).values_list("path", flat=True)


_FINDERS: Mapping[str, Callable[[list[str], Reader], Iterable[str]]] = MappingProxyType(
    {
        "deployment": lambda a, r: restrict(r, Deployment.objects.filter(id__in=a)).values_list("id", flat=True),
        "host": lambda a, r: (
            restrict(r, NodeSegment.objects.filter(host__name__in=a)).values_list("host__name", flat=True).distinct()
        ),
        "instance": lambda a, r: restrict(r, Instance.objects.filter(path__in=a)).values_list("path", flat=True),
        "app": _find_apps,
        "customer": lambda a, r: restrict(r, Customer.objects.filter(key__in=a)).values_list("key", flat=True),
        "webhook": lambda a, r: restrict(
            r, Webhook.objects.annotate(number=Cast("id", CharField())).filter(number__in=a)
        ).values_list("number", flat=True),
    }
)
