"""Grants are given and taken, groups made and filled; nobody gives more than they have where they have it."""

from __future__ import annotations

from dataclasses import dataclass

from larry.actions.activity import record
from larry.actions.author import Author, Refused
from larry.actions.permit import COMMON, NotAllowed, permit, permit_everything
from larry.actions.transaction import begin_recording, transact
from larry.actions.user import LONGEST_USER_NAME, is_user_name
from larry.core.key import fold
from larry.core.rights import Permission, PersonRole, Right, ScopeKind, Territory
from larry.queries.grant import columns_of, get_group, get_owned_spots, get_pool_ids, right_of
from larry.queries.reader import NotFound
from larry.queries.user import get_user
from larry.records.app import App
from larry.records.grant import Grant, Group, Membership
from larry.records.user import User


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """A role for a ``user`` or a ``group`` of a name, over a scope with its address (empty for everything)."""

    to: str
    name: str
    role: PersonRole
    kind: ScopeKind = ScopeKind.EVERYTHING
    address: str = ""

    def __str__(self) -> str:
        over = self.kind if self.kind is ScopeKind.EVERYTHING else f"{self.kind} {self.address}"
        return f"{self.role} of {over}"


def grant(asked: GrantRequest, author: Author, *, dry_run: bool = False) -> None:
    """Give a role. One transaction. Raises `NotFound`, `NotAllowed`, `Refused` for what is granted already."""

    def work() -> None:
        spot, id_ = find_scope(asked.kind, asked.address, author)
        right = Right(asked.role, asked.kind, id_)
        permit(author, Permission.MANAGE, spot, f"for {asked.kind} {asked.address}".strip())
        if asked.role is PersonRole.MACHINE and asked.kind in {ScopeKind.CUSTOMER, ScopeKind.APP}:
            raise Refused("a machine reads the configurations of hosts: grant it a pool, or everything")
        user, group = _find_subject(asked, author)
        if Grant.objects.filter(**columns_of(right), user=user, group=group, source="").exists():
            raise Refused(f"{asked.name} is {asked} already")
        if not dry_run:
            now = begin_recording(author)
            Grant.objects.create(**columns_of(right), user=user, group=group, created_at=now.now)
            record(now, "grant", asked.to, asked.name, after=_told(asked))

    transact(work)


def revoke(asked: GrantRequest, author: Author, *, dry_run: bool = False) -> None:
    """Take a role. One transaction. Raises `NotFound`, `NotAllowed`, `Refused` for what is not granted so."""

    def work() -> None:
        spot, id_ = find_scope(asked.kind, asked.address, author)
        right = Right(asked.role, asked.kind, id_)
        permit(author, Permission.MANAGE, spot, f"for {asked.kind} {asked.address}".strip())
        user, group = _find_subject(asked, author)
        granted = Grant.objects.filter(**columns_of(right), user=user, group=group)
        rows = granted.filter(source="")
        if not rows.exists():
            if granted.exists():
                raise Refused(f"{asked.name} is {asked} by a group of the directory: take them out of it there")
            raise Refused(f"{asked.name} is not {asked} by a grant of their own: see `larry user grants {asked.name}`")
        if not dry_run:
            rows.delete()
            record(begin_recording(author), "revoke", asked.to, asked.name, before=_told(asked))

    transact(work)


def add_group(name: str, description: str, author: Author, *, dry_run: bool = False) -> None:
    """Make a group with nobody in it. Raises `Refused` for a name that will not do, `NotAllowed`."""
    permit_everything(author, Permission.MANAGE, "or make groups")
    if not is_user_name(name):
        raise Refused(f"a group's name is made of letters, digits and . @ + - _, at most {LONGEST_USER_NAME} of them")

    def work() -> None:
        if Group.objects.filter(name_folded=fold(name)).exists():
            raise Refused(f"there is already a group {name}")
        if not dry_run:
            now = begin_recording(author)
            Group.objects.create(name=name, name_folded=fold(name), description=description, created_at=now.now)
            record(now, "add", "group", name, after={"description": description})

    transact(work)


def remove_group(name: str, author: Author, *, dry_run: bool = False) -> None:
    """Remove a group with all that it was granted; who was in it loses that. Raises `NotFound`, `NotAllowed`."""

    def work() -> None:
        seen = get_group(name, author.sees, author.moment)
        permit_everything(author, Permission.MANAGE, "or remove groups")
        group = _find_group(seen.name)
        if not dry_run:
            Grant.objects.filter(group=group).delete()
            Membership.objects.filter(group=group).delete()
            group.delete()
            record(begin_recording(author), "remove", "group", group.name)

    transact(work)


def join(name: str, user: str, author: Author, *, dry_run: bool = False) -> None:
    """Put a user into a group, by whoever may grant all that the group has. Raises `NotFound`, `NotAllowed`,
    `Refused`."""

    def work() -> None:
        group = _find_group_to_fill(name, author)
        member = _find_user(user, author)
        if Membership.objects.filter(group=group, user=member).exists():
            raise Refused(f"{member.name} is in {group.name} already")
        if not dry_run:
            Membership.objects.create(group=group, user=member)
            record(begin_recording(author), "join", "group", group.name, after={"user": member.name})

    transact(work)


def leave(name: str, user: str, author: Author, *, dry_run: bool = False) -> None:
    """Take a user out of a group. Raises as `join` does."""

    def work() -> None:
        group = _find_group_to_fill(name, author)
        member = _find_user(user, author)
        rows = Membership.objects.filter(group=group, user=member)
        if not rows.exists():
            raise Refused(f"{member.name} is not in {group.name}")
        if not dry_run:
            rows.delete()
            record(begin_recording(author), "leave", "group", group.name, before={"user": member.name})

    transact(work)


def find_scope(kind: ScopeKind, asked: str, author: Author) -> tuple[Territory, int]:
    """What a grant or a token is about, as far as the author sees it, and the id of that; 1 or 2 SQL statements.
    Raises `NotFound`."""
    address = asked.lower()
    if kind is ScopeKind.EVERYTHING:
        return COMMON, 0
    if kind is ScopeKind.POOL:
        pool = get_pool_ids(author.sees, author.moment).get(address)
        if pool is None:
            raise NotFound(f"there is no pool {asked}")
        return Territory(pools=frozenset({pool})), pool
    spot = get_owned_spots(author.sees, author.moment).get((kind.value, address))
    if spot is None:
        raise NotFound(f"there is no {kind} {asked}")
    return spot, (spot.customer if kind is ScopeKind.CUSTOMER else spot.app) or 0


def _find_group_to_fill(name: str, author: Author) -> Group:
    """A group for whoever may say who is in it; for who neither may nor sees it, it is not there."""
    group = _find_group(name)
    try:
        _permit_membership(group, author)
    except NotAllowed:
        get_group(name, author.sees, author.moment)
        raise
    return group


def _permit_membership(group: Group, author: Author) -> None:
    """A group that has nothing may still get something: only who may everything fills it."""
    granted = [right_of(row) for row in Grant.objects.filter(group=group)]
    for right in granted or [Right(PersonRole.ADMINISTRATOR)]:
        permit(author, Permission.MANAGE, _spot_of(right), f"in the group {group.name}")


def _spot_of(right: Right) -> Territory:
    if right.kind is ScopeKind.CUSTOMER:
        return Territory(right.id)
    if right.kind is ScopeKind.APP:
        return Territory(App.objects.get(id=right.id).customer_id, right.id)
    return Territory(pools=frozenset({right.id})) if right.kind is ScopeKind.POOL else COMMON


def _find_subject(asked: GrantRequest, author: Author) -> tuple[User | None, Group | None]:
    return (_find_user(asked.name, author), None) if asked.to == "user" else (None, _find_group(asked.name))


def _find_user(name: str, author: Author) -> User:
    return User.objects.select_for_update().get(id=get_user(name, author.reader, author.moment).id)


def _find_group(name: str) -> Group:
    group = Group.objects.select_for_update().filter(name_folded=fold(name.strip())).first()
    if group is None:
        raise NotFound(f"there is no group {name}")
    return group


def _told(asked: GrantRequest) -> dict[str, str]:
    return {"role": asked.role.value, "scope": asked.kind.value, "address": asked.address}
