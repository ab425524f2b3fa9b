"""Calls of every command, by its words: each is made here and at a Larry elsewhere, and prints the same.

`{deployment}`, `{planned}` and `{snapshot}` are filled in with what the demonstration holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from larry.nouns.table import NOUNS

WHY = ("--reason", "because of the tests")
SHOP = "acme/shop/production"
LATER = ("--start", "2027-03-01T00:00Z")
WEB = "web1.nordlicht.example"
ESTATE = """\
larry: 1
roles: [{name: queue, description: hands work on}]
customers: [{name: Gamma, apps: [{name: Desk, instances: [{name: Live, requires: [time]}]}]}]
hosts: [{name: queue1.nordlicht.example, roles: [queue], addresses: [10.20.9.9]}]
deployments:
  - {instance: gamma/desk/live, host: queue1.nordlicht.example, start: 2027-01-01T00:00:00Z, end: null, reason: found so}
"""
WRONG = "larry: 1\nroles: [{nom: queue}]\nhosts: [{name: nothing at all}]\n"
TABLE = "name,addresses\nnew1.nordlicht.example,10.20.9.8\n"

Call = tuple[Sequence[str], str]
"""Words, and what stands on standard input."""


def forms(*words: str, names: Sequence[str] = ("table", "json", "yaml", "csv")) -> list[Call]:
    """The same in each form of a listing."""
    return [((*words, "--format", name), "") for name in names]


def said(*calls: Sequence[str], stdin: str = "") -> list[Call]:
    return [(words, stdin) for words in calls]


DOCUMENT = ("table", "json", "yaml")

CALLS: Mapping[str, Sequence[Call]] = MappingProxyType(
    {
        "check": [*forms("check"), *said(["check", "--as-of", "2026-01-01"])],
        "user add": said(["user", "add", "ada", "--full-name", "Ada", "--format", "json", *WHY], stdin="a long pass phrase\n")
        + said(["user", "add", "not a name", "--dry-run"]),
        "user edit": said(
            ["user", "edit", "tess", "--email", "tess@example.com", *WHY], ["user", "edit", "tess", "--email", "nowhere"]
        ),
        "user list": forms("user", "list"),
        "user password": said(["user", "password", "nobody"], stdin="a long pass phrase\n"),
        "user activate": said(["user", "activate", "tess"], ["user", "activate", "nobody"]),
        "user deactivate": said(["user", "deactivate", "tess", *WHY], ["user", "deactivate", "tess", "--dry-run"]),
        "user grant": said(
            ["user", "grant", "tess", "viewer", "--customer", "acme", *WHY],
            ["user", "grant", "tess", "viewer", "--customer", "nothing"],
            ["user", "grant", "tess", "viewer", "--customer", "acme", "--dry-run", "--format", "json"],
        ),
        "user revoke": said(["user", "revoke", "tess", "viewer"]),
        "user grants": [*forms("user", "grants"), *said(["user", "grants", "tess"], ["user", "grants", "nobody"])],
        "group add": said(["group", "add", "night", *WHY], ["group", "add", "day"]),
        "group list": forms("group", "list"),
        "group remove": said(["group", "remove", "day", *WHY], ["group", "remove", "nothing"]),
        "group join": said(["group", "join", "day", "tess", *WHY], ["group", "join", "day", "nobody"]),
        "group leave": said(["group", "leave", "day", "tess"]),
        "group grant": said(["group", "grant", "day", "operator", "--pool", "production", *WHY]),
        "group revoke": said(["group", "revoke", "day", "operator"]),
        "plan": [
            *said(["plan", "-"], ["plan", "-", "--format", "json"], ["plan", "-", "--with-deployments"], stdin=ESTATE),
            *said(["plan", "-"], stdin=WRONG),
            *said(["plan", "-"], stdin="larry: 1\n"),
            *said(["plan", "-", "--prune"], stdin="larry: 1\n"),
        ],
        "apply": [
            *said(["apply", "-", *WHY], ["apply", "-", "--dry-run"], ["apply", "-", "--expect", "0" * 64], stdin=ESTATE),
            *said(["apply", "-", "--with-deployments", "--format", "json", *WHY], stdin=ESTATE),
            *said(["apply", "-"], stdin=WRONG),
        ],
        "dump": said(["dump"], ["dump", "--format", "json"], ["dump", "--with-deployments"]),
        "import": [
            *said(["import", "hosts", "-", *WHY], ["import", "hosts", "-", "--dry-run", "--format", "json"], stdin=TABLE),
            *said(["import", "hosts", "-"], stdin="name,nothing\nx.example.com,1\n"),
        ],
        "list": [call for noun in NOUNS for call in forms("list", noun)],
        "show": [
            *forms("show", "host", WEB, names=DOCUMENT),
            *forms("show", "service", "Website", names=DOCUMENT),
            *said(["show", "instance", SHOP], ["show", "host", "nothing"], ["show", "host", WEB, "--as-of", "2026-01-01"]),
        ],
        "set": said(
            ["set", "host", WEB, "labels={\"site\": \"x\"}", *WHY],
            ["set", "host", "new.nordlicht.example", "name=new.nordlicht.example", "--dry-run", "--format", "json"],
            ["set", "host", WEB, "addresses=[\"nowhere\"]"],
            ["set", "app", "acme/second", "--like", "acme/shop", *WHY],
        ),
        "rename-key": said(
            ["rename-key", "customer", "acme", "acme2", "--dry-run"],
            ["rename-key", "customer", "acme", "acme2", "--format", "json", *WHY],
            ["rename-key", "customer", "acme", "Not a key"],
        ),
        "retire": said(["retire", "customer", "acme", "--dry-run"], ["retire", "pool", "reserve", *WHY]),
        "snapshot": said(
            ["snapshot", SHOP, *WHY], ["snapshot", SHOP, "--dry-run", "--format", "json"], ["snapshot", "acme/shop/nothing"]
        ),
        "diff": [
            *forms("diff", SHOP, names=DOCUMENT),
            *forms("diff", SHOP, "{snapshot}", names=DOCUMENT),
            *said(["diff", "acme/shop/nothing"], ["diff", SHOP, "ffffffff"]),
        ],
        "parameters": forms("parameters", SHOP),
        "order": [*forms("order", SHOP, names=DOCUMENT), *said(["order", SHOP, "--waves", "--reverse"])],
        "deploy": said(
            ["deploy", SHOP, "--host", WEB, "--dry-run"],
            ["deploy", SHOP, "--host", WEB, *LATER, "--format", "json", *WHY],
            ["deploy", SHOP, "--host", WEB, *LATER, "--end", "2027-02-01T00:00Z", *WHY],
            ["deploy", SHOP, "--host", WEB, "--expect", "0" * 64, "--format", "json", *WHY],
            ["deploy", SHOP, "--host", "nothing.example.com", *WHY],
            ["deploy", SHOP, "--host", WEB],
        ),
        "redeploy": said(
            ["redeploy", SHOP, "--dry-run"],
            ["redeploy", "--dirty", "--dry-run", "--format", "json"],
            ["redeploy", "--dirty", *WHY],
            ["redeploy", "--dirty", "--customer", "nothing", "--dry-run"],
        ),
        "edit-deployment": said(
            ["edit-deployment", "{deployment}", "--end", "2027-06-01", "--dry-run"],
            ["edit-deployment", "{deployment}", "--host", WEB, *WHY],
            ["edit-deployment", "nothing", "--open", *WHY],
        ),
        "undeploy": said(
            ["undeploy", "{deployment}", "--dry-run"], ["undeploy", "{deployment}", *WHY], ["undeploy", "nothing", *WHY]
        ),
        "delete": said(["delete", "{planned}", *WHY], ["delete", "{deployment}", *WHY]),
        "undo": said(["undo", "1", "--dry-run"], ["undo", "999999", *WHY]),
        "deployments": [
            *forms("deployments"),
            *said(["deployments", "--all", "--as-of", "2026-06-01"], ["deployments", "--host", WEB, "--future"]),
            *said(["deployments", "--customer", "acme", "--known-at", "-30d"]),
        ],
        "config": [
            *said(*(["config", WEB, "--format", form] for form in ("json", "yaml", "enc", "puppet", "shell", "ansible"))),
            *said(["config", WEB, "--format", "shell", "--stop"], ["config", "nothing"], ["config", WEB, "--as-of", "2020-01-01"]),
            *said(["config", "db1.nordlicht.example", "--reveal", *WHY]),
        ],
        "inventory": said(["inventory"], ["inventory", "--format", "ansible", "--as-of", "2026-06-01"]),
        "explain": forms("explain", WEB, "apache", "keepalive_timeout", names=DOCUMENT)
        + said(["explain", WEB, "apache", "nothing"]),
        "coverage": [*forms("coverage"), *said(["coverage", "--uncovered", "--customer", "acme"])],
        "edges": [*forms("edges"), *said(["edges", "apache", "--known-at", "-30d"], ["edges", "nothing"])],
        "graph": said(*(["graph", SHOP, "--format", form] for form in ("svg", "dot", "json")))
        + said(["graph", "nothing"], ["graph", "acme", "--kind", "customer", "--link-prefix", "https://larry.example.com"]),
        "timeline": said(
            ["timeline", SHOP],
            ["timeline", WEB, "--format", "json", "--as-of", "2026-06-01"],
            ["timeline", "acme", "--from", "2026-10-01", "--until", "2027-01-01", "--as-of", "2026-11-01"],
            ["timeline", "nothing"],
            ["timeline", WEB, "--from", "2027-01-01", "--until", "2026-01-01"],
        ),
        "history": [
            *forms("history", WEB),
            *forms("history", SHOP),
            *said(["history", "apache"], ["history", "nothing"], ["history", "acme/shop/nothing"]),
        ],
        "activity": [
            *forms("activity", "--limit", "20"),
            *said(["activity", "--customer", "acme", "--changes", "--limit", "5"], ["activity", "--since", "-30d", "--verb", "deploy"]),
        ],
    }
)  # fmt: skip
"""By the words of the command."""
