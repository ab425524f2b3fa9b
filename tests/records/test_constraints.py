"""Every named constraint refuses what its name says, and says its name."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from larry.records import guards
from larry.records.models import (
    Customer,
    Deployment,
    Edge,
    Estate,
    Grade,
    Host,
    Instance,
    Membership,
    Parameter,
    Pool,
    Requirement,
    Role,
    Service,
)
from tests.records.rows import (
    DAWN,
    add_app,
    add_customer,
    add_delivery,
    add_deployed_service,
    add_deployment,
    add_deployment_version,
    add_disclosure,
    add_edge,
    add_edge_version,
    add_event,
    add_former_key,
    add_grant,
    add_group,
    add_host,
    add_instance,
    add_kept_answer,
    add_rollout,
    add_segment,
    add_service,
    add_token,
    add_user,
    add_webhook,
    hour,
    named,
)

pytestmark = pytest.mark.django_db

Breach = Callable[[], object]


def _twice(add: Callable[..., object], **fields: Any) -> Breach:
    def breach() -> None:
        add(**fields)
        add(**fields)

    return breach


def _noun(model: type[models.Model]) -> Callable[..., object]:
    extra = {"rank": 1} if model is Grade else {}
    return lambda **fields: model._default_manager.create(**named(**(extra | fields)))


def _edge_where(**fields: Any) -> Breach:
    return lambda: add_edge(add_service(), add_service(), **fields)


def _declare(**fields: Any) -> Breach:
    return lambda: Parameter.objects.create(**({"service": add_service(), "position": 0, "name": "p"} | fields))


def _in_one_app(**fields: Any) -> Breach:
    def breach() -> None:
        app = add_app()
        add_instance(app=app, **fields)
        add_instance(app=app, path="somewhere/else/entirely", **fields)

    return breach


def _in_one_customer(**fields: Any) -> Breach:
    def breach() -> None:
        customer = add_customer()
        _twice(add_app, customer=customer, **fields)()

    return breach


def _own_template() -> None:
    instance = add_instance()
    Instance.objects.filter(pk=instance.pk).update(template=instance)


def _requires_twice() -> None:
    instance, service = add_instance(), add_service()
    _twice(Requirement.objects.create, instance=instance, service=service)()


def _declares_twice() -> None:
    service = add_service()
    _declare(service=service)()
    _declare(service=service, position=1)()


def _edge_twice() -> None:
    service, target = add_service(), add_service()
    add_edge(service, target)
    add_edge(service, target)


def _edge_to_itself() -> None:
    service = add_service()
    add_edge(service, service)


def _ordinal_twice() -> None:
    first = add_deployment(0, 1, ordinal=1)
    add_deployment(1, 2, ordinal=1, instance=first.instance, host=first.host)


def _continues_itself() -> None:
    deployment = add_deployment()
    Deployment.objects.filter(pk=deployment.pk).update(continues=deployment)


def _version_twice() -> None:
    _twice(add_deployment_version, deployment=add_deployment())()


def _service_twice() -> None:
    _twice(add_deployed_service, deployment=add_deployment(), service=add_service())()


def _segment_twice() -> None:
    guards.remove(connection, "segments_of_a_node_do_not_overlap")  # which would refuse it before
    host = add_host()
    add_segment(0, 1, host=host)
    add_segment(0, 1, host=host)


def _joins_twice() -> None:
    _twice(Membership.objects.create, group=add_group(), user=add_user())()


def _granted_twice() -> None:
    _twice(add_grant, user=add_user())()


def _named_twice() -> None:
    _twice(add_token, user=add_user(), name_folded="a")()


def _delivered_twice() -> None:
    _twice(add_delivery, webhook=add_webhook(), event=add_event())()


def _disclosed_twice() -> None:
    _twice(add_disclosure, token=add_token())()


GLOBAL = (Customer, Service, Host, Role, Grade, Pool)

BREACHES: dict[str, Breach] = {
    **{f"{model._meta.model_name}_key_is_unique": _twice(_noun(model), key="a") for model in GLOBAL},
    **{f"{model._meta.model_name}_name_is_unique": _twice(_noun(model), name_folded="a") for model in GLOBAL},
    **{
        f"{model._meta.model_name}_has_a_key_and_a_name": lambda model=model: _noun(model)(name="")  # type: ignore[misc]
        for model in GLOBAL
    },
    "app_has_a_key_and_a_name": lambda: add_app(name_folded=""),
    "app_key_is_unique_in_its_customer": _in_one_customer(key="a"),
    "app_name_is_unique_in_its_customer": _in_one_customer(name_folded="a"),
    "instance_has_a_key_and_a_name": lambda: add_instance(name=""),
    "instance_path_is_unique": _twice(add_instance, path="a/b/c"),
    "instance_key_is_unique_in_its_app": _in_one_app(key="a"),
    "instance_name_is_unique_in_its_app": _in_one_app(name_folded="a"),
    "instance_copies_are_not_negative": lambda: add_instance(copies=-1),
    "instance_is_not_its_own_template": _own_template,
    "instance_requires_a_service_once": _requires_twice,
    "service_is_shared_by_host_or_instance": lambda: add_service(sharing="rack"),
    "service_declares_a_parameter_once": _declares_twice,
    "parameter_type_is_known": _declare(type="text"),
    "parameter_merge_is_known": _declare(merge="shallow"),
    "parameter_without_default_holds_none": _declare(default=1),
    "edge_is_stated_once": _edge_twice,
    "edge_needs_or_audits": _edge_where(kind="likes"),
    "edge_leads_to_another_service": _edge_to_itself,
    "edge_where_fits_its_kind": _edge_where(kind="needs", where_kind="same-host"),
    "edge_version_needs_or_audits": lambda: add_edge_version(kind="likes"),
    "former_key_is_of_one_noun": _twice(add_former_key),
    "kept_answer_is_of_one_request": _twice(add_kept_answer),
    "former_key_is_not_empty": lambda: add_former_key(key=""),
    "rollout_has_a_reason": lambda: add_rollout(reason=""),
    "deployment_ordinal_is_unique_in_its_lane": _ordinal_twice,
    "deployment_ends_after_start": lambda: add_deployment(1, 1),
    "deployment_has_a_reason": lambda: add_deployment(reason=""),
    "deployment_that_is_deleted_is_deactivated": lambda: add_deployment(is_deleted=True),
    "deployment_does_not_continue_itself": _continues_itself,
    "deployment_version_is_recorded_once": _version_twice,
    "deployment_version_ends_after_start": lambda: add_deployment_version(end=DAWN),
    "deployment_has_a_service_on_a_host_once": _service_twice,
    "deployed_service_ends_after_start": lambda: add_deployed_service(start=hour(2), end=hour(1)),
    "deployed_service_cause_is_known": lambda: add_deployed_service(cause="whim"),
    "node_segment_start_is_unique_on_its_host": _segment_twice,
    "node_segment_ends_after_start": lambda: add_segment(2, 1),
    "token_digest_is_unique": _twice(add_token, digest="d"),
    "token_prefix_is_unique": _twice(add_token, prefix="p"),
    "token_name_is_unique_for_its_user": _named_twice,
    "token_has_a_name": lambda: add_token(name=""),
    "token_role_is_known": lambda: add_token(role="owner"),
    "token_has_one_scope_at_most": lambda: add_token(customer=add_customer(), app=add_app()),
    "token_for_feeds_reveals_nothing": lambda: add_token(feeds_only=True, reveals=True),
    "token_expires_after_it_was_made": lambda: add_token(expires_at=DAWN),
    "webhook_has_one_scope_at_most": lambda: add_webhook(customer=add_customer(), app=add_app()),
    "event_kind_is_known": lambda: add_event(kind="whim"),
    "event_is_delivered_to_a_webhook_once": _delivered_twice,
    "delivery_state_is_known": lambda: add_delivery(state="lost"),
    "disclosure_is_said_once": _disclosed_twice,
    "user_name_is_unique": _twice(add_user, name_folded="ada"),
    "user_has_a_name": lambda: add_user(name=""),
    "group_name_is_unique": _twice(add_group, name_folded="ops"),
    "group_has_a_name": lambda: add_group(name=""),
    "user_is_in_a_group_once": _joins_twice,
    "grant_is_to_a_user_or_a_group": lambda: add_grant(user=add_user(), group=add_group()),
    "user_source_is_known": lambda: add_user(source="the pub"),
    "grant_source_is_known": lambda: add_grant(source="the pub"),
    "grant_role_is_known": lambda: add_grant(role="king"),
    "grant_has_one_scope_at_most": lambda: add_grant(app=add_app(), pool=Pool.objects.create(**named())),
    "grant_to_a_machine_is_about_hosts": lambda: add_grant(role="machine", customer=add_customer()),
    "grant_is_given_once": _granted_twice,
    "there_is_one_estate": lambda: Estate.objects.create(id=2),
}


def _constraints() -> dict[str, tuple[type[models.Model], models.BaseConstraint]]:
    models_of_larry = apps.get_app_config("larry").get_models()
    return {one.name: (model, one) for model in models_of_larry for one in model._meta.constraints}


def test_every_constraint_has_a_breach_and_every_breach_a_constraint() -> None:
    assert set(BREACHES) == set(_constraints())


@pytest.mark.parametrize("name", BREACHES)
def test_the_constraint_refuses_its_breach(name: str) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        BREACHES[name]()
    assert _names(caught.value, name), str(caught.value)


def _names(error: IntegrityError, name: str) -> bool:
    """Whether the database blames this constraint; SQLite names the columns of a unique one instead."""
    if name in str(error):
        return True
    model, constraint = _constraints()[name]
    if connection.vendor == "postgresql" or not isinstance(constraint, models.UniqueConstraint):
        return False
    table = model._meta.db_table
    fields = {field.name: field.column for field in model._meta.local_fields}
    columns = ", ".join(f"{table}.{fields[name]}" for name in constraint.fields)
    return str(error) == f"UNIQUE constraint failed: {columns}"


UNFIT = (
    # kind, where_kind, with a host, with a role
    ("audits", None, False, False),
    ("audits", "rack", False, False),
    ("audits", "host", False, False),
    ("audits", "role", False, False),
    ("audits", "same-host", True, False),
    ("audits", "manual", False, True),
    ("audits", "host", True, True),
    ("audits", "role", True, True),
    ("audits", "role", True, False),
    ("audits", "host", False, True),
    ("needs", "manual", False, False),
    ("needs", None, True, False),
    ("needs", None, False, True),
)


def _add_edge(kind: str, where_kind: str | None, host: bool, role: bool) -> None:
    where_host = add_host() if host else None
    where_role = Role.objects.create(**named()) if role else None
    add_edge(
        add_service(), add_service(), kind=kind, where_kind=where_kind, where_host=where_host, where_role=where_role
    )


@pytest.mark.parametrize("unfit", UNFIT)
def test_an_edge_whose_where_does_not_fit_is_refused(unfit: tuple[str, str | None, bool, bool]) -> None:
    with pytest.raises(IntegrityError, match="edge_where_fits_its_kind"), transaction.atomic():
        _add_edge(*unfit)


def test_what_fits_is_accepted() -> None:
    _add_edge("needs", None, False, False)
    _add_edge("audits", "same-host", False, False)
    _add_edge("audits", "manual", False, False)
    _add_edge("audits", "host", True, False)
    _add_edge("audits", "role", False, True)
    _declare(has_default=True, default=None)()
    _declare(has_default=True, default=[1])()
    add_instance(copies=0, template=add_instance())
    assert Edge.objects.count() == 5


def test_names_of_constraints_are_sentences_that_fit_into_postgresql() -> None:
    indexes = (index.name for model in apps.get_app_config("larry").get_models() for index in model._meta.indexes)
    for name in chain(_constraints(), indexes):
        assert len(name) <= 63
        assert name == name.lower()
        assert name.count("_") >= 2
