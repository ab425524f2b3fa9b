"""What the lookup lane found holds until something is written, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from larry.actions.edit import edit
from larry.actions.token import note_use, revoke_token
from larry.core.interval import iso
from larry.queries import driver, lookup
from larry.records.token import Token
from tests.api.scene import SPARE, WEB, author_at
from tests.site.served_lane import Lane, lane_answers


@pytest.mark.django_db(transaction=True)
class TestWhatWasFoundIsKept:
    """Outside a transaction what was found holds until something is written, by whomever, and no longer."""

    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
        """The hosts for which the statement was asked, while nothing is written: a server of PostgreSQL tells of what
        is written in all of its databases, and so of other tests."""
        monkeypatch.setattr(driver, "_WRITTEN", "'1:1:'::pg_snapshot")
        connection.close()  # which has a statement already
        asked: list[str] = []
        sort = driver.OnSqlite if connection.vendor == "sqlite" else driver.OnPostgresql
        real: Any = sort.ask

        def ask(own: Any, host: str, moment: datetime, token: str) -> Any:
            asked.append(host)
            return real(own, host, moment, token)

        monkeypatch.setattr(sort, "ask", ask)
        yield asked
        connection.close()

    def test_for_each_host_token_and_moment(self, lane: Lane, asked: list[str]) -> None:
        token, other = lane.token(), lane.token(name="o")
        whens = ["", *(f"?as_of={iso(lane.now + timedelta(days=days))}" for days in (-4, 7))]
        wanted = [lane.ask(lane.behind, f"{WEB}.json{when}", token) for when in whens]
        assert len({answer[1]["etag"] for answer in wanted}) == 3
        for _ in range(3):
            assert [lane.ask(lane.lane, f"{WEB}.json{when}", token) for when in whens] == wanted
        assert asked == [WEB] * 3
        assert lane.ask(lane.lane, f"{WEB}.json", other) == wanted[0]
        assert lane.ask(lane.lane, f"{SPARE}.json", token)[0] == "200 OK"
        assert asked == [*[WEB] * 4, SPARE]

    def test_until_a_boundary_passes(self, lane: Lane) -> None:
        token = lane.token()
        first, _ = lane.both(f"{WEB}.json", token)
        lane.clock += timedelta(days=5)
        note_use(Token.objects.get().id, Token.objects.get().used_at, lane.clock)
        second, is_lane = lane.both(f"{WEB}.json", token)
        assert is_lane
        assert second[1]["etag"] != first[1]["etag"]

    def test_until_this_connection_writes(self, lane: Lane) -> None:
        token = lane.token()
        for text in (b'"ham"', b'"cgn"'):
            lane.both(f"{WEB}.json", token)
            lane.clock += timedelta(minutes=1)
            edit("host", WEB, {"labels": {"site": text.decode().strip('"')}}, author_at(lane.clock))
            assert text in lane.both(f"{WEB}.json", token)[0][2]

    def test_until_another_connection_commits(self, lane: Lane) -> None:
        token = lane.token()
        assert lane.both(f"{WEB}.json", token)[1]

        def revoke_elsewhere() -> None:
            revoke_token("ada/t", author_at(lane.now))
            connection.close()

        elsewhere = Thread(target=revoke_elsewhere)
        elsewhere.start()
        elsewhere.join()
        assert lane.both(f"{WEB}.json", token)[0][0].startswith("401")

    def test_on_another_connection_nothing_is_kept(self, lane: Lane, asked: list[str]) -> None:
        token = lane.token()
        for _ in range(2):
            lane.ask(lane.lane, f"{WEB}.json", token)
            connection.close()
        assert asked == [WEB] * 2

    def test_what_is_not_committed_is_kept_by_nobody(self, lane: Lane) -> None:
        token = lane.token()
        first = lane.ask(lane.lane, f"{WEB}.json", token)
        with transaction.atomic():
            Token.objects.update(used_at=None)
            assert not lane_answers(lane, WEB, token)
            transaction.set_rollback(True)
        assert lane.ask(lane.lane, f"{WEB}.json", token) == first

    def test_no_more_than_so_many(self, lane: Lane, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        token = lane.token()
        monkeypatch.setattr(lookup, "MOST_FOUND", 1)
        for host in (WEB, SPARE) * 3:
            lane.ask(lane.lane, f"{host}.json", token)
        assert asked == [WEB, SPARE, SPARE, SPARE]

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
    def test_until_each_of_several_writers_commits(self, lane: Lane) -> None:
        names = ("a", "b", "c")
        tokens = [lane.token(name=name) for name in names]
        import psycopg

        begun = [psycopg.connect(**connection.get_connection_params()) for _ in names]
        for name, other in zip(names, begun, strict=True):
            other.execute("SAVEPOINT here")  # which begins
            other.execute("UPDATE larry_token SET used_at = NULL WHERE name = %s", [name])
            other.execute("RELEASE SAVEPOINT here")
        assert [lane_answers(lane, WEB, token) for token in tokens] == [True] * 3
        for number in (1, 0, 2):
            assert lane_answers(lane, WEB, tokens[number])
            begun[number].commit()
            assert not lane_answers(lane, WEB, tokens[number])
            begun[number].close()

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's driver keeps statements by itself")
    def test_a_connection_that_forgot_its_statements_is_told_them_again(self, lane: Lane, asked: list[str]) -> None:
        token = lane.token()
        answers = []
        for _ in range(3):
            answers += [lane.ask(lane.lane, f"{WEB}.json", token) for _ in range(2)]
            connection.connection.execute("DEALLOCATE ALL")
        assert answers == [answers[0]] * 6
        assert answers[0][0] == "200 OK"
        assert asked == [WEB] * 3

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no standbys")
    def test_where_it_is_not_told_what_was_written_nothing_is_kept(
        self, lane: Lane, asked: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(driver, "_WRITTEN", "CASE WHEN pg_is_in_recovery() THEN pg_current_snapshot() END")
        token = lane.token()
        for _ in range(3):
            assert lane.ask(lane.lane, f"{WEB}.json", token)[0] == "200 OK"
        assert asked == [WEB] * 3
