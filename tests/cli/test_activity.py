"""`larry activity`: narrowed, with what was before and after, and followed as it comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from larry.cli.follow import LONGEST_WRITE, follow
from larry.outside import clock
from larry.queries.activity import ALL_ACTIVITY, ActivityFilter, ActivityRow
from tests.cli.terminal import LIVE, SECRET, TEST, Terminal

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def addresses(larry: Terminal, *options: str) -> list[str]:
    return [row["address"] for row in larry.done("activity", "--format", "json", *options).json]


def test_it_is_narrowed_by_who_what_why_and_when(larry: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LARRY_ACTOR", "Otto Other")
    larry.done("set", "role", "cache", "name=cache", "--reason", "A cache for the Shop")
    assert addresses(larry, "--actor", "Otto Other") == ["cache"]
    assert addresses(larry, "--verb", "create", "--noun", "role") == ["cache", "web"]
    assert addresses(larry, "--text", "for the shop") == ["cache"]
    assert addresses(larry, "--text", "%") == []
    assert addresses(larry, "--since", "+1h") == []
    assert addresses(larry, "--until", "-1h") == []
    assert addresses(larry, "--since", "-1h", "--until", "+1h", "--noun", "pool") == ["production"]


def test_what_belongs_to_an_owner_is_its_nouns_deployments_and_rollouts(larry: Terminal) -> None:
    id_ = larry.deploy()
    other = larry.deploy(TEST, "web2.example.com")
    numbers = [row["rollout"] for row in larry.done("deployments", "--format", "json").json]
    larry.done("apply", "-", stdin="larry: 1\ncustomers: [{name: Acme2, apps: [{name: Shop}]}]")
    everything = {"acme", "acme/shop", LIVE, TEST, id_, other, *map(str, numbers)}
    assert set(addresses(larry, "--customer", "acme")) == everything
    assert set(addresses(larry, "--app", "acme/shop")) == everything - {"acme"}
    assert set(addresses(larry, "--instance", LIVE)) == {LIVE, id_, str(numbers[0])}
    assert addresses(larry, "--instance", TEST, "--noun", "deployment") == [other]
    assert set(addresses(larry, "--rollout", str(numbers[1]))) == {other, str(numbers[1])}
    assert "did you mean 'acme'" in larry.refused("activity", "--customer", "akme")


def test_what_was_before_and_after_is_told_on_request_without_secrets(larry: Terminal) -> None:
    larry.done("set", "instance", LIVE, 'parameters={"workers": 9}', "--reason", "more")
    line, *changed = larry.done("activity", "--limit", "1", "--changes").out.splitlines()
    assert line.endswith(f"Tess Tester  update instance {LIVE}: more")
    assert changed == ["    parameters.workers: nothing -> 9"]
    told = larry.done("activity", "--changes", "--noun", "customer").out
    assert 'name: "Acme"' in told
    assert "********" in told
    assert SECRET not in told
    assert larry.done("activity", "--changes", "--as-of", "-1d").out == "no activity\n"


@pytest.mark.parametrize("form", ["table", "json"])
def test_what_is_done_is_followed_line_by_line(form: str, larry: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    roles = iter(["cache", "queue"])

    def act(seconds: float) -> None:
        assert seconds >= 1, "nobody asks the database all the time"
        if (name := next(roles, None)) is None:
            raise KeyboardInterrupt
        from larry.actions.author import Author
        from larry.actions.edit import edit

        edit("role", name, {"name": name}, Author("Otto", "on the way", clock.now()))

    monkeypatch.setattr(clock, "wait", act)
    said = larry.done("activity", "--follow", "--noun", "role", "--format", form)
    lines = said.out.splitlines()
    if form == "json":
        assert [json.loads(line)["address"] for line in lines] == ["web", "cache", "queue"]
    else:
        assert [line.split("  ")[-1] for line in lines[1:]] == [
            "create role cache: on the way",
            "create role queue: on the way",
        ]
        assert "create role web" in lines[0]
    assert said.err == ""


@pytest.mark.parametrize("options", [("--as-of", "-1d"), ("--until", "+1d"), ("--format", "csv"), ("--format", "yaml")])
def test_what_cannot_be_followed_is_told(options: tuple[str, str], larry: Terminal) -> None:
    assert "--follow" in larry.misused("activity", "--follow", *options)


class Log:
    """Lines as a database shows them: with numbers that are given before their transactions end."""

    def __init__(self) -> None:
        self.rows: list[ActivityRow] = []
        self.told: list[int] = []

    def add(self, number: int, at: datetime) -> None:
        self.rows.append(ActivityRow(number, at, "ada", "update", "role", "web", "", None, None, None))

    def read(self, now: datetime, which: ActivityFilter, limit: int | None) -> list[ActivityRow]:
        found = [row for row in self.rows if row.at <= now and row.id > (which.after or 0)]
        found = [row for row in found if which.until is None or row.at < which.until]
        return sorted(found, key=lambda row: -row.id)[:limit]

    def follow(self, *steps: Callable[[], object], limit: int = 50) -> list[int]:
        coming = iter(steps)

        def wait(seconds: float) -> None:
            step = next(coming, None)
            if step is None:
                raise KeyboardInterrupt
            self.now += timedelta(seconds=seconds)
            step()

        self.now = NOW
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "wait", wait)
            patch.setattr(clock, "now", lambda: self.now)
            follow(self.read, ALL_ACTIVITY, limit, lambda row: self.told.append(row.id))
        return self.told


def test_a_line_whose_transaction_ended_late_is_told_once() -> None:
    log = Log()
    log.add(1, NOW - LONGEST_WRITE * 2)
    log.add(7, NOW - timedelta(seconds=5))
    late = [lambda: log.add(9, NOW), lambda: log.add(5, NOW - timedelta(seconds=9)), lambda: log.add(8, NOW)]
    assert log.follow(*late, lambda: None) == [1, 7, 9, 5, 8]


def test_only_so_many_lines_are_told_at_first_and_none_of_the_others_later() -> None:
    log = Log()
    for number in range(1, 9):
        log.add(number, NOW - timedelta(seconds=90 - number * 10))
    assert log.follow(lambda: None, lambda: log.add(9, NOW), limit=3) == [6, 7, 8, 9]
    old = Log()
    for number in range(1, 9):
        old.add(number, NOW - LONGEST_WRITE * 2)
    assert old.follow(lambda: old.add(9, NOW), limit=2) == [7, 8, 9]


def test_a_line_from_a_clock_that_is_ahead_is_told_when_its_moment_comes() -> None:
    log = Log()
    ahead = NOW + timedelta(seconds=3)
    first = [lambda: log.add(1, ahead)]
    assert log.follow(*first) == [], "two seconds are not enough"
    assert Log.follow(log, lambda: None, lambda: log.add(2, NOW)) == [1, 2]
