"""Rows for the tests of the tables: the least that each table accepts, written as plainly as the actions would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from larry.records.kept_answer import KeptAnswer
from larry.records.models import (
    Activity,
    App,
    Customer,
    Delivery,
    Deployable,
    DeployedService,
    Deployment,
    DeploymentVersion,
    Disclosure,
    Edge,
    EdgeVersion,
    Event,
    FormerKey,
    Grant,
    Group,
    Host,
    Instance,
    NodeDocument,
    NodeSegment,
    Rollout,
    Service,
    Token,
    User,
    Webhook,
)

DAWN = datetime(2026, 1, 1, tzinfo=UTC)

_numbers = count(1)


def hour(number: float) -> datetime:
    """So many hours after the dawn of the tests."""
    return DAWN + timedelta(hours=number)


def named(**fields: Any) -> dict[str, Any]:
    """The fields that all nouns share; without a key or a name one that was not there before."""
    number = next(_numbers)
    return {
        "key": f"key_{number}",
        "name": f"Name {number}",
        "name_folded": f"name {number}",
        "created_at": DAWN,
    } | fields


def add_customer(**fields: Any) -> Customer:
    return Customer.objects.create(**named(**fields))


def add_app(**fields: Any) -> App:
    customer = fields.pop("customer", None) or add_customer()
    return App.objects.create(customer=customer, **named(**fields))


def add_instance(**fields: Any) -> Instance:
    app = fields.pop("app", None) or add_app()
    values = named(**fields)
    values.setdefault("path", f"{app.customer.key}/{app.key}/{values['key']}")
    return Instance.objects.create(app=app, customer=app.customer, **values)


def add_host(**fields: Any) -> Host:
    return Host.objects.create(**named(**fields))


def add_service(**fields: Any) -> Service:
    return Service.objects.create(**named(**fields))


def add_edge(service: Service, target: Service, kind: str = "needs", **fields: Any) -> Edge:
    where_kind = "same-host" if kind == "audits" else None
    return Edge.objects.create(
        **({"service": service, "target": target, "kind": kind, "where_kind": where_kind} | fields)
    )


def add_rollout(**fields: Any) -> Rollout:
    given = {"reason": "a test", "actor": "tester", "recorded_at": DAWN, "plan_digest": "0" * 64}
    return Rollout.objects.create(**(given | fields))


def add_deployable(**fields: Any) -> Deployable:
    instance = fields.pop("instance", None) or add_instance()
    given = {"digest": f"{next(_numbers):064x}", "document": "{}", "taken_at": DAWN, "taken_by": "tester"}
    return Deployable.objects.create(instance=instance, **(given | fields))


def add_deployment(start: float = 0, end: float | None = None, **fields: Any) -> Deployment:
    """A deployment from one hour to another; in a lane of its own unless instance and host are given."""
    instance = fields.pop("instance", None) or add_instance()
    number = next(_numbers)
    given: dict[str, Any] = {
        "id": f"d{number}",
        "instance": instance,
        "host": fields.pop("host", None) or add_host(),
        "deployable": fields.pop("deployable", None) or add_deployable(instance=instance),
        "rollout": fields.pop("rollout", None) or add_rollout(),
        "start": hour(start),
        "end": None if end is None else hour(end),
        "reason": "a test",
        "ordinal": number,
        "recorded_at": DAWN,
    }
    return Deployment.objects.create(**(given | fields))


def add_deployment_version(**fields: Any) -> DeploymentVersion:
    deployment = fields.pop("deployment", None) or add_deployment()
    given = {"version": 1, "host": deployment.host, "start": DAWN, "recorded_at": DAWN}
    return DeploymentVersion.objects.create(deployment=deployment, **(given | fields))


def add_deployed_service(**fields: Any) -> DeployedService:
    deployment = fields.pop("deployment", None) or add_deployment()
    service = fields.pop("service", None) or add_service()
    given = {"service_key": service.key, "host": deployment.host, "start": DAWN, "cause": "required"}
    return DeployedService.objects.create(deployment=deployment, service=service, **(given | fields))


def add_segment(start: float = 0, end: float | None = None, **fields: Any) -> NodeSegment:
    """A segment from one hour to another, on a host of its own unless one is given."""
    document, _ = NodeDocument.objects.get_or_create(digest="0" * 64, defaults={"body": "{}"})
    given: dict[str, Any] = {
        "host": fields.pop("host", None) or add_host(),
        "start": hour(start),
        "end": None if end is None else hour(end),
        "document": document,
        "recorded_at": DAWN,
    }
    return NodeSegment.objects.create(**(given | fields))


def add_activity(**fields: Any) -> Activity:
    given = {"at": DAWN, "actor": "tester", "verb": "edit", "noun": "customer", "address": "acme"}
    return Activity.objects.create(**(given | fields))


def add_former_key(**fields: Any) -> FormerKey:
    activity = fields.pop("activity", None) or add_activity()
    given = {"noun": "role", "key": "old", "owner": 1, "until": DAWN}
    return FormerKey.objects.create(activity=activity, **(given | fields))


def add_edge_version(**fields: Any) -> EdgeVersion:
    service, target = fields.pop("service", None) or add_service(), fields.pop("target", None) or add_service()
    given = {"kind": "needs", "recorded_at": DAWN, "activity": fields.pop("activity", None) or add_activity()}
    return EdgeVersion.objects.create(service=service, target=target, **(given | fields))


def add_group(**fields: Any) -> Group:
    number = next(_numbers)
    return Group.objects.create(**({"name": f"g{number}", "name_folded": f"g{number}", "created_at": DAWN} | fields))


def add_grant(**fields: Any) -> Grant:
    """A grant over everything, to a user of its own unless somebody is given."""
    if "user" not in fields and "group" not in fields:
        fields["user"] = add_user()
    return Grant.objects.create(**({"role": "viewer", "created_at": DAWN} | fields))


def add_kept_answer(**fields: Any) -> KeptAnswer:
    given = {"actor": "tess", "key": "one", "digest": "d" * 64, "at": DAWN}
    return KeptAnswer.objects.create(**(given | fields))


def add_token(**fields: Any) -> Token:
    """One that is known by no text, of a user of its own unless somebody is given."""
    number = next(_numbers)
    given = {
        "name": f"token{number}",
        "name_folded": f"token{number}",
        "prefix": f"{number:012x}",
        "digest": f"{number:064x}",
        "created_at": DAWN,
        "expires_at": hour(1),
    }
    return Token.objects.create(**(given | fields), **({} if "user" in fields else {"user": add_user()}))


def add_disclosure(**fields: Any) -> Disclosure:
    given = {"host": "h1", "digest": "d" * 64, "at": DAWN}
    return Disclosure.objects.create(**(given | fields))


def add_webhook(**fields: Any) -> Webhook:
    given = {"shown": "https://a.example/", "url": "u" * 64, "secret": "s" * 64, "created_at": DAWN}
    return Webhook.objects.create(**(given | fields))


def add_event(**fields: Any) -> Event:
    return Event.objects.create(**({"kind": "ping", "noun": "webhook", "address": "1", "at": DAWN} | fields))


def add_delivery(**fields: Any) -> Delivery:
    number = next(_numbers)
    given = {"key": f"dlv_{number}", "due_at": DAWN}
    made: dict[str, Any] = {} if "webhook" in fields else {"webhook": add_webhook()}
    made |= {} if "event" in fields else {"event": add_event()}
    return Delivery.objects.create(**(given | fields | made))


def add_user(**fields: Any) -> User:
    number = next(_numbers)
    given = {"name": f"user{number}", "name_folded": f"user{number}", "password": "!", "created_at": DAWN}
    return User.objects.create(**(given | fields))
