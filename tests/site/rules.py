"""What each URL is about, and what each verb of it takes: written by hand, so that a new URL asks for its line."""

from __future__ import annotations

from collections.abc import Mapping

from tests.site.matrix import CONFIGURE, EDIT, LOOK, MANAGE, REVEAL, Rule

STOPPED = frozenset({"stopped"})
NONE, NOBODY, FORM, ALL = Rule("none"), Rule("nobody"), Rule("form"), Rule("all")
SEE, CHANGE = Rule("customer"), Rule("customer", EDIT)
SEE_HOST = Rule("host", CONFIGURE)
ANY_FORM = Rule("form")
"""A form that says too little to be done: whoever sends it, nothing is written."""

WEBHOOKS = "api/v1/webhooks/<number>"
APART = {
    "sign-in",
    "sign-out",
    "api/v1/webhooks",
    "api/v1/deliveries/<id>/retry",
    *(f"{WEBHOOKS}{end}" for end in ("", "/deliveries", "/pause", "/ping", "/resume")),
}
"""The first change who asks (tests/web/test_sign_in.py); whose webhooks are is told by their own tests."""

OWNED = {"customers": "customer", "apps": "customer", "instances": "customer", "hosts": "host"}
"""Of the nouns that belong to somebody, what rights are about."""


def _of_noun(noun: str, verb: str, end: str) -> Rule:
    """The rules of what is derived from the specs, in the API and in pages."""
    about = OWNED.get(noun, "word")
    if end in {"list", "names", "import page", "bulk page", "new page"} and verb == "GET":
        return ALL
    if end == "list" and verb == "POST":
        inside = {"hosts": "new host", "apps": "inside", "instances": "inside"}
        return Rule(inside.get(noun, "all"), EDIT)
    if end == "retire":
        return Rule(about, EDIT, odd=STOPPED)
    if end == "key":
        return Rule(about, EDIT, everywhere=True)
    return Rule(about, EDIT if verb != "GET" else CONFIGURE if about == "host" else LOOK)


def _noun_rules() -> dict[tuple[str, str], Rule]:
    rules: dict[tuple[str, str], Rule] = {}
    addresses = {
        "customers": "<customer>",
        "apps": "<customer>/<app>",
        "instances": "<customer>/<app>/<instance>",
        **{f"{noun}s": f"<{noun}>" for noun in ("host", "role", "grade", "pool", "service")},
    }
    for noun, address in addresses.items():
        api, one = f"api/v1/{noun}", f"api/v1/{noun}/{address}"
        rules |= {
            (api, "GET"): _of_noun(noun, "GET", "list"),
            (api, "POST"): _of_noun(noun, "POST", "list"),
            (api, "PATCH"): _of_noun(noun, "PATCH", "one"),
            (one, "GET"): _of_noun(noun, "GET", "one"),
            (one, "PATCH"): _of_noun(noun, "PATCH", "one"),
            (one, "DELETE"): _of_noun(noun, "DELETE", "retire"),
            (f"{one}/rename-key", "POST"): _of_noun(noun, "POST", "key"),
        }
        page = f"{noun}/<path:address>"
        see, change = _of_noun(noun, "GET", "one"), _of_noun(noun, "POST", "one")
        rules |= {
            (f"{noun}/", "GET"): ALL,
            (f"{noun}/", "POST"): NONE,
            **{(f"{noun}/-/{end}", "GET"): ALL for end in ("names", "new", "bulk", "import")},
            (f"{noun}/-/names", "POST"): NONE,
            **{(f"{noun}/-/{end}", "POST"): FORM for end in ("new", "bulk", "import")},
            (page, "GET"): see,
            (page, "POST"): NONE,
            **{(f"{page}/{end}", "GET"): see for end in ("edit", "key", "retire")},
            (f"{page}/edit", "POST"): change,
            (f"{page}/key", "POST"): _of_noun(noun, "POST", "key"),
            (f"{page}/retire", "POST"): _of_noun(noun, "POST", "retire"),
        }
    return rules


def _look(rule: Rule, *routes: str) -> dict[tuple[str, str], Rule]:
    return {(route, verb): rule if verb == "GET" else NONE for route in routes for verb in ("GET", "POST")}


def _both(see: Rule, act: Rule, *routes: str) -> dict[tuple[str, str], Rule]:
    return {(route, verb): see if verb == "GET" else act for route in routes for verb in ("GET", "POST")}


_INSTANCE = "api/v1/instances/<customer>/<app>/<instance>"
_OPEN = ("inventory.<str:suffix>", "healthz", "readyz", "metrics", "api/v1/openapi.json", "api/v1/docs")

RULES: Mapping[tuple[str, str], Rule] = {
    **_noun_rules(),
    **_look(ALL, *_OPEN, "api/v1/docs.css"),
    **_look(ALL, "feed/<str:asked>"),
    **_look(NOBODY, "static/<str:name>"),  # of a name that no asset has
    **_look(SEE_HOST, "configuration/<str:asked>", "hosts/<str:name>", "hosts/<str:name>/configuration"),
    **_look(SEE_HOST, "hosts/<str:name>/history"),
    **_both(NOBODY, NOBODY, "api/v1/", "api/v1/<path:asked>", "api/<any:asked>"),
    **{(f"api/v1/{noun}", "GET"): ALL for noun in ("deployments", "deployables", "rollouts", "edges", "tokens")},
    **{(f"api/v1/{what}", "GET"): ALL for what in ("activity", "situations", "dirty", "coverage")},
    **{(f"{_INSTANCE}/{what}", "GET"): SEE for what in ("parameters", "order", "diff", "dirty", "coverage", "history")},
    **{(f"api/v1/{what}", "GET"): SEE for what in ("deployments/<id>", "deployables/<digest>", "rollouts/<number>")},
    **{(f"api/v1/hosts/<host>/{what}", "GET"): SEE_HOST for what in ("node", "history")},
    ("api/v1/deployments/<id>", "PATCH"): CHANGE,  # shown only: who may edit sees what it would come to
    ("api/v1/deployments/<id>", "DELETE"): CHANGE,
    ("api/v1/deployments/<id>/undeploy", "POST"): CHANGE,
    (f"{_INSTANCE}/snapshot", "POST"): CHANGE,
    ("api/v1/rollouts", "POST"): CHANGE,
    ("api/v1/rollouts/preview", "POST"): CHANGE,
    ("api/v1/rollouts/redeploy", "POST"): CHANGE,
    ("api/v1/rollouts/<number>/undo", "POST"): CHANGE,
    ("api/v1/tokens", "POST"): Rule("self"),
    ("api/v1/tokens/<id>", "GET"): NOBODY,  # those of two others
    ("api/v1/tokens/<id>", "DELETE"): NOBODY,
    ("api/v1/deployments/undeploy", "POST"): CHANGE,
    ("api/v1/deployments/delete", "POST"): CHANGE,
    **{(f"api/v1/{what}", "GET"): ALL for what in ("estate", "fleet", "users", "groups", "grants")},
    **{(f"api/v1/estate/{what}", "POST"): Rule("new host", EDIT) for what in ("plan", "apply")},
    **{(f"api/v1/estate/{what}", "POST"): Rule("inside", EDIT) for what in ("import", "edit")},
    **{(f"api/v1/{what}", "POST"): Rule("all", MANAGE) for what in ("users", "groups")},
    ("api/v1/users/<name>", "GET"): NOBODY,
    ("api/v1/users/<name>", "PATCH"): NOBODY,  # these people and groups are others, on either side
    **{(f"api/v1/users/<name>/{act}", "POST"): NOBODY for act in ("password", "activate", "deactivate")},
    ("api/v1/groups/<name>", "DELETE"): NOBODY,
    **{(f"api/v1/groups/<name>/{act}", "POST"): NOBODY for act in ("join", "leave")},
    ("api/v1/grants", "POST"): Rule("customer", MANAGE),
    ("api/v1/grants/revoke", "POST"): Rule("customer", MANAGE, odd=STOPPED),
    **{(f"api/v1/{picture}", "GET"): Rule("word") for picture in ("graph", "timeline")},  # of one's own, on either side
    ("api/v1/hosts/<host>/explain", "GET"): SEE,
    ("api/v1/hosts/<host>/reveal", "POST"): Rule("host", REVEAL),
    ("api/v1/services/<service>/history", "GET"): NOBODY,  # it may speak of anybody: for who sees everything
    **_both(SEE, CHANGE, "instances/<path:address>/redeploy"),
    **_look(ALL, "", "deployments/", "rollouts/", "pictures", "coverage", "activity", "search", "situations"),
    **_look(ALL, "situations/counts", "clock", "users/", "users/-/names", "groups/", "grants/", "grants/-/scopes"),
    **_look(SEE, *(f"instances/<path:address>/{what}" for what in ("parameters", "services", "snapshots"))),
    **_look(SEE, "instances/<path:address>/deployments", "deployments/<str:id>", "rollouts/<int:number>"),
    **_look(SEE, "deployables/<str:digest>", "graph/<str:kind>/<path:address>", "timeline/<str:kind>/<path:address>"),
    **_both(SEE, CHANGE, *(f"deployments/<str:id>/{what}" for what in ("edit", "undeploy", "delete"))),
    **_both(SEE, CHANGE, "rollouts/<int:number>/undo"),
    **_both(ALL, ANY_FORM, "deployments/-/undeploy"),
    **_both(ALL, ANY_FORM, "deploy", "dirty", "password", "grants/-/new", "grants/-/revoke"),
    **_both(NONE, ANY_FORM, "instances/<path:address>/snapshot", "preferences"),
    **_both(ALL, Rule("all", MANAGE), "users/-/new", "groups/-/new"),
    **_look(ALL, "tokens/"),
    **_both(ALL, ANY_FORM, "tokens/-/new"),
    **_look(NOBODY, "tokens/<str:prefix>"),  # those of two others
    **_both(NOBODY, NOBODY, "tokens/<str:prefix>/revoke"),
    **_look(ALL, "webhooks/"),
    **_both(ALL, ANY_FORM, "webhooks/-/new"),
    **_look(NOBODY, "webhooks/<int:number>"),  # whose they are is told by their own tests
    **_both(NOBODY, NOBODY, *(f"webhooks/<int:number>/{what}" for what in ("switch", "ping", "remove"))),
    **_both(NOBODY, NOBODY, "deliveries/<str:key>/retry"),
    **_look(NOBODY, "users/<str:name>", "groups/<str:name>"),
    **_both(NOBODY, NOBODY, *(f"users/<str:name>/{what}" for what in ("edit", "password", "switch"))),
    **_both(NOBODY, NOBODY, *(f"groups/<str:name>/{what}" for what in ("remove", "join", "leave"))),
}
"""By route and verb."""
