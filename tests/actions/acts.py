"""Every act there is, ready to be done in one prepared world; a census of the actions proves that none is forgotten."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import larry.actions
from larry.actions.adopt import Stated, adopt
from larry.actions.apply import apply
from larry.actions.author import Author
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.describe import Statement
from larry.actions.describe import change as change_nouns
from larry.actions.describe import create as create_nouns
from larry.actions.edit import edit
from larry.actions.edit_deployment import DeploymentEdit, delete_deployments, edit_deployment
from larry.actions.fan_out import fan_out
from larry.actions.grant import GrantRequest, add_group, grant, join, leave, remove_group, revoke
from larry.actions.redeploy import redeploy
from larry.actions.remember import Remembered, remember
from larry.actions.rename_key import rename_key
from larry.actions.retire import retire
from larry.actions.reveal import disclose, reveal, reveal_secrets
from larry.actions.rotate import rotate
from larry.actions.sign_in import change_password
from larry.actions.snapshot import snapshot
from larry.actions.token import NewToken, add_token, revoke_token
from larry.actions.undeploy import undeploy
from larry.actions.undo import undo
from larry.actions.user import NewUser, UserEdit, activate_user, add_user, deactivate_user, edit_user, set_password
from larry.actions.webhook import NewWebhook, add_webhook, pause_webhook, ping_webhook, remove_webhook, resume_webhook
from larry.core.document import Json
from larry.core.event import EventKind
from larry.core.rights import PersonRole, ScopeKind
from larry.queries.moment import Moment
from larry.queries.node import get_stored_node
from larry.records.secret import Secret
from larry.records.token import Token
from larry.records.user import User
from larry.records.webhook import Webhook
from tests.actions.estate import LIVE, SMALL, TEST, author, change, day, lay, put, rows, state

ESTATE = SMALL.replace("{host: mon}", "{role: watch}") + "roles: [{name: watch}]\n"
DEPLOY = DeployRequest((DeployItem(LIVE, ("web1", "web2"), place={"linux": "mon"}),), day(2), day(8))
EVERYTHING = """
larry: 1
roles: [{name: r}]
grades: [{name: g}]
pools: [{name: p}]
services: [{name: app, needs: [], audits: [linux], parameters: [{name: size, sensitive: true}]}, {name: new}]
customers: [{name: Acme, parameters: {size: 1}}, {name: C, apps: [{name: A, instances: [{name: I, requires: [new]}]}]}]
hosts: [{name: web1, roles: [r], grade: g, pools: [p], addresses: [10.3.3.3]}, {name: web9}]
"""
SECRET: Json = [{"name": "size", "type": "any", "sensitive": True}]
PASSWORD = "correct horse battery"
VIEW = GrantRequest("group", "ops", PersonRole.VIEWER, ScopeKind.CUSTOMER, "acme")
DEPLOYER = GrantRequest("user", "berta", PersonRole.OPERATOR, ScopeKind.APP, "acme/shop")


HOOK = NewWebhook("http://192.0.2.7/hook", "http://192.0.2.7/…", tuple(set(EventKind) - {EventKind.PING}))


def who(name: str = "ada", hours: float = 0) -> Author:
    return Author(name, "because", day(1) + timedelta(hours=hours))


def prepare() -> None:
    """Something current, future, dirty, secret and taken back, on several hosts; people of every sort."""
    lay(ESTATE)
    change("host", "mon", -20, roles=["watch"])
    change("instance", LIVE, -20, parameters={"size": 4, "password": "p"})
    change("service", "linux", -20, parameters=[{"name": "password", "sensitive": True}])
    change("instance", TEST, -20, parameters={"password": "p"})
    change("host", "spare", -20, name="spare")
    add_user(NewUser("anna"), PASSWORD, author(-15))
    add_user(NewUser("berta"), None, author(-15))
    add_user(NewUser("cleo"), None, author(-15))
    deactivate_user("cleo", author(-14))
    add_group("ops", "", author(-15))
    add_group("idle", "", author(-15))
    join("ops", "anna", author(-15))
    grant(VIEW, author(-15))
    add_token(NewToken("anna", "laptop"), author(-15))
    put(LIVE, "web1")
    put(LIVE, "web2", start=20)
    change("instance", LIVE, 0.5, parameters={"size": 5, "password": "p"})


def future() -> str:
    return next(row.id for row in rows(1) if row.start > day(1))


def prepare_webhooks() -> None:
    """The same, with somebody who listens, and somebody who does not for a while."""
    prepare()
    for _ in range(2):
        add_webhook(HOOK, author(0.6))
    pause_webhook(hook(), author(0.6))
    change("host", "web1", 0.7, labels={"told": "yes"})


def hook(*, is_paused: bool = False) -> int:
    return Webhook.objects.filter(paused_at__isnull=not is_paused).order_by("id")[0].id


def anna() -> int:
    return User.objects.get(name="anna").id


@dataclass(frozen=True, slots=True)
class Deed:
    """One act, and the actions (module.function) that it does; ``leaves``: tables that it writes to by design even when
    it fails, such as attempts to sign in."""

    does: tuple[str, ...]
    act: Callable[[], object]
    leaves: frozenset[str] = frozenset()


def _one(does: str, act: Callable[[], object], *leaves: str) -> Deed:
    return Deed((does,), act, frozenset(leaves))


ESTATE_DEEDS: Mapping[str, Deed] = {
    "apply": _one("apply.apply", lambda: apply(state(EVERYTHING), who())),
    "apply of what is new": _one(
        "apply.apply",
        lambda: apply(state("larry: 1\ncustomers: [{name: C, apps: [{name: A, instances: [{name: I}]}]}]"), who()),
    ),
    "an edit that redacts": _one(
        "edit.edit", lambda: edit("service", "app", {"parameters": SECRET, "needs": [], "audits": ["linux"]}, who())
    ),
    "an edit of a host": _one("edit.edit", lambda: edit("host", "web1", {"addresses": ["10.2.2.2"]}, who())),
    "create": _one(
        "describe.create", lambda: create_nouns("customer", [Statement("", {"name": "Neu"})], who())
    ),
    "change": _one(
        "describe.change", lambda: change_nouns("host", [Statement("web2", {"labels": {"a": "b"}})], who())
    ),
    "rename a key": _one("rename_key.rename_key", lambda: rename_key("customer", "acme", "acme2", who())),
    "rename the key of a service": _one("rename_key.rename_key", lambda: rename_key("service", "app", "app2", who())),
    "retire": _one("retire.retire", lambda: retire("host", "spare", who())),
}  # fmt: skip

DEPLOYMENT_DEEDS: Mapping[str, Deed] = {
    "snapshot": _one("snapshot.snapshot", lambda: snapshot(TEST, who())),
    "deploy": _one("deploy.deploy", lambda: deploy(DEPLOY, who())),
    "redeploy": _one("redeploy.redeploy", lambda: redeploy((LIVE, TEST), who())),
    "undeploy": _one("undeploy.undeploy", lambda: undeploy(tuple(row.id for row in rows(1)), who())),
    "undo": _one("undo.undo", lambda: undo(rows(1)[0].rollout, who())),
    "edit a deployment": _one(
        "edit_deployment.edit_deployment",
        lambda: edit_deployment(DeploymentEdit(future(), host="mon", end=day(99)), who()),
    ),
    "delete a deployment": _one(
        "edit_deployment.delete_deployments", lambda: delete_deployments((future(),), who())
    ),
    "adopt": _one(
        "adopt.adopt",
        lambda: adopt(state("larry: 1\nhosts: [{name: old}]"), [Stated(TEST, "old", day(-9), None, "it was")], who()),
    ),
    "reveal": _one("reveal.reveal", lambda: reveal("web1", Moment(day(1)), who())),
    "reveal for a tree": _one(
        "reveal.reveal_secrets", lambda: reveal_secrets(Secret.objects.values_list("hmac", flat=True), who())
    ),
}  # fmt: skip

PEOPLE_DEEDS: Mapping[str, Deed] = {
    "rotate keys": _one("rotate.rotate", lambda: rotate(who())),
    "grant": _one("grant.grant", lambda: grant(DEPLOYER, who())),
    "revoke": _one("grant.revoke", lambda: revoke(VIEW, who())),
    "add a group": _one("grant.add_group", lambda: add_group("new", "", who())),
    "remove a group": _one("grant.remove_group", lambda: remove_group("idle", who())),
    "join": _one("grant.join", lambda: join("ops", "berta", who())),
    "leave": _one("grant.leave", lambda: leave("ops", "anna", who())),
    "add a user": _one("user.add_user", lambda: add_user(NewUser("dora"), PASSWORD, who())),
    "set a password": _one("user.set_password", lambda: set_password("berta", PASSWORD, who())),
    "deactivate": _one("user.deactivate_user", lambda: deactivate_user("berta", who())),
    "edit a user": _one("user.edit_user", lambda: edit_user("berta", UserEdit(full_name="Berta B."), who())),
    "activate": _one("user.activate_user", lambda: activate_user("cleo", who())),
    "change a password": _one(
        "sign_in.change_password",
        lambda: change_password(anna(), PASSWORD, f"{PASSWORD} staple", "192.0.2.1", who("anna")),
        "larry_signinattempt",
    ),
    "add a token": _one("token.add_token", lambda: add_token(NewToken("anna", "phone"), who())),
    "revoke a token": _one("token.revoke_token", lambda: revoke_token("anna/laptop", who())),
    "hand secrets to a token": _one(
        "reveal.disclose",
        lambda: disclose([get_stored_node("web1", who().sees, Moment(day(1)))], who(), Token.objects.get().id),
    ),
    "remember": _one(
        "remember.remember",
        lambda: remember(who(), "key", "0" * 64, lambda: Remembered(201, str(edit("role", "n", {"name": "n"}, who())))),
    ),
}  # fmt: skip

WEBHOOK_DEEDS: Mapping[str, Deed] = {
    "a deployment that is told": _one("deploy.deploy", lambda: deploy(DEPLOY, who())),
    "add a webhook": _one("webhook.add_webhook", lambda: add_webhook(HOOK, who())),
    "pause a webhook": _one("webhook.pause_webhook", lambda: pause_webhook(hook(), who())),
    "resume a webhook": _one("webhook.resume_webhook", lambda: resume_webhook(hook(is_paused=True), who())),
    "remove a webhook": _one("webhook.remove_webhook", lambda: remove_webhook(hook(), who())),
    "ping a webhook": _one("webhook.ping_webhook", lambda: ping_webhook(hook(), who())),
    "fan out": _one("fan_out.fan_out", lambda: fan_out(who())),
}  # fmt: skip

DEEDS: Mapping[str, Mapping[str, Deed]] = {
    "the estate": ESTATE_DEEDS,
    "deployments": DEPLOYMENT_DEEDS,
    "people": PEOPLE_DEEDS,
    "webhooks": WEBHOOK_DEEDS,
}

PARTS = frozenset(
    {
        # Of the worker, which tests/worker breaks and kills; of the generator, for an empty database; of reading files.
        "announce.announce_nodes", "announce.look_at_nodes", "boundary.begin_watching", "boundary.pass_boundaries",
        "delivery.claim_deliveries", "delivery.forget_deliveries", "delivery.settle_delivery", "fan_out.list_tellable",
        "generate.generate", "made_up_pool.lay_out_pool", "made_up_pool.write_pool", "situation.tell_situations",
        "state_files.state_files", "state_files.state_table", "webhook.retry_delivery",
        "activity.activity_of", "activity.record", "apply.change_estate", "consequence.foresee",
        "deploy.preview_deploy", "edge.write_edges", "noun.retire_items", "noun.write_items", "planning.make_moves",
        "planning.plan_moves", "planning.plan_wishes", "redact.redact", "reveal.may_disclose", "rollout.carry_out",
        "rollout.preview", "rollout.store_snapshots", "sight.keep_known", "sight.show_plan", "stale.refuse_stale",
        "timeline.get_stage", "timeline.recompile", "timeline.write_timelines", "transaction.begin_on_ground",
        "transaction.begin_recording", "transaction.look_back", "transaction.not_backwards",
        "restore.restore",  # test_broken_restore.py
    }
)  # fmt: skip
"""What takes an author and is a part of other acts, or writes nothing, or has its own test."""


def list_actions() -> Iterator[str]:
    """Every public function of the actions that somebody is the author of."""
    for found in pkgutil.iter_modules(larry.actions.__path__):
        module = importlib.import_module(f"larry.actions.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            is_own = function.__module__ == module.__name__ and not name.startswith(("_", "permit", "find_"))
            if is_own and "author" in inspect.signature(function).parameters:
                yield f"{found.name}.{name}"
