"""Rights over the API: what is another customer's is not there, and who may only look changes nothing."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from larry.actions.edit import edit
from larry.actions.grant import GrantRequest, grant
from larry.core.rights import PersonRole, ScopeKind
from tests.api.asking import ask, read
from tests.api.conftest import sign_in
from tests.api.scene import LIVE, SPARE, author_at
from tests.records.rows import add_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(estate: datetime) -> Client:
    """Somebody of another customer, who may edit what is theirs."""
    edit("customer", "zeta", {"name": "Zeta"}, author_at(estate))
    edit("app", "zeta/blog", {"name": "Blog"}, author_at(estate))
    add_user(name="zoe", name_folded="zoe")
    grant(GrantRequest("user", "zoe", PersonRole.PLANNER, ScopeKind.CUSTOMER, "zeta"), author_at(estate))
    return sign_in("zoe")


def test_what_is_of_others_is_not_there(owner: Client) -> None:
    assert [item["address"] for item in read(ask(owner, "GET", "/customers"))["items"]] == ["zeta"]
    for address in ("/instances", "/deployments", "/deployables", "/rollouts", "/dirty", "/coverage"):
        assert LIVE.encode() not in ask(owner, "GET", address).content
    for address in (
        "/customers/acme",
        "/apps/acme/shop",
        "/instances/acme/shop/live",
        "/instances/acme/shop/live/diff",
    ):
        assert ask(owner, "GET", address).status_code == 404
    assert ask(owner, "PATCH", "/customers/acme", {"description": "mine"}).status_code == 404
    assert ask(owner, "DELETE", "/apps/acme/shop").status_code == 404
    body = {"deploy": [{"instance": LIVE, "hosts": [SPARE]}], "reason": "mine"}
    assert ask(owner, "POST", "/rollouts", body).status_code in {404, 409}


def test_who_may_edit_their_own_may_not_edit_what_all_share(owner: Client) -> None:
    assert ask(owner, "PATCH", "/apps/zeta/blog", {"description": "ours"}).status_code == 200
    refused = ask(owner, "PATCH", "/services/rails", {"description": "ours"})
    assert refused.status_code == 403
    assert "would be enough" in read(refused)["detail"]
    assert ask(owner, "POST", "/customers", {"name": "New"}).status_code == 403
