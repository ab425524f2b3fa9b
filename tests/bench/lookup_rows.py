"""P1 to P3: looking hosts up, against a bare callable that checks a token and selects a ready document."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.bench.bare_site import lay_documents, make_bare
from tests.bench.measure import Row, compare
from tests.bench.size import Size

Ask = Callable[[], None]


def lookup_rows(size: Size, now: datetime) -> Iterator[Row]:
    """The callables themselves, as a server calls them, over 200 hosts in turn: what the network costs is not in it."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    settings.ALLOWED_HOSTS = ["testserver"]
    django = get_wsgi_application()

    from larry.api.kept_body import KeptBodies
    from larry.outside.log_line import start_logging
    from larry.site.lane import lay_lane

    start_logging("warning", "text")
    token, hosts = make_token(now), choose_hosts(200)
    lane = lay_lane(_never)
    lay_documents(now)
    bare = make_bare()
    said = f"{size.hosts:,} hosts, {len(hosts)} of them in turn"
    tags = {host: _call(lane, _environ(host, token))[1]["ETag"] for host in hosts}
    mine, theirs = compare(_turn(lane, hosts, token), _turn(bare, hosts, token), rounds=9)
    yield Row("P1 a host's configuration", said, mine, theirs, "bare callable, token and one SELECT", 1 / 0.7)
    known = [_environ(host, token, tag=tags[host]) for host in hosts]
    mine, theirs = compare(_loop(lane, known), _loop(bare, known), rounds=9)
    yield Row("P2 the same, 304", said, mine, theirs, "bare callable, 304", 1 / 0.8)
    whens = [now - timedelta(days=min(200, size.years * 100)), now, now + timedelta(days=20)]
    dated = [_environ(host, token, as_of=whens[number % 3]) for number, host in enumerate(hosts)]
    mine, theirs = compare(_loop(lane, dated), _turn(lane, hosts, token), rounds=9)
    yield Row("P3 in past, now and future", said, mine, theirs, "P1 in this run", 1 / 0.9)
    cold = lay_lane(_never)
    cold.bodies = KeptBodies(0, 0)
    mine, theirs = compare(_turn(cold, hosts[:100], token), _turn(django, hosts[:100], token), rounds=5)
    yield Row("P1 with nothing kept", said, mine, theirs, "the Django view", None)


def _never(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise AssertionError(f"the lane left {environ['PATH_INFO']} to Django")


def make_token(now: datetime) -> str:
    """A token that need not be written down for hours."""
    from larry.actions.author import Author
    from larry.actions.token import NewToken, add_token
    from larry.records.token import Token
    from larry.records.user import User

    if not User.objects.filter(name="bench").exists():
        User.objects.create(
            name="bench", name_folded="bench", full_name="", is_administrator=True, password="!", created_at=now
        )  # fmt: skip
    text = add_token(NewToken("bench", f"t{random.randrange(10**9)}"), Author("bench", "measure", now)).text
    Token.objects.update(used_at=now + timedelta(hours=5))
    return text


def choose_hosts(count: int) -> list[str]:
    """So many names, or all there are."""
    from larry.records.host import Host

    names = list(Host.objects.order_by("id").values_list("name", flat=True))
    return random.Random(1).sample(names, min(count, len(names)))


def _environ(host: str, token: str, *, tag: str | None = None, as_of: datetime | None = None) -> dict[str, Any]:
    from django.test import RequestFactory

    extra = {"HTTP_AUTHORIZATION": f"Bearer {token}", **({"HTTP_IF_NONE_MATCH": tag} if tag else {})}
    query = f"?as_of={as_of:%Y-%m-%dT%H:%MZ}" if as_of else ""
    environ: dict[str, Any] = RequestFactory().get(f"/configuration/{host}.json{query}", **extra).environ  # type: ignore[arg-type]
    return environ


def _call(application: Any, environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    said: list[Any] = []
    body = b"".join(application(dict(environ), lambda *words: said.extend(words)))
    return said[0], dict(said[1]), body


def _turn(application: Any, hosts: list[str], token: str) -> Ask:
    return _loop(application, [_environ(host, token) for host in hosts])


def _loop(application: Any, environs: list[dict[str, Any]]) -> Ask:
    """Every request once."""

    def ask() -> None:
        for environ in environs:
            response = application(dict(environ), _start)
            b"".join(response)
            if hasattr(response, "close"):
                response.close()

    return ask


def ask_many(times: int, now: datetime) -> None:
    """So many lookups of all hosts in turn, and the whole inventory, as a server asks for them and sends them on."""
    from larry.site.wsgi import application

    token, hosts = make_token(now), choose_hosts(times)
    for number in range(times):
        _call(application, {**_environ(hosts[number % len(hosts)], token), "HTTP_HOST": "localhost"})
    asked = {**_environ(hosts[0], token), "HTTP_HOST": "localhost", "PATH_INFO": "/inventory.json"}
    response = application(asked, _start)
    assert sum(map(len, response)) > 0
    response.close()  # type: ignore[attr-defined]  # Django's has it


def _start(status: str, headers: list[tuple[str, str]]) -> None:
    assert status[:3] in {"200", "304"}, status
