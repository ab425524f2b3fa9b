"""Instances as they are described now: their layers of parameters and what they require."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, BigIntegerField, Field, Func, QuerySet, TextField
from django.db.models.functions import Cast
from django.db.models.sql.compiler import SQLCompiler

from larry.core.deployable import Difference, Snapshot, compare_snapshots, describe
from larry.core.document import Json, freeze_map
from larry.core.parameters import Layer, Resolved
from larry.core.service_graph import ServiceSpec, wave
from larry.core.survey import Survey
from larry.queries.deployable import get_snapshots
from larry.queries.former_key import explain_absence
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, NotFound, Reader, restrict
from larry.queries.service import get_service_graph
from larry.queries.statement import KeptStatement
from larry.queries.view import read_view
from larry.records.deployable import Deployable
from larry.records.deployment import Deployment
from larry.records.instance import Instance, Requirement

_MANY = 5000
"""As many are asked for one by one; of more all are read, since no statement takes as many values as one likes."""

HIDDEN = "a template"
"""What a template is called that the reader may not see; its values are theirs all the same."""


@dataclass(frozen=True, slots=True)
class Description:
    """An instance as described now: ``layers`` earliest first, ``requires`` keys of services in order."""

    path: str
    keys: tuple[str, str, str]
    layers: tuple[Layer, ...]
    requires: tuple[str, ...]

    def describe(self, services: Mapping[str, ServiceSpec]) -> tuple[Snapshot, Resolved]:
        return describe(self.keys, self.layers, self.requires, services)

    def digest_in(self, survey: Survey) -> str:
        """The digest of what `describe` would take, for many instances of one service graph."""
        return survey.digest(self.keys, self.layers, self.requires)


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """What instances of one app have in common that follow the same template and require the same: the keys of their
    customer and app, the layers above their own, earliest first, and keys of services in order."""

    owners: tuple[str, str]
    layers: tuple[Layer, ...]
    requires: tuple[str, ...]


class Own(NamedTuple):
    """What an instance has for itself."""

    path: str
    key: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class Live:
    """A current or future deployment of an instance, and how it differs from what would be deployed now."""

    deployment: str
    host: str
    digest: str
    is_current: bool
    is_dirty: bool
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an instance stands: what a snapshot would be now, and what is live."""

    path: str
    snapshot: Snapshot
    resolved: Resolved
    order: tuple[str, ...]
    waves: tuple[tuple[str, ...], ...]
    taken: tuple[str, ...]
    live: tuple[Live, ...]

    @property
    def document(self) -> dict[str, Json]:
        """What is live against what is described now, for programs."""
        return {
            "instance": self.path,
            "now": self.snapshot.digest,
            "dirty": self.is_dirty,
            "snapshots": self.taken,
            "live": [
                {
                    "deployment": live.deployment,
                    "host": live.host,
                    "snapshot": live.digest,
                    "dirty": live.is_dirty,
                    "current": live.is_current,
                    "differences": [each.document for each in live.differences],
                }
                for live in self.live
            ],
        }

    @property
    def is_dirty(self) -> bool:
        """Only what is live now makes an instance dirty: an older snapshot planned for later is there by choice."""
        return any(each.is_dirty for each in self.live if each.is_current)


def get_descriptions(paths: Iterable[str], reader: Reader, at: Moment) -> Mapping[str, Description]:
    """Instances by path; 2 SQL statements and 1 more for each step of templates following templates. Raises
    `NotFound`.
    """
    rows, stand = _read(paths, reader, at)
    found: dict[str, Description] = {}
    for row in rows:
        on = stand.basis(row)
        found[row.path] = Description(row.path, (*on.owners, row.key), (*on.layers, stand.own(row)), on.requires)
    return found


def group_instances(paths: Iterable[str], reader: Reader, at: Moment) -> Mapping[Basis, Sequence[Own]]:
    """The same by what they have in common, for whoever looks at very many; those of one app follow one another, if
    their paths do."""
    rows, stand = _read(paths, reader, at)
    found: dict[Basis, list[Own]] = {}
    basis, own = stand.basis, stand.own
    for row in rows:
        on, mine = basis(row), Own(row.path, row.key, own(row))
        if on in found:
            found[on].append(mine)
        else:
            found[on] = [mine]
    return found


def _read(paths: Iterable[str], reader: Reader, at: Moment) -> tuple[list[_Row], _Stand]:
    wanted = {path.lower() for path in paths}
    is_many = len(wanted) > _MANY
    asked = _ALL.ask(reader) if is_many else _NAMED.ask(reader, paths=json.dumps([*wanted])) if wanted else []
    rows = [row for row in map(_Row._make, asked) if row.path in wanted]
    if len(rows) < len(wanted):
        raise NotFound(explain_absence("instance", wanted - {row.path for row in rows}, reader, at))
    required = _REQUIRED_BY_ALL.ask(reader) if is_many else _list_required(rows, reader)
    return rows, _Stand(_templates(rows), dict(required), reader)


def list_following(paths: Collection[str], reader: Reader, at: Moment) -> frozenset[str]:
    """The paths of those of the instances that stand, and of all that follow one of them as their template, or one
    that does; 1 SQL statement and 1 more for each step of templates following templates, none for no path."""
    del at  # editable nouns answer as they are now
    wanted = {path.lower() for path in paths}
    standing = restrict(reader, Instance.objects.filter(retired_at=None)).order_by()
    rows = standing if len(wanted) > _MANY else standing.filter(path__in=wanted)
    found = {key: path for key, path in rows.values_list("id", "path") if path in wanted} if wanted else {}
    step = frozenset(found)
    while step:
        rows = standing.exclude(template=None) if len(step) > _MANY else standing.filter(template__in=step)
        columns = rows.values_list("id", "path", "template_id")
        fresh = {key: path for key, path, template in columns if template in step and key not in found}
        found.update(fresh)
        step = frozenset(fresh)
    return frozenset(found.values())


def get_standing(path: str, reader: Reader, at: Moment) -> Standing:
    """Everything about one instance's state; about 9 SQL statements. Raises `NotFound`."""
    with read_view():
        description = get_descriptions([path], reader, at)[path.lower()]
        services = get_service_graph(reader, at, description.requires)
        snapshot, resolved = description.describe(services)
        rows = restrict(reader, Deployment.objects.filter(instance__path=description.path, deactivated_at=None))
        current = rows.exclude(end__lte=at.as_of).order_by("start", "host__name")
        live = list(current.values_list("id", "host__name", "deployable_id", "start"))
        known = get_snapshots({digest for _, _, digest, _ in live}, reader, at)
        taken = restrict(reader, Deployable.objects.filter(instance__path=description.path)).order_by("-taken_at")
        digests = tuple(taken.values_list("digest", flat=True))
    return Standing(
        description.path,
        snapshot,
        resolved,
        tuple(service.key for service in snapshot.services),
        wave([service.key for service in snapshot.services], lambda key: snapshot.by_key[key].before),
        digests,
        tuple(
            Live(
                deployment,
                host,
                digest,
                start <= at.as_of,
                digest != snapshot.digest,
                compare_snapshots(known[digest], snapshot, resolved),
            )
            for deployment, host, digest, start in live
        ),
    )


class _Row(NamedTuple):
    """An instance with its owners; parameters as the database writes them, of which many are alike."""

    id: int
    path: str
    customer_id: int
    app_id: int
    template_id: int | None
    customer: str
    app: str
    key: str
    of_customer: str
    of_app: str
    parameters: str


class _Listed(Func):
    """The members of a list that is told as one text of JSON: one value, not thousands to be looked at by Django."""

    output_field: Field[Any, Any] = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(SELECT value FROM json_each(%(expressions)s))", **context)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        kind = self.output_field.db_type(connection)
        template = f"(SELECT value::{kind} FROM jsonb_array_elements_text(%(expressions)s::jsonb))"  # noqa: S608 - ours
        return self.as_sql(compiler, connection, template=template, **context)


class _ListedIds(_Listed):
    output_field = BigIntegerField()


_COLUMNS: tuple[Any, ...] = (
    "id", "path", "customer_id", "app_id", "template_id", "customer__key", "app__key", "key",
    *[Cast(name, TextField()) for name in ("customer__parameters", "app__parameters", "parameters")],
)  # fmt: skip
_ALL = KeptStatement(lambda reader: restrict(reader, Instance.objects.filter(retired_at=None)).values_list(*_COLUMNS))
_NAMED = KeptStatement(
    lambda reader, paths: restrict(
        reader, Instance.objects.filter(path__in=_Listed(paths), retired_at=None)
    ).values_list(*_COLUMNS)
)
_FOLLOWED = KeptStatement(
    lambda reader, ids: restrict(reader, Instance.objects.filter(id__in=ids)).values_list(*_COLUMNS)
)


class _Joined(Aggregate):
    """Keys, between which stands a comma, which none contains; in no order."""

    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="STRING_AGG(%(expressions)s, ',')", **context)


def _join_required(rows: QuerySet[Requirement]) -> QuerySet[Requirement, tuple[int, str]]:
    """By instance, what it requires: one row of each, since two and more would take longer to be read than joined."""
    return (
        rows.order_by().values("instance_id").annotate(keys=_Joined("service__key")).values_list("instance_id", "keys")
    )


_REQUIRED_BY_ALL = KeptStatement(lambda reader: _join_required(restrict(reader, Requirement.objects.all())))
_REQUIRED = KeptStatement(
    lambda reader, ids: _join_required(restrict(reader, Requirement.objects.filter(instance__in=_ListedIds(ids))))
)


def _list_required(rows: Collection[_Row], reader: Reader) -> Collection[tuple[int, str]]:
    return _REQUIRED.ask(reader, ids=json.dumps([row.id for row in rows])) if rows else ()


def _templates(rows: Iterable[_Row]) -> Mapping[int, _Row]:
    found: dict[int, _Row] = {}
    wanted = {row.template_id for row in rows if row.template_id is not None}
    while wanted - found.keys():
        batch = [*map(_Row._make, _FOLLOWED.ask(WHOLE, ids=wanted - found.keys()))]
        found.update({row.id: row for row in batch})
        wanted |= {row.template_id for row in batch if row.template_id is not None}
    return found


_decode: Callable[[str], tuple[Any, int]] = json.JSONDecoder().raw_decode
"""`json.loads` of what the database wrote, around which is no white space to be looked for."""


class _Stand:
    """Makes the layers of instances; of one owner, or with equal texts, they share their values."""

    def __init__(self, templates: Mapping[int, _Row], required: Mapping[int, str], reader: Reader) -> None:
        self._templates, self._required, self._reader = templates, required, reader
        self._values: dict[str, Mapping[str, Json]] = {}
        self._layers: dict[tuple[str, str], Layer] = {}
        self._above: dict[tuple[int, int | None], tuple[Layer, ...]] = {}
        self._bases: dict[tuple[int, int | None, str | None], Basis] = {}
        self._requires: dict[str | None, tuple[str, ...]] = {None: ()}

    def basis(self, row: _Row) -> Basis:
        """The very same of those that have it in common."""
        joined = self._required.get(row.id)
        known = self._bases.get((row.app_id, row.template_id, joined))
        if known is None:
            requires = self._requires.get(joined)
            if requires is None:
                requires = self._requires[joined] = tuple(sorted((joined or "").split(",")))
            known = Basis((row.customer, row.app), self._list_above(row), requires)
            self._bases[row.app_id, row.template_id, joined] = known
        return known

    def own(self, row: _Row) -> Layer:
        """The layer of an instance's own values."""
        return Layer("instance", row.path, self._read(row.parameters))

    def _list_above(self, row: _Row) -> tuple[Layer, ...]:
        """Templates give their own parameters only, the furthest first; a guard keeps them from following in a
        circle. Instances of one app that follow the same have the very same layers above them.
        """
        above = self._above.get((row.app_id, row.template_id))
        if above is None:
            above = self._above[row.app_id, row.template_id] = (
                *self._follow(row.template_id),
                self._shared("customer", row.customer, row.of_customer),
                self._shared("app", f"{row.customer}/{row.app}", row.of_app),
            )
        return above

    def _follow(self, template: int | None) -> Iterable[Layer]:
        chain: list[Layer] = []
        while template is not None:
            followed = self._templates[template]
            owner = followed.path if self._reader.sees(followed.customer_id, followed.app_id) else HIDDEN
            chain.append(Layer("template", owner, self._read(followed.parameters)))
            template = followed.template_id
        return reversed(chain)

    def _shared(self, level: str, owner: str, text: str) -> Layer:
        known = self._layers.get((level, owner))
        if known is None:
            known = self._layers[level, owner] = Layer(level, owner, self._read(text))
        return known

    def _read(self, text: str) -> Mapping[str, Json]:
        known = self._values.get(text)
        if known is None:
            known = self._values[text] = freeze_map(_decode(text)[0])
        return known
