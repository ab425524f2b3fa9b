"""What is visible, table by table: the condition under which a row of it may be seen with some rights.

Hosts of a pool are seen whole, with everything on them. Of a customer or an app one sees what is theirs, and of hosts
those on which it stands, without the configurations. Services, roles, grades and pools are everybody's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from django.db.models import CharField, Model, Q, QuerySet, Value
from django.db.models.functions import Concat

from larry.core.rights import Permission, Rights, Scope
from larry.records.activity import Activity
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployable import Deployable, FormerDigest
from larry.records.deployment import DeployedService, Deployment, DeploymentVersion
from larry.records.edge import Edge, EdgeVersion
from larry.records.estate import Estate
from larry.records.former_key import FormerKey
from larry.records.grade import Grade
from larry.records.grant import Grant, Group, Membership
from larry.records.host import Host
from larry.records.instance import Instance, Requirement
from larry.records.kept_answer import KeptAnswer
from larry.records.node import NodeDocument, NodePart, NodeSegment
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.rollout import Rollout
from larry.records.secret import Secret
from larry.records.service import Parameter, Service
from larry.records.token import Disclosure, Token
from larry.records.user import SignInAttempt, User
from larry.records.webhook import Delivery, Event, Watermark, Webhook

PEOPLE = ("user", "group", "grant", "token", "webhook", "secrets")
"""What activity about people, and about keys, is about."""

_ALL, _NONE = Q(), Q(pk__in=[])
_Condition: TypeAlias = Callable[[Scope], Q]


def find_visible(model: type[Model], user: str, rights: Rights) -> Q | None:
    """The condition for rows of a table; None when all of them are visible. Raises `KeyError` for a table that has no
    rule."""
    looks = rights.scope(Permission.LOOK)
    reviews = rights.scope(Permission.REVIEW).everything
    if model in _OF_PEOPLE:
        return None if reviews else _OF_PEOPLE[model](user)
    if model in _OF_HOSTS:
        configures = rights.scope(Permission.CONFIGURE)
        return None if configures.everything else _OF_HOSTS[model](configures, looks)
    condition = _OF_ESTATE[model]
    if not looks.everything:
        return condition(looks)
    return None if reviews or model is not Activity else ~Q(noun__in=PEOPLE) & ~Q(verb="reveal")


def _owned(scope: Scope, instance: str = "") -> Q:
    """That an instance, named from a row, is of a customer or an app."""
    return Q(**{f"{instance}customer__in": scope.customers}) | Q(**{f"{instance}app__in": scope.apps})


def _hosts(scope: Scope) -> QuerySet[Any, Any]:
    """The ids of the hosts of pools."""
    return Host.pools.through._default_manager.filter(pool_id__in=scope.pools).values("host")


def _words(scope: Scope) -> Q:
    return _NONE if scope.is_empty else _ALL


def _customer(scope: Scope) -> Q:
    return Q(id__in=scope.customers) | Q(id__in=App.objects.filter(id__in=scope.apps).values("customer"))


def _app(scope: Scope) -> Q:
    return Q(customer__in=scope.customers) | Q(id__in=scope.apps)


def _instance(scope: Scope) -> Q:
    return _owned(scope) | _standing_on_hosts(scope, "id")


def _of_instance(scope: Scope, before: str = "") -> Q:
    """A row that leads to an instance, by itself or by way of another."""
    return _owned(scope, f"{before}instance__") | _standing_on_hosts(scope, f"{before}instance")


def _standing_on_hosts(scope: Scope, instance: str) -> Q:
    """That an instance has, had or will have a service on a host of a pool."""
    if not scope.pools:
        return _NONE
    standing = DeployedService.objects.filter(host__in=_hosts(scope)).values("deployment__instance")
    return Q(**{f"{instance}__in": standing})


def _deployment(scope: Scope) -> Q:
    return _owned(scope, "instance__") | Q(host__in=_hosts(scope))


def _of_deployment(scope: Scope) -> Q:
    return _owned(scope, "deployment__instance__") | Q(deployment__host__in=_hosts(scope)) | Q(host__in=_hosts(scope))


def _rollout(scope: Scope) -> Q:
    return Q(id__in=DeploymentVersion.objects.filter(_of_deployment(scope)).values("rollout"))


def _activity(scope: Scope) -> Q:
    """Lines about what is visible; about services and what is everybody's only for who sees everything, since the
    reasons for that may speak of anybody."""
    app = Concat("customer__key", Value("/"), "key", output_field=CharField())
    return (
        Q(noun="customer", address__in=Customer.objects.filter(id__in=scope.customers).values("key"))
        | Q(noun="app", address__in=App.objects.filter(_app(scope)).annotate(path=app).values("path"))
        | Q(noun="instance", address__in=Instance.objects.filter(_instance(scope)).values("path"))
        | Q(noun="deployment", address__in=Deployment.objects.filter(_deployment(scope)).values("id"))
        | Q(noun="host", address__in=Host.objects.filter(id__in=_hosts(scope)).values("name")) & ~Q(verb="reveal")
    )


def _host(configures: Scope, looks: Scope) -> Q:
    standing = DeployedService.objects.filter(_owned(looks, "deployment__instance__")).values("host")
    return Q(id__in=_hosts(configures)) | Q(id__in=standing)


def _segment(configures: Scope, looks: Scope) -> Q:
    del looks
    return Q(host__in=_hosts(configures))


def _document(configures: Scope, looks: Scope) -> Q:
    del looks
    return Q(digest__in=NodeSegment.objects.filter(host__in=_hosts(configures)).values("document"))


_OF_ESTATE: Mapping[type[Model], _Condition] = MappingProxyType(
    {
        Customer: _customer,
        App: _app,
        Instance: _instance,
        Requirement: _of_instance,
        Deployable: _of_instance,
        FormerDigest: lambda scope: _of_instance(scope, "deployable__"),
        Deployment: _deployment,
        DeploymentVersion: _of_deployment,
        DeployedService: _of_deployment,
        Rollout: _rollout,
        Activity: _activity,
        Role: _words,
        Grade: _words,
        Pool: _words,
        Service: _words,
        Parameter: _words,
        Edge: _words,
        EdgeVersion: _words,
        Estate: _words,
        FormerKey: _words,
        KeptAnswer: lambda scope: _NONE,
        Secret: lambda scope: _NONE,
    }
)
_OF_HOSTS: Mapping[type[Model], Callable[[Scope, Scope], Q]] = MappingProxyType(
    {Host: _host, NodeSegment: _segment, NodeDocument: _document, NodePart: lambda configures, looks: _NONE}
)
_OF_PEOPLE: Mapping[type[Model], Callable[[str], Q]] = MappingProxyType(
    {
        User: lambda user: Q(name=user),
        Group: lambda user: Q(memberships__user__name=user),
        Membership: lambda user: Q(user__name=user),
        Grant: lambda user: Q(user__name=user) | Q(group__memberships__user__name=user),
        SignInAttempt: lambda user: _NONE,
        Token: lambda user: Q(user__name=user),
        Disclosure: lambda user: Q(token__user__name=user),
        Webhook: lambda user: Q(owner__name=user),
        Event: lambda user: Q(deliveries__webhook__owner__name=user),
        Delivery: lambda user: Q(webhook__owner__name=user),
        Watermark: lambda user: _NONE,
    }
)
