"""The lookup lane before a Django that counts how often it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

from larry.actions.token import NewToken, add_token, note_use
from larry.api.lane import LookupLane
from larry.outside import clock
from larry.records.token import Token
from larry.site.lane import lay_lane
from tests.api.scene import WEB, author_at, lay, put
from tests.records.rows import add_user

Answer = tuple[str, dict[str, str], bytes]


class Served:
    """An application that counts how often it was asked."""

    def __init__(self) -> None:
        self.django, self.asked = WSGIHandler(), 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked += 1
        return self.django(environ, start_response)


class Lane:
    """A lane before a Django that counts, at a clock that stands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.behind = Served()
        self.lane: LookupLane = lay_lane(self.behind)
        self.now = lay()
        put(WEB, self.now, at=-5, start=-3, end=5)
        self.clock = self.now
        monkeypatch.setattr(clock, "now", lambda: self.clock)
        add_user(name="ada", name_folded="ada", is_administrator=True)
        add_user(name="zoe", name_folded="zoe")

    def token(self, user: str = "ada", name: str = "t", **about: Any) -> str:
        """A token that has been used just now: what must be written is Django's."""
        text = add_token(NewToken(user, name, **about), author_at(self.now)).text
        for row in Token.objects.all():
            note_use(row.id, row.used_at, self.clock)
        return text

    def ask(self, application: Any, path: str, token: str | None, **headers: str) -> Answer:
        extra: dict[str, Any] = {"HTTP_X_REQUEST_ID": "r1", **headers}
        if token is not None:
            extra["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        environ = RequestFactory().get(f"/configuration/{path}", **extra).environ
        said: list[Any] = []
        response = application(dict(environ), lambda *words: said.extend(words))
        body = b"".join(response)
        if hasattr(response, "close"):
            response.close()
        return said[0], {name.lower(): value for name, value in said[1]}, body

    def both(self, path: str, token: str | None, **headers: str) -> tuple[Answer, bool]:
        """What both answer, which is the same, and whether the lane did without Django; twice, so that it is kept."""
        wanted = self.ask(self.behind, path, token, **headers)
        before = self.behind.asked
        assert self.ask(self.lane, path, token, **headers) == wanted
        assert self.ask(self._whole, path, token, **headers) == wanted
        return wanted, self.behind.asked == before

    def _whole(self, environ: dict[str, Any], start_response: Any) -> Any:
        """What the lane answers by itself is a list: the server hands on anything else piece by piece, which takes
        longer than the lane does."""
        before = self.behind.asked
        answer = self.lane(environ, start_response)
        assert type(answer) is list or self.behind.asked > before
        return answer


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lane]:
    """Its Django keeps the connection of the test, as Django's own client for tests does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield Lane(monkeypatch)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def lane_answers(lane: Lane, host: str, token: str) -> bool:
    before = lane.behind.asked
    lane.ask(lane.lane, f"{host}.json", token)
    return lane.behind.asked == before
