"""Idempotency-Key: what is sent again is not done again, also when it is sent twice at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from larry.records.activity import Activity
from larry.records.kept_answer import KeptAnswer
from tests.actions.meeting import run_at_once
from tests.api.asking import ROOT, ask, read
from tests.api.conftest import sign_in
from tests.api.scene import LIVE, SPARE, WEB, lay

HOST = {"name": "new.example.com", "reason": "one more"}


@pytest.mark.django_db
def test_what_is_sent_again_answers_the_same_and_does_nothing(somebody: Client, estate: datetime) -> None:
    first = ask(somebody, "POST", "/hosts", HOST, Idempotency_Key="one")
    again = ask(somebody, "POST", "/hosts", HOST, Idempotency_Key="one")
    assert (first.status_code, first.content) == (again.status_code, again.content) == (201, first.content)
    assert first.headers["Location"] == again.headers["Location"]
    assert first.headers["ETag"] == again.headers["ETag"]
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert len(read(ask(somebody, "GET", "/activity?noun=host&address=new.example.com"))["items"]) == 1


@pytest.mark.django_db
def test_a_key_is_of_one_request_and_one_caller(somebody: Client, estate: datetime) -> None:
    ask(somebody, "POST", "/hosts", HOST, Idempotency_Key="one")
    other = ask(somebody, "POST", "/hosts", {"name": "other.example.com"}, Idempotency_Key="one")
    assert other.status_code == 422
    assert read(other)["type"].endswith("#problem-key-reused")
    assert ask(sign_in("otto"), "POST", "/hosts", HOST, Idempotency_Key="one").status_code == 409


@pytest.mark.django_db
def test_what_was_refused_or_only_shown_is_not_remembered(somebody: Client, estate: datetime) -> None:
    body = {"deploy": [{"instance": LIVE, "hosts": [SPARE]}]}
    assert ask(somebody, "POST", "/rollouts", body, Idempotency_Key="two").status_code == 422
    assert ask(somebody, "POST", "/rollouts?dry_run=true", body, Idempotency_Key="two").status_code == 200
    assert KeptAnswer.objects.count() == 0
    done = ask(somebody, "POST", "/rollouts", {**body, "reason": "go"}, Idempotency_Key="two")
    assert done.status_code == 201
    assert ask(somebody, "POST", "/rollouts", {**body, "reason": "go"}, Idempotency_Key="two").content == done.content
    assert len(read(ask(somebody, "GET", f"/deployments?host={SPARE}"))["items"]) == 1


@pytest.mark.django_db
def test_undo_undeploy_and_snapshot_are_done_once(somebody: Client, estate: datetime) -> None:
    row = read(ask(somebody, "GET", f"/deployments?host={WEB}"))["items"][0]
    body = {"deploy": [{"instance": LIVE, "hosts": [SPARE]}], "start": "+1d", "reason": "go"}
    ask(somebody, "POST", "/rollouts", body)
    number = read(ask(somebody, "GET", "/rollouts?limit=1"))["items"][0]["id"]
    for path, sent in (
        (f"/deployments/{row['id']}/undeploy", {"at": "+2d", "reason": "enough"}),
        (f"/rollouts/{number}/undo", {"reason": "not yet"}),
        (f"/instances/{LIVE}/snapshot", {"reason": "before it"}),
    ):
        before = Activity.objects.count()
        first = ask(somebody, "POST", path, sent, Idempotency_Key=path)
        done = Activity.objects.count()
        again = ask(somebody, "POST", path, sent, Idempotency_Key=path)
        assert (first.status_code, again.status_code, first.content) == (200, 200, again.content)
        assert again.headers["Idempotent-Replay"] == "true"
        assert Activity.objects.count() == done
        assert done > before or path.endswith("snapshot")
        assert ask(somebody, "POST", path, {**sent, "reason": "x"}, Idempotency_Key=path).status_code == 422


@pytest.mark.django_db
def test_after_a_day_a_key_is_free(somebody: Client, estate: datetime) -> None:
    ask(somebody, "POST", "/hosts", HOST, Idempotency_Key="one")
    KeptAnswer.objects.update(at=estate - timedelta(hours=25))
    assert ask(somebody, "POST", "/hosts", HOST, Idempotency_Key="one").status_code == 409
    assert KeptAnswer.objects.count() == 0


@pytest.mark.django_db
def test_what_becomes_a_secret_is_no_longer_in_a_kept_answer(somebody: Client, estate: datetime) -> None:
    body = {"name": "Zeta", "parameters": {"token": "a-clear-word"}}
    assert b"a-clear-word" in ask(somebody, "POST", "/customers", body, Idempotency_Key="one").content
    new = {"name": "Vault", "parameters": [{"name": "token", "type": "string", "sensitive": True}]}
    assert ask(somebody, "POST", "/services", new).status_code == 201
    assert not KeptAnswer.objects.filter(body__contains="a-clear-word").exists()
    again = ask(somebody, "POST", "/customers", body, Idempotency_Key="one")
    assert again.status_code == 409
    assert "was done already" in read(again)["detail"]


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_done_and_both_are_answered_alike() -> None:
    lay()
    clients = [sign_in(), sign_in()]

    def send(client: Client) -> Any:
        url, key = f"{ROOT}/hosts", {"Idempotency-Key": "one"}
        return client.post(url, HOST, content_type="application/json", headers=key)

    answers: list[Any] = run_at_once(*(lambda client=client: send(client) for client in clients))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert sorted("Idempotent-Replay" in answer.headers for answer in answers) == [False, True]
    assert len(read(ask(clients[0], "GET", "/activity?noun=host&address=new.example.com"))["items"]) == 1
