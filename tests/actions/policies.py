# ruff: noqa: E501 (the policies are rows of a table)
"""Policies of the actions: what each refuses, and how it reads when the policy is taken out of its source."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import CodeType, FunctionType

import pytest

from larry.actions.author import NoReason, Refused
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.edit_deployment import DeploymentEdit, edit_deployment
from larry.actions.retire import retire
from larry.actions.undeploy import undeploy
from larry.core.document import Json
from larry.nouns.estate import EstateFaults
from larry.queries.reader import NotFound
from larry.queries.statement import KeptStatement
from larry.records.deployment import Deployment
from tests.actions.estate import BLOG, FULL, LIVE, SMALL, TEST, WEB1, ask, author, change, day, lay, put


class NoSuchText(Exception):
    """The text to be replaced is not in the function, or not just once: the fault has to be written anew."""


@dataclass(frozen=True, slots=True)
class Policy:
    """``check`` fails when ``function`` (dotted) reads ``new`` where it says ``old``."""

    title: str
    function: str
    old: str
    new: str
    check: Callable[[], object]

    def plant(self, patch: pytest.MonkeyPatch) -> None:
        """Give the function, wherever it is known by name, the code of its faulty twin; what is written of it is
        written anew."""
        place, _, name = self.function.partition(":")
        owner: object = (module := import_module(f"larry.{place}"))
        for part in name.split("."):
            owner = getattr(owner, part)
        assert isinstance(owner, FunctionType)
        source = textwrap.dedent(inspect.getsource(owner))
        if source.count(self.old) != 1:
            raise NoSuchText(f"{self.title}: {self.old!r} is {source.count(self.old)} times in {self.function}")
        patch.setattr(owner, "__code__", _compile(source.replace(self.old, self.new), owner))
        for known, statement in list(vars(module).items()):
            if isinstance(statement, KeptStatement):
                patch.setattr(module, known, KeptStatement(statement.rows))


def _compile(source: str, owner: FunctionType) -> CodeType:
    found = [each for each in compile(f"from __future__ import annotations\n{source}", owner.__name__, "exec").co_consts
             if isinstance(each, CodeType) and each.co_name == owner.__name__]  # fmt: skip
    return found[0]


# --- what the policies refuse -----------------------------------------------------------------------------------------


def refused(text: str, act: Callable[[], object], kind: type[Exception] = Refused) -> None:
    """The act is refused in such words, and nothing new is live."""
    before = Deployment.objects.filter(deactivated_at=None).count()
    with pytest.raises(kind, match=text):
        act()
    assert Deployment.objects.filter(deactivated_at=None).count() == before


def only() -> str:
    return Deployment.objects.get(deactivated_at=None).id


def without_a_reason() -> None:
    lay(SMALL)
    refused("needs a reason", lambda: deploy(ask(LIVE, "web1"), author(0, "  ")), NoReason)


def not_ready(text: str, **values: Json) -> None:
    lay(FULL)
    change("instance", BLOG, 0, parameters=values)
    refused(text, partial(put, BLOG, WEB1))


def requires_nothing() -> None:
    lay(SMALL)
    change("instance", LIVE, 0, requires=[])
    refused("requires no service", partial(put, LIVE, "web1"))


def into_the_past() -> None:
    lay(SMALL)
    refused("is in the past", partial(put, LIVE, "web1", start=-1))


def hardly_past_is_now() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=-30 / 86400)
    assert Deployment.objects.get().start == day(0)


def over_history() -> None:
    lay(SMALL)
    put(LIVE, "web1", now=-5, end=-3)
    item = DeployItem(LIVE, ("web1",))
    refused("history is only filled in", lambda: deploy(DeployRequest((item,), day(-4), backdate=True), author()))


def ends_before_it_starts() -> None:
    lay(SMALL)
    refused("is not after the start", partial(put, LIVE, "web1", start=3, end=3))


def twice_in_one_rollout() -> None:
    lay(SMALL)
    item = DeployItem(LIVE, ("web1",))
    refused("asked for twice", lambda: deploy(DeployRequest((item, item)), author()))


def strange_place() -> None:
    lay(SMALL)
    refused("has no service nothing", lambda: deploy(ask(LIVE, "web1", place={"nothing": "web2"}), author()))


def strange_place_of_an_edit() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    edit = DeploymentEdit(only(), place={"nothing": "web2"})
    refused("has no service nothing", lambda: edit_deployment(edit, author(1)))


def retired_host() -> None:
    lay(SMALL)
    retire("host", "web2", author())
    refused("there is no host web2", partial(put, LIVE, "web2"), NotFound)
    refused("there is no host web2", lambda: deploy(ask(LIVE, "web1", place={"linux": "web2"}), author()))


def host_in_use() -> None:
    lay(SMALL)
    put(LIVE, "web1", start=5)
    refused("live", lambda: retire("host", "web1", author()))


def retired_instance() -> None:
    lay(SMALL)
    put(TEST, "web2", now=-5, end=-1)
    digest = Deployment.objects.get().deployable_id
    retire("instance", TEST, author())
    refused("there is no instance", lambda: deploy(ask(TEST, "web1", snapshot=digest), author()), NotFound)


def other_host_for_what_runs() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    refused("cannot change its host", lambda: edit_deployment(DeploymentEdit(only(), host="web2"), author(1)))


def other_start_for_what_runs() -> None:
    lay(SMALL)
    put(LIVE, "web1")
    edit = DeploymentEdit(only(), start=day(2), place={"linux": "web2"})
    refused("its start is past", lambda: edit_deployment(edit, author(1)))


def over_is_over() -> None:
    lay(SMALL)
    put(LIVE, "web1", end=2)
    refused("is over", lambda: undeploy((only(),), author(3)))
    refused("is over", lambda: edit_deployment(DeploymentEdit(only(), place={"linux": "web2"}), author(3)))


def others_snapshot() -> None:
    lay(SMALL)
    put(TEST, "web2")
    digest = Deployment.objects.get().deployable_id
    refused("has no snapshot", lambda: deploy(ask(LIVE, "web1", snapshot=digest), author()), NotFound)


def misdescribed(text: str, noun: str, address: str, **values: Json) -> None:
    lay(FULL)
    refused(text, lambda: change(noun, address, 0, **values), EstateFaults)


def taken_name() -> None:
    lay(FULL)
    refused("role 'web' keeps the key web", lambda: lay("larry: 1\nroles: [{name: WEB, key: other}]", 0), EstateFaults)


def taken_key() -> None:
    lay(FULL)
    refused("key", lambda: lay("larry: 1\npools: [{name: Öl}, {name: Ol}]", 0), EstateFaults)


def moved_ground_of_an_edit() -> None:
    from larry.actions.edit import edit

    lay(SMALL)
    refused("ground has moved", lambda: edit("instance", LIVE, {"copies": 2}, author(), expect="0" * 64))


_PARAMETER: Json = {"name": "port", "type": "string"}
_SECRET: Json = {"name": "size", "type": "integer", "default": 1, "sensitive": True}

POLICIES: tuple[Policy, ...] = (
    Policy("a reason is asked for", "actions.rollout:carry_out", "not author.reason.strip()", "False", without_a_reason),
    Policy("what is missing blocks", "core.deployable:refuse_unready", "in resolved.missing", "in ()",
           partial(not_ready, "workers is missing")),
    Policy("a wrong type blocks", "core.deployable:refuse_unready", "in resolved.wrong", "in ()",
           partial(not_ready, "workers is not of type integer", workers="many")),
    Policy("something is required", "actions.deploy:refuse_to_freeze", "not snapshot.requires", "False", requires_nothing),
    Policy("the past is not deployed to", "actions.deploy:settle_moment", "moment < now - GRACE", "False", into_the_past),
    Policy("hardly past is now", "actions.deploy:settle_moment", "max(moment, now)", "moment", hardly_past_is_now),
    Policy("history is not filled twice", "actions.deploy:_refuse_taken_history", "stay.interval.overlaps(past)", "False",
           over_history),
    Policy("an end is after its start", "core.interval:Interval.__post_init__", "self.end <= self.start", "False",
           ends_before_it_starts),
    Policy("a lane is asked for once", "actions.planning:plan_wishes", "len(lanes) < len(wishes)", "False",
           twice_in_one_rollout),
    Policy("a place is of a service", "actions.deploy:_place", "if strange:", "if False:", strange_place),
    Policy("a new place is of a service", "actions.edit_deployment:_plan", "if strange:", "if False:",
           strange_place_of_an_edit),
    Policy("no host that has retired", "queries.host:_query_standing", ", retired_at=None", "", retired_host),
    Policy("no services on one either", "actions.planning:_refuse_unknown_hosts",
           "{footing.host for a in additions for footing in a.footings}", "set()", retired_host),
    Policy("a host in use does not retire", "actions.noun:retire_items", "if reasons:", "if False:", host_in_use),
    Policy("no instance that has retired", "queries.lane:_query_instances", ", retired_at=None", "", retired_instance),
    Policy("what runs keeps its host", "actions.edit_deployment:_replace", "stay.interval.start <= author.now", "False",
           other_host_for_what_runs),
    Policy("what runs keeps its start", "actions.edit_deployment:_replace_here", "wish.interval.start != stay.interval.start",
           "False", other_start_for_what_runs),
    Policy("what is over is not undeployed", "queries.lane:_is_over", "row.end <= at.as_of", "False", over_is_over),
    Policy("a snapshot is the instance's own", "queries.deployable:find_digest", "instance__path=path, ", "",
           others_snapshot),
    Policy("no service audits itself", "nouns.check:_check_circles", "key in audited", "False",
           partial(misdescribed, "cannot audit itself", "service", "linux", audits=["linux"])),
    Policy("no service needs itself", "nouns.check:_check_circles", "key in needed", "False",
           partial(misdescribed, "cannot need itself", "service", "linux", needs=["linux"])),
    Policy("services go in no circle", "nouns.check:_list_circles", "if not circle:", "if True:",
           partial(misdescribed, "in a circle .*linux -> ", "service", "linux", needs=["rails"])),
    Policy("types agree", "nouns.check:_check_declarations", "kind != ParameterType.ANY", "False",
           partial(misdescribed, "declared with type", "service", "linux", parameters=[_PARAMETER])),
    Policy("no secret has a default", "nouns.check:_check_declarations", '"default" in declaration and name in secret',
           "False", partial(misdescribed, "a default would be a secret", "service", "linux", parameters=[_SECRET])),
    Policy("no seal of another secret", "nouns.completion:Completion._check_seals", "is_same(value, standing[name])", "True",
           partial(misdescribed, "a seal stands only", "instance", LIVE,
                   parameters={"rails_env": "x", "db_password": {"sealed": "0" * 64}})),
    Policy("an edit does what was expected", "actions.apply:change_estate", "expect is not None and expect != change.digest",
           "False", moved_ground_of_an_edit),
)  # fmt: skip

SEEN_WITHOUT_A_FAULT: tuple[Callable[[], None], ...] = (taken_name, taken_key)
"""Kept in more than one place, each with a fault of its own elsewhere: the database's constraints keep them too."""
