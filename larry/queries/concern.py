"""Whom a change of nouns may concern: the instances whose layers or closures have part in them."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.records.app import App
from larry.records.instance import Instance, Requirement

_MANY = 5000
"""As many are asked for one by one; of more all are read, since no statement takes as many values as one likes."""


def list_concerned(
    touched: Collection[tuple[str, str]], services: Collection[str], reader: Reader, at: Moment
) -> frozenset[str]:
    """The paths of the instances that the reader sees among those that are touched, by (noun, address), or whose
    customer or app is, that follow one that is touched, or require one of the services; no other is looked at.

    At most 5 SQL statements, and 1 for each step of templates following templates.
    """
    customers = {address for noun, address in touched if noun == "customer"}
    apps = {address for noun, address in touched if noun == "app"}
    paths = {address for noun, address in touched if noun == "instance"}
    found: set[int] = set()
    standing = restrict(WHOLE, Instance.objects.filter(retired_at=None))
    if customers:
        found |= set(standing.filter(customer__key__in=customers).values_list("id", flat=True))
    if apps:
        found |= set(standing.filter(app__in=_find_apps(apps)).values_list("id", flat=True))
    if services:
        requiring = restrict(WHOLE, Requirement.objects.filter(service__key__in=services, instance__retired_at=None))
        found |= set(requiring.values_list("instance_id", flat=True))
    following = set(standing.filter(path__in=paths).values_list("id", flat=True)) if paths else set()
    known: set[int] = set()
    while following:
        known |= following
        following = _list_followers(standing, following) - known
    return _name(found | known, reader)


def _list_followers(standing: QuerySet[Instance], templates: Collection[int]) -> set[int]:
    rows = standing.filter(template__in=templates) if len(templates) <= _MANY else standing
    return {id_ for id_, template in rows.values_list("id", "template_id") if template in templates}


def _name(ids: Collection[int], reader: Reader) -> frozenset[str]:
    if not ids:
        return frozenset()
    rows = restrict(reader, Instance.objects.filter(retired_at=None))
    rows = rows.filter(id__in=ids) if len(ids) <= _MANY else rows
    return frozenset(path for id_, path in rows.values_list("id", "path") if id_ in ids)


def _find_apps(addresses: Collection[str]) -> set[int]:
    pairs = [address.partition("/")[::2] for address in addresses]
    of_these = Q(customer__key__in={customer for customer, _ in pairs}, key__in={app for _, app in pairs})
    rows = restrict(WHOLE, App.objects.filter(of_these, retired_at=None))
    return {id_ for customer, key, id_ in rows.values_list("customer__key", "key", "id") if (customer, key) in pairs}
