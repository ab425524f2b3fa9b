"""Search: anything by its name, key, path, address, digest or number; what is meant most likely comes first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from django.db.models import Case, CharField, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from larry.core.key import fold
from larry.queries.deployment import state_of
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.view import read_view
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.records.grade import Grade
from larry.records.grant import Group
from larry.records.host import Host
from larry.records.instance import Instance
from larry.records.mention import mentions
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.rollout import Rollout
from larry.records.service import Parameter, Service
from larry.records.token import Token
from larry.records.user import User
from larry.records.webhook import Webhook

_MOST_WORDS = 6
LONGEST_SEARCH = 200
LEAST_OF_DIGEST = 4
LEAST_OF_DEPLOYMENT = 3
_LARGEST_ID = 2**31 - 1

_Rows: TypeAlias = "QuerySet[Any]"
EXACT, PREFIX, INSIDE, SAID = range(4)
"""How what was found fits: it is called so, begins so, has it in its name, or only in what is said about it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What was found: ``kind`` a noun or snapshot, deployment, rollout, parameter, user, group, token, webhook;
    ``about`` a few words on it."""

    kind: str
    address: str
    name: str
    about: str
    fit: int


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind, what fits best first; ``is_cut``: there is more."""

    kind: str
    found: tuple[Hit, ...]
    is_cut: bool


def search_everything(text: str, reader: Reader, at: Moment, *, most: int = 8) -> tuple[Hits, ...]:
    """What is known of a text, by kind, the kind with the best fit first; at most ``most`` of a kind.

    16 SQL statements, fewer where a text cannot be a digest, an id or a number; all words of the text are to fit.
    """
    text = " ".join(text.replace("\0", "").split())[:LONGEST_SEARCH]
    if not text:
        return ()
    with read_view():
        groups = [(kind, list(rows[: most + 1])) for kind, rows in _list_rows(text, reader)]
        groups += [("deployment", _list_deployments(text, reader, at, most + 1))]
        groups += [(kind, list(rows[: most + 1])) for kind, rows in _list_people(text, reader)]
    found = [
        Hits(kind, tuple(Hit(kind, *row) for row in rows[:most]), len(rows) > most) for kind, rows in groups if rows
    ]
    return tuple(sorted(found, key=lambda hits: hits.found[0].fit))


def _list_rows(text: str, reader: Reader) -> Iterator[tuple[str, _Rows]]:
    """Rows of (address, name, about, fit) of each kind."""
    for kind, (model, address, columns) in _KINDS.items():
        rows: _Rows = restrict(reader, model._default_manager.filter(retired_at=None))
        if kind == "app":
            rows = rows.annotate(path=Concat("customer__key", Value("/"), "key", output_field=CharField()))
        if kind == "host":
            rows = rows.annotate(addresses_text=Cast("addresses", TextField()))
        ranked = _rank(rows, text, columns)
        yield kind, ranked.order_by("fit", address).values_list(address, "name", "description", "fit")
    declared = restrict(reader, Parameter.objects.filter(service__retired_at=None))
    ranked = _rank(declared, text, ("name",))
    yield "parameter", ranked.order_by("fit", "name", "service__key").values_list("name", "service__key", "type", "fit")
    word = text.lower()
    if len(word) >= LEAST_OF_DIGEST and re.fullmatch(r"[0-9a-f]{1,64}", word):
        taken = restrict(reader, Deployable.objects.filter(digest__startswith=word))
        ranked = taken.annotate(fit=_fit(Q(digest=word), Q()))
        yield "snapshot", ranked.order_by("-taken_at").values_list("digest", "instance__path", "taken_by", "fit")
    number = text.lstrip("#")
    wanted = mentions("reason", text)
    if number.isascii() and number.isdigit() and int(number) <= _LARGEST_ID:
        wanted |= Q(id=int(number))
        exact = Q(id=int(number))
    else:
        exact = Q(pk__in=[])
    rollouts = restrict(reader, Rollout.objects.filter(wanted)).annotate(fit=_fit(exact, Q(pk__in=[])))
    told = rollouts.annotate(number=Cast("id", CharField())).order_by("fit", "-id")
    yield "rollout", told.values_list("number", "reason", "actor", "fit")


def _list_people(text: str, reader: Reader) -> Iterator[tuple[str, _Rows]]:
    """Users, groups, tokens that count, and webhooks, as far as the reader sees them."""
    names = ("name_folded",)
    users = _rank(restrict(reader, User.objects.all()), text, names, ("full_name", "email"))
    yield "user", users.order_by("fit", "name_folded").values_list("name", "full_name", "email", "fit")
    groups = _rank(restrict(reader, Group.objects.all()), text, names)
    yield "group", groups.distinct().order_by("fit", "name_folded").values_list("name", "name", "description", "fit")
    held = restrict(reader, Token.objects.filter(revoked_at=None))
    tokens = _rank(held, text, ("name_folded", "prefix"), ())
    yield "token", tokens.order_by("fit", "name_folded").values_list("prefix", "name", "user__name", "fit")
    told = restrict(reader, Webhook.objects.filter(removed_at=None))
    webhooks = _rank(told, text, ("shown",), ()).annotate(
        number=Cast("id", CharField()), own=Coalesce("owner__name", Value(""))
    )
    yield "webhook", webhooks.order_by("fit", "id").values_list("number", "shown", "own", "fit")


def _list_deployments(text: str, reader: Reader, at: Moment, most: int) -> list[tuple[str, str, str, int]]:
    word = text.lower()
    if len(word) < LEAST_OF_DEPLOYMENT or not re.fullmatch(r"[a-z2-7]{1,40}", word):
        return []
    rows = restrict(reader, Deployment.objects.filter(id__startswith=word, is_deleted=False)).order_by("id")
    columns = rows.values_list("id", "instance__path", "host__name", "start", "end", "deactivated_at")[:most]
    return [
        (id_, f"{path} on {host}", state_of(start, end, gone, at.as_of).value, EXACT if id_ == word else PREFIX)
        for id_, path, host, start, end, gone in columns
    ]


def _rank(rows: _Rows, text: str, columns: tuple[str, ...], said: tuple[str, ...] = ("description",)) -> _Rows:
    """Rows that have every word somewhere, with how well the whole text fits their names."""
    for word in text.split()[:_MOST_WORDS]:
        anywhere = _any(columns, "contains", word)
        for column in said:
            anywhere |= mentions(column, word)
        rows = rows.filter(anywhere)
    names = tuple(column for column in columns if column != "addresses_text")
    fit = Case(
        When(_any(names, "exact", text), then=Value(EXACT)),
        When(_any(names, "startswith", text), then=Value(PREFIX)),
        When(_any(columns, "contains", text), then=Value(INSIDE)),
        default=Value(SAID),
        output_field=IntegerField(),
    )
    ranked: _Rows = rows.annotate(fit=fit)
    return ranked


def _fit(exact: Q, prefix: Q) -> Case:
    return Case(
        When(exact, then=Value(EXACT)),
        When(prefix, then=Value(PREFIX)) if prefix else When(~exact, then=Value(PREFIX)),
        default=Value(SAID),
        output_field=IntegerField(),
    )


def _any(columns: tuple[str, ...], lookup: str, text: str) -> Q:
    """Keys and paths are lower case; names are compared folded."""
    wanted = Q(pk__in=[])
    for column in columns:
        if column == "name":
            wanted |= Q(**{f"name__i{lookup}": text})
        else:
            wanted |= Q(**{f"{column}__{lookup}": fold(text) if column == "name_folded" else text.lower()})
    return wanted


_KINDS: Mapping[str, tuple[type[Any], str, tuple[str, ...]]] = MappingProxyType(
    {
        "instance": (Instance, "path", ("path", "name_folded", "key")),
        "host": (Host, "name", ("name_folded", "key", "addresses_text")),
        "app": (App, "path", ("path", "name_folded", "key")),
        "customer": (Customer, "key", ("key", "name_folded")),
        "service": (Service, "key", ("key", "name_folded")),
        "role": (Role, "key", ("key", "name_folded")),
        "grade": (Grade, "key", ("key", "name_folded")),
        "pool": (Pool, "key", ("key", "name_folded")),
    }
)
"""Table, column of the address, columns of its names."""
