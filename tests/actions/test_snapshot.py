"""A snapshot freezes what is needed to deploy an instance: the same content once, and nothing that does not matter."""

from __future__ import annotations

import pytest

from larry.actions.author import NoReason, Refused
from larry.actions.deploy import deploy, preview_deploy
from larry.actions.snapshot import snapshot
from larry.core.deployable import read_snapshot
from larry.core.document import Json
from larry.queries.activity import list_activity
from larry.queries.instance import get_standing
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound
from larry.records.deployable import Deployable
from tests.actions.estate import FULL, LIVE, SMALL, WEB1, ask, author, change, day, lay, rows
from tests.actions.world import read_world

pytestmark = pytest.mark.django_db


def test_the_same_content_is_stored_once() -> None:
    lay(FULL)
    first = snapshot(LIVE, author())
    world = read_world()
    again = snapshot(LIVE.upper(), author(5))
    assert (first.is_new, again.is_new) == (True, False)
    assert first.digest == again.digest
    assert read_world() == world
    row = Deployable.objects.get()
    assert (row.digest, row.taken_at, row.taken_by, row.instance.path) == (first.digest, day(0), "ada", LIVE)
    assert read_snapshot(row.document).digest == first.digest
    line = list_activity(LOCAL, Moment(day(9)), limit=1)[0]
    assert (line.verb, line.noun, line.address, line.after) == (
        "snapshot",
        "instance",
        LIVE,
        {"snapshot": first.digest},
    )


@pytest.mark.parametrize(
    "noun, address, field, value",
    [
        ("customer", "acme", "name", "ACME"),
        ("app", "acme/shop", "name", "SHOP"),
        ("instance", LIVE, "name", "LIVE"),
        ("service", "rails", "name", "RAILS"),
        ("customer", "acme", "description", "new"),
        ("instance", LIVE, "description", "new"),
        ("service", "rails", "description", "new"),
        ("instance", LIVE, "demand", {"cpu": 99}),
        ("instance", LIVE, "copies", 7),
        ("app", "acme/shop", "service_level", "tin"),
        ("app", "acme/shop", "importance", 9),
        ("service", "rails", "category", "other"),
    ],
)
def test_what_does_not_matter_changes_no_digest(noun: str, address: str, field: str, value: Json) -> None:
    lay(FULL)
    first = snapshot(LIVE, author())
    assert not change(noun, address, 1, **{field: value}).changes_nothing
    assert snapshot(LIVE, author(2)).digest == first.digest


@pytest.mark.parametrize(
    "noun, address, field, value",
    [
        ("customer", "acme", "parameters", {"backup_target": "s4", "timezone": "Europe/Berlin"}),
        ("app", "acme/shop", "parameters", {"threads": 9}),
        ("instance", LIVE, "requires", ["rails", "apache"]),
        ("service", "rails", "sharing", "host"),
        ("service", "rails", "tools", {"puppet": {"class": "rails"}}),
        ("service", "linux", "parameters", [{"name": "colour", "default": "red"}]),
        ("service", "logship", "audits", [{"service": "rails", "where": "manual"}]),
        ("service", "logship", "audits", []),
    ],
)
def test_what_matters_changes_the_digest(noun: str, address: str, field: str, value: Json) -> None:
    lay(FULL)
    change("customer", "acme", 0, parameters={"workers": 1, "backup_target": "s3", "timezone": "Europe/Berlin"})
    first = snapshot(LIVE, author())
    change(noun, address, 1, **{field: value})
    assert snapshot(LIVE, author(2)).digest != first.digest


def test_a_renamed_host_of_an_audit_makes_nothing_dirty() -> None:
    lay(FULL)
    first = snapshot(LIVE, author())
    change("host", "mon1.example.com", 1, name="monitor.example.com", was="mon1.example.com")
    assert snapshot(LIVE, author(2)).digest == first.digest


def test_all_that_is_missing_or_wrong_is_named_at_once_and_nothing_is_stored() -> None:
    lay(FULL)
    change("customer", "acme", 0, parameters={})
    change("instance", LIVE, 0, parameters={"port": "many", "threads": True})
    world = read_world()
    with pytest.raises(Refused) as refused:
        snapshot(LIVE, author())
    text = str(refused.value)
    for word in (
        f"{LIVE} cannot be deployed",
        "rails_env is missing: needed by rails",
        "db_password is missing: needed by rails",
        "backup_target is missing: needed by backup",
        f"port is not of type integer: needed by postgres, set by instance {LIVE}",
        f"threads is not of type integer: needed by rails, set by instance {LIVE}",
    ):
        assert word in text
    assert read_world() == world
    plan = preview_deploy(ask(LIVE, WEB1), author())
    assert [(notice.code, notice.text) for notice in plan.refusals] == [("not_ready", text)]
    with pytest.raises(Refused, match="rails_env is missing") as not_done:
        deploy(ask(LIVE, WEB1), author())
    assert not_done.value.plan == plan
    assert read_world() == world


def test_a_dry_run_stores_nothing() -> None:
    lay(SMALL)
    world = read_world()
    taken = snapshot(LIVE, author(), dry_run=True)
    assert taken.is_new
    assert read_world() == world
    assert snapshot(LIVE, author()).digest == taken.digest


def test_an_unknown_instance_is_not_found() -> None:
    lay(SMALL)
    with pytest.raises(NotFound, match="there is no instance acme/shop/nope"):
        snapshot("acme/shop/nope", author())


def test_a_template_gives_its_parameters_but_not_its_customers() -> None:
    lay(FULL)
    change("instance", "zeta/blog/live", 0, template=LIVE, requires=["rails"])
    change("customer", "zeta", 0, parameters={"backup_target": "nfs"})
    standing = get_standing("zeta/blog/live", LOCAL, Moment(day(0)))
    whence = {each.name: (each.whence.level, each.whence.owner) for each in standing.resolved.matching}
    assert whence["rails_env"] == ("template", LIVE)
    assert whence["backup_target"] == ("customer", "zeta")
    assert whence["threads"] == ("default", "rails")
    before = snapshot("zeta/blog/live", author()).digest
    change("instance", LIVE, 1, parameters={"rails_env": "staging", "db_password": "x"})
    assert snapshot("zeta/blog/live", author(1)).digest != before


def test_a_kept_snapshot_is_deployed_by_its_first_characters() -> None:
    lay(SMALL)
    old = snapshot(LIVE, author()).digest
    change("instance", LIVE, 1, parameters={"size": 9})
    new = snapshot(LIVE, author(1)).digest
    deploy(ask(LIVE, "web1", snapshot=old[:12].upper()), author(2))
    assert [row.snapshot for row in rows(2)] == [old] != [new]
    with pytest.raises(NotFound, match="has no snapshot ffff"):
        deploy(ask(LIVE, "web1", snapshot="ffff"), author(2))
    with pytest.raises(NotFound, match="acme/shop/test has no snapshot"):
        deploy(ask("acme/shop/test", "web1", snapshot=old), author(2))
    with pytest.raises(NotFound, match="several snapshots"):
        deploy(ask(LIVE, "web1", snapshot=""), author(2))


def test_a_deployment_needs_a_reason() -> None:
    lay(SMALL)
    for reason in ("", "   "):
        with pytest.raises(NoReason, match="needs a reason"):
            deploy(ask(LIVE, "web1"), author(0, reason))
