"""An estate that is made up holds every invariant, and is the same for the same recipe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from larry.actions.author import Author, Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.generate import generate
from larry.exports.dialect import DIALECTS
from larry.exports.estate import write_estate
from larry.nouns.estate import complete, read_estate
from larry.nouns.recipe import Recipe, state_recipe
from larry.nouns.recipe_history import make_history
from larry.queries.dirty import list_dirty_causes
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import LOCAL
from larry.queries.situation import list_situations
from larry.records.activity import Activity
from larry.records.deployment import Deployment
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.node import NodeSegment
from larry.records.secret import Secret
from tests.actions.world import find_faults

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECIPE = Recipe(hosts=66, instances=70, services=40, years=2, seed=3)
AUTHOR = Author("maker", "to try", NOW)


@pytest.mark.django_db
def test_a_made_up_estate_holds_every_invariant() -> None:
    made = generate(RECIPE, AUTHOR)
    assert find_faults(NOW) == []
    codes = {each.code for each in list_situations(LOCAL, Moment(NOW))}
    broken = {"guard_missing", "migration", "uncovered", "role_left", "parameter_missing", "parameter_of_wrong_type"}
    assert codes & broken == set()
    assert made.rows.deployments == Deployment.objects.count()
    assert Instance.objects.count() == RECIPE.instances
    assert Secret.objects.exists()
    assert all(each.causes for each in list_dirty_causes(LOCAL, Moment(NOW)))
    assert Deployment.objects.filter(end__lte=NOW).exists()
    assert Deployment.objects.filter(start__gt=NOW).exists()
    moments = list(Activity.objects.order_by("id").values_list("at", flat=True))
    assert moments == sorted(moments)


@pytest.mark.django_db
def test_every_dialect_prints_every_host_of_it() -> None:
    generate(RECIPE, AUTHOR)
    at = Moment(NOW)
    nodes = [get_node(name, LOCAL, at) for name in Host.objects.order_by("id").values_list("name", flat=True)]
    assert any(node.node.services for node in nodes)
    for dialect in DIALECTS:
        for node in nodes:
            assert dialect.render(node), (dialect.name, node.node.facts.name)


@pytest.mark.django_db
def test_a_made_up_estate_can_be_deployed_to_and_is_made_up_once() -> None:
    generate(RECIPE, AUTHOR)
    row = Deployment.objects.filter(end=None, start__lte=NOW).order_by("id").select_related("instance", "host")[0]
    before = NodeSegment.objects.filter(host=row.host, start__lt=NOW).count()
    later = Author("somebody", "again", NOW + timedelta(minutes=1))
    Instance.objects.filter(pk=row.instance_id).update(parameters={**row.instance.parameters, "workers": 3})
    plan = deploy(DeployRequest((DeployItem(row.instance.path, (row.host.name,)),)), later)
    assert plan.changes
    assert not plan.refusals
    assert NodeSegment.objects.filter(host=row.host, start__lt=NOW).count() == before
    assert find_faults(later.now) == []
    with pytest.raises(Refused, match="there is an estate already"):
        generate(RECIPE, AUTHOR)


def test_one_recipe_makes_one_estate_and_another_seed_another() -> None:
    items = state_recipe(RECIPE)
    assert items == state_recipe(RECIPE)
    assert make_history(RECIPE, items, NOW) == make_history(RECIPE, items, NOW)
    assert items != state_recipe(Recipe(66, 70, 40, 2, seed=4))


def test_a_made_up_estate_is_an_estate_file() -> None:
    items = complete(state_recipe(RECIPE), {})
    assert set(read_estate([("made.yaml", write_estate(items))], {}).items) == set(items)


def test_customers_are_few_large_and_many_small_and_services_have_hubs() -> None:
    items = complete(state_recipe(Recipe(100, 1000, 200, 1)), {})
    sizes: dict[str, int] = {}
    needed: dict[str, int] = {}
    for item in items:
        if item.noun == "instance":
            customer = item.address.split("/")[0]
            sizes[customer] = sizes.get(customer, 0) + 1
        for key in item.values["needs"] if item.noun == "service" else ():  # type: ignore[union-attr]
            needed[str(key)] = needed.get(str(key), 0) + 1
    assert max(sizes.values()) > 20 * sorted(sizes.values())[len(sizes) // 2]
    assert max(needed.values()) > 10 * sorted(needed.values())[len(needed) // 2]
