"""Sensitive values are sealed on their way in: no table holds them in clear, and all goes on without them."""

from __future__ import annotations

import pytest

from larry.actions.apply import apply
from larry.actions.deploy import deploy, preview_deploy
from larry.actions.reveal import reveal
from larry.actions.snapshot import snapshot
from larry.core.document import Json, canonical_text
from larry.nouns.estate import EstateFaults
from larry.queries.activity import list_activity
from larry.queries.instance import get_standing
from larry.queries.moment import Moment
from larry.queries.node import get_node, list_timeline
from larry.queries.noun import get_item
from larry.queries.reader import LOCAL
from larry.records.secret import Secret, unseal
from tests.actions.estate import BK1, FULL, LIVE, SMALL, WEB1, ask, author, change, day, dirty, lay, put, state
from tests.actions.world import find_faults, read_all_text

pytestmark = pytest.mark.django_db

CANARY = "hunter2-live"


def password(noun: str = "instance", address: str = LIVE) -> object:
    parameters = get_item(noun, address, LOCAL, Moment(day(0))).values["parameters"]
    return parameters["db_password"]  # type: ignore[index,call-overload]


def test_a_secret_is_nowhere_in_clear_whatever_is_done_with_it() -> None:
    lay(FULL)
    snapshot(LIVE, author())
    put(LIVE, WEB1)
    change("instance", LIVE, 1, parameters={"rails_env": "production", "db_password": "hunter2-next", "n": 1})
    put(LIVE, WEB1, now=1, start=5, end=9)
    text = read_all_text()
    assert CANARY not in text
    assert "hunter2" not in text
    assert find_faults(day(1)) == []


def test_readers_see_a_mask_and_the_act_of_revealing_is_recorded() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    masked = next(each for each in get_node(WEB1, LOCAL, Moment(day(1))).node.services if each.service == "rails")
    assert CANARY not in repr(masked)
    shown = reveal(WEB1, Moment(day(1)), author(1))
    rails = next(each for each in shown.node.services if each.service == "rails")
    assert rails.parameters["db_password"] == CANARY
    assert shown.digest == get_node(WEB1, LOCAL, Moment(day(1))).digest
    line = list_activity(LOCAL, Moment(day(1)), limit=1)[0]
    assert (line.verb, line.noun, line.address) == ("reveal", "host", WEB1)
    assert CANARY not in read_all_text()


def test_an_auditor_that_does_not_declare_the_secret_never_gets_it() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    for dated in (*list_timeline(WEB1, LOCAL, Moment(day(0))), *list_timeline(BK1, LOCAL, Moment(day(0)))):
        for service in dated.node.services:
            assert not any("db_password" in subject.parameters for subject in service.audits)


def test_the_same_secret_is_known_by_the_same_name_so_nothing_becomes_dirty() -> None:
    lay(FULL)
    put(LIVE, WEB1)
    same = change("instance", LIVE, 1, parameters={"rails_env": "production", "db_password": CANARY})
    assert same.changes_nothing
    assert Secret.objects.count() == 2
    assert dirty(1) == ()
    change("instance", LIVE, 1, parameters={"rails_env": "production", "db_password": "hunter3"})
    (found,) = [each for each in get_standing(LIVE, LOCAL, Moment(day(1))).live if each.is_dirty]
    assert {each.path for each in found.differences} == {
        "instance.parameters.db_password",
        "services.rails.parameters.db_password",
    }
    assert "hunter" not in repr(found)


def test_a_value_of_the_wrong_type_does_not_hide_behind_its_seal() -> None:
    lay(FULL)
    before = password()
    with pytest.raises(EstateFaults, match="not of type string") as caught:
        change("instance", LIVE, 0, parameters={"rails_env": "production", "db_password": {"no": ["canary"]}})
    assert "canary" not in str(caught.value)
    assert password() == before


def test_a_name_declared_sensitive_later_seals_what_stands() -> None:
    lay(FULL)
    canary = "canary-of-acme"
    before = {"backup_target": "s3", "token": canary, "timezone": "Europe/Berlin"}
    change("customer", "acme", 0, parameters=before)
    assert read_all_text().count(canary) == 2
    done = change("service", "linux", 1, parameters=[{"name": "token", "sensitive": True}])
    assert {(each.noun, each.address) for each in done.changes} == {("service", "linux"), ("customer", "acme")}
    token = get_item("customer", "acme", LOCAL, Moment(day(1))).values["parameters"]["token"]  # type: ignore[index,call-overload]
    assert unseal(token["sealed"]) == canary  # type: ignore[call-overload,index,arg-type]
    assert canary not in repr(done)
    assert canary not in read_all_text(), "what was recorded before it was a secret is redacted"


def test_what_was_sealed_in_one_place_may_not_be_pasted_in_another() -> None:
    lay(FULL)
    with pytest.raises(EstateFaults, match="a seal stands only for the secret that is there already"):
        change("instance", "acme/shop/test", 0, parameters={"rails_env": "test", "db_password": password()})  # type: ignore[dict-item]


def test_a_secret_with_a_default_is_refused() -> None:
    lay(SMALL)
    declared: Json = [{"name": "size", "type": "integer", "default": 1, "sensitive": True}]
    with pytest.raises(EstateFaults, match="a default would be a secret"):
        change("service", "app", 0, parameters=declared)


def test_a_conflict_between_two_secrets_names_neither() -> None:
    lay(FULL)
    change("service", "rails", 0, sharing="host")
    put(LIVE, WEB1)
    plan = preview_deploy(ask("acme/shop/test", WEB1), author())
    text = " ".join(notice.text for notice in plan.refusals)
    assert "db_password" in text
    assert "a secret" in text
    assert "hunter2" not in text


def test_a_snapshot_of_a_secret_holds_its_name_only() -> None:
    lay(FULL)
    taken = snapshot(LIVE, author())
    assert CANARY not in taken.snapshot.text
    assert canonical_text(taken.snapshot.by_key["rails"].parameters["db_password"]).startswith('{"sealed":')
    deploy(ask(LIVE, WEB1, snapshot=taken.digest[:9]), author())
    assert CANARY not in read_all_text()


def test_the_preview_of_the_very_first_secret_holds() -> None:
    shown = apply(state(FULL), author(), dry_run=True)
    assert apply(state(FULL), author(), expect=shown.digest).digest == shown.digest


def test_a_single_value_is_sealed_whatever_its_name() -> None:
    lay(SMALL)
    marked: Json = {"size": {"seal": 7}, "api_key": {"seal": CANARY}, "list": [{"seal": "not a mark in here"}]}
    change("instance", LIVE, 1, parameters=marked)
    assert change("instance", LIVE, 1, parameters=marked).changes == (), "the same is written again"
    put(LIVE, "web1", now=2)
    assert CANARY not in read_all_text()
    assert "not a mark in here" in read_all_text()
    app = next(each for each in get_node("web1", LOCAL, Moment(day(3))).node.services if each.service == "app")
    assert app.parameters["size"] != 7
    shown = next(each for each in reveal("web1", Moment(day(3)), author(3)).node.services if each.service == "app")
    assert shown.parameters["size"] == 7
    assert not dirty(3)
    change("instance", LIVE, 4, parameters={"size": {"seal": 8}, "api_key": {"seal": CANARY}})
    assert LIVE in str(dirty(5))


def test_a_marked_secret_of_the_wrong_type_is_refused_without_the_value() -> None:
    lay(FULL)
    with pytest.raises(EstateFaults, match="not of type string") as caught:
        change("instance", LIVE, 1, parameters={"rails_env": "x", "db_password": {"seal": 123454321}, "n": 1})
    assert "123454321" not in str(caught.value)
