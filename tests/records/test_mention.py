"""Texts are found without regard to case, whatever their letters, on both databases; nothing in them commands."""

from __future__ import annotations

import pytest

from larry.outside import clock
from larry.queries.activity import ActivityFilter, list_activity
from larry.queries.deployment import DeploymentFilter, page_deployments
from larry.queries.listing import ListingRequest, get_listing
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from larry.queries.rollout import list_rollouts
from larry.queries.search import search_everything
from larry.records.mention import mentions, says
from larry.records.user import User
from tests.api.scene import SPARE, WEB, lay, put
from tests.records.rows import add_user

SAID = "Für Ökostrom in Łódź (50 % mehr) [a-z]+ ^\\\\$ é.ñ_x ΑΘΉΝΑ straße"
HOLDS = (
    "für", "FÜR", "fÜR ökoSTROM", "ŁÓDŹ", "łódź (50 %", "ódź (50 % MEHR) [A-Z]+", "é.ñ_X", "É.Ñ_X ΑΘΉ", "αθήν",
    "[a-z]+ ^\\\\$ É", "Straße", "STRASSE",
)  # fmt: skip
LACKS = ("fur", "für.ökostrom", "ö%", "ö_", "é+ñ", "é.ñ.x", "[ö]", "(ö", "ö|z", "ö*", "łodź")


def test_letters_of_any_alphabet_are_compared_in_either_case(db: None) -> None:
    column = "full_name"
    add_user(name="ada", name_folded="ada", full_name=SAID)

    def found(text: str) -> bool:
        return User.objects.filter(mentions(column, text)).exists()

    assert [text for text in HOLDS if not found(text)] == ["STRASSE"], "letters are compared one by one"
    assert [text for text in LACKS if found(text)] == []
    assert User.objects.filter(says(column, SAID.swapcase())).exists() is False, (
        "a sharp s has no capital of one letter"
    )
    User.objects.update(full_name="Köln (Süd)")
    assert all(User.objects.filter(says(column, text)).exists() for text in ("KÖLN (SÜD)", "köln (süd)"))
    assert not any(User.objects.filter(says(column, text)).exists() for text in ("köl", "ln (süd)", "köln (süd) ", "ö"))


@pytest.mark.parametrize("text", ["kältetest", "KÄLTETEST", "KäLteTest"])
def test_lists_and_search_find_reasons_and_people_in_either_case(db: None, text: str) -> None:
    now = lay()
    put(WEB, now, at=-1, reason="Der Kältetest beginnt", actor="Jörg")
    put(SPARE, now, at=-1, reason="nothing of the sort")
    at = Moment(clock.now())
    assert [row.host for row in page_deployments(DeploymentFilter(), LOCAL, at, sought=text).rows] == [WEB]
    assert list_rollouts(LOCAL, at, sought=text)[1] == 1
    assert list_rollouts(LOCAL, at, sought="JÖRG")[1] == 1
    assert {row.actor for row in list_activity(LOCAL, at, ActivityFilter(text=text))} == {"Jörg"}
    assert "Kältetest" in repr(search_everything(text, LOCAL, at))


def test_lists_of_nouns_find_descriptions_in_either_case(db: None) -> None:
    now = lay()
    lay(f'larry: 1\nhosts: [{{name: {WEB}, description: "Übergang im Keller"}}]\n', days_ago=1)
    for text in ("übergang", "ÜBERGANG keller"):
        assert [
            item.address for item in get_listing(ListingRequest("host", search=text), LOCAL, Moment(now)).items
        ] == [WEB]
