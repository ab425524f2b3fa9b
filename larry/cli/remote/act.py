"""The acts of the command, done by a remote Larry. Each has the arguments of the act it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from larry.actions import deploy as deploying
from larry.actions import edit_deployment as editing
from larry.actions import grant as granting
from larry.actions import redeploy as redeploying
from larry.actions import retire as retiring
from larry.actions import reveal as revealing
from larry.actions import snapshot as freezing
from larry.actions import state_files as stating
from larry.actions import undeploy as undeploying
from larry.actions import undo as undoing
from larry.actions import user as joining
from larry.actions.apply import EstateChange
from larry.actions.author import Author, Refused
from larry.actions.edit import edit
from larry.actions.rename_key import KeyChange, rename_key
from larry.cli.remote.table import stands_for
from larry.cli.remote.value import (
    name_snapshot,
    read_change,
    read_key_change,
    read_plan,
    read_resolved,
    read_user,
)
from larry.client.connection import spell_moment
from larry.client.noun import API, spell_path
from larry.client.remote import RemoteLarry
from larry.core.document import Json, thaw
from larry.core.node_text import DatedNode, read_dated
from larry.core.plan import Plan
from larry.core.track import Track, untracked
from larry.nouns.table import NOUNS
from larry.queries.moment import Moment
from larry.queries.user import UserRow


def _plan(
    larry: RemoteLarry, method: str, path: str, body: Mapping[str, Any], *, dry_run: bool | None, once: bool = False
) -> Plan:
    """A Plan, with the moment that is now in it."""
    query = {} if dry_run is None else {"dry_run": dry_run}
    answer = larry.connection.send(method, f"{API}{path}", body, query, once=once and not dry_run)
    return read_plan(answer.document, answer.as_of)


def _spell(moment: datetime | None) -> str | None:
    return spell_moment(moment) if moment is not None else None


def _deploy_body(request: deploying.DeployRequest, author: Author) -> dict[str, Any]:
    return {
        "deploy": [
            {"instance": each.instance, "hosts": list(each.hosts), "snapshot": each.snapshot, "place": dict(each.place)}
            for each in request.items
        ],
        "start": _spell(request.start),
        "end": _spell(request.end),
        "resume": request.resume,
        "expect": request.expect,
        "reason": author.reason,
    }


@stands_for(deploying.preview_deploy)
def preview_deploy(larry: RemoteLarry, request: deploying.DeployRequest, author: Author) -> Plan:
    """The same."""
    return _plan(larry, "POST", "/rollouts/preview", _deploy_body(request, author), dry_run=None)


@stands_for(deploying.deploy)
def deploy(larry: RemoteLarry, request: deploying.DeployRequest, author: Author) -> Plan:
    """The same."""
    return _plan(larry, "POST", "/rollouts", _deploy_body(request, author), dry_run=False, once=True)


@stands_for(redeploying.redeploy)
def redeploy(
    larry: RemoteLarry,
    paths: tuple[str, ...],
    author: Author,
    *,
    start: datetime | None = None,
    also_clean: bool = False,
    expect: str | None = None,
    dry_run: bool = False,
    track: Track = untracked,
) -> Plan:
    """The same."""
    body: dict[str, Any] = {"instances": list(paths), "start": _spell(start), "expect": expect, "reason": author.reason}
    body["also_clean"] = also_clean
    return _plan(larry, "POST", "/rollouts/redeploy", body, dry_run=dry_run, once=True)


@stands_for(undoing.undo)
def undo(larry: RemoteLarry, number: int, author: Author, *, expect: str | None = None, dry_run: bool = False) -> Plan:
    """The same."""
    body = {"expect": expect, "reason": author.reason}
    return _plan(larry, "POST", f"/rollouts/{number:d}/undo", body, dry_run=dry_run)


@stands_for(undeploying.undeploy)
def undeploy(
    larry: RemoteLarry,
    ids: Iterable[str],
    author: Author,
    *,
    at: datetime | None = None,
    expect: str | None = None,
    dry_run: bool = False,
    seen: str | None = None,
) -> Plan:
    """The same; the command has not read them before."""
    del seen
    body = {"deployments": list(ids), "at": _spell(at), "expect": expect, "reason": author.reason}
    return _plan(larry, "POST", "/deployments/undeploy", body, dry_run=dry_run)


@stands_for(editing.delete_deployments)
def delete_deployments(
    larry: RemoteLarry,
    ids: Iterable[str],
    author: Author,
    *,
    expect: str | None = None,
    dry_run: bool = False,
    seen: str | None = None,
) -> Plan:
    """The same; the command has not read them before."""
    del seen
    body = {"deployments": list(ids), "expect": expect, "reason": author.reason}
    return _plan(larry, "POST", "/deployments/delete", body, dry_run=dry_run)


@stands_for(editing.edit_deployment)
def edit_deployment(
    larry: RemoteLarry,
    asked: editing.DeploymentEdit,
    author: Author,
    *,
    resume: bool = True,
    expect: str | None = None,
    dry_run: bool = False,
    seen: str | None = None,
) -> Plan:
    """The same; the command has not read it before."""
    del seen
    body: dict[str, Any] = {"resume": resume, "expect": expect, "reason": author.reason}
    said = {"start": _spell(asked.start), "end": _spell(asked.end), "host": asked.host, "place": asked.place}
    body |= {name: value for name, value in said.items() if value is not None}
    if asked.is_open:
        body["end"] = None
    return _plan(larry, "PATCH", f"/deployments/{spell_path(asked.id)}", body, dry_run=dry_run)


@stands_for(freezing.snapshot)
def snapshot(larry: RemoteLarry, path: str, author: Author, *, dry_run: bool = False) -> freezing.Taken:
    """The same; of what was frozen only the digest is told."""
    told = larry.snapshot(path, reason=author.reason, dry_run=dry_run)
    named = name_snapshot(told["instance"], told["digest"])
    return freezing.Taken(told["digest"], told["instance"], told["new"], read_resolved(larry.parameters(path)), named)


@stands_for(revealing.reveal)
def reveal(larry: RemoteLarry, host: str, at: Moment, author: Author) -> DatedNode:
    """The same, for whoever the token lets."""
    return read_dated(larry.reveal(host, as_of=at.as_of, reason=author.reason))


@stands_for(edit)
def edit_noun(
    larry: RemoteLarry,
    noun: str,
    address: str,
    values: Mapping[str, Json],
    author: Author,
    *,
    dry_run: bool = False,
    expect: str | None = None,
) -> EstateChange:
    """The same."""
    fields = {name: thaw(value) for name, value in values.items()}
    body = {"noun": noun, "address": address, "fields": fields, "reason": author.reason, "expect": expect}
    return _change(larry, "POST", "/estate/edit", body, dry_run=dry_run)


@stands_for(retiring.retire)
def retire(
    larry: RemoteLarry,
    noun: str,
    address: str,
    author: Author,
    *,
    dry_run: bool = False,
    expect: str | None = None,
    seen: str | None = None,
) -> EstateChange:
    """The same."""
    if noun not in NOUNS:
        raise Refused(f"there is no noun {noun}")
    path = f"/{NOUNS[noun].plural}/{spell_path(address)}"
    return _change(larry, "DELETE", path, {"reason": author.reason}, dry_run=dry_run, expect=expect)


@stands_for(rename_key)
def rename(
    larry: RemoteLarry,
    noun: str,
    address: str,
    key: str,
    author: Author,
    *,
    dry_run: bool = False,
    expect: str | None = None,
    seen: str | None = None,
) -> KeyChange:
    """The same; the command has not read it before."""
    del seen
    nouns = getattr(larry, NOUNS[noun].plural)
    return read_key_change(nouns.rename_key(address, key, reason=author.reason, dry_run=dry_run, expect=expect))


def _nobody_waits(about: str) -> None:
    del about


@stands_for(stating.state_files)
def state_files(
    larry: RemoteLarry,
    files: stating.Contents,
    author: Author,
    how: stating.HowStated,
    *,
    track: Track = untracked,
    tell: Callable[[str], None] = _nobody_waits,
) -> stating.StatedChange:
    """The same; the moments in files are of the time zone there."""
    tell("asking")
    body = {
        "files": [{"name": name, "content": _decode(name, content)} for name, content in files],
        "prune": how.prune,
        "with_deployments": how.with_deployments,
        "expect": how.expect,
        "reason": author.reason,
    }
    answer = larry.connection.send("POST", f"{API}/estate/apply", body, {"dry_run": how.dry_run}, once=not how.dry_run)
    told: Any = answer.document
    plans = None if told["plans"] is None else tuple(read_plan(each, answer.as_of) for each in told["plans"])
    return stating.StatedChange(read_change(told, answer.as_of), plans, told["left_aside"])


@stands_for(stating.state_table)
def state_table(
    larry: RemoteLarry,
    noun: str,
    file: tuple[str, bytes],
    author: Author,
    *,
    dry_run: bool = False,
    expect: str | None = None,
    track: Track = untracked,
    tell: Callable[[str], None] = _nobody_waits,
) -> EstateChange:
    """The same."""
    name, content = file
    body = {
        "noun": noun, "name": name, "content": _decode(name, content), "expect": expect, "reason": author.reason,
    }  # fmt: skip
    return _change(larry, "POST", "/estate/import", body, dry_run=dry_run)


def _decode(name: str, content: bytes) -> str:
    """Files are sent as text. Raises `Refused` in the words that reading it here would."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise Refused(f"{name}: this is not UTF-8: byte {fault.start} begins no character") from None


def _change(
    larry: RemoteLarry, method: str, path: str, body: Mapping[str, Any], *, dry_run: bool, expect: str | None = None
) -> EstateChange:
    once = method == "POST" and not dry_run
    answer = larry.connection.send(method, f"{API}{path}", body, {"dry_run": dry_run, "expect": expect}, once=once)
    return read_change(answer.document, answer.as_of)


@stands_for(joining.add_user)
def add_user(
    larry: RemoteLarry, new: joining.NewUser, password: str | None, author: Author, *, dry_run: bool = False
) -> UserRow:
    """The same."""
    told = larry.people.add_user(
        new.name,
        password=password,
        full_name=new.full_name,
        email=new.email,
        time_zone=new.time_zone,
        is_administrator=new.is_administrator,
        reason=author.reason,
        dry_run=dry_run,
    )
    return read_user(told)


@stands_for(joining.edit_user)
def edit_user(
    larry: RemoteLarry,
    name: str,
    asked: joining.UserEdit,
    author: Author,
    *,
    expect: str | None = None,
    dry_run: bool = False,
) -> UserRow:
    """The same."""
    told = larry.people.change_user(
        name,
        full_name=asked.full_name,
        email=asked.email,
        time_zone=asked.time_zone,
        is_administrator=asked.is_administrator,
        etag=None if expect is None else f'"{expect}"',
        reason=author.reason,
        dry_run=dry_run,
    )
    return read_user(told)


@stands_for(joining.set_password)
def set_password(larry: RemoteLarry, name: str, password: str, author: Author) -> UserRow:
    """The same."""
    return read_user(larry.people.set_password(name, password, reason=author.reason))


@stands_for(joining.deactivate_user)
def deactivate_user(larry: RemoteLarry, name: str, author: Author, *, dry_run: bool = False) -> UserRow:
    """The same."""
    return read_user(larry.people.deactivate(name, reason=author.reason, dry_run=dry_run))


@stands_for(joining.activate_user)
def activate_user(larry: RemoteLarry, name: str, author: Author, *, dry_run: bool = False) -> UserRow:
    """The same."""
    return read_user(larry.people.activate(name, reason=author.reason, dry_run=dry_run))


@stands_for(granting.grant)
def grant(larry: RemoteLarry, asked: granting.GrantRequest, author: Author, *, dry_run: bool = False) -> None:
    """The same."""
    larry.people.grant(*_said(asked), reason=author.reason, dry_run=dry_run)


@stands_for(granting.revoke)
def revoke(larry: RemoteLarry, asked: granting.GrantRequest, author: Author, *, dry_run: bool = False) -> None:
    """The same."""
    larry.people.revoke(*_said(asked), reason=author.reason, dry_run=dry_run)


@stands_for(granting.add_group)
def add_group(larry: RemoteLarry, name: str, description: str, author: Author, *, dry_run: bool = False) -> None:
    """The same."""
    larry.people.add_group(name, description, reason=author.reason, dry_run=dry_run)


@stands_for(granting.remove_group)
def remove_group(larry: RemoteLarry, name: str, author: Author, *, dry_run: bool = False) -> None:
    """The same."""
    larry.people.remove_group(name, reason=author.reason, dry_run=dry_run)


@stands_for(granting.join)
def join(larry: RemoteLarry, name: str, user: str, author: Author, *, dry_run: bool = False) -> None:
    """The same."""
    larry.people.join(name, user, reason=author.reason, dry_run=dry_run)


@stands_for(granting.leave)
def leave(larry: RemoteLarry, name: str, user: str, author: Author, *, dry_run: bool = False) -> None:
    """The same."""
    larry.people.leave(name, user, reason=author.reason, dry_run=dry_run)


def _said(asked: granting.GrantRequest) -> tuple[str, str, str, str, str]:
    return asked.to, asked.name, asked.role.value, asked.kind.value, asked.address
