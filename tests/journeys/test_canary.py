"""A canary in every secret: nowhere in clear, in nothing that is printed, answered, logged, kept or backed up."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from django.test import Client

from larry.actions.author import Author
from larry.actions.token import NewToken, add_token
from larry.core.feed import FeedName, feed_path
from larry.exports.dialect import DIALECTS, list_inventories
from larry.outside import clock
from tests.cli.terminal import WHY, Terminal
from tests.journeys.canary import (
    LIVE,
    MONITOR,
    NUMBER,
    OTHER,
    SECRETS,
    SPARE,
    STAGING,
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
from tests.web.visitor import sign_in_as

pytestmark = pytest.mark.django_db(transaction=True)

Sinks = dict[str, str | bytes]


class Defect(Exception):
    """A fault of Larry's own, planted where secrets are at hand."""


@pytest.fixture
def larry(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("LARRY_ACTOR", "Tess Tester")
    return Terminal(capsys, monkeypatch)


def say(larry: Terminal, *arguments: str, stdin: str = "") -> str:
    said = larry(*arguments, stdin=stdin)
    return f"{said.out}\n{said.err}"


def describe(larry: Terminal, folder: Path) -> Sinks:
    """What is said while an estate is described and changed."""
    text = estate_text()
    sinks: Sinks = {
        "plan": say(larry, "plan", "-", stdin=text),
        "plan in JSON": say(larry, "plan", "-", "--format", "json", stdin=text),
    }
    sinks["apply"] = larry.done("apply", "-", stdin=text).out
    secret = json.dumps({"password": canary(20), "pins": [canary(21)], "pin": NUMBER})
    for form in ("text", "json"):
        sinks[f"set, {form}"] = say(
            larry, "set", "instance", TEST, f"parameters={secret}", "--dry-run", "--format", form
        )
    sinks["set"] = larry.done("set", "instance", TEST, f"parameters={secret}").out
    table = f'customer,app,name,parameters\nacme,shop,Test,"{secret.replace(chr(34), chr(34) * 2)}"\n'
    sinks["import"] = say(larry, "import", "instances", "-", "--dry-run", stdin=table)
    for form in ("yaml", "json"):
        sinks[f"dump, {form}"] = larry.done("dump", "--format", form).out
    larry.done("dump", "--output", f"{folder}/dumped/", "--with-deployments")
    sinks["dump, a folder"] = read_files(folder / "dumped")
    sinks["dump | plan"] = say(larry, "plan", "-", stdin=larry.done("dump").out)
    for noun, address in (("customer", "acme"), ("app", "acme/shop"), ("instance", LIVE), ("service", "vault")):
        for form in ("table", "json", "yaml", "csv"):
            sinks[f"list {noun}, {form}"] = larry.done("list", noun, "--format", form).out
            if form != "csv":
                sinks[f"show {noun}, {form}"] = larry.done("show", noun, address, "--format", form).out
    return sinks


def deploy(larry: Terminal) -> Sinks:
    """What is said while it is deployed, becomes dirty, and is deployed again."""
    sinks: Sinks = {}
    for form in ("text", "json"):
        sinks[f"snapshot, {form}"] = larry.done("snapshot", LIVE, "--dry-run", "--format", form).out
        sinks[f"deploy, {form}"] = larry.done("deploy", LIVE, "--host", WEB, "--dry-run", *WHY, "--format", form).out
    larry.deploy(LIVE, WEB)
    larry.deploy(STAGING, SPARE) if larry("deploy", STAGING, "--host", SPARE, "--dry-run", *WHY).code == 0 else None
    ours = json.dumps({"password": canary(22), "watch_key": canary(23), "plain": "in the open"})
    larry.done("set", "customer", "acme", f"parameters={ours}")
    larry.done("set", "app", "acme/shop", f'parameters={{"keyring": {{"new": "{canary(24)}"}}}}')
    for form in ("table", "json", "yaml"):
        sinks[f"diff, {form}"] = larry.done("diff", LIVE, "--format", form).out
        sinks[f"check, {form}"] = say(larry, "check", "--format", form)
        sinks[f"parameters, {form}"] = larry.done("parameters", LIVE, "--format", form).out
    sinks["order"] = larry.done("order", LIVE).out
    for form in ("text", "json"):
        sinks[f"redeploy, {form}"] = say(larry, "redeploy", LIVE, "--dry-run", *WHY, "--format", form)
    larry.done("redeploy", LIVE, *WHY)
    return sinks


def look(larry: Terminal) -> Sinks:
    """What is said to whoever looks: lists, pictures, every dialect."""
    sinks: Sinks = {}
    for form in ("table", "json", "yaml", "csv"):
        sinks[f"activity, {form}"] = larry.done("activity", "--format", form).out
        sinks[f"deployments, {form}"] = larry.done("deployments", "--all", "--format", form).out
        for of in (WEB, LIVE, "vault"):
            sinks[f"history of {of}, {form}"] = larry.done("history", of, "--format", form).out
    for form in ("svg", "dot", "json"):
        for of in (LIVE, WEB, "vault", "acme"):
            sinks[f"graph of {of}, {form}"] = larry.done("graph", of, "--format", form).out
    for form in ("svg", "json"):
        sinks[f"timeline, {form}"] = larry.done("timeline", WEB, "--format", form).out
    for dialect in DIALECTS:
        for host in (WEB, MONITOR):
            sinks[f"config of {host}, {dialect.name}"] = say(larry, "config", host, "--format", dialect.name)
    for dialect in list_inventories():
        sinks[f"inventory, {dialect.name}"] = larry.done("inventory", "--format", dialect.name).out
    return sinks


def ask(caught: Callable[[], str]) -> Sinks:
    """What is answered over HTTP, to strangers and to who has signed in."""
    sinks: Sinks = {}
    for who, client in (("a stranger", Client()), ("tess", sign_in_as("tess"))):
        client.raise_request_exception = False
        pages = ["/", f"/hosts/{WEB}", f"/hosts/{MONITOR}", "/readyz", "/inventory.json", f"/hosts/{WEB}?as_of=%2B1d"]
        pages += [f"/configuration/{host}.{dialect.suffix}" for host in (WEB, MONITOR) for dialect in DIALECTS]
        for page in pages:
            answer = client.get(page)
            sinks[f"{page} for {who}"] = answer.serialize_headers() + answer.content
    text = add_token(NewToken("tess", "reader", feeds_only=True), Author("Tess Tester", "to read", clock.now())).text
    for name in FeedName:
        answer = Client().get(feed_path(name, text))
        assert answer.status_code == 200
        sinks[f"the feed of {name}"] = answer.serialize_headers() + answer.content
    assert "********" in str(sinks["the feed of activity"])
    sinks["what HTTP logs"] = caught()
    return sinks


def go_wrong(larry: Terminal, patch: pytest.MonkeyPatch) -> Sinks:
    """Refusals, and defects with their tracebacks, in the middle of acts that hold secrets."""
    sinks: Sinks = {
        "a conflict": say(larry, "deploy", OTHER, "--host", WEB, *WHY),
        "a conflict in JSON": say(larry, "deploy", OTHER, "--host", WEB, *WHY, "--dry-run", "--format", "json"),
        "a wrong type": say(larry, "set", "instance", LIVE, f'parameters={{"password": {{"a": "{canary(30)}"}}}}'),
        "a wrong number": say(larry, "set", "instance", LIVE, f'parameters={{"pin": "{canary(31)}"}}'),
        "a seal of elsewhere": say(larry, "set", "instance", TEST, f"parameters={seal_of(larry)}"),
        "an old Plan": say(larry, "redeploy", LIVE, *WHY, "--expect", "0" * 64),
    }
    patch.setenv("LARRY_TRACEBACK", "1")

    def fail(*_: object, **__: object) -> NoReturn:
        raise Defect("planted")

    for place in ("snapshot._keep", "apply._write", "rollout._write", "reveal.record", "apply.activity_of"):
        with pytest.MonkeyPatch.context() as planted:
            planted.setattr(f"larry.actions.{place}", fail)
            secret = json.dumps({"password": canary(32), "pins": [place], "pin": NUMBER})
            said = [
                say(larry, "set", "instance", TEST, f"parameters={secret}"),
                say(larry, "deploy", LIVE, "--host", SPARE, *WHY),
                say(larry, "snapshot", TEST),
                say(larry, "config", WEB, "--reveal"),
            ]
            assert any("Defect" in each for each in said), place
            sinks[f"a defect in {place}"] = "\n".join(each for each in said if "Defect" in each)
    patch.delenv("LARRY_TRACEBACK")
    return sinks


def seal_of(larry: Terminal) -> str:
    shown: dict[str, Any] = larry.done("show", "instance", LIVE, "--format", "json").json
    return json.dumps({"seed": shown["parameters"]["password"]})


def test_a_secret_is_nowhere_but_where_it_is_revealed(
    larry: Terminal, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    sinks = describe(larry, tmp_path) | deploy(larry) | look(larry) | ask(lambda: caplog.text)
    revealed = {
        dialect.name: say(larry, "config", WEB, "--format", dialect.name, "--reveal", "--reason", "to see")
        for dialect in DIALECTS
    }
    sinks |= go_wrong(larry, monkeypatch)
    sinks["activity of revealing"] = larry.done("activity", "--format", "json").out
    sinks["undo"] = say(larry, "undo", "1", "--dry-run", *WHY)
    larry.done("rotate-secrets")
    sinks |= {
        "logs": caplog.text,
        "the database's files": read_database_files(),
        "a backup": read_backup(tmp_path),
        "Larry's own files": read_home(),
    }
    assert {name: found for name, sink in sinks.items() if (found := find_canaries(sink))} == {}
    assert all(
        "sealed" in str(sinks[name]) or "***" in str(sinks[name]) for name in ("dump, json", f"config of {WEB}, json")
    )
    assert len(sinks) >= 100
    for dialect in ("json", "yaml", "puppet", "shell"):
        assert {"text", "number"} <= set(find_canaries(revealed[dialect])), dialect


def test_the_rights_of_an_auditor_are_no_wider_than_what_it_declares(larry: Terminal) -> None:
    """What is revealed on the auditors' host: the password to the one that declares it, nothing to the other."""
    larry.done("apply", "-", stdin=estate_text())
    larry.deploy(LIVE, WEB)
    node = larry.done("config", MONITOR, "--reveal").json
    services = {each["service"]: json.dumps(each) for each in node["services"]}
    assert json.dumps(SECRETS["instance"])[1:-1] in services["watch"]
    assert find_canaries(services["watch"]) == ["text"]
    assert find_canaries(services["blind"]) == []


@pytest.mark.parametrize("secret", SECRETS)
def test_a_canary_would_be_found(secret: str) -> None:
    text = json.dumps(SECRETS[secret])
    assert find_canaries(text)
    assert find_canaries(text.encode())
    assert find_canaries(repr(SECRETS[secret]))


def test_a_canary_would_be_found_in_other_clothes() -> None:
    import base64

    for before in ("", "a", "ab", "abc"):
        assert find_canaries(base64.b64encode(f"{before}{STEM}01 and more".encode()))
    assert find_canaries(STEM.encode().hex())
    assert find_canaries(STEM.encode("utf-16"))
    assert not find_canaries("nothing of that sort")


def test_a_leak_would_be_found(larry: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two faults that let secrets out. What is planned is rolled back, and stays in PostgreSQL's files all the same: so
    the first lets out what is no canary."""
    harmless = estate_text().replace(STEM, "NoC4nary").replace(str(NUMBER), "12")
    for room in ("apply", "decision"):
        monkeypatch.setattr(f"larry.actions.{room}.seal_item", lambda item, _: item)
    assert find_canaries(say(larry, "plan", "-", "--format", "json", stdin=harmless).replace("NoC4nary", STEM))
    monkeypatch.undo()
    monkeypatch.setenv("LARRY_ACTOR", "Tess Tester")
    larry.done("apply", "-", stdin=estate_text())
    larry.deploy(LIVE, WEB)
    assert not find_canaries(larry.done("config", WEB).out)
    shown = larry.done("config", WEB, "--reveal").out
    assert find_canaries(shown)
