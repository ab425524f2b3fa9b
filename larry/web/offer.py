"""What pages offer to whom: nobody is led to a form that could only refuse them.

What an act takes is decided where it is done (`larry/actions/permit.py`); this only keeps the ways to it out of sight
of those whose rights reach nothing of its sort. Who may something somewhere is offered it everywhere, and told why not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from larry.core.rights import Permission, Rights, Scope
from larry.nouns.table import NOUNS


class Reach(StrEnum):
    """Which rights count for an act: for everything alone, or also for a customer, an app, a pool."""

    ALL = "all"
    OWNED = "owned"
    PLACED = "placed"
    ANY = "any"


def is_offered(path: str, rights: Rights) -> bool:
    """Whether somebody of these rights is led to what a path names; true of whatever only shows something. No SQL."""
    words = path.partition("?")[0].partition("#")[0].strip("/").split("/")
    need = _NEEDS.get((words[0], words[-1])) if len(words) != 2 else None
    if need is None:
        return True
    permission, reach = need
    return _reaches(rights.scope(permission), reach)


def may_deploy(rights: Rights) -> bool:
    """Whether somebody may do what a preview shows, of anything; planners may only look."""
    return _reaches(rights.scope(Permission.DEPLOY), Reach.OWNED)


def _reaches(scope: Scope, reach: Reach) -> bool:
    more = {
        Reach.ALL: False,
        Reach.OWNED: bool(scope.customers or scope.apps),
        Reach.PLACED: bool(scope.pools),
        Reach.ANY: not scope.is_empty,
    }
    return scope.everything or more[reach]


def _list_needs() -> Iterator[tuple[tuple[str, str], tuple[Permission, Reach]]]:
    """By the first and the last word of an address, as `larry/web/urls.py` spells them."""
    edit, manage = Permission.EDIT, Permission.MANAGE
    for noun in NOUNS.values():
        one = {"host": Reach.PLACED, **dict.fromkeys(("customer", "app", "instance"), Reach.OWNED)}.get(noun.name)
        many = Reach.ALL if noun.name == "customer" else one
        yield from (((noun.plural, word), (edit, many or Reach.ALL)) for word in ("new", "bulk", "import"))
        yield from (((noun.plural, word), (edit, one or Reach.ALL)) for word in ("edit", "retire"))
        yield (noun.plural, "key"), (edit, Reach.ALL)
    yield from ((("instances", word), (edit, Reach.OWNED)) for word in ("redeploy", "snapshot"))
    yield from ((("deployments", word), (edit, Reach.OWNED)) for word in ("edit", "undeploy", "delete"))
    yield from ((each, (edit, Reach.OWNED)) for each in (("deploy", "deploy"), ("rollouts", "undo")))
    yield from ((each, (manage, Reach.ANY)) for each in (("grants", "new"), ("grants", "revoke"), ("webhooks", "new")))
    yield from ((("users", word), (manage, Reach.ALL)) for word in ("new", "edit", "switch"))
    yield from ((("groups", word), (manage, Reach.ALL)) for word in ("new", "remove", "join", "leave"))


_NEEDS: Mapping[tuple[str, str], tuple[Permission, Reach]] = dict(_list_needs())
