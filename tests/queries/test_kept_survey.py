"""The kept survey against describing each instance by itself, after each of many acts: always the same."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from random import Random
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from larry.actions.author import Refused
from larry.actions.edit import edit
from larry.core.document import Json
from larry.core.parameter_fault import ParameterFaults
from larry.core.rights import PersonRole, Right, ScopeKind, rights_of
from larry.core.service_graph import ServiceGraph
from larry.core.survey import Survey
from larry.nouns.estate import EstateFaults
from larry.queries import kept_survey
from larry.queries.activity import RENAME_KEY
from larry.queries.dirty import list_dirty, list_dirty_causes
from larry.queries.instance import get_descriptions
from larry.queries.kept_survey import get_kept_faults, get_now
from larry.queries.parameter_fault import list_parameter_faults
from larry.queries.reader import LOCAL, NotFound, Reader
from larry.queries.service import get_service_graph
from larry.queries.stock import KeptInstance, Stock, survey_stock
from larry.queries.view import read_view
from larry.records.customer import Customer
from tests.actions.estate import LIVE, TEST, author, lay, put
from tests.actions.meeting import run_at_once
from tests.core.budget import dice
from tests.queries.random_edits import ACTS, AT, ESTATE


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Callable[[bool], None]]:
    """Says whether what follows is asked as in a view; all is in one transaction here, that is undone."""
    asked = [False]
    monkeypatch.setattr(kept_survey, "viewed_server", lambda: "default" if asked[0] else None)
    kept_survey._kept.clear()

    def turn(is_view: bool) -> None:
        asked[0] = is_view

    yield turn
    kept_survey._kept.clear()


def restricted() -> Reader:
    """Who sees one customer, whose instances may follow another's."""
    customer = Customer.objects.filter(retired_at=None).order_by("-id").values_list("id", flat=True).first() or 0
    return Reader("some", rights_of([Right(PersonRole.VIEWER, ScopeKind.CUSTOMER, customer)]))


def sort_used(found: dict[str, ParameterFaults]) -> dict[str, object]:
    return {path: (f.missing, f.wrong, f.unknown, frozenset(f.used)) for path, f in found.items()}


def assert_exact(view: Callable[[bool], None], which: str) -> None:
    """What is kept tells what looking at each instance tells."""
    view(False)
    services = get_service_graph(LOCAL, AT)
    for reader in (LOCAL, restricted()):
        view(False)
        faults, causes = list_parameter_faults(reader, AT), list_dirty_causes(reader, AT)
        described = get_descriptions(faults, reader, AT) if faults else {}
        view(True)
        kept = get_kept_faults(reader, AT)
        assert kept is not None, which
        assert sort_used(dict(kept)) == sort_used(dict(faults)), which
        stock = kept_survey._kept["default"].stock
        fresh = Stock.of(stock.services, stock.survey, stock.instances)
        assert stock.paths == fresh.paths, which
        grouped = {requires: sorted(paths) for requires, paths in stock.groups.items()}
        assert grouped == {requires: sorted(paths) for requires, paths in fresh.groups.items()}, which
        now = get_now(faults, reader, AT).digests
        assert now == {path: each.describe(services)[0].digest for path, each in described.items()}, which
        assert list_dirty_causes(reader, AT) == causes, which
        assert list_dirty(reader, AT) == {each.path: each.hosts for each in causes}, which
    view(False)


def play(view: Callable[[bool], None], seed: int, random: Random, acts: int) -> int:
    """An estate, many acts, and what is held after each; how many acts were done.

    Some acts are seen and then undone: so is a state for who views an earlier one, or after a backup was restored.
    """
    done = 0
    with transaction.atomic():
        kept_survey._kept.clear()
        lay(ESTATE)
        put(LIVE, "web1")
        assert_exact(view, f"seed {seed}")
        for number in range(acts):
            names: list[str] = []
            is_undone = random.random() < 0.2
            with transaction.atomic():
                for _ in range(random.choice((1, 1, 2))):
                    act = random.choice(ACTS)
                    names.append(getattr(act, "__name__", ""))
                    try:
                        with transaction.atomic():
                            act(random, author(number + 1))
                        done += 1
                    except (Refused, EstateFaults, NotFound):
                        pass
                assert_exact(view, f"seed {seed}, after {number}, {names}")
                transaction.set_rollback(is_undone)
            if is_undone:
                assert_exact(view, f"seed {seed}, after {number}, {names} undone")
        transaction.set_rollback(True)
    return done


def play_many(view: Callable[[bool], None], count: int) -> int:
    return sum(play(view, seed, random, 12) for seed, random in dice(count))


def test_after_each_act_what_is_kept_is_what_is(view: Callable[[bool], None]) -> None:
    assert play_many(view, 3) > 20, "most acts are done"


def test_nothing_is_asked_again_where_nothing_was_edited(view: Callable[[bool], None]) -> None:
    """One statement; so too after what no description tells of. An edit costs no more where there is more."""
    lay(ESTATE)
    view(True)
    assert count(lambda: get_kept_faults(LOCAL, AT)) == 11
    assert count(lambda: get_kept_faults(LOCAL, AT)) == 1
    assert count(lambda: get_now((LIVE,), LOCAL, AT)) == 1
    view(False)
    put(LIVE, "web1")
    view(True)
    assert count(lambda: get_kept_faults(LOCAL, AT)) == 1
    reader = restricted()
    assert count(lambda: get_kept_faults(reader, AT)) == 3


def count(ask: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured.captured_queries)


def test_nobody_looks_for_circles_in_what_is_kept_of_many(
    view: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or whoever happens to ask would wait for it, the longer the more instances there are."""

    def is_looked_through() -> bool:
        view(True)
        get_kept_faults(LOCAL, AT)
        kept = kept_survey._kept.pop("default").stock.instances[LIVE]
        return any(each is kept for each in gc.get_objects())

    lay(ESTATE)
    try:
        assert is_looked_through(), "of few it does not matter"
        monkeypatch.setattr(kept_survey, "_LASTING", 1)
        assert not is_looked_through()
        gone = gc.get_freeze_count()
        assert not is_looked_through()
        assert gc.get_freeze_count() < gone * 1.2, "what is no longer kept is let go"
    finally:
        gc.unfreeze()


def test_whose_name_begins_alike_is_not_below() -> None:
    paths = ("acme-two/a/i", "acme/a-b/i", "acme/a/i", "acme/a/j", "acme/b/i", "acme0/a/i", "acmes/a/i")
    stock = Stock.of(
        ServiceGraph({}), Survey({}), {path: KeptInstance((), "", ParameterFaults((), (), (), ())) for path in paths}
    )
    assert stock.list_below("acme") == ("acme/a-b/i", "acme/a/i", "acme/a/j", "acme/b/i")
    assert stock.list_below("acme/a") == ("acme/a/i", "acme/a/j")
    assert stock.list_below("acme/c") == stock.list_below("zeta") == stock.list_below("") == ()


def test_only_who_is_concerned_is_surveyed_anew(view: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[str]] = []
    survey = survey_stock

    def note(paths: AbstractSet[str], *rest: Any, **more: Any) -> Any:
        asked.append(set(paths))
        return survey(paths, *rest, **more)

    monkeypatch.setattr(kept_survey, "survey_stock", note)
    lay(ESTATE)

    def after(noun: str, address: str, **values: Json) -> set[str]:
        view(True)
        get_kept_faults(LOCAL, AT)
        view(False)
        edit(noun, address, values, author(1))
        asked.clear()
        view(True)
        get_kept_faults(LOCAL, AT)
        view(False)
        (found,) = asked
        return found

    blog, other = "acme/blog/live", "zeta/blog/live"
    assert after("instance", TEST, parameters={"size": 3}) == {TEST}
    assert after("instance", "acme/shop/base", parameters={"size": 3}) == {"acme/shop/base", LIVE, other}
    assert after("app", "acme/blog", parameters={"ttl": 3}) == {blog}
    assert after("customer", "zeta", parameters={"ttl": 3}) == {other}
    assert after("service", "cache", tools={"puppet": {"class": "x"}}) == {TEST, blog}
    assert after("service", "cache", description="stores") == set()
    assert after("role", "eye", description="sees") == set()


@pytest.mark.parametrize(
    "later, anew, again",
    [
        (lambda: put(LIVE, "web1"), 0, 0),
        (lambda: edit("app", "acme/blog", {"parameters": {"ttl": 3}}, author(1)), 1, 5),
    ],
    ids=["a deploy", "an edit"],
)
def test_who_views_an_earlier_state_needs_no_survey_of_their_own(
    later: Callable[[], object],
    anew: int,
    again: int,
    view: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another may have asked later, after what no description tells of. After what one does tell of, they do."""
    lay(ESTATE)
    surveys: list[int] = []
    survey = survey_stock

    def note(paths: AbstractSet[str], *rest: Any, **more: Any) -> Any:
        surveys.append(len(paths))
        return survey(paths, *rest, **more)

    monkeypatch.setattr(kept_survey, "survey_stock", note)

    def ask() -> int:
        surveys.clear()
        view(True)
        get_kept_faults(LOCAL, AT)
        view(False)
        return sum(surveys)

    assert ask() == 5
    with transaction.atomic():
        later()
        assert ask() == anew
        transaction.set_rollback(True)
    assert ask() == again


def test_a_line_that_is_another_is_another_history(view: Callable[[bool], None]) -> None:
    """As after a backup was restored: the numbers of the lines begin anew."""
    for value in (1, 2):
        with transaction.atomic():
            view(False)
            lay(ESTATE.replace("parameters: {size: 1, pass: open}", f"parameters: {{strange{value}: 1}}"), value)
            view(True)
            found = get_kept_faults(LOCAL, AT)
            assert found is not None
            assert ("customer", "acme", f"strange{value}") in found[LIVE].unknown
            transaction.set_rollback(True)


def ignore(*nouns: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Lines of these nouns are held to tell nothing."""
    telling = kept_survey._telling

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(
            kept_survey, "_telling", lambda lines: tuple(line for line in telling(lines) if line.noun not in nouns)
        )

    return plant


def put_for(name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(kept_survey, name, value)


FAULTS: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a customer": ignore("customer"),
    "an app": ignore("app"),
    "an instance": ignore("instance"),
    "a service": ignore("service"),
    "a role": ignore("role"),
    "reached": lambda patch: patch.setattr(Stock, "list_reached", lambda *_: ()),
    "changed keys": put_for("_EDITS", {"create", "update", "retire", RENAME_KEY, "redact"}),
    "an earlier state": put_for("_is_ahead", lambda kept, lines: not lines),
    "another history": put_for("_is_continued", lambda last, lines: bool(lines)),
    "hidden templates": put_for("_hide", lambda faults, hidden: faults),
    "retired": put_for("_list_below", lambda kept, lines: frozenset()),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, view: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name](monkeypatch)
    with pytest.raises((AssertionError, KeyError, NotFound)):
        play_many(view, 20)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_of_ones_own_is_told_what_it_wrote_and_nobody_else_is() -> None:
    lay(ESTATE)

    def stray(path: str = LIVE) -> bool:
        return ("instance", path, "stray") in list_parameter_faults(LOCAL, AT)[path].unknown

    assert not stray()
    with transaction.atomic():
        edit("instance", LIVE, {"parameters": {"stray": 1}}, author(1))
        assert stray()
        transaction.set_rollback(True)
    assert not stray()
    assert kept_survey._kept.keys() == {"default"}
    edit("instance", LIVE, {"parameters": {"stray": 1}}, author(2))
    with read_view():
        assert stray()


@pytest.mark.django_db(transaction=True)
def test_what_another_writes_is_told_once_it_is_committed_and_no_sooner() -> None:
    """Lines come in the order of the commits: none with a smaller number comes after one that was seen."""
    lay(ESTATE)
    written, asked = Event(), Event()

    def is_stray(path: str) -> bool:
        return ("instance", path, "stray") in list_parameter_faults(LOCAL, AT)[path].unknown

    def write() -> None:
        with transaction.atomic():
            edit("instance", LIVE, {"parameters": {"stray": 1}}, author(1))
            written.set()
            asked.wait(10)

    def ask() -> bool:
        written.wait(10)
        try:
            return is_stray(LIVE)
        finally:
            asked.set()

    assert not is_stray(LIVE)
    assert run_at_once(write, ask) == [None, False]
    assert is_stray(LIVE)
    assert not is_stray(TEST)
