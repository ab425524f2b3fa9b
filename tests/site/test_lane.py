"""The lookup lane answers as the view behind it does, to the byte, and leaves to it what it does not know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from larry.actions.edit import edit
from larry.actions.grant import GrantRequest, add_group, grant, join, leave, revoke
from larry.actions.token import note_use, revoke_token
from larry.actions.user import deactivate_user
from larry.api.kept_body import AROUND, BodyStore, KeptBodies
from larry.core.interval import iso
from larry.core.rights import PersonRole, ScopeKind
from larry.core.token import hash_token
from larry.exports.dialect import DIALECTS
from larry.records.token import Token
from tests.api.scene import LIVE, SPARE, WEB, author_at
from tests.site.served_lane import Lane, lane_answers

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("suffix", [dialect.suffix for dialect in DIALECTS])
def test_every_dialect_and_moment_is_the_same_to_the_byte(lane: Lane, suffix: str) -> None:
    token = lane.token()
    for days in (None, -7, 3):
        as_of = "" if days is None else f"?as_of={iso(lane.now + timedelta(days=days))}"
        answer, is_lane = lane.both(f"{WEB}.{suffix}{as_of}", token)
        assert is_lane is answer[0].startswith("200")
        if is_lane:
            known, is_lane = lane.both(f"{WEB}.{suffix}{as_of}", token, HTTP_IF_NONE_MATCH=answer[1]["etag"])
            assert (known[0], known[2], is_lane) == ("304 Not Modified", b"", True)
            other, _ = lane.both(f"{WEB}.{suffix}{as_of}", token, HTTP_IF_NONE_MATCH='"another"')
            assert other == answer


def test_who_has_it_is_told_so_before_anything_is_printed(lane: Lane) -> None:
    token = lane.token()
    for as_of in ("", f"?as_of={iso(lane.now + timedelta(days=3))}", "?as_of=%2B3d"):
        tag = lane.ask(lane.behind, f"{WEB}.yaml{as_of}", token)[1]["etag"]
        known, is_lane = lane.both(f"{WEB}.yaml{as_of}", token, HTTP_IF_NONE_MATCH=tag)
        assert (known[0], is_lane) == ("304 Not Modified", True)
    assert not lane.lane.bodies.size


def test_a_body_that_is_no_longer_kept_is_printed_anew_under_its_head(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = lane.token()
    monkeypatch.setattr(lane.lane, "bodies", KeptBodies(0, 0))
    for dialect in DIALECTS:
        lane.both(f"{WEB}.{dialect.suffix}", token)
    assert lane.lane.heads
    assert not lane.lane.bodies.size
    lane.lane.heads.clear()
    monkeypatch.setattr("larry.api.lane.MOST_HEADS", 2)
    for dialect in DIALECTS:
        lane.both(f"{WEB}.{dialect.suffix}", token)
        assert len(lane.lane.heads) <= 2


@pytest.mark.parametrize(
    "path, headers",
    [
        (f"{WEB}.nothing", {}),
        ("nowhere.example.com.json", {}),
        (f"{WEB}.json?as_of=yesterday", {}),
        (f"{WEB}.json?as_of=now&as_of=now", {}),
        (f"{WEB}.json?more=1", {}),
        (f"{WEB}.json?as_of=2001-01-01", {}),
        (f"{WEB}.json", {"HTTP_IF_NONE_MATCH": "*"}),
        (f"{WEB}.json", {"HTTP_IF_NONE_MATCH": 'W/"a", "b"'}),
        (f"{WEB}.json", {"HTTP_IF_MATCH": '"a"'}),
        (f"{WEB}.json", {"HTTP_HOST": "elsewhere.example"}),
        (f"{WEB}/x.json", {}),
        ("%C3%A4.json", {}),
    ],
)
def test_what_it_does_not_know_is_left_to_the_view(lane: Lane, path: str, headers: dict[str, str]) -> None:
    token = lane.token()
    wanted = lane.ask(lane.behind, path, token, **headers)
    before = lane.behind.asked
    assert lane.ask(lane.lane, path, token, **headers)[0] == wanted[0]
    assert lane.behind.asked == before + 1


def test_a_token_for_feeds_looks_nothing_up(lane: Lane) -> None:
    for token in (lane.token(name="reader", feeds_only=True), lane.token(name="t")):
        (status, _, _), is_lane = lane.both(f"{WEB}.json", token)
        is_known = Token.objects.get(digest=hash_token(token)).feeds_only is False
        assert (status[:3], is_lane) == ("200" if is_known else "401", is_known)


def test_moments_are_read_as_the_view_reads_them(lane: Lane) -> None:
    token = lane.token()
    for text in ("now", "%2B2h", "+2h", "-1d", "2026-01-01", iso(lane.now + timedelta(days=1)), ""):
        lane.both(f"{WEB}.json?as_of={text}", token)
    lane.both(f"{WEB.upper()}.json", token)


def test_who_does_not_count_is_answered_by_the_view(lane: Lane) -> None:
    good, expiring, gone = lane.token(), lane.token(name="e"), lane.token(name="r")
    of_zoe = lane.token("zoe", "z")
    assert lane.both(f"{WEB}.json", good)[1]
    revoke_token("ada/r", author_at(lane.now))
    for token in (None, "larry_nonsense", good[:-1] + ("a" if good[-1] != "a" else "b"), gone, of_zoe):
        lane.ask(lane.lane, f"{WEB}.json", token)
        before = lane.behind.asked
        lane.ask(lane.lane, f"{WEB}.json", token)
        assert lane.behind.asked == before + 1
    Token.objects.filter(name="e").update(expires_at=lane.now + timedelta(minutes=1))
    assert lane.both(f"{WEB}.json", expiring)[1]
    lane.clock += timedelta(minutes=2)
    assert not lane.both(f"{WEB}.json", expiring)[1]
    deactivate_user("ada", author_at(lane.now))
    assert not lane.both(f"{WEB}.json", good)[1]


def _pool(lane: Lane) -> None:
    later = author_at(lane.now)
    edit("pool", "racks", {"name": "racks"}, later)
    edit("host", SPARE, {"pools": ["racks"]}, later)


def test_a_grant_counts_from_the_next_request_on(lane: Lane) -> None:
    _pool(lane)
    token, later = lane.token("zoe"), author_at(lane.now)
    for request in (
        GrantRequest("user", "zoe", PersonRole.VIEWER, ScopeKind.POOL, "racks"),
        GrantRequest("user", "zoe", PersonRole.MACHINE),
        GrantRequest("user", "zoe", PersonRole.OPERATOR, ScopeKind.CUSTOMER, "acme"),
    ):
        grant(request, later)
        lane.both(f"{SPARE}.json", token)
        lane.both(f"{WEB}.json", token)
        assert lane_answers(lane, SPARE, token) is (request.kind is not ScopeKind.CUSTOMER)
        assert lane_answers(lane, WEB, token) is (request.kind is ScopeKind.EVERYTHING)
        revoke(request, later)
        assert not lane_answers(lane, SPARE, token)
    add_group("night", "", later)
    join("night", "zoe", later)
    grant(GrantRequest("group", "night", PersonRole.VIEWER, ScopeKind.POOL, "racks"), later)
    assert lane_answers(lane, SPARE, token)
    leave("night", "zoe", later)
    assert not lane_answers(lane, SPARE, token)


def test_a_token_is_narrowed_as_it_says(lane: Lane) -> None:
    _pool(lane)
    pooled = lane.token(name="p", kind=ScopeKind.POOL, address="racks")
    assert lane_answers(lane, SPARE, pooled)
    assert not lane_answers(lane, WEB, pooled)
    owned = lane.token(name="c", kind=ScopeKind.CUSTOMER, address="acme")
    assert not lane_answers(lane, WEB, owned)
    assert lane_answers(lane, WEB, lane.token(name="m", role=PersonRole.MACHINE))


def test_what_must_be_written_is_the_views(lane: Lane) -> None:
    token = lane.token()
    lane.clock += timedelta(minutes=6)
    assert not lane_answers(lane, WEB, token)
    row = Token.objects.get()
    note_use(row.id, row.used_at, lane.clock)
    assert lane_answers(lane, WEB, token)


def test_secrets_are_the_views(lane: Lane) -> None:
    assert not lane_answers(lane, WEB, lane.token(reveals=True))


def test_what_was_written_is_read_at_once(lane: Lane) -> None:
    token = lane.token()
    first, _ = lane.both(f"{WEB}.json", token)
    edit("instance", LIVE, {"description": "no part of it"}, author_at(lane.now))
    assert lane.both(f"{WEB}.json", token)[0] == first
    lane.clock += timedelta(minutes=1)
    edit("host", WEB, {"labels": {"site": "ham"}}, author_at(lane.clock))
    second, is_lane = lane.both(f"{WEB}.json", token)
    assert is_lane
    assert b'"ham"' in second[2]
    assert second[1]["etag"] != first[1]["etag"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's driver keeps statements by itself")
def test_the_statement_is_planned_once_for_a_connection(lane: Lane) -> None:
    token = lane.token()
    for _ in range(3):
        lane.both(f"{WEB}.json", token)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE '%larry_token t%'"
        )
        assert sum(runs for (runs,) in cursor.fetchall()) >= 6


def test_what_is_kept_is_bounded(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    token = lane.token()
    monkeypatch.setattr(lane.lane, "bodies", bodies := KeptBodies(5000, 3000))
    for dialect in DIALECTS * 3:
        lane.both(f"{WEB}.{dialect.suffix}", token)
        assert _count(bodies.open) == bodies.open.size <= 5000
        assert _count(bodies.packed) == bodies.packed.size <= 3000
    assert bodies.packed.found


def test_a_body_that_outlives_its_head_counts_once(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what is kept would seem to grow until everything had to go, and then nothing were left to go."""
    token = lane.token()
    monkeypatch.setattr("larry.api.lane.MOST_HEADS", 1)
    for suffix in ("json", "yaml") * 3:
        lane.both(f"{WEB}.{suffix}", token)
    assert len(lane.lane.bodies.open.found) == 2
    assert _count(lane.lane.bodies.open) == lane.lane.bodies.size


def _count(store: BodyStore) -> int:
    return sum(AROUND + len(body) for body in store.found.values())
