"""`GET /configuration/HOST.FORMAT`: the bytes, the headers that go with them, and every refusal."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from larry.actions.author import Author
from larry.actions.edit import edit
from larry.core.interval import iso
from larry.exports.dialect import DIALECTS
from larry.outside import clock
from larry.queries.moment import Moment
from larry.queries.node import get_node
from larry.queries.reader import LOCAL
from tests.api.scene import LIVE, SECRET, SPARE, WEB, lay, put

pytestmark = pytest.mark.django_db
PAGE = f"/configuration/{WEB}"


@pytest.fixture
def client(machine: Client) -> Client:
    """Everything here is asked by a machine with a token."""
    return machine


@pytest.fixture
def now() -> datetime:
    now = lay()
    put(WEB, now, at=-5, start=-3, end=5)
    return now


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_dialect_is_the_very_text_that_the_command_prints(dialect: object, now: datetime, client: Client) -> None:
    response = client.get(f"{PAGE}.{dialect.suffix}")  # type: ignore[attr-defined]
    assert response.status_code == 200
    assert response.headers["Content-Type"] == dialect.media_type  # type: ignore[attr-defined]
    text = dialect.render(get_node(WEB, LOCAL, Moment(clock.now())))  # type: ignore[attr-defined]
    assert response.content.decode() == text
    assert response.headers["Content-Length"] == str(len(response.content))
    assert SECRET not in text


def test_headers_say_as_of_when_and_until_when(now: datetime, client: Client) -> None:
    response = client.get(f"{PAGE}.json")
    document = response.json()
    assert document["host"] == WEB
    assert response.headers["Larry-Next-Change"] == document["next_change"] == iso(now + timedelta(days=5))
    assert abs(datetime.fromisoformat(response.headers["Larry-As-Of"]) - clock.now()) < timedelta(minutes=1)
    modified = parsedate_to_datetime(response.headers["Last-Modified"])
    assert modified == (now - timedelta(days=3)).replace(microsecond=0)
    assert re.fullmatch(r'"[0-9a-f]{40}"', response.headers["ETag"])
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_past_and_the_future_answer_too(now: datetime, client: Client) -> None:
    def ask(as_of: str) -> tuple[list[str], str]:
        response = client.get(f"{PAGE}.json", {"as_of": as_of})
        assert response.status_code == 200
        return [entry["service"] for entry in response.json()["services"]], response.headers["Larry-As-Of"]

    past, future = now - timedelta(days=4), now + timedelta(days=6)
    assert ask(iso(past)) == ([], iso(past))
    assert ask(iso(now))[0] == ["linux", "rails"]
    assert ask(iso(future)) == ([], iso(future))
    assert ask("+6d")[0] == ask(" 6d")[0] == []
    assert ask("")[0] == ["linux", "rails"]


def test_an_offset_whose_plus_is_not_escaped_is_understood(now: datetime, client: Client) -> None:
    moment = (now - timedelta(days=4)).replace(microsecond=0)
    shifted = (moment + timedelta(hours=2)).replace(tzinfo=None).isoformat()
    response = client.get(f"{PAGE}.json?as_of={shifted}+02:00")
    assert response.headers["Larry-As-Of"] == iso(moment)


def test_between_boundaries_not_a_byte_changes(now: datetime, client: Client) -> None:
    answers = {
        (response.content, response.headers["ETag"])
        for days in (-3.0, -1.0, 0.0, 2.5, 4.9999)
        for response in [client.get(f"{PAGE}.yaml", {"as_of": iso(now + timedelta(days=days))})]
    }
    assert len(answers) == 1
    after = client.get(f"{PAGE}.yaml", {"as_of": iso(now + timedelta(days=5))})
    assert after.headers["ETag"] not in {etag for _, etag in answers}
    assert "Larry-Next-Change" not in after.headers


def test_whoever_has_it_gets_304_until_it_changes(now: datetime, client: Client) -> None:
    etag = client.get(f"{PAGE}.json").headers["ETag"]
    for given in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        response = client.get(f"{PAGE}.json", headers={"If-None-Match": given})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["ETag"] == etag
        assert {"Cache-Control", "Larry-As-Of", "Larry-Next-Change"} <= set(response.headers)
    assert client.get(f"{PAGE}.yaml", headers={"If-None-Match": etag}).status_code == 200
    edit("host", WEB, {"addresses": ["10.0.0.7"]}, Author("Tess Tester", "moved", clock.now()))
    response = client.get(f"{PAGE}.json", headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert response.json()["addresses"] == ["10.0.0.7"]


def test_a_date_alone_never_makes_it_unchanged(now: datetime, client: Client) -> None:
    """An act can change what is valid from an earlier moment on, within the same second: only the ETag tells."""
    modified = client.get(f"{PAGE}.json").headers["Last-Modified"]
    assert client.get(f"{PAGE}.json", headers={"If-Modified-Since": modified}).status_code == 200


def test_every_format_has_its_own_tag(now: datetime, client: Client) -> None:
    tags = {client.get(f"{PAGE}.{dialect.suffix}").headers["ETag"] for dialect in DIALECTS}
    assert len(tags) == len(DIALECTS)


def max_age(client: Client, as_of: str = "") -> int:
    header = client.get(f"{PAGE}.json", {"as_of": as_of} if as_of else {}).headers["Cache-Control"]
    found = re.fullmatch(r"private, max-age=([0-9]+), stale-if-error=[0-9]+", header)
    assert found is not None
    return int(found[1])


def test_while_larry_is_away_no_cache_goes_on_beyond_the_next_change(now: datetime, client: Client) -> None:
    def both(as_of: str) -> list[int]:
        header = client.get(f"{PAGE}.json", {"as_of": as_of}).headers["Cache-Control"]
        return [int(number) for number in re.findall(r"=([0-9]+)", header)]

    end = now + timedelta(days=5)
    assert both("now") == [60, 86400]
    assert both(iso(end - timedelta(seconds=100))) == [60, 40]
    assert both(iso(end - timedelta(seconds=30))) == [30, 0]


def test_no_answer_outlives_the_next_change(now: datetime, client: Client) -> None:
    assert max_age(client) == 60
    end = now + timedelta(days=5)
    for seconds in (59.5, 30.0, 1.2, 0.4):
        assert max_age(client, iso(end - timedelta(seconds=seconds))) == int(seconds)
    assert max_age(client, iso(end)) == 60


def test_what_has_passed_may_be_kept_for_a_day_but_only_by_a_fixed_moment(now: datetime, client: Client) -> None:
    assert max_age(client, iso(now - timedelta(days=4))) == 60 * 60
    assert max_age(client, "-4d") == 60


def test_last_modified_is_never_in_the_future(now: datetime, client: Client) -> None:
    response = client.get(f"{PAGE}.json", {"as_of": iso(now + timedelta(days=6))})
    assert parsedate_to_datetime(response.headers["Last-Modified"]) <= clock.now().astimezone(UTC)


def test_head_is_get_without_the_body(now: datetime, client: Client) -> None:
    got, head = client.get(f"{PAGE}.json"), client.head(f"{PAGE}.json")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control", "Larry-Next-Change", "Last-Modified"):
        assert head.headers[name] == got.headers[name]


def test_a_host_is_found_without_regard_to_case(now: datetime, client: Client) -> None:
    assert client.get(f"/configuration/{WEB.upper()}.json").json()["host"] == WEB


def test_a_host_on_which_nothing_runs_answers(now: datetime, client: Client) -> None:
    response = client.get(f"/configuration/{SPARE}.json")
    assert response.json()["services"] == []
    assert response.json()["instances"] == []


@pytest.mark.parametrize(
    "asked",
    [
        "nowhere.example.com.json",
        f"{WEB}.klingon",
        WEB,
        "json",
        ".json",
        "..json",
        "%00.json",
        "web1.example.com%00.json",
        "web1.example.com%0d%0aX: y.json",
        "%ff%fe.json",
        "%ED%A0%80.json",
        "é.json",
        "x" * 5000 + ".json",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E.json",
    ],
)
def test_what_is_not_there_is_one_line_of_text(asked: str, now: datetime, client: Client) -> None:
    response = client.get(f"/configuration/{asked}")
    assert response.status_code == 404
    if "%2F" in asked:
        return  # a slash makes it another address, which the pages answer
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.content.count(b"\n") == 1
    assert len(response.content) < 300
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


@pytest.mark.parametrize(
    "query",
    [
        "as_of=yesterday",
        "as_of=2026-02-30",
        "as_of=%00",
        "as_of=%FF",
        "as_of=2026-12-01&as_of=2026-12-02",
        "as_of=" + "9" * 3000,
        "as_of=2026-12-01T09:00%2B99:00",
        "as_of=%2B999999999d",
    ],
)
def test_what_is_no_moment_is_one_line_of_text(query: str, now: datetime, client: Client) -> None:
    response = client.get(f"{PAGE}.json?{query}")
    assert response.status_code == 400
    assert response.content.startswith(b"as_of: ")
    assert response.content.count(b"\n") == 1
    assert len(response.content) < 300


def test_before_a_host_was_known_it_says_since_when(now: datetime, client: Client) -> None:
    response = client.get(f"{PAGE}.json", {"as_of": "2001-01-01"})
    assert response.status_code == 404
    assert b"is known from" in response.content


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_other_methods_are_refused(method: str, now: datetime) -> None:
    response = getattr(Client(enforce_csrf_checks=True), method)(f"{PAGE}.json")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert response.content.count(b"\n") == 1


def test_a_lookup_costs_three_statements_two_of_them_for_who_asks(
    now: datetime, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(f"{PAGE}.json")  # the first time it is written that the token was used
    with django_assert_num_queries(3):
        client.get(f"{PAGE}.json")


def test_a_secret_is_nowhere_in_any_answer(now: datetime, client: Client) -> None:
    put(SPARE, now, at=-1, instance=LIVE)
    for host in (WEB, SPARE):
        for dialect in DIALECTS:
            for as_of in ("", "-2d", "+2d", "+20d"):
                response = client.get(f"/configuration/{host}.{dialect.suffix}", {"as_of": as_of})
                assert SECRET.encode() not in response.content
                assert SECRET not in str(response.headers)
    masked = json.loads(client.get(f"{PAGE}.json").content)["services"][-1]["parameters"]
    assert masked == {"password": "********", "workers": 4}
