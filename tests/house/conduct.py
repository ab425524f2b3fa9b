"""Rules about what code does: no signals, frozen values, and no query that forgets who asks and as of when."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import FLOORS, Function, Module, Rule, list_modules

SIGNAL_MODULES = (
    "django.core.signals",
    "django.contrib.auth.signals",
    "django.db.backends.signals",
    "django.db.models.signals",
    "django.dispatch",
    "django.test.signals",
)
SIGNAL_HOME = "larry/records/apps.py"
"""The one place that may listen: it lays the database's guards anew after each migration."""

MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
CHOKE_POINT = "restrict"
CONDITIONS = "larry/queries/visible.py"
"""Where the choke point's conditions are written; it hands out no rows."""
NEEDS_NO_READER = {
    CHOKE_POINT: "it is the choke point itself",
    "read_view": "it opens the state that is read from, and reads no row",
    "read_undisturbed": "it reads again what a query that is given to it reads",
    "state_of": "it computes from moments that a query has read",
    "service_graph_of": "it computes from Items that a query has read",
    "find_visible": "it says what the choke point adds",
    "columns_of": "it tells of a value",
    "right_of": "it tells of a row that has been read",
    "user_row_of": "it tells of a row that has been read",
    "token_row_of": "it tells of a row that has been read",
    "narrowing_of": "it tells of a row that has been read",
    "scope_of": "it tells of a row that has been read",
    "scope_address_of": "it tells of a row that has been read",
    "app_customer_of": "it tells of a row that has been read",
    "mask_fleet": "it masks a fleet that a query has read",
    "places_of": "it computes from a description that a query has read",
    "latest_touch": "it computes from activity that a query has read",
    "where_of": "it tells of a row that has been read",
}
"""Public functions of queries that take no `reader` and `at`, each with its reason."""

NETWORK_MODULES = ("ftplib", "http.client", "httpx", "requests", "smtplib", "socket", "subprocess", "urllib.request")
"""What reaches other programs and machines; below the faces only the floor `outside` has such doors."""


def find_signals(root: Path) -> Iterator[str]:
    for module in list_modules(root, "larry"):
        if str(module.place) != SIGNAL_HOME:
            for line, name in _imports(module, SIGNAL_MODULES):
                yield f"{module.place}:{line}: {name}: no signals, say it in the action"


def find_calls_outside(root: Path) -> Iterator[str]:
    for module in list_modules(root, *(f"larry/{floor}" for floor in FLOORS if floor != "outside")):
        for line, name in _imports(module, NETWORK_MODULES):
            yield f"{module.place}:{line}: {name}: only larry/outside has doors to the world"


def _imports(module: Module, sought: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The line and full name of each import, anywhere in the module, of one of the modules sought or a part of one."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            home = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for name in (f"{home}{alias.name}" for alias in node.names):
                if any(name == taken or name.startswith(f"{taken}.") for taken in sought):
                    yield node.lineno, name


def find_thawed_values(root: Path) -> Iterator[str]:
    """Dataclasses below the faces that are not frozen; or not slotted, unless a cached property needs the room."""
    for module in list_modules(root, *(f"larry/{floor}" for floor in FLOORS)):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                wanted = {"frozen"} if _caches(node) else {"frozen", "slots"}
                for decorator in node.decorator_list:
                    if _called(decorator) == "dataclass" and (missing := wanted - _switched_on(decorator)):
                        yield f"{module.place}:{node.lineno}: {node.name} is not {' and '.join(sorted(missing))}"


def _caches(node: ast.ClassDef) -> bool:
    return any(
        _called(decorator) == "cached_property"
        for method in node.body
        if isinstance(method, Function)
        for decorator in method.decorator_list
    )


def _switched_on(decorator: ast.expr) -> set[str]:
    if not isinstance(decorator, ast.Call):
        return set()
    return {
        keyword.arg
        for keyword in decorator.keywords
        if keyword.arg and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
    }


def _called(node: ast.expr) -> str:
    """`restrict` of restrict, restrict(...), reading.restrict and reading.restrict(...)."""
    if isinstance(node, ast.Call):
        return _called(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def find_careless_queries(root: Path) -> Iterator[str]:
    """Public functions of queries that do not ask who reads (`reader`) and as of when (`at`)."""
    for module in list_modules(root, "larry/queries"):
        for node in module.tree.body:
            if isinstance(node, Function) and not node.name.startswith("_") and node.name not in NEEDS_NO_READER:
                taken = node.args
                names = {argument.arg for argument in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)}
                for missing in sorted({"reader", "at"} - names):
                    yield f"{module.place}:{node.lineno}: {node.name} takes no `{missing}`"


def find_unrestricted_querysets(root: Path) -> Iterator[str]:
    """Managers that queries use anywhere but inside the arguments of a call of `restrict`."""
    for module in list_modules(root, "larry/queries"):
        if str(module.place) == CONDITIONS:
            continue
        allowed = {
            id(inner)
            for call in ast.walk(module.tree)
            if isinstance(call, ast.Call) and _called(call) == CHOKE_POINT
            for argument in (*call.args, *(keyword.value for keyword in call.keywords))
            for inner in ast.walk(argument)
        }
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in MANAGERS and id(node) not in allowed:
                yield f"{module.place}:{node.lineno}: {ast.unparse(node)} does not go through {CHOKE_POINT}()"


def find_unsaid_rights(root: Path) -> Iterator[str]:
    """Authors and readers that pages, the API and the worker make without saying what they may."""
    wanted = {"Author": 4, "Reader": 2}
    for module in list_modules(root, "larry/web", "larry/api", "larry/worker"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and (name := _called(node)) in wanted:
                said = len(node.args) + len(node.keywords)
                if said < wanted[name]:
                    yield f"{module.place}:{node.lineno}: {name} without rights: take those of whoever asks"


RULES: tuple[Rule, ...] = (
    Rule("no-signals", "what happens is written where it happens", find_signals),
    Rule("calls-leave-by-the-door", "nobody waits for a network inside a transaction", find_calls_outside),
    Rule("values-are-frozen", "a value that cannot change can be passed to anybody", find_thawed_values),
    Rule("queries-ask-who-and-when", "rights and time cannot be added to a query afterwards", find_careless_queries),
    Rule("rights-are-said", "who asks from outside may no more than they were granted", find_unsaid_rights),
    Rule("querysets-are-restricted", "one choke point decides what a reader may see", find_unrestricted_querysets),
)
