"""Policies refuse what they say; taken out of the source one by one, each is missed. And faults are counted."""

from __future__ import annotations

import pytest

from tests.actions.faults import FAULTS, THREADED_FAULTS
from tests.actions.lane_faults import LANE_FAULTS
from tests.actions.policies import POLICIES, SEEN_WITHOUT_A_FAULT, NoSuchText, Policy
from tests.core.test_mutants import MUTANTS
from tests.records.faults import FAULTS as GUARD_FAULTS

CHECKS = {policy.title: policy.check for policy in POLICIES} | {each.__name__: each for each in SEEN_WITHOUT_A_FAULT}


@pytest.mark.django_db
@pytest.mark.parametrize("title", CHECKS)
def test_a_policy_refuses(title: str) -> None:
    CHECKS[title]()


@pytest.mark.django_db
@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.title)
def test_a_policy_that_is_gone_is_missed(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    policy.plant(monkeypatch)
    with pytest.raises(BaseException) as found:  # noqa: PT011 - another refusal, a broken promise, or none at all
        policy.check()
    assert not isinstance(found.value, TypeError | AttributeError | NameError), "the fault is planted wrongly"


def test_a_fault_in_text_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Policy("nowhere", "actions.deploy:_place", "no such text", "", lambda: None)
    with pytest.raises(NoSuchText, match="0 times"):
        nowhere.plant(monkeypatch)


def test_at_least_forty_faults_are_planted_and_found_and_many_more() -> None:
    """Each table is run in full by a test of its own; nobody takes rows away unseen."""
    planted = {
        "lanes, footprints and merging in the core": len(MUTANTS),
        "guards on SQLite": len([fault for fault in GUARD_FAULTS if fault.vendor == "sqlite"]),
        "guards on PostgreSQL": len([fault for fault in GUARD_FAULTS if fault.vendor == "postgresql"]),
        "actions": len(FAULTS) + len(THREADED_FAULTS),
        "lanes as a whole": len(LANE_FAULTS),
        "policies": len(POLICIES),
    }
    least = {
        "lanes, footprints and merging in the core": 70,
        "guards on SQLite": 40,
        "guards on PostgreSQL": 40,
        "actions": 30,
        "lanes as a whole": 18,
        "policies": 25,
    }
    assert {name for name, count in planted.items() if count < least[name]} == set(), planted
    assert sum(planted.values()) >= 200
