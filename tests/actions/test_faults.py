"""Planted faults: the short checks pass, and each fault makes the one fail that looks for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from django.db import connection

from tests.actions.faults import FAULTS, THREADED_FAULTS, ActionFault

ALONE = tuple(dict.fromkeys(fault.check for fault in FAULTS))
TOGETHER = tuple(dict.fromkeys(fault.check for fault in THREADED_FAULTS))


def run(check: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    check(*(monkeypatch for _ in inspect.signature(check).parameters))


@pytest.mark.django_db
@pytest.mark.parametrize("check", ALONE, ids=lambda check: check.__name__)
def test_a_check_passes(check: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    run(check, monkeypatch)


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.title)
def test_a_planted_fault_is_found(fault: ActionFault, monkeypatch: pytest.MonkeyPatch) -> None:
    fault.plant(monkeypatch)
    with pytest.raises(BaseException) as found:  # noqa: PT011 - a failed assertion, a refusal, or a broken promise
        run(fault.check, monkeypatch)
    assert not isinstance(found.value, TypeError | AttributeError | NameError), "the fault is planted wrongly"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("check", TOGETHER, ids=lambda check: check.__name__)
def test_a_check_of_two_threads_passes(check: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    run(check, monkeypatch)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", THREADED_FAULTS, ids=lambda fault: fault.title)
def test_a_planted_fault_between_two_threads_is_found(fault: ActionFault, monkeypatch: pytest.MonkeyPatch) -> None:
    if fault.needs_row_locks and connection.vendor == "sqlite":
        pytest.skip("on SQLite writers take turns whatever they lock")
    fault.plant(monkeypatch)
    with pytest.raises(BaseException) as found:  # noqa: PT011
        run(fault.check, monkeypatch)
    assert not isinstance(found.value, TypeError | AttributeError | NameError), "the fault is planted wrongly"
