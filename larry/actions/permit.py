"""Permit: the one place where an act is held against the rights of whoever asks for it.

What is invisible to them was not found before this; here it is only about what they see and may not do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from larry.actions.author import Author, Refused
from larry.core.document import Json
from larry.core.key import fold
from larry.core.plan import Plan
from larry.core.rights import Permission, Territory, roles_with
from larry.core.timeline import Kind
from larry.queries.grant import get_host_spots, get_instance_spots, get_owned_spots, get_pool_ids

Fields: TypeAlias = Mapping[str, tuple[Json, Json]]
NounChange: TypeAlias = tuple[str, str, str, Fields]
"""Noun, address, verb, and by field what was and what is to be."""

COMMON = Territory()
"""What belongs to nobody alone: services, roles, grades, pools, new customers, people."""


class NotAllowed(Refused):
    """The author sees it and may not do it; the text says which role would be enough."""


def permit(author: Author, permission: Permission, spot: Territory, what: str) -> None:
    """Raises `NotAllowed` unless the author's rights reach there. No SQL."""
    if not author.rights.may(permission, spot):
        raise NotAllowed(
            f"{author.actor} may not {permission} {what}: {_tell_enough(permission, spot)} would be enough"
        )


def permit_everything(author: Author, permission: Permission, what: str) -> None:
    """The same for what belongs to nobody alone."""
    permit(author, permission, COMMON, what)


def permit_plan(plan: Plan, instances: Iterable[int], placed: Iterable[str], author: Author, *, is_act: bool) -> None:
    """Whether an author may have this Plan, or do it: the instances of its lanes, and the hosts on which it puts
    something.

    Who may edit may also see what deploying would come to. No SQL for who may do it everywhere, else 2 statements.
    """
    permission = Permission.DEPLOY if is_act else Permission.EDIT
    if author.rights.scope(permission).everything:
        return
    for path, spot in sorted(get_instance_spots(instances, author.reader, author.moment).items()):
        permit(author, permission, spot, path)
    hosts = {change.host for change in plan.changes if change.kind is Kind.ADD} | set(placed)
    for host, spot in sorted(get_host_spots(hosts, author.reader, author.moment).items()):
        permit(author, permission, spot, f"on {host}")


def permit_instance(path: str, permission: Permission, author: Author) -> None:
    """Whether an author may do something with one instance that they see; 1 SQL statement, none for who may
    everywhere."""
    if not author.rights.scope(permission).everything:
        permit(author, permission, get_owned_spots(author.reader, author.moment)["app", path.rpartition("/")[0]], path)


def permit_changes(changes: Iterable[NounChange], author: Author) -> None:
    """Whether an author may edit all this; 2 or 3 SQL statements, none for who may edit everything."""
    if author.rights.scope(Permission.EDIT).everything:
        return
    changes = tuple(changes)
    owned = get_owned_spots(author.sees, author.moment)
    pools = get_pool_ids(author.reader, author.moment)
    hosts = get_host_spots((address for noun, address, *_ in changes if noun == "host"), author.sees, author.moment)
    for noun, address, verb, fields in changes:
        what = f"the {noun} {address}"
        if noun == "host":
            if verb == "create" and get_host_spots([address], author.reader, author.moment):
                raise Refused(f"a host cannot be called {address}")  # there is one that the author does not see
            _permit_host_change(what, hosts.get(address, COMMON), verb, fields, pools, author)
        else:
            parent = ("app", address.rpartition("/")[0]) if noun == "instance" else (noun, address)
            if noun == "app" and verb == "create":
                parent = ("customer", address.rpartition("/")[0])
            permit(author, Permission.EDIT, owned.get(parent, COMMON), what)


def _permit_host_change(
    what: str, spot: Territory, verb: str, fields: Fields, pools: Mapping[str, int], author: Author
) -> None:
    """A host is edited by whoever may in one of its pools; it enters a pool by whoever may in that pool."""
    _, after = fields.get("pools", (None, None))
    entered = (
        [Territory(pools=frozenset({pools[str(key)]})) for key in after] if isinstance(after, tuple | list) else []
    )
    entered = [each for each in entered if not each.pools <= spot.pools]
    if verb != "create" or not entered:
        permit(author, Permission.EDIT, spot, what)
    for each in entered:
        permit(author, Permission.EDIT, each, what)


def permit_host(host: str, permission: Permission, author: Author) -> None:
    """Whether an author may do something with one host that they see; 1 SQL statement, none for who may everywhere."""
    if not author.rights.scope(permission).everything:
        spots: Mapping[str, Territory] = get_host_spots([host], author.reader, author.moment)
        permit(author, permission, spots.get(fold(host), COMMON), f"of {host}" if "secrets" in permission else host)


def _tell_enough(permission: Permission, spot: Territory) -> str:
    roles = [role for role in roles_with(permission) if role != "machine"]
    named = " or ".join(roles)
    if spot.customer is not None:
        return f"the role {named} for its customer or its app"
    if spot.pools:
        return f"the role {named} for one of its pools"
    return f"the role {named} for everything"
