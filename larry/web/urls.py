"""The pages, by route."""

from __future__ import annotations

from django.urls import URLPattern, path

from larry.nouns.field import Noun
from larry.nouns.table import NOUNS
from larry.web.views.activity import answer_activity
from larry.web.views.asset import answer_asset
from larry.web.views.clock import answer_clock
from larry.web.views.coverage import answer_coverage
from larry.web.views.deploy import answer_deploy
from larry.web.views.deployable import answer_deployable
from larry.web.views.deployment import (
    answer_deployment,
    answer_deployment_delete,
    answer_deployment_edit,
    answer_deployments,
    answer_undeploy,
)
from larry.web.views.deployment_bulk import answer_undeploy_many
from larry.web.views.dirty import answer_dirty
from larry.web.views.grant import (
    answer_grant_new,
    answer_grant_revoke,
    answer_grants,
    answer_people_names,
    answer_scope_names,
)
from larry.web.views.group import (
    answer_group,
    answer_group_join,
    answer_group_leave,
    answer_group_new,
    answer_group_remove,
    answer_groups,
)
from larry.web.views.host import answer_host
from larry.web.views.host_configuration import answer_host_configuration, answer_host_history
from larry.web.views.instance_deployments import answer_instance_deployments
from larry.web.views.instance_parameters import answer_instance_parameters
from larry.web.views.instance_redeploy import answer_instance_redeploy
from larry.web.views.instance_services import answer_instance_services
from larry.web.views.instance_show import answer_instance
from larry.web.views.instance_snapshots import answer_instance_snapshot, answer_instance_snapshots
from larry.web.views.noun_bulk import answer_noun_bulk
from larry.web.views.noun_edit import answer_noun_edit, answer_noun_new
from larry.web.views.noun_import import answer_noun_import
from larry.web.views.noun_key import answer_noun_key
from larry.web.views.noun_list import answer_noun_list, answer_noun_names
from larry.web.views.noun_retire import answer_noun_retire
from larry.web.views.noun_show import answer_noun
from larry.web.views.password import answer_password
from larry.web.views.picture import answer_graph, answer_pictures, answer_timeline
from larry.web.views.preference import answer_preference
from larry.web.views.rollout import answer_rollout, answer_rollouts, answer_undo
from larry.web.views.search import answer_search
from larry.web.views.sign_in import answer_sign_in, answer_sign_out
from larry.web.views.situation import answer_situation_counts, answer_situations
from larry.web.views.start import answer_start
from larry.web.views.token import answer_token, answer_token_new, answer_token_revoke, answer_tokens
from larry.web.views.user import answer_user, answer_users
from larry.web.views.user_edit import (
    answer_user_edit,
    answer_user_new,
    answer_user_password,
    answer_user_switch,
)
from larry.web.views.webhook import (
    answer_delivery_retry,
    answer_webhook,
    answer_webhook_ping,
    answer_webhook_remove,
    answer_webhook_switch,
    answer_webhooks,
)
from larry.web.views.webhook_new import answer_webhook_new

_SHOWN_APART = {"instance": answer_instance}
"""Nouns whose page shows more than that of every noun."""


def _route_noun(noun: Noun) -> list[URLPattern]:
    """The pages of one sort: what belongs to its list stands behind a dash, which is no key and no name of a host."""
    said, plural = {"noun": noun.name}, noun.plural
    return [
        path(f"{plural}/", answer_noun_list, said, name=plural),
        path(f"{plural}/-/names", answer_noun_names, said, name=f"{plural}-names"),
        path(f"{plural}/-/new", answer_noun_new, said, name=f"{plural}-new"),
        path(f"{plural}/-/bulk", answer_noun_bulk, said, name=f"{plural}-bulk"),
        path(f"{plural}/-/import", answer_noun_import, said, name=f"{plural}-import"),
        path(f"{plural}/<path:address>/edit", answer_noun_edit, said, name=f"{noun.name}-edit"),
        path(f"{plural}/<path:address>/key", answer_noun_key, said, name=f"{noun.name}-key"),
        path(f"{plural}/<path:address>/retire", answer_noun_retire, said, name=f"{noun.name}-retire"),
        path(f"{plural}/<path:address>", _SHOWN_APART.get(noun.name, answer_noun), said, name=noun.name),
    ]


urlpatterns: list[URLPattern] = [
    path("", answer_start, name="start"),
    path("hosts/<str:name>", answer_host, name="host"),
    path("instances/<path:address>/parameters", answer_instance_parameters, name="instance-parameters"),
    path("instances/<path:address>/services", answer_instance_services, name="instance-services"),
    path("instances/<path:address>/snapshots", answer_instance_snapshots, name="instance-snapshots"),
    path("instances/<path:address>/snapshot", answer_instance_snapshot, name="instance-snapshot"),
    path("instances/<path:address>/redeploy", answer_instance_redeploy, name="instance-redeploy"),
    path("instances/<path:address>/deployments", answer_instance_deployments, name="instance-deployments"),
    path("deploy", answer_deploy, name="deploy"),
    path("deployments/", answer_deployments, name="deployments"),
    path("deployments/-/undeploy", answer_undeploy_many, name="undeploy-many"),
    path("deployments/<str:id>", answer_deployment, name="deployment"),
    path("deployments/<str:id>/edit", answer_deployment_edit, name="deployment-edit"),
    path("deployments/<str:id>/undeploy", answer_undeploy, name="deployment-undeploy"),
    path("deployments/<str:id>/delete", answer_deployment_delete, name="deployment-delete"),
    path("rollouts/", answer_rollouts, name="rollouts"),
    path("rollouts/<int:number>", answer_rollout, name="rollout"),
    path("rollouts/<int:number>/undo", answer_undo, name="rollout-undo"),
    path("hosts/<str:name>/configuration", answer_host_configuration, name="host-configuration"),
    path("hosts/<str:name>/history", answer_host_history, name="host-history"),
    path("deployables/<str:digest>", answer_deployable, name="deployable"),
    path("pictures", answer_pictures, name="pictures"),
    path("graph/<str:kind>/<path:address>", answer_graph, name="graph"),
    path("timeline/<str:kind>/<path:address>", answer_timeline, name="timeline"),
    path("coverage", answer_coverage, name="coverage"),
    path("dirty", answer_dirty, name="dirty"),
    path("activity", answer_activity, name="activity"),
    path("search", answer_search, name="search"),
    path("situations", answer_situations, name="situations"),
    path("situations/counts", answer_situation_counts, name="situation-counts"),
    path("clock", answer_clock, name="clock"),
    path("preferences", answer_preference, name="preferences"),
    path("sign-in", answer_sign_in, name="sign-in"),
    path("sign-out", answer_sign_out, name="sign-out"),
    path("password", answer_password, name="change-password"),
    path("users/", answer_users, name="users"),
    path("users/-/new", answer_user_new, name="users-new"),
    path("users/-/names", answer_people_names, name="user-names"),
    path("users/<str:name>", answer_user, name="user"),
    path("users/<str:name>/edit", answer_user_edit, name="user-edit"),
    path("users/<str:name>/password", answer_user_password, name="user-password"),
    path("users/<str:name>/switch", answer_user_switch, name="user-switch"),
    path("groups/", answer_groups, name="groups"),
    path("groups/-/new", answer_group_new, name="groups-new"),
    path("groups/<str:name>", answer_group, name="group"),
    path("groups/<str:name>/remove", answer_group_remove, name="group-remove"),
    path("groups/<str:name>/join", answer_group_join, name="group-join"),
    path("groups/<str:name>/leave", answer_group_leave, name="group-leave"),
    path("grants/", answer_grants, name="grants"),
    path("grants/-/new", answer_grant_new, name="grant-new"),
    path("grants/-/revoke", answer_grant_revoke, name="grant-revoke"),
    path("grants/-/scopes", answer_scope_names, name="scope-names"),
    path("tokens/", answer_tokens, name="tokens"),
    path("tokens/-/new", answer_token_new, name="tokens-new"),
    path("tokens/<str:prefix>", answer_token, name="token"),
    path("tokens/<str:prefix>/revoke", answer_token_revoke, name="token-revoke"),
    path("webhooks/", answer_webhooks, name="webhooks"),
    path("webhooks/-/new", answer_webhook_new, name="webhooks-new"),
    path("webhooks/<int:number>", answer_webhook, name="webhook"),
    path("webhooks/<int:number>/switch", answer_webhook_switch, name="webhook-switch"),
    path("webhooks/<int:number>/ping", answer_webhook_ping, name="webhook-ping"),
    path("webhooks/<int:number>/remove", answer_webhook_remove, name="webhook-remove"),
    path("deliveries/<str:key>/retry", answer_delivery_retry, name="delivery-retry"),
    path("static/<str:name>", answer_asset, name="asset"),
    *(route for noun in NOUNS.values() for route in _route_noun(noun)),
]
