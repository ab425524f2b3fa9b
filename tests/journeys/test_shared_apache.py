"""Two instances share one Apache on a host: they must agree, and one rollout lets both change their mind at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from larry.actions.apply import apply
from larry.actions.author import Author, Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
from larry.actions.edit import edit
from larry.actions.redeploy import redeploy
from larry.core.document import Json
from larry.core.plan import Plan
from larry.nouns.estate import parse_estate
from larry.queries.deployment import DeploymentFilter, list_deployments
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import LOCAL

pytestmark = pytest.mark.django_db

ESTATE = """
larry: 1
services:
  - name: apache
    parameters: [{name: keepalive, type: string, default: "On"}, {name: keepalive_timeout, type: integer, default: 5}]
  - name: website
    sharing: instance
    needs: [apache]
    parameters: [servername]
customers:
  - name: Acme
    apps: [{name: Shop, instances: [{name: production, requires: [website], parameters: {servername: shop.example}}]}]
  - name: Bäckerei
    apps: [{name: Blog, instances: [{name: production, requires: [website], parameters: {servername: blog.example}}]}]
hosts: [{name: web1.example}, {name: web2.example}]
"""
SHOP, BLOG = "acme/shop/production", "backerei/blog/production"
START = datetime(2026, 11, 22, 9, tzinfo=UTC)


def _author(hours: int, reason: str = "because") -> Author:
    return Author("the tests", reason, START + timedelta(hours=hours))


def _keep_alive(path: str, values: Mapping[str, Json], author: Author) -> None:
    servername = "shop.example" if path == SHOP else "blog.example"
    edit("instance", path, {"parameters": {"servername": servername, **values}}, author)


def _request(*paths: str) -> DeployRequest:
    return DeployRequest(tuple(DeployItem(path, ("web1.example",)) for path in paths))


@pytest.fixture
def shared() -> None:
    """Both instances are live on web1, and agree."""
    apply(parse_estate([("estate.yaml", ESTATE)]).items, _author(0))
    deploy(_request(SHOP), _author(1))
    deploy(_request(BLOG), _author(2))


def _apache(hours: int) -> tuple[tuple[str, ...], Mapping[str, Json]]:
    node = get_node("web1.example", LOCAL, Moment(START + timedelta(hours=hours))).node
    (entry,) = (entry for entry in node.services if entry.service == "apache")
    return entry.paths, entry.parameters


def _refusal(plan: Plan) -> str:
    (notice,) = plan.refusals
    return notice.text


@pytest.mark.usefixtures("shared")
def test_there_is_one_apache_for_both_and_a_website_for_each() -> None:
    assert _apache(3) == ((SHOP, BLOG), {"keepalive": "On", "keepalive_timeout": 5})
    node = get_node("web1.example", LOCAL, Moment(START + timedelta(hours=3))).node
    assert [entry.key for entry in node.services] == [
        "apache",
        "acme-shop-production-website",
        "backerei-blog-production-website",
    ]


@pytest.mark.usefixtures("shared")
def test_what_only_one_of_them_wants_is_refused_with_both_values_and_both_owners() -> None:
    _keep_alive(SHOP, {"keepalive": "Off", "keepalive_timeout": 15}, _author(3))
    texts = [notice.text for notice in preview_deploy(_request(SHOP), _author(4)).refusals]
    assert len(texts) == 2
    for text, name, mine, theirs in zip(
        texts, ("keepalive", "keepalive_timeout"), ('"Off"', "15"), ('"On"', "5"), strict=True
    ):
        assert f"apache on web1.example: parameter {name}:" in text
        assert f"{SHOP} wants {mine}" in text
        assert f"{BLOG} wants {theirs}" in text


@pytest.mark.usefixtures("shared")
def test_a_refused_act_changes_nothing_and_says_what_its_preview_said() -> None:
    _keep_alive(SHOP, {"keepalive": "Off"}, _author(3))
    before = list_deployments(DeploymentFilter(), LOCAL, Moment(START + timedelta(hours=4)))
    foreseen = preview_deploy(_request(SHOP), _author(4))
    with pytest.raises(Refused) as refused:
        deploy(_request(SHOP), _author(4))
    assert refused.value.plan == foreseen
    assert str(refused.value) == _refusal(foreseen)
    assert list_deployments(DeploymentFilter(), LOCAL, Moment(START + timedelta(hours=4))) == before
    assert _apache(5)[1]["keepalive"] == "On"


@pytest.mark.usefixtures("shared")
def test_agreeing_in_the_description_is_not_enough_while_the_other_is_live_as_before() -> None:
    for path in (SHOP, BLOG):
        _keep_alive(path, {"keepalive": "Off"}, _author(3))
    for path in (SHOP, BLOG):
        assert '"On"' in _refusal(redeploy((path,), _author(4), dry_run=True))


@pytest.mark.usefixtures("shared")
def test_redeploying_both_in_one_rollout_succeeds() -> None:
    for path in (SHOP, BLOG):
        _keep_alive(path, {"keepalive": "Off"}, _author(3))
    foreseen = redeploy((SHOP, BLOG), _author(4), dry_run=True)
    done = redeploy((SHOP, BLOG), _author(4), expect=foreseen.digest)
    assert done == foreseen
    assert done.refusals == ()
    assert {(change.kind.value, change.instance) for change in done.changes} == {
        (kind, path) for kind in ("end", "add") for path in (SHOP, BLOG)
    }
    assert _apache(4) == ((SHOP, BLOG), {"keepalive": "Off", "keepalive_timeout": 5})
    assert _apache(3)[1]["keepalive"] == "On"
    rows = list_deployments(DeploymentFilter(), LOCAL, Moment(START + timedelta(hours=5)))
    assert len({row.rollout for row in rows if row.start == START + timedelta(hours=4)}) == 1


@pytest.mark.usefixtures("shared")
def test_on_a_host_of_its_own_it_may_want_what_it_likes() -> None:
    _keep_alive(SHOP, {"keepalive": "Off"}, _author(3))
    plan = deploy(DeployRequest((DeployItem(SHOP, ("web2.example",)),)), _author(4))
    assert plan.refusals == ()


@pytest.mark.usefixtures("shared")
def test_a_conflict_in_the_future_is_refused_today() -> None:
    _keep_alive(SHOP, {"keepalive": "Off"}, _author(3))
    later = DeployRequest(
        (DeployItem(SHOP, ("web1.example",)),), START + timedelta(days=30), START + timedelta(days=31)
    )
    assert '"Off"' in _refusal(preview_deploy(later, _author(4)))
