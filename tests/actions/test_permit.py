"""Who may do what where: every act by every role over every scope, against the table that people are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from larry.actions.author import Author, Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
from larry.actions.edit import edit
from larry.actions.edit_deployment import DeploymentEdit, edit_deployment
from larry.actions.grant import GrantRequest, add_group, grant, join, leave, remove_group, revoke
from larry.actions.permit import NotAllowed
from larry.actions.redeploy import redeploy
from larry.actions.retire import retire
from larry.actions.reveal import reveal
from larry.actions.rotate import rotate
from larry.actions.sight import show_plan
from larry.actions.snapshot import snapshot
from larry.actions.undeploy import undeploy
from larry.actions.undo import undo
from larry.actions.user import NewUser, add_user, deactivate_user, set_password
from larry.core.rights import PERMITS, PersonRole, Right, Rights, ScopeKind, rights_of
from larry.nouns.estate import EstateFaults
from larry.queries.deployment import DeploymentFilter
from larry.queries.grant import get_rights, list_grants, list_groups
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound, Reader
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.pool import Pool
from larry.records.user import User
from tests.actions.estate import BK1, BLOG, FULL, LIVE, MON1, TEST, WEB1, WEB2, author, change, day, lay, put, rows

pytestmark = pytest.mark.django_db

AT = Moment(day(9))
SCOPES = ("everything", "acme", "shop", "zeta", "production", "acme and production")
V, R, P, O, A, M = PersonRole  # noqa: E741
LOOKERS, EDITORS, DEPLOYERS = {V, R, P, O, A}, {P, O, A}, {O, A}


@pytest.fixture(autouse=True)
def _estate(db: None) -> None:
    lay(FULL)
    put(LIVE, WEB1)
    put(BLOG, WEB1)
    put(BLOG, WEB2)
    change("instance", LIVE, 0.5, copies=3, parameters={"rails_env": "staging", "db_password": "hunter2-live"})


def rights(role: PersonRole, scope: str) -> Rights:
    acme = Right(role, ScopeKind.CUSTOMER, Customer.objects.get(key="acme").id)
    production = Right(role, ScopeKind.POOL, Pool.objects.get(key="production").id)
    of: Mapping[str, tuple[Right, ...]] = {
        "everything": (Right(role),),
        "acme": (acme,),
        "shop": (Right(role, ScopeKind.APP, App.objects.get(key="shop").id),),
        "zeta": (Right(role, ScopeKind.CUSTOMER, Customer.objects.get(key="zeta").id),),
        "production": (production,),
        "acme and production": (acme, production),
    }
    return rights_of(of[scope])


def live(path: str, host: str) -> str:
    return next(row.id for row in rows(which=DeploymentFilter(instance=path, host=host)))


def request(path: str, host: str) -> DeployRequest:
    return DeployRequest((DeployItem(path, (host,)),), day(3), day(5))


ACTS: Mapping[str, Callable[[Author], object]] = {
    "edit acme": lambda who: edit("customer", "acme", {"description": "x"}, who),
    "edit shop": lambda who: edit("app", "acme/shop", {"importance": 9}, who),
    "edit live": lambda who: edit("instance", LIVE, {"copies": 1}, who),
    "add an instance": lambda who: edit("instance", "acme/shop/new", {"name": "New"}, who),
    "add an app": lambda who: edit("app", "acme/new", {"name": "New"}, who),
    "add a customer": lambda who: edit("customer", "new", {"name": "New"}, who),
    "edit web1": lambda who: edit("host", WEB1, {"labels": {"x": "y"}}, who),
    "edit a service": lambda who: edit("service", "linux", {"description": "x"}, who),
    "add a host to production": lambda who: edit("host", "n1", {"name": "n1", "pools": ["production"]}, who),
    "add a host": lambda who: edit("host", "n1", {"name": "n1"}, who),
    "retire test": lambda who: retire("instance", TEST, who),
    "freeze": lambda who: snapshot(LIVE, who),
    "preview": lambda who: preview_deploy(request(TEST, WEB1), who),
    "deploy": lambda who: deploy(request(TEST, WEB1), who),
    "deploy outside of the pool": lambda who: deploy(request(TEST, WEB2), who),
    "undeploy": lambda who: undeploy((live(LIVE, WEB1),), who),
    "redeploy": lambda who: redeploy((LIVE,), who),
    "shorten": lambda who: edit_deployment(DeploymentEdit(live(LIVE, WEB1), end=day(7)), who),
    "undo": lambda who: undo(min(row.rollout for row in rows()), who),
    "reveal": lambda who: reveal(WEB1, Moment(day(1)), who),
    "rotate": rotate,
    "add a user": lambda who: add_user(NewUser("eve"), None, who),
    "add a group": lambda who: add_group("ops", "", who),
    "write history": lambda who: deploy(replace(request(TEST, WEB1), start=day(-9), backdate=True), who),
}  # fmt: skip

_ACME = {"everything", "acme", "acme and production"}
_SHOP = _ACME | {"shop"}
MAY: Mapping[str, tuple[set[Any], set[str]]] = {
    "edit acme": (EDITORS, _ACME),
    "edit shop": (EDITORS, _SHOP),
    "edit live": (EDITORS, _SHOP),
    "add an instance": (EDITORS, _SHOP),
    "add an app": (EDITORS, _ACME),
    "add a customer": (EDITORS, {"everything"}),
    "edit web1": (EDITORS, {"everything", "production", "acme and production"}),
    "edit a service": (EDITORS, {"everything"}),
    "add a host to production": (EDITORS, {"everything", "production", "acme and production"}),
    "add a host": (EDITORS, {"everything"}),
    "retire test": (EDITORS, _SHOP),
    "freeze": (EDITORS, _SHOP),
    "preview": (EDITORS, {"everything", "acme and production"}),
    "deploy": (DEPLOYERS, {"everything", "acme and production"}),
    "deploy outside of the pool": (DEPLOYERS, {"everything"}),
    "undeploy": (DEPLOYERS, _SHOP),
    "redeploy": (DEPLOYERS, {"everything", "acme and production"}),
    "shorten": (DEPLOYERS, _SHOP),
    "undo": (DEPLOYERS, _SHOP),
    "reveal": ({A, M}, {"everything", "production", "acme and production"}),
    "rotate": ({A}, {"everything"}),
    "add a user": ({A}, {"everything"}),
    "add a group": ({A}, {"everything"}),
    "write history": (DEPLOYERS, {"everything"}),
}
"""Which roles may, and over which of the scopes."""


@pytest.mark.parametrize("scope", SCOPES)
def test_an_act_is_for_those_who_may(scope: str) -> None:
    found: dict[str, set[PersonRole]] = {act: set() for act in ACTS}
    for act in ACTS:
        for role in PersonRole:
            who = replace(author(1), rights=rights(role, scope))
            with suppress(NotAllowed, NotFound, EstateFaults), transaction.atomic():
                ACTS[act](who)
                found[act].add(role)
                transaction.set_rollback(True)
    assert found == {act: roles if scope in scopes else set() for act, (roles, scopes) in MAY.items()}


def test_every_role_is_told_in_the_guide() -> None:
    from tests.house.source import ROOT

    text = (ROOT / "docs/guide/people.md").read_text(encoding="utf-8")
    for role, permitted in PERMITS.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{role}` |")]
        cells = [cell.strip() for cell in line.split("|")[2:-1]]
        assert cells == ["yes" if permission in permitted else "" for permission in type(next(iter(permitted)))], role


@pytest.mark.parametrize("act, said", [
    ("deploy", "ada may not deploy acme/shop/test: the role operator or administrator for its customer"),
    ("edit a service", "may not edit the service linux: the role planner or operator or administrator for everything"),
])  # fmt: skip
def test_a_refusal_says_which_role_would_be_enough(act: str, said: str) -> None:
    who = replace(author(1), rights=rights_of([*rights(V, "acme").of, *rights(V, "production").of]))
    with pytest.raises(NotAllowed) as refusal:
        ACTS[act](who)
    assert said in str(refusal.value)


def test_an_operator_of_the_customer_needs_the_host_as_well() -> None:
    who = replace(author(1), rights=rights_of([*rights(O, "acme").of, *rights(V, "production").of]))
    with pytest.raises(NotAllowed, match=f"on {WEB1}: the role operator or administrator for one of its pools"):
        deploy(request(TEST, WEB1), who)


NAMED: Mapping[str, Callable[[str, str, Author], object]] = {
    "deploy an instance": lambda path, host, who: deploy(request(path, WEB1), who),
    "deploy on a host": lambda path, host, who: deploy(request(TEST, host), who),
    "place on a host": lambda path, host, who: deploy(
        DeployRequest((DeployItem(TEST, (WEB1,), place={"linux": host}),), day(3), day(5)), who),
    "redeploy": lambda path, host, who: redeploy((path,), who),
    "snapshot": lambda path, host, who: snapshot(path, who),
    "retire": lambda path, host, who: retire("instance", path, who),
    "retire a host": lambda path, host, who: retire("host", host, who),
    "reveal": lambda path, host, who: reveal(host, Moment(day(1)), who),
    "edit": lambda path, host, who: edit("instance", path, {"copies": 2}, who),
    "follow": lambda path, host, who: edit("instance", TEST, {"template": path}, who),
}  # fmt: skip


@pytest.mark.parametrize("act", NAMED)
def test_what_is_invisible_is_refused_as_what_is_not_there(act: str) -> None:
    who = replace(author(1), rights=rights(A, "acme and production"))
    said = []
    for path, host in (("zeta/blog/test", "bk2.example.com"), ("zeta/blog/tost", "bk9.example.com")):
        with pytest.raises((Refused, NotFound, EstateFaults)) as refusal:
            NAMED[act](path, host, who)
        said.append(
            (
                type(refusal.value),
                str(refusal.value).replace(path, "it").replace(f"'{path[-4:]}'", "it").replace(host, "it"),
            )
        )
    assert said[0] == said[1]


def test_deployments_and_rollouts_of_others_are_not_there() -> None:
    who = replace(author(1), rights=rights(A, "acme and production"))
    acts: tuple[Callable[[str], object], ...] = (
        lambda id_: undeploy((id_,), who),
        lambda id_: edit_deployment(DeploymentEdit(id_, end=day(9)), who),
    )
    for act in acts:
        texts = set()
        for id_ in (live(BLOG, WEB2), "nope"):
            with pytest.raises(NotFound) as refusal:
                act(id_)
            texts.add(str(refusal.value).replace(id_, "it"))
        assert len(texts) == 1
    whole = deploy(DeployRequest((DeployItem(TEST, (WEB1,)), DeployItem("zeta/blog/test", (BK1,))), day(3)), author(1))
    number = max(row.rollout for row in rows(4))
    assert whole.changes
    with pytest.raises(NotAllowed, match="all that rollout"):
        undo(number, who)


def test_what_others_want_is_not_told_in_a_conflict() -> None:
    """Both run apache on one host, which it shares; acme's operator learns that there is a conflict, not which."""
    lay(
        "larry: 1\ncustomers: [{name: Acme, apps: [{name: Shop, instances: [{name: Web, requires: [apache],"
        " parameters: {workers: 3}}]}]}]",
        0.5,
    )
    asked = DeployRequest((DeployItem("acme/shop/web", (WEB1,)),), day(2))
    whole = preview_deploy(asked, author(1))
    assert "zeta" in str(whole.refusals)
    seen = show_plan(whole, replace(author(1), rights=rights(O, "acme")))
    assert seen.refusals
    assert "zeta" not in repr(seen)
    assert "8" not in "".join(notice.text for notice in seen.refusals)
    assert seen.digest == whole.digest
    assert show_plan(whole, replace(author(1), rights=rights(O, "production"))).digest == whole.digest


def test_a_plan_shows_what_is_ones_own_and_can_be_expected() -> None:
    who = replace(author(1), rights=rights(O, "acme and production"))
    plan = preview_deploy(request(TEST, WEB1), who)
    assert {change.instance for change in plan.changes} == {TEST}
    assert WEB1 in {node.host for node in plan.nodes}
    assert deploy(replace(request(TEST, WEB1), expect=plan.digest), who).digest == plan.digest


def test_nobody_grants_more_than_they_have() -> None:
    for name in ("eve", "bob"):
        add_user(NewUser(name), None, author())
    mine = replace(author(1), rights=rights(A, "acme"))
    grant(GrantRequest("user", "eve", O, ScopeKind.CUSTOMER, "acme"), mine)
    grant(GrantRequest("user", "eve", A, ScopeKind.APP, "acme/shop"), mine)
    for kind, address, raised in (
        (ScopeKind.EVERYTHING, "", NotAllowed),
        (ScopeKind.CUSTOMER, "zeta", NotFound),
        (ScopeKind.APP, "zeta/blog", NotFound),
        (ScopeKind.POOL, "production", NotAllowed),
        (ScopeKind.CUSTOMER, "nobody", NotFound),
    ):
        with pytest.raises(raised):
            grant(GrantRequest("user", "bob", V, kind, address), mine)
    with pytest.raises(NotAllowed):
        grant(GrantRequest("user", "bob", V, ScopeKind.CUSTOMER, "acme"), replace(author(1), rights=rights(O, "acme")))
    add_group("ops", "", author())
    with pytest.raises(NotFound):
        join("ops", "bob", mine)  # it has nothing yet, and may get anything: they neither fill it nor see it
    grant(GrantRequest("group", "ops", V, ScopeKind.CUSTOMER, "acme"), author())
    join("ops", "bob", mine)
    grant(GrantRequest("group", "ops", V), author())
    for fill, name in ((join, "eve"), (leave, "bob")):
        with pytest.raises(NotFound):
            fill("ops", name, mine)
    seen = replace(mine, actor="bob")  # who is in it sees it, and themselves
    with pytest.raises(NotAllowed):
        leave("ops", "bob", seen)
    with pytest.raises(NotAllowed):
        set_password("bob", "correct horse battery", seen)
    for name in ("bob", "nobody"):
        with pytest.raises(NotFound):
            set_password(name, "correct horse battery", mine)
        with pytest.raises(NotFound):
            deactivate_user(name, mine)


def test_grants_come_and_go_with_a_line_each() -> None:
    add_user(NewUser("eve"), None, author())
    add_group("ops", "who is woken up", author())
    asked = GrantRequest("group", "ops", O, ScopeKind.POOL, "Production")
    grant(asked, author(1), dry_run=True)
    assert list_grants(LOCAL, AT) == ()
    grant(asked, author(1))
    with pytest.raises(Refused, match="ops is operator of pool Production already"):
        grant(asked, author(1))
    with pytest.raises(Refused, match="grant it a pool"):
        grant(GrantRequest("user", "eve", M, ScopeKind.CUSTOMER, "acme"), author(1))
    with pytest.raises(Refused, match="not operator of everything by a grant of their own"):
        revoke(GrantRequest("group", "ops", O), author(1))
    eve = User.objects.get()
    assert get_rights(eve.id, False, LOCAL, AT) == Rights()
    join("ops", "eve", author(2))
    with pytest.raises(Refused, match="eve is in ops already"):
        join("ops", "EVE", author(2))
    assert get_rights(eve.id, False, LOCAL, AT) == rights(O, "production")
    assert get_rights(eve.id, True, LOCAL, AT).may(*_everything())
    assert [(row.to, row.name, row.role, row.address) for row in list_grants(LOCAL, AT, user="EVE")] == [
        ("group", "ops", O, "production")
    ]
    assert list_grants(Reader("eve"), AT) == list_grants(LOCAL, AT)
    assert (list_grants(Reader("bob"), AT), list_groups(Reader("bob"), AT)) == ((), ())
    (group,) = list_groups(LOCAL, AT)
    assert (group.name, group.description, group.members) == ("ops", "who is woken up", ("eve",))
    leave("ops", "eve", author(3))
    with pytest.raises(Refused, match="eve is not in ops"):
        leave("ops", "eve", author(3))
    revoke(asked, author(4))
    remove_group("ops", author(5))
    assert (list_groups(LOCAL, AT), list_grants(LOCAL, AT)) == ((), ())
    with pytest.raises(NotFound, match="there is no group ops"):
        remove_group("ops", author(5))


def _everything() -> tuple[Any, Any]:
    from larry.core.rights import Permission, Territory

    return Permission.MANAGE, Territory()


def test_a_host_is_not_taken_over_by_adding_it() -> None:
    who = replace(author(1), rights=rights(O, "production"))
    with pytest.raises(Refused, match="a host cannot be called"):
        edit("host", WEB2, {"name": WEB2, "pools": ["production"]}, who)
    with pytest.raises(NotAllowed):
        edit("host", MON1, {"labels": {"x": "y"}}, who)
