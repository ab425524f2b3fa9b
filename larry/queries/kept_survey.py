"""The kept survey: what every instance is described as now, and what is wrong with its parameters.

Neither depends on the moment, nor on what is deployed: only on nouns, and each edit of those says so in activity. So
what was found out once is kept in the process, with the line of activity that was the last then, and is brought up to
date by the lines since: who is concerned by them is surveyed anew. What is kept is of the whole estate, and narrowed to
what a reader may see when it is asked for.

Inside a transaction of one's own nothing is kept: it may see what others never will. What is kept is asked there by
edits alone, before they write, if no line of activity that is seen there tells otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from types import MappingProxyType
from typing import NamedTuple

from django.db.models import Q, Subquery

from larry.core.parameter_fault import ParameterFaults
from larry.core.service_graph import ServiceGraph
from larry.core.survey import Survey
from larry.core.track import Track, untracked
from larry.queries.instance import HIDDEN, get_descriptions, list_following
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.service import get_service_graph, renew_service_graph
from larry.queries.statement import Prepared
from larry.queries.stock import KeptInstance, Stock, survey_stock
from larry.queries.view import read_view
from larry.records.activity import Activity
from larry.records.instance import Instance
from larry.records.route import reading_connection, viewed_server

_SILENT = ("deployment", "rollout", "token", "webhook", "user", "group")
"""Nouns of whose activity no description tells. All others may."""

_EDITS = {"create", "update", "retire"}
_LOOKS = {"reveal", "snapshot"}
"""Verbs that change what their line names, and those that change nothing; all others may change everything."""

_TELLING = ~Q(noun__in=_SILENT) & ~Q(verb__in=_LOOKS)
"""That a line may tell on a description."""

_OWN = {"customer", "app", "instance"}
"""Nouns that tell on instances below them; other nouns tell on the service graph alone."""

_MANY = 500
"""Of more lines since everything is surveyed."""

_MOST_NAMED = 5000
"""As many instances are surveyed anew by their names; of more all are."""

_FEW = 50
"""Of as many instances each is described by itself where nothing is kept yet."""

_LASTING = 2000
"""Of as many instances what is kept is so much that nobody is to look it through for circles."""

_MOST = 300_000
"""Of as many instances a survey is kept: about half a KB each, so at most about 150 MB of memory. Of more each page
that tells of all of them surveys them anew, which takes a minute and more."""


@dataclass(frozen=True, slots=True)
class Now:
    """What snapshots of instances would be now, by path, in a service graph; ``kept`` are those that are kept: as long
    as one is the same object, nothing was edited that tells on what the instance is described as.
    """

    digests: Mapping[str, str]
    services: ServiceGraph
    kept: Mapping[str, KeptInstance] = field(default_factory=lambda: MappingProxyType({}))


class _Line(NamedTuple):
    """A line of activity; two that are equal are the same line of one history, for their moments are."""

    id: int
    at: datetime
    actor: str
    verb: str
    noun: str
    address: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was found out as of a line; none after ``told`` up to it tells on a description."""

    last: _Line
    told: _Line
    stock: Stock

    @property
    def instances(self) -> Mapping[str, KeptInstance]:
        return self.stock.instances


_kept: dict[str, _Kept] = {}
"""By the server that was read from: a replica may be behind."""

_filling = Lock()
"""Of two who find it old, one brings it up to date."""


def get_now(paths: Iterable[str], reader: Reader, at: Moment, *, track: Track = untracked) -> Now:
    """What snapshots of visible instances would be now; inside a view, 1 SQL statement where nothing was edited since
    it was last asked for, else about 7. Raises `NotFound`."""
    wanted = {path.lower() for path in paths}
    server = viewed_server()
    if server is not None and (len(wanted) > _FEW or server in _kept):
        kept = _bring_up_to_date(server, at, track)
        instances = kept.instances if kept is not None else {}
        if kept is not None and wanted <= instances.keys() and wanted <= _list_seen(kept, reader):
            return Now({path: instances[path].digest for path in wanted}, kept.stock.services, instances)
    descriptions = get_descriptions(wanted, reader, at) if wanted else {}
    services = get_service_graph(reader, at)
    survey = Survey(services)
    looked = track(tuple(descriptions.items()), "holding what is live against what is described")
    return Now({path: description.digest_in(survey) for path, description in looked}, services)


def get_stock(reader: Reader, at: Moment) -> Stock | None:
    """What is kept of the server that is read from, if that is what is there, in a transaction of one's own too; None
    else. 1 SQL statement, none where nothing is kept. It is of the whole estate: to be narrowed by whoever asks."""
    del reader, at
    kept = _kept.get(reading_connection().alias)
    return kept.stock if kept is not None and _is_same(kept.last, _list_lines(kept.last)) else None


def freshen(reader: Reader, at: Moment) -> None:
    """Bring up to date what is kept, where something is and edits alone were made since; inside a transaction nothing
    is done. Nothing is told to anybody."""
    del reader
    with read_view():
        server = viewed_server()
        kept = _kept.get(server) if server is not None else None
        if server is not None and kept is not None:
            lines = _list_lines(kept.last)
            if _is_continued(kept.last, lines) and _are_edits(_telling(lines[:-1])) and len(lines) <= _MANY:
                _bring_up_to_date(server, at, untracked)


def get_kept_faults(reader: Reader, at: Moment, *, track: Track = untracked) -> Mapping[str, ParameterFaults] | None:
    """The faults of every visible instance that is not retired, by path; None outside a view, where nothing is kept.

    1 SQL statement where nothing was edited since it was last asked for, 2 more for who does not see everything.
    """
    server = viewed_server()
    kept = _bring_up_to_date(server, at, track) if server is not None else None
    if kept is None:
        return None
    if reader.sees_everything:
        return {path: each.faults for path, each in kept.instances.items()}
    followed = restrict(WHOLE, Instance.objects.exclude(template=None)).values("template_id")
    templates = restrict(WHOLE, Instance.objects.filter(id__in=followed)).values_list("path", "customer_id", "app_id")
    hidden = {path for path, customer, app in templates if not reader.sees(customer, app)}
    return {path: _hide(kept.instances[path].faults, hidden) for path in _list_seen(kept, reader)}


def _hide(faults: ParameterFaults, hidden: set[str]) -> ParameterFaults:
    """What a template sets that the reader may not see is told, and not whose it is."""
    if not any(level == "template" and owner in hidden for level, owner, _ in faults.unknown):
        return faults
    unknown = tuple(
        (level, HIDDEN if level == "template" and owner in hidden else owner, name)
        for level, owner, name in faults.unknown
    )
    return faults._replace(unknown=unknown)


def _bring_up_to_date(server: str, at: Moment, track: Track) -> _Kept | None:
    """What is kept, as of the view; None where there is too much to keep, or nothing was ever done."""
    kept = _kept.get(server)
    lines = _list_lines(kept.last if kept is not None else None)
    if kept is None or not _is_same(kept.last, lines):
        with _filling:
            kept = _kept.get(server)  # what another has done meanwhile
            lines = _list_lines(kept.last if kept is not None else None)
            if kept is None or not (_is_same(kept.last, lines) or _is_ahead(kept, lines)):
                kept = _renew(kept, lines, at, track)
                if kept is None:
                    _kept.pop(server, None)
                    return None
                _kept[server] = kept
    elif lines[0] != kept.last:
        kept = _kept[server] = replace(kept, last=lines[0])
    return kept


def _list_lines(since: _Line | None) -> tuple[_Line, ...]:
    """The latest line, another, and those between that may tell on a description, the latest first; of no other line
    the latest alone. 1 SQL statement."""
    lines = restrict(WHOLE, Activity.objects.all()).order_by("-id")
    columns = lines.values_list(*_Line._fields)
    if since is None:
        return tuple(map(_Line._make, columns[:1]))
    ends = Q(id=since.id) | Q(id=Subquery(lines.values("id")[:1]))
    return tuple(map(_Line._make, columns.filter(ends | _TELLING, id__gte=since.id)[: _MANY + 2]))


def _list_seen(kept: _Kept, reader: Reader) -> AbstractSet[str]:
    """The paths of the instances that the reader may see; no SQL for who sees everything, else 1 statement."""
    if reader.sees_everything:
        return kept.instances.keys()
    rows = restrict(reader, Instance.objects.filter(retired_at=None)).order_by()
    return set(rows.values_list("path", flat=True))


def _is_same(last: _Line, lines: Sequence[_Line]) -> bool:
    """Whether nothing was done since that may tell on a description."""
    return _is_continued(last, lines) and not _telling(lines[:-1])


def _is_ahead(kept: _Kept, lines: Sequence[_Line]) -> bool:
    """Whether another, whose view is later, has kept what is as it was here."""
    return not lines and _is_same(kept.told, _list_lines(kept.told))


def _is_continued(last: _Line, lines: Sequence[_Line]) -> bool:
    """Whether the line is of the same history, and all since are there."""
    return bool(lines) and lines[-1] == last


def _telling(lines: Iterable[_Line]) -> tuple[_Line, ...]:
    return tuple(line for line in lines if line.noun not in _SILENT and line.verb not in _LOOKS)


def _renew(kept: _Kept | None, lines: Sequence[_Line], at: Moment, track: Track) -> _Kept | None:
    """What is kept, with those surveyed anew who are concerned; all of them where that cannot be said."""
    telling = _telling(lines[:-1])
    if kept is not None and _is_continued(kept.last, lines) and _are_edits(telling):
        told = telling[0] if telling else kept.told
        gone = _list_below(kept, telling)
        concerned = _list_concerned(telling, at)
        if concerned is not None:
            services, changed = _renew_services(kept.stock, telling, at)
            survey = kept.stock.survey.renewed(services, changed)
            reached = {path for each in kept.stock.list_reached(services, changed) for path in kept.stock.groups[each]}
            surveyed = survey_stock(concerned | (reached - gone), survey, services, WHOLE, at, track=track)
            return _Kept(lines[0], told, kept.stock.with_surveyed(services, survey, surveyed, gone))
    lines = lines or _list_lines(None)
    paths = _list_standing(Q())
    if not lines or len(paths) > _MOST:
        return None
    services = get_service_graph(WHOLE, at)
    survey, is_lasting = Survey(services), len(paths) >= _LASTING
    surveyed = survey_stock(paths, survey, services, WHOLE, at, track=track, is_lasting=is_lasting)
    return _Kept(lines[0], _get_told(lines[0]), Stock.of(services, survey, surveyed))


def _are_edits(lines: Iterable[_Line]) -> bool:
    return all(line.verb in _EDITS for line in lines)


def _renew_services(stock: Stock, lines: Iterable[_Line], at: Moment) -> tuple[ServiceGraph, AbstractSet[str]]:
    """The service graph after the lines, and which services are others in it."""
    moved = {(line.noun, line.address) for line in lines if line.noun not in _OWN}
    if not moved:
        return stock.services, frozenset()
    keys = {address for _, address in moved}
    before = stock.services
    if all(noun == "service" for noun, _ in moved):
        services = renew_service_graph(before, keys, WHOLE, at)
    else:
        services = get_service_graph(WHOLE, at)
        keys = before.keys() | services.keys()
    return services, before.list_changed(services, keys)


def _get_told(last: _Line) -> _Line:
    """The latest line that may tell on a description; the last where none does. 1 SQL statement."""
    told = restrict(WHOLE, Activity.objects.filter(_TELLING)).order_by("-id").values_list(*_Line._fields).first()
    return last if told is None else _Line._make(told)


def _list_standing(which: Q) -> frozenset[str]:
    rows = restrict(WHOLE, Instance.objects.filter(which, retired_at=None)).order_by()
    return frozenset([path for (path,) in Prepared.of(rows.values_list("path")).ask()])


def _list_below(kept: _Kept, lines: Iterable[_Line]) -> frozenset[str]:
    """Who of those that are kept is what the lines name, or stands below it."""
    found: set[str] = set()
    for noun, address in {(line.noun, line.address) for line in lines if line.noun in _OWN}:
        if noun != "instance":
            found.update(kept.stock.list_below(address))
        elif address in kept.instances:
            found.add(address)
    return frozenset(found)


def _list_concerned(lines: Iterable[_Line], at: Moment) -> frozenset[str] | None:
    """Who stands and is what the lines name, is below it, or follows an instance that they name as its template; None
    if they are too many to name. 1 SQL statement, and where they name instances 1 and 1 for each step of templates."""
    named: dict[str, set[str]] = {noun: set() for noun in _OWN}
    for line in lines:
        if line.noun in _OWN:
            named[line.noun].add(line.address)
    if not any(named.values()):
        return frozenset()
    customers = {address.partition("/")[0] for address in named["app"]}
    keys = {address.rpartition("/")[2] for address in named["app"]}  # of other customers' apps too: that does no harm
    which = Q(customer__key__in=named["customer"]) | Q(customer__key__in=customers, app__key__in=keys)
    below = _list_standing(which) if named["customer"] | named["app"] else frozenset()
    found = below | list_following(named["instance"], WHOLE, at)
    return found if len(found) <= _MOST_NAMED else None
