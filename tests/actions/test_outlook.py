"""What an edit makes of instances, told from what was kept of them: what describing each before and after tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from larry.actions import consequence
from larry.actions.apply import EstateChange
from larry.actions.author import Author, Refused
from larry.actions.consequence import Consequence, Lack
from larry.actions.edit import edit
from larry.core.document import Json
from larry.core.parameter_fault import Risks
from larry.core.rights import PersonRole, Right, ScopeKind, rights_of
from larry.core.survey import Survey, Sway
from larry.nouns.estate import EstateFaults
from larry.queries import kept_survey, outlook
from larry.queries.instance import get_descriptions
from larry.queries.kept_survey import freshen, get_kept_faults, get_stock
from larry.queries.reader import LOCAL, NotFound
from larry.records.customer import Customer
from larry.records.instance import Instance
from tests.actions.estate import LIVE, TEST, author, lay, put
from tests.actions.test_consequence import describe_each
from tests.core.budget import dice
from tests.queries.random_edits import ACTS, AT, ESTATE

pytestmark = pytest.mark.django_db


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Keeps a survey of what is there; all is in one transaction here, that is undone, so a view is feigned."""
    kept_survey._kept.clear()

    def look() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(kept_survey, "viewed_server", lambda: "default")
            get_kept_faults(LOCAL, AT)

    yield look
    kept_survey._kept.clear()


def of_acme(by: Author) -> Author:
    """Somebody who sees one customer, whose instances others' may follow."""
    customer = Customer.objects.order_by("id").values_list("id", flat=True).first() or 0
    return replace(by, rights=rights_of([Right(PersonRole.OPERATOR, ScopeKind.CUSTOMER, customer)]))


def list_seen(by: Author) -> set[str]:
    rows = Instance.objects.filter(retired_at=None).values_list("path", "customer_id", "app_id")
    return {path for path, customer, app in rows if by.sees.sees(customer, app)}


def assert_told(act: Callable[[Random, Author], object], random: Random, by: Author, which: str) -> bool:
    """Do something, and hold what it tells against describing each."""
    dirty, faults = describe_each(AT)
    try:
        with transaction.atomic():
            done = act(random, by)
    except (Refused, EstateFaults, NotFound):
        return False
    if not isinstance(done, EstateChange):
        return False
    dirty_then, faults_then = describe_each(AT)
    stayed = sorted(dirty.keys() & dirty_then.keys() & list_seen(by))
    told = done.consequence
    assert list(told.dirty) == [path for path in stayed if dirty_then[path] and not dirty[path]], which
    assert list(told.clean) == [path for path in stayed if dirty[path] and not dirty_then[path]], which
    assert [each.instance for each in told.lacking] == [p for p in stayed if faults_then[p] - faults[p]], which
    return True


def play(keep: Callable[[], None], seed: int, random: Random, acts: int) -> tuple[int, int]:
    """How many edits were held against describing each, and how many of them when something was kept."""
    held = from_kept = 0
    with transaction.atomic():
        kept_survey._kept.clear()
        lay(ESTATE)
        for path, host in ((LIVE, "web1"), (TEST, "web2"), ("zeta/blog/live", "web3")):
            put(path, host)
        for number in range(acts):
            is_kept = random.random() < 0.7
            if is_kept:
                keep()
            else:
                kept_survey._kept.clear()
            act, by = random.choice(ACTS), author(number + 1)
            by = of_acme(by) if random.random() < 0.25 else by
            is_told = assert_told(act, random, by, f"seed {seed}, act {number}, {getattr(act, '__name__', '')}")
            held, from_kept = held + is_told, from_kept + (is_told and is_kept)
        transaction.set_rollback(True)
    return held, from_kept


def play_many(keep: Callable[[], None], count: int, acts: int = 12) -> tuple[int, int]:
    counts = [play(keep, seed, random, acts) for seed, random in dice(count)]
    return sum(held for held, _ in counts), sum(kept for _, kept in counts)


def test_what_is_told_is_what_describing_each_tells(keep: Callable[[], None]) -> None:
    held, from_kept = play_many(keep, 4)
    assert held > from_kept > 8, "most acts are edits, and most of them are told from what is kept"


@pytest.mark.slow
def test_much_that_is_told_is_what_describing_each_tells(keep: Callable[[], None]) -> None:
    play_many(keep, 60)


def test_what_is_kept_is_asked_while_it_is_what_is_there(keep: Callable[[], None]) -> None:
    """Inside a transaction too, and no longer once something was edited there."""
    lay(ESTATE)
    assert get_stock(LOCAL, AT) is None
    keep()
    kept = get_stock(LOCAL, AT)
    assert kept is not None
    assert get_stock(LOCAL, AT) is kept
    edit("host", "web1", {"description": "red"}, author(1))
    assert get_stock(LOCAL, AT) is None
    keep()
    assert get_stock(LOCAL, AT) is not None
    edit("instance", LIVE, {"description": "red"}, author(2), dry_run=True)
    assert get_stock(LOCAL, AT) is not None


def test_what_is_kept_is_brought_up_to_date_before_an_edit(
    keep: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(ESTATE)
    freshen(LOCAL, AT)
    assert get_stock(LOCAL, AT) is None, "nothing is kept unless somebody asked"
    keep()
    edit("customer", "acme", {"parameters": {"size": 3}}, author(1))
    assert get_stock(LOCAL, AT) is None
    with monkeypatch.context() as patch:
        patch.setattr(kept_survey, "viewed_server", lambda: "default")
        freshen(LOCAL, AT)
    assert get_stock(LOCAL, AT) is not None


def test_who_is_not_concerned_is_not_described(keep: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a customer's parameter and of an edge only whoever was dirty already is described."""
    lay(ESTATE)
    for path, host in ((LIVE, "web1"), (TEST, "web2")):
        put(path, host)
    described: list[set[str]] = []
    get = get_descriptions

    def note(paths: set[str], *rest: object) -> object:
        described.append(set(paths))
        return get(paths, *rest)  # type: ignore[arg-type]  # as it was asked

    monkeypatch.setattr(outlook, "get_descriptions", note)
    keep()
    said = edit("customer", "acme", {"parameters": {"size": 1, "pass": "other"}}, author(1), dry_run=True)
    assert said.consequence.dirty == (LIVE, TEST)
    said = edit("service", "linux", {"needs": ["probe"]}, author(1), dry_run=True)
    assert (said.consequence.dirty, described) == ((LIVE, TEST), [])
    edit("customer", "acme", {"parameters": {"size": 1, "pass": "other"}}, author(1))
    keep()
    said = edit("customer", "acme", {"parameters": {"size": 1, "pass": "open"}}, author(2), dry_run=True)
    assert (said.consequence.clean, described) == ((LIVE, TEST), [{LIVE, TEST}])


def test_who_sets_what_nobody_wanted_may_come_to_be_at_fault(keep: Callable[[], None]) -> None:
    """Of what a service declares anew, with a default that fits, only who sets it already can have it wrong."""
    lay(ESTATE.replace("parameters: {size: 2}", "parameters: {size: 2, stray: x}"))
    put(LIVE, "web1")
    keep()
    declared: Json = [{"name": "zone", "default": 1}, {"name": "stray", "type": "integer", "default": 1}]
    said = edit("service", "linux", {"parameters": declared}, author(1), dry_run=True).consequence
    assert said == Consequence(dirty=(LIVE,), lacking=(Lack(TEST, ("stray is not of type integer",)),))


def test_the_services_that_an_edit_leaves_alone_are_not_read(keep: Callable[[], None]) -> None:
    lay(ESTATE)
    put(LIVE, "web1")
    keep()
    with CaptureQueriesContext(connection) as captured:
        edit("service", "linux", {"needs": ["cache"]}, author(1), dry_run=True)
    read = [each["sql"] for each in captured.captured_queries if 'FROM "larry_parameter"' in each["sql"]]
    assert read
    assert [sql for sql in read if "IN (" not in sql] == [], "only those that are named are read"


FAULTS: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the same": lambda patch: patch.setattr(Survey, "compare", lambda *_: Sway.NONE),
    "no risk of values": lambda patch: patch.setattr(outlook, "is_at_risk", lambda *_: False),
    "no risk of services": lambda patch: patch.setattr(Risks, "concern", lambda *_: False),
    "followers": lambda patch: patch.setattr(outlook, "list_following", lambda paths, *_: frozenset(paths)),
    "equal numbers": lambda patch: patch.setattr(consequence, "is_same", lambda one, other: one == other),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, keep: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name](monkeypatch)
    with pytest.raises((AssertionError, KeyError, NotFound)):
        play_many(keep, 60)
