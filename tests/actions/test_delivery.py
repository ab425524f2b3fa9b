"""Each event reaches each webhook that may know of it under one key, however often that is tried and by whom."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from larry.actions.boundary import pass_boundaries
from larry.actions.delivery import (
    DELIVERIES_KEPT_FOR,
    MOST_ATTEMPTS,
    Lease,
    claim_deliveries,
    forget_deliveries,
    settle_delivery,
)
from larry.actions.fan_out import fan_out
from larry.actions.grant import GrantRequest, grant, revoke
from larry.actions.permit import NotAllowed
from larry.actions.situation import tell_situations
from larry.actions.user import NewUser, add_user, deactivate_user
from larry.actions.webhook import (
    NewWebhook,
    add_webhook,
    pause_webhook,
    ping_webhook,
    remove_webhook,
    resume_webhook,
    retry_delivery,
)
from larry.core.event import FIRST_WAIT, LONGEST_WAIT, EventKind, wait_after
from larry.core.rights import PersonRole, Right, ScopeKind, rights_of
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, NotFound, Reader
from larry.queries.situation import list_situations
from larry.queries.webhook import find_next_due, list_deliveries, list_webhooks
from larry.records.activity import Activity
from larry.records.secret import Secret
from larry.records.webhook import Delivery, Event, Webhook
from tests.actions.estate import FULL, LIVE, SMALL, TEST, author, change, day, lay, put
from tests.actions.hooked import ALL_EVENTS, URL, hook

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=90)


def claim(now: float = 0, most: int = 100) -> tuple[Lease, ...]:
    return claim_deliveries(most, LEASE, author(now), most_of_one=most)


def ping(now: float = 0) -> int:
    """One webhook with one delivery that is due."""
    number = hook(EventKind.STARTED)
    ping_webhook(number, author(now))
    assert fan_out(author(now)) == 1
    return number


def heard(webhook: int) -> set[tuple[str, str]]:
    """What has been made into deliveries for a webhook."""
    rows = Delivery.objects.filter(webhook=webhook)
    return set(rows.values_list("event__kind", "event__address"))


def test_waits_double_up_to_a_ceiling_and_are_spread() -> None:
    assert [wait_after(tries, 0) for tries in (1, 2, 3)] == [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]
    assert wait_after(1, 1) == FIRST_WAIT / 2
    assert wait_after(50, 0) == LONGEST_WAIT
    assert timedelta(hours=24) < sum((wait_after(n, 0) for n in range(1, MOST_ATTEMPTS)), timedelta()) < timedelta(2)


def test_what_is_sent_is_small_and_says_what_it_is() -> None:
    ping()
    (lease,) = claim()
    assert lease.url == URL
    body = json.loads(lease.body)
    assert body == {
        "larry": 1, "delivery": lease.key, "event": "ping", "id": body["id"], "at": "2026-11-01T12:00:00Z",
        "noun": "webhook", "address": body["address"], "data": {},
    }  # fmt: skip


def test_a_try_that_fails_comes_back_later_with_the_same_key_and_body_until_it_is_taken() -> None:
    number = ping()
    (first,) = claim(0)
    assert claim(0.0001) == ()  # leased
    assert settle_delivery(first, 500, "it answered 500", author(0), 0)
    assert claim(0) == ()
    later = FIRST_WAIT / timedelta(days=1)
    (second,) = claim(later)
    assert (second.key, second.body) == (first.key, first.body)
    assert settle_delivery(second, 204, "", author(later), 0)
    assert claim(9) == ()
    (row,) = list_deliveries(number, LOCAL, Moment(day(9)))
    assert (row.state, row.attempts, row.status, row.due_at) == ("delivered", 2, 204, None)


def test_who_lost_the_lease_does_not_say_how_it_went() -> None:
    ping()
    (dead,) = claim(0)
    (alive,) = claim(0.1)  # the lease has run out
    assert alive.key == dead.key
    assert not settle_delivery(dead, None, "it broke", author(0.1), 0)
    assert settle_delivery(alive, 204, "", author(0.1), 0)
    assert not settle_delivery(dead, None, "it broke", author(0.2), 0)
    assert Delivery.objects.get().state == "delivered"


def test_what_fails_too_often_is_given_up_and_that_is_a_situation_until_it_is_tried_again() -> None:
    number, now = ping(), 0.0
    for attempt in range(1, MOST_ATTEMPTS + 1):
        (lease,) = claim(now)
        assert settle_delivery(lease, None, "it refuses connections", author(now), 0)
        now += wait_after(attempt, 0) / timedelta(days=1)
    assert claim(now + 9) == ()
    (row,) = list_deliveries(number, LOCAL, Moment(day(now)), state="dead")
    assert (row.attempts, row.note) == (MOST_ATTEMPTS, "it refuses connections")
    (strange,) = (each for each in list_situations(LOCAL, Moment(day(now))) if each.code == "webhook_failing")
    assert strange.address == str(number)
    assert URL not in strange.text
    retry_delivery(row.key, author(now))
    (lease,) = claim(now)
    assert lease.key == row.key
    assert settle_delivery(lease, 410, "it answered 410", author(now), 0)  # gone: it need not be asked again
    assert Delivery.objects.get().state == "dead"
    with pytest.raises(NotFound):
        retry_delivery("dlv_none", author(now))


def test_pausing_holds_what_waits_and_removing_drops_it() -> None:
    number = ping()
    pause_webhook(number, author(1))
    assert claim(1) == ()
    assert find_next_due(LOCAL, Moment(day(1))) is None
    resume_webhook(number, author(2))
    assert find_next_due(LOCAL, Moment(day(2))) == day(0)
    (lease,) = claim(2)
    assert settle_delivery(lease, 500, "it answered 500", author(2), 0)
    remove_webhook(number, author(3))
    assert claim(9) == ()
    assert list_webhooks(LOCAL, Moment(day(3))) == ()
    assert Delivery.objects.get().state == "withheld"


def test_one_webhook_with_many_does_not_stand_before_the_others() -> None:
    first, second = hook(EventKind.STARTED), hook(EventKind.STARTED)
    for _ in range(20):
        ping_webhook(first, author())
    ping_webhook(second, author())
    assert fan_out(author()) == 21
    leases = claim_deliveries(16, LEASE, author())
    assert len(leases) == 5
    assert len(claim_deliveries(2, LEASE, author())) == 2


def test_events_reach_only_who_asked_and_only_since_they_did() -> None:
    lay(SMALL)
    early = hook(EventKind.STARTED, EventKind.PLANNED)
    put(LIVE, "web1", start=1)
    put(TEST, "web1", start=3)
    late = hook(EventKind.STARTED, now=2)
    assert pass_boundaries(author(4)) == 2
    assert fan_out(author(4)) == 4
    assert Delivery.objects.filter(webhook=early).count() == 4
    assert [row.event.at for row in Delivery.objects.filter(webhook=late)] == [day(3)]
    assert Event.objects.filter(fanned_at=None).count() == 0
    assert fan_out(author(5)) == 0


def test_an_owner_is_told_of_what_they_may_see_only() -> None:
    lay(FULL)
    add_user(NewUser("eve"), None, author())
    grant(GrantRequest("user", "eve", PersonRole.VIEWER, ScopeKind.CUSTOMER, "acme"), author())
    hers = hook(owner="eve")
    all_ = hook()
    of_pool = hook(EventKind.NODE, kind=ScopeKind.POOL, address="production")
    of_zeta = hook(EventKind.PLANNED, kind=ScopeKind.CUSTOMER, address="zeta")
    mine = put("acme/shop/test", "web2.example.com").changes[0].deployment
    theirs = put("zeta/blog/test", "web1.example.com").changes[0].deployment
    fan_out(author())
    assert heard(hers) == {("deployment.planned", mine)}
    assert {("deployment.planned", mine), ("deployment.planned", theirs)} <= heard(all_)
    assert heard(of_pool) == {("node.changed", "web1.example.com")}
    assert heard(of_zeta) == {("deployment.planned", theirs)}
    # Rights that are lost between the event and its telling count as well.
    revoke(GrantRequest("user", "eve", PersonRole.VIEWER, ScopeKind.CUSTOMER, "acme"), author(1))
    claim(1)
    assert {row.state for row in Delivery.objects.filter(webhook=hers)} == {"withheld"}
    assert {row.state for row in Delivery.objects.filter(webhook=all_)} == {"pending"}


def test_who_is_deactivated_is_told_nothing_more() -> None:
    lay(SMALL)
    add_user(NewUser("root", is_administrator=True), None, author(-25))
    hers = hook(owner="root")
    put(LIVE, "web1")
    fan_out(author())
    assert len(heard(hers)) == 3
    deactivate_user("root", author(1))
    assert claim(1) == ()
    put(TEST, "web1", now=2)
    fan_out(author(2))
    assert len(heard(hers)) == 3


def test_what_newly_becomes_strange_or_dirty_is_told_once() -> None:
    lay(SMALL)
    put(LIVE, "web1", now=-1)
    number = hook(EventKind.CHECK, EventKind.DIRTY)
    pause = timedelta(minutes=1)
    assert tell_situations(author(0), pause) == 0  # what stood before was there to be seen
    change("instance", LIVE, 1, parameters={"size": 2})
    assert tell_situations(author(1.01), pause) == 1
    assert tell_situations(author(1.02), pause) == 0
    change("instance", TEST, 2, parameters={"nonsense": 2})
    assert tell_situations(author(2.01), pause) == 1
    change("instance", LIVE, 3, parameters={})
    assert tell_situations(author(3.01), pause) == 0
    change("instance", LIVE, 4, parameters={"size": 3})
    assert tell_situations(author(4.01), pause) == 1  # it was well in between
    fan_out(author(5))
    rows = Delivery.objects.filter(webhook=number).order_by("id")
    assert [(row.event.kind, row.event.address, row.event.body["what"]) for row in rows] == [
        ("instance.dirty", LIVE, "dirty"),
        ("check.failed", TEST, "parameter_unknown"),
        ("instance.dirty", LIVE, "dirty"),
    ]


def test_looking_costs_nothing_while_nothing_happens(django_assert_max_num_queries: object) -> None:
    lay(SMALL)
    hook(EventKind.CHECK)
    tell_situations(author(0), timedelta(minutes=1))
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        tell_situations(author(0.01), timedelta(minutes=1))


def test_webhooks_are_for_administrators_of_their_scope() -> None:
    lay(FULL)
    add_user(NewUser("eve"), None, author())
    acme = GrantRequest("user", "eve", PersonRole.ADMINISTRATOR, ScopeKind.CUSTOMER, "acme")
    grant(acme, author())
    from larry.records.customer import Customer

    right = Right(PersonRole.ADMINISTRATOR, ScopeKind.CUSTOMER, Customer.objects.get(key="acme").id)
    eve = type(author())("eve", "because", day(0), rights_of([right]))
    hers = NewWebhook(URL, "shown", (EventKind.STARTED,), ScopeKind.CUSTOMER, "acme", "eve")
    made = add_webhook(hers, eve)
    assert made.row is not None
    for refused in (
        NewWebhook(URL, "shown", (EventKind.STARTED,), owner="eve"),
        NewWebhook(URL, "shown", (EventKind.STARTED,), ScopeKind.CUSTOMER, "acme", ""),
    ):
        with pytest.raises(NotAllowed):
            add_webhook(refused, eve)
    with pytest.raises(NotFound):
        add_webhook(NewWebhook(URL, "shown", (EventKind.STARTED,), ScopeKind.CUSTOMER, "zeta", "eve"), eve)
    others = hook(EventKind.STARTED)
    assert [row.id for row in list_webhooks(eve.sees, eve.moment)] == [made.row.id]
    with pytest.raises(NotFound):
        remove_webhook(others, eve)
    remove_webhook(made.row.id, eve)
    assert list_webhooks(Reader("eve"), eve.moment) == ()


def test_neither_the_url_nor_the_secret_is_anywhere_in_clear() -> None:
    lay(SMALL)
    made = add_webhook(NewWebhook(URL, "https://hooks.example.com/…", ALL_EVENTS), author())
    assert made.secret is not None
    put(LIVE, "web1")
    fan_out(author())
    texts = [
        json.dumps(list(model.objects.values()), default=str) for model in (Webhook, Event, Delivery, Activity, Secret)
    ]
    for text in (*texts, repr(made), repr(claim(1))):
        assert "very-secret-path" not in text
        assert made.secret not in text


def test_what_is_long_over_is_forgotten_but_for_what_was_given_up() -> None:
    ping()
    ping()
    first, second = claim(0)
    settle_delivery(first, 204, "", author(0), 0)
    settle_delivery(second, 410, "it answered 410", author(0), 0)
    late = DELIVERIES_KEPT_FOR / timedelta(days=1) + 1
    assert forget_deliveries(author(late - 2)) == 0
    assert forget_deliveries(author(late)) == 1
    assert Delivery.objects.get().key == second.key
    assert Event.objects.count() == 1
