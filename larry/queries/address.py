"""Addresses: how everything that has one is called, for who is typing it or has typed it wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.records.grade import Grade
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.rollout import Rollout
from larry.records.service import Parameter, Service
from larry.records.token import Token
from larry.records.user import User

_Found: TypeAlias = "QuerySet[object, tuple[str, ...]]"


@dataclass(frozen=True, slots=True)
class Addressed:
    """How something is addressed, and a few words about it."""

    address: str
    about: str


def list_addresses(
    kind: str, prefix: str, reader: Reader, at: Moment, *, within: str | None = None, limit: int | None = None
) -> tuple[Addressed, ...]:
    """What begins with a prefix: nouns that are not retired, deployments that are not over, the latest rollouts and
    snapshots first; 1 SQL statement. Nothing for a kind that has no addresses.

    ``within`` narrows snapshots to an instance, and parameters to a service.
    """
    if kind not in _LISTS:
        return ()
    rows = _LISTS[kind](prefix.lower(), reader, at, within)
    return tuple(Addressed(str(address), " on ".join(about)) for address, *about in rows[:limit])


def _host(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
    rows = restrict(reader, Host.objects.filter(retired_at=None, name__startswith=prefix))
    return rows.order_by("name").values_list("name", "description")


def _instance(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
    rows = restrict(reader, Instance.objects.filter(retired_at=None, path__startswith=prefix))
    return rows.order_by("path").values_list("path", "name")


def _app(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
    path = Concat("customer__key", Value("/"), "key", output_field=CharField())
    rows = restrict(reader, App.objects.filter(retired_at=None)).annotate(path=path)
    return rows.filter(path__startswith=prefix).order_by("path").values_list("path", "name")


def _deployment(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
    rows = restrict(reader, Deployment.objects.filter(deactivated_at=None, id__startswith=prefix))
    live = rows.exclude(end__lte=at.as_of).order_by("instance__path", "host__name", "start")
    return live.values_list("id", "instance__path", "host__name")


def _rollout(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
    rows = restrict(reader, Rollout.objects.all()).annotate(number=Cast("id", CharField()))
    return rows.filter(number__startswith=prefix).order_by("-id").values_list("number", "reason")


def _snapshot(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
    of_one = Q(instance__path=within.lower()) if within is not None else Q()
    rows = restrict(reader, Deployable.objects.filter(of_one, digest__startswith=prefix))
    return rows.order_by("-taken_at", "digest").values_list("digest", "instance__path")


def _parameter(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
    of_one = Q(service__key=within.lower()) if within is not None else Q()
    rows = restrict(reader, Parameter.objects.filter(of_one, service__retired_at=None, name__istartswith=prefix))
    return rows.order_by("name").values_list("name", "type").distinct()


def _user(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
    rows = restrict(reader, User.objects.filter(deactivated_at=None, name_folded__startswith=prefix))
    return rows.order_by("name_folded").values_list("name", "full_name")


def _token(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
    address = Concat("user__name_folded", Value("/"), "name_folded", output_field=CharField())
    rows = restrict(reader, Token.objects.filter(revoked_at=None, expires_at__gt=at.as_of)).annotate(address=address)
    return rows.filter(address__startswith=prefix).order_by("address").values_list("address", "prefix")


def _keyed(kind: type[Role | Grade | Pool | Service | Customer]) -> _List:
    def rows(prefix: str, reader: Reader, at: Moment, within: str | None) -> _Found:
        found = restrict(reader, kind._default_manager.filter(retired_at=None, key__startswith=prefix))
        return found.order_by("key").values_list("key", "name")

    return rows


_List: TypeAlias = Callable[[str, Reader, Moment, str | None], _Found]

_LISTS: Mapping[str, _List] = MappingProxyType(
    {
        "role": _keyed(Role),
        "grade": _keyed(Grade),
        "pool": _keyed(Pool),
        "service": _keyed(Service),
        "customer": _keyed(Customer),
        "app": _app,
        "instance": _instance,
        "host": _host,
        "deployment": _deployment,
        "rollout": _rollout,
        "snapshot": _snapshot,
        "parameter": _parameter,
        "user": _user,
        "token": _token,
    }
)
