"""A canary in every secret, and every URL of the resolver asked: it is found where somebody is entitled, only there.

Beside secrets of the estate there are those of people and programs: a password, a token, the secret of a webhook. What
`tests/journeys/test_canary.py` does by the command, this does by pages and the API.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from django.db import connection
from django.test import Client

from larry.actions.delivery import claim_deliveries
from larry.actions.fan_out import fan_out
from larry.exports.dialect import DIALECTS
from larry.outside.log_line import JsonLine, TextLine
from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.records.grant import Group
from larry.records.rollout import Rollout
from larry.records.webhook import Event
from tests.api.scene import author_at
from tests.cli.terminal import WHY, Terminal
from tests.journeys.canary import (
    LIVE,
    MONITOR,
    NUMBER,
    SPARE,
    STEM,
    TEST,
    WEB,
    canary,
    estate_text,
    find_canaries,
    read_backup,
    read_database_files,
    read_files,
    read_home,
)
from tests.journeys.test_canary import Sinks
from tests.site.matrix import list_routes
from tests.web.visitor import sign_in_as

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = f"{STEM} in the morning 41"
ROOT = "/api/v1"
MOMENTS = ("", "as_of=%2B1d", "as_of=2001-01-01")
EVENTS = ["deployment.planned", "deployment.changed", "instance.dirty", "node.changed", "check.failed"]


class Defect(Exception):
    """A fault of Larry's own, planted where secrets are at hand."""


@pytest.fixture
def larry(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("LARRY_ACTOR", "Tess Tester")
    return Terminal(capsys, monkeypatch)


@pytest.fixture
def lines() -> Iterator[dict[str, io.StringIO]]:
    """Everything that is logged, at every level, in both formats."""
    log, written = logging.getLogger(), {"text": io.StringIO(), "json": io.StringIO()}
    before, handlers = log.level, []
    for name, formatter in (("text", TextLine()), ("json", JsonLine())):
        handler = logging.StreamHandler(written[name])
        handler.setFormatter(formatter)
        handlers.append(handler)
        log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield written
    log.setLevel(before)
    for handler in handlers:
        log.removeHandler(handler)


def fill(route: str) -> str:
    """The address of a thing of the estate that holds canaries."""
    first = route.removeprefix("api/v1/").partition("/")[0]
    addresses = {"customers": "acme", "apps": "acme/shop", "instances": LIVE, "hosts": WEB, "services": "vault"}
    known: dict[str, object] = {
        "customer": "acme", "app": "shop", "instance": "live", "host": WEB, "service": "vault", "kind": "instance",
        "address": addresses.get(first, LIVE), "asked": f"{WEB}.json", "suffix": "json", "digest": _digest(),
        "number": Rollout.objects.order_by("id").first().id,  # type: ignore[union-attr]  # one was laid
        "id": Deployment.objects.order_by("id").first().id,  # type: ignore[union-attr]  # the same
        "name": WEB if first == "hosts" else "night" if first == "groups" else "ada",
    }  # fmt: skip
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(known.get(found[1], "nothing")), route)


def _digest() -> str:
    return Deployable.objects.filter(instance__path=LIVE).order_by("taken_at")[0].digest


def tell(answer: Any) -> bytes:
    """An answer with its headers."""
    head, body = answer.serialize_headers(), answer.content
    return bytes(head) + b"\r\n\r\n" + bytes(body)


def look(client: Client, moments: tuple[str, ...] = ("",)) -> Sinks:
    """Every URL that is read, as of some moments, and every picture, export and dialect."""
    sinks: Sinks = {}
    more = {
        f"{ROOT}/hosts/{WEB}/explain": "service=vault&parameter=password",
        f"{ROOT}/graph": f"subject={LIVE}", f"{ROOT}/timeline": f"subject={LIVE}",
    }  # fmt: skip
    for route in dict.fromkeys(route for route, verb in list_routes() if verb == "GET"):
        path = fill(route)
        for moment in moments:
            query = "&".join(each for each in (more.get(path, ""), moment) if each)
            sinks[f"GET {path}?{query}"] = tell(client.get(f"{path}?{query}"))
    for noun in ("customers", "apps", "instances", "services"):
        sinks |= {f"{noun}, {form}": tell(client.get(f"/{noun}/?format={form}")) for form in ("csv", "json")}
    for host in (WEB, MONITOR, SPARE):
        for dialect in DIALECTS:
            sinks[f"{host} in {dialect.name}"] = tell(client.get(f"/configuration/{host}.{dialect.suffix}"))
    for form in ("svg", "dot", "json"):
        sinks[f"graph, {form}"] = tell(client.get(f"{ROOT}/graph?subject=acme&format={form}"))
    sinks["search"] = tell(client.get(f"/search?q={STEM[:3]}"))
    return sinks


def act(client: Client) -> Sinks:
    """Every way to say a secret to the API, shown first and done, in order and out of it."""
    secret = {"password": canary(50), "pins": [canary(51)], "pin": NUMBER}
    rows = f'customer,app,name,parameters\nacme,shop,Test,"{json.dumps(secret).replace(chr(34), chr(34) * 2)}"\n'
    said: list[tuple[str, str, Any]] = [
        ("PATCH", f"/instances/{TEST}", {"parameters": secret}),
        ("PATCH", "/instances", [{"address": TEST, "parameters": {**secret, "pins": [canary(52)]}}]),
        ("PATCH", f"/instances/{TEST}", {"parameters": {"password": {"wrong": canary(53)}}}),
        ("PATCH", f"/instances/{TEST}", {"parameters": [canary(54)]}),
        ("PATCH", "/customers/acme", {"parameters": {"password": canary(55), "watch_key": canary(56), "plain": "x"}}),
        ("POST", "/instances", {"app": "acme/shop", "name": "More", "requires": ["app"], "parameters": secret}),
        ("POST", "/estate/plan", {"estate": json.loads(estate_text())}),
        ("POST", "/estate/apply", {"estate": json.loads(estate_text())}),
        ("POST", "/estate/import", {"noun": "instance", "content": rows}),
        ("POST", "/estate/import", {"noun": "instance", "content": rows.replace("parameters", "parmeters")}),
        ("POST", "/estate/edit", {"noun": "instance", "address": TEST, "fields": {"parameters": secret}}),
        ("POST", "/users", {"name": "eve", "password": PASSWORD}),
        ("POST", "/users/ada/password", {"password": PASSWORD + "2"}),
        ("POST", "/users/ada/password", {"password": "short"}),
        ("POST", f"/instances/{TEST}/snapshot", {}),
        ("POST", "/rollouts", {"deploy": [{"instance": TEST, "hosts": [SPARE]}], "reason": "go"}),
        ("POST", "/rollouts/redeploy", {"dirty": True, "reason": "go"}),
        ("POST", "/webhooks", {"url": f"https://a.example/{STEM}60", "events": ["instance.dirty"], "owner": "ada"}),
        ("POST", "/webhooks", {"url": f"https://u:{STEM}61@a.example/", "events": ["instance.dirty"]}),
    ]  # fmt: skip
    sinks: Sinks = {}
    for number, (method, path, body) in enumerate(said):
        for query in ("?dry_run=true", ""):
            if not (query and path.endswith(("/plan", "/password"))):
                sinks[f"{number}. {method} {path}{query}"] = tell(_send(client, method, f"{ROOT}{path}{query}", body))
    broken = f'{{"parameters": {{"password": "{canary(57)}"'
    sinks["a body that breaks off"] = tell(_send(client, "PATCH", f"{ROOT}/instances/{TEST}", broken))
    return sinks


def _send(client: Client, method: str, path: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    key = f"k{abs(hash((method, path, text)))}"
    return client.generic(method, path, text, content_type="application/json", headers={"Idempotency-Key": key})


def fail_inside(client: Client, patch: pytest.MonkeyPatch) -> Sinks:
    """Defects where secrets are at hand, in an act, a form and a lookup: what is answered. The log is read apart."""

    def fail(*_: object, **__: object) -> NoReturn:
        held = canary(70)
        raise Defect(f"planted with {len(held)} characters at hand")

    sinks: Sinks = {}
    client.raise_request_exception = False
    body = {"parameters": {"password": canary(71), "pin": NUMBER}}
    for place in ("larry.actions.apply._write", "larry.actions.apply.activity_of", "larry.actions.describe.apply"):
        with patch.context() as planted:
            planted.setattr(place, fail)
            sinks[f"a defect in {place}"] = tell(_send(client, "PATCH", f"{ROOT}/instances/{TEST}", body))
    for place, path in (
        ("web.views.host._describe", f"/hosts/{WEB}"),
        ("queries.node._segment", f"/configuration/{WEB}.sh"),
    ):
        with patch.context() as planted:
            planted.setattr(f"larry.{place}", fail)
            sinks[f"a defect in {place}"] = tell(client.get(path))
    assert all(re.search(rb"^HTTP|500|defect|went wrong", _bytes(sink)) for sink in sinks.values())
    return sinks


@pytest.mark.parametrize("moments", [("",), pytest.param(MOMENTS, marks=pytest.mark.slow)], ids=["now", "ever"])
def test_a_secret_is_answered_to_whoever_is_entitled_and_to_nobody_else(
    moments: tuple[str, ...],
    larry: Terminal,
    lines: dict[str, io.StringIO],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    larry.done("apply", "-", stdin=estate_text())
    larry.deploy(LIVE, WEB)
    chief, ada = sign_in_as("tess"), sign_in_as("ada")
    Group.objects.create(name="night", name_folded="night", created_at=author_at_now().now)
    made = _send(ada, "POST", f"{ROOT}/tokens", {"name": "tool", "secrets": True})
    hook = _send(ada, "POST", f"{ROOT}/webhooks", {"url": "https://a.example/x", "events": EVENTS})
    told_once = [made.json()["token"].encode(), hook.json()["secret"].encode()]
    plain = _send(ada, "POST", f"{ROOT}/tokens", {"name": "plain"}).json()["token"]
    entitled, narrow = (Client(headers={"Authorization": f"Bearer {text}"}) for text in (told_once[0].decode(), plain))

    sinks = look(chief, moments) | act(chief)
    if moments == MOMENTS:
        sinks |= {f"{name}, by token": told for name, told in look(narrow, moments).items()}
        sinks |= {f"{name}, to a stranger": told for name, told in look(Client()).items()}
    for client in (narrow, Client()):
        for path in (f"/configuration/{WEB}.json", f"/configuration/{MONITOR}.sh", "/inventory.json", f"{ROOT}/fleet"):
            sinks[f"{path}, {id(client)}"] = tell(client.get(path))
    entitlements = {
        "a token with secrets": tell(entitled.get(f"/configuration/{WEB}.json")),
        "revealed by the API": tell(_send(chief, "POST", f"{ROOT}/hosts/{WEB}/reveal", {"reason": "to see"})),
    }
    sinks |= {
        f"GET {path}, by a token with secrets": tell(entitled.get(path)) for path in (f"/hosts/{WEB}", "/activity")
    }
    sinks |= fail_inside(chief, monkeypatch) | keep(larry, tmp_path)
    sinks |= {f"the log as {name}": written.getvalue() for name, written in lines.items()}

    assert {name: found for name, sink in sinks.items() if (found := find_canaries(sink))} == {}
    assert {name for name, sink in sinks.items() if any(text in _bytes(sink) for text in told_once)} == set()
    assert {name for name, told in entitlements.items() if "text" not in find_canaries(told)} == set()
    assert all(b"no-store" in told for told in entitlements.values())
    assert all("Defect" in written.getvalue() for written in lines.values())
    assert len(sinks) > 200


def _bytes(sink: str | bytes) -> bytes:
    return sink.encode("utf-8", "surrogateescape") if isinstance(sink, str) else sink


def author_at_now() -> Any:
    from larry.outside import clock

    return author_at(clock.now())


def keep(larry: Terminal, folder: Path) -> Sinks:
    """What stands on disks, and what is waiting to be sent."""
    tree, secrets = folder / "tree", folder / "secrets"
    larry.done("publish", str(tree))
    larry.done("publish", str(secrets), "--secrets", *WHY)
    in_clear = {path: path.stat().st_mode & 0o777 for path in secrets.rglob("*") if path.is_file()}
    with_canary = {path for path in in_clear if find_canaries(path.read_bytes())}
    assert with_canary
    assert {in_clear[path] for path in with_canary} == {0o600}
    now = author_at_now()
    while fan_out(now):
        pass
    leases = claim_deliveries(10_000, timedelta(days=1), now, most_of_one=10_000)
    assert leases
    if connection.vendor == "sqlite":
        larry.done("backup", str(folder / "larry.backup"))
        held = (folder / "larry.backup").read_bytes()
    else:
        held = read_backup(folder)
    return {
        "what is published": read_files(tree),
        "what is sent": b"".join(lease.body for lease in leases),
        "what may be sent": json.dumps(list(Event.objects.values()), default=str),
        "the database's files": read_database_files(),
        "a backup": held,
        "Larry's own files": read_home(),
    }
