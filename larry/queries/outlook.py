"""An outlook: what an edit that is being made does to instances, held against what they were described as before it.

Most is told without describing anybody. Whose customer or app sets other values, or whose closure is another, is
described as something else whatever else it says; whoever was clean is dirty then. Only others are described.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType

from django.db.models import Q

from larry.core.document import Json
from larry.core.parameter_fault import FaultFinder, ParameterFaults, find_risks, is_at_risk
from larry.core.service_graph import ServiceGraph
from larry.core.survey import Survey, Sway
from larry.queries.instance import get_descriptions, list_following
from larry.queries.kept_survey import get_stock
from larry.queries.live import list_live
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.service import get_service_graph, renew_service_graph
from larry.queries.stock import Requires, Stock, survey_stock
from larry.queries.survey import Shift
from larry.records.instance import Instance, Requirement

_MANY = 5000
"""As many are asked for one by one; of more all are read, since no statement takes as many values as one likes."""


@dataclass(frozen=True, slots=True)
class NewValues:
    """What a customer or an app sets anew, and the names of what it sets no longer."""

    values: Mapping[str, Json]
    gone: frozenset[str]


@dataclass(frozen=True, slots=True)
class Edited:
    """What of an edit tells on instances: other values of customers by key and of apps by address, and the addresses of
    instances and services that are created, changed or retired; ``brought`` are the services that those instances
    require then, and that those services need."""

    customers: Mapping[str, NewValues] = field(default_factory=lambda: MappingProxyType({}))
    apps: Mapping[str, NewValues] = field(default_factory=lambda: MappingProxyType({}))
    instances: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    brought: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.customers or self.apps or self.instances or self.services)


def open_outlook(touched: Edited, list_concerned: Callable[[], Collection[str]], reader: Reader, at: Moment) -> Stock:
    """What instances are described as before an edit: all, where that is kept; else those that are concerned, for about
    8 SQL statements: of the service graph what comes along with those, before the edit or after it."""
    kept = get_stock(reader, at) if touched else None
    if kept is not None:
        return kept
    paths = frozenset(list_concerned()) if touched else frozenset()
    required: Collection[str] | None = None
    if paths and len(paths) <= _MANY:
        rows = restrict(reader, Requirement.objects.filter(instance__path__in=paths)).order_by()
        # What comes along after the edit does so by way of a service that comes along now, or of one of these.
        required = {*rows.values_list("service__key", flat=True).distinct(), *touched.services, *touched.brought}
    services = get_service_graph(WHOLE, at, required) if paths else ServiceGraph({})
    survey = Survey(services)
    return Stock.of(services, survey, survey_stock(paths, survey, services, reader, at))


def look_after(stock: Stock, touched: Edited, reader: Reader, at: Moment) -> Shift:
    """What becomes of visible instances once an edit is written, in the same transaction; about 10 SQL statements,
    whatever is touched, and none where nothing is in stock."""
    if not stock.instances or not touched:
        return Shift()
    look = _Look(stock, touched, reader, at)
    if touched.services:
        look.follow_services()
    if touched.customers or touched.apps:
        look.follow_owners()
    if touched.instances:
        look.follow_instances()
    look.narrow()
    return look.settle()


class _Look:
    """What is found out step by step: whoever is ``moved`` is described as something else, whoever is ``doubtful`` may
    be, and whoever is at ``risk`` may come to have faults."""

    def __init__(self, stock: Stock, touched: Edited, reader: Reader, at: Moment) -> None:
        self._stock, self._touched, self._reader, self._at = stock, touched, reader, at
        self._services, self._survey = stock.services, stock.survey
        if touched.services:
            self._services = renew_service_graph(stock.services, touched.services, WHOLE, at)
            self._survey = stock.survey.renewed(self._services, touched.services)
        self._moved: set[str] = set()
        self._doubtful: set[str] = set()
        self._risk: set[str] = set()

    def follow_services(self) -> None:
        stock, changed = self._stock, self._stock.services.list_changed(self._services, self._touched.services)
        survey = stock.survey.renewed(stock.services)
        for requires in stock.list_reached(self._services, changed):
            paths, sway = stock.groups[requires], survey.compare(self._survey, requires, changed)
            if sway is Sway.ALL:
                self._moved.update(paths)
            elif sway is Sway.SOME:
                self._doubtful.update(paths)
            risks = find_risks(stock.services, self._services, requires, changed)
            if risks.anybody or risks.setters:
                self._risk.update(path for path in paths if risks.concern(stock.instances[path].faults))

    def follow_owners(self) -> None:
        """A snapshot holds what its customer and its app set, so it is another."""
        for owner, above in (*self._touched.customers.items(), *self._touched.apps.items()):
            at_risk: dict[Requires, bool] = {}
            below = self._stock.list_below(owner)
            self._moved.update(below)
            for path in below:
                requires = self._stock.instances[path].requires
                known = at_risk.get(requires)
                if known is None:
                    known = is_at_risk(self._services, requires, above.values, above.gone)
                    at_risk[requires] = known
                if known:
                    self._risk.add(path)

    def follow_instances(self) -> None:
        following = list_following(self._touched.instances, WHOLE, self._at)
        standing = following & self._stock.instances.keys()
        retired = self._touched.instances - following
        self._moved -= retired
        self._doubtful = (self._doubtful - retired) | standing
        self._risk = (self._risk - retired) | standing

    def narrow(self) -> None:
        """Nothing is told of what the reader may not see."""
        concerned = self._moved | self._doubtful | self._risk
        if concerned and not self._reader.sees_everything:
            rows = restrict(self._reader, Instance.objects.filter(retired_at=None)).order_by()
            rows = rows.filter(path__in=concerned) if len(concerned) <= _MANY else rows
            seen = set(rows.values_list("path", flat=True))
            self._moved, self._doubtful, self._risk = self._moved & seen, self._doubtful & seen, self._risk & seen

    def settle(self) -> Shift:
        kept, (live, mixed) = self._stock.instances, self._list_live()
        was_dirty = {path for path, digest in live.items() if digest != kept[path].digest} | mixed
        # What was dirty is clean once it is described as the one snapshot of it that is live.
        asked = ((was_dirty - mixed) & self._moved) | self._doubtful | self._risk
        descriptions = get_descriptions(asked, self._reader, self._at) if asked else {}
        is_dirty = (self._moved & live.keys()) | (was_dirty - asked)
        for path in asked & live.keys():
            is_dirty.discard(path)
            if path in mixed or live[path] != descriptions[path].digest_in(self._survey):
                is_dirty.add(path)
        faults: dict[str, tuple[ParameterFaults, ParameterFaults]] = {}
        finder = FaultFinder(self._services)
        for path in sorted(self._risk):
            after = finder.find(descriptions[path].layers, descriptions[path].requires)
            faults[path] = kept[path].faults, after
        return Shift(tuple(sorted(is_dirty - was_dirty)), tuple(sorted(was_dirty - is_dirty)), faults)

    def _list_live(self) -> tuple[Mapping[str, str], AbstractSet[str]]:
        """A snapshot that is live of whoever may be described as something else, and of whom another one is too."""
        concerned = self._moved | self._doubtful
        if not concerned:
            return {}, frozenset()
        rows = list_live(self._reader, self._at).order_by()
        if self._touched.services or self._touched.instances:
            rows = rows.filter(instance__path__in=concerned) if len(concerned) <= _MANY else rows
        else:
            rows = rows.filter(_below(self._touched, "instance__"))
        live: dict[str, str] = {}
        mixed: set[str] = set()
        for path, digest in rows.values_list("instance__path", "deployable_id"):
            if path in concerned and live.setdefault(path, digest) != digest:
                mixed.add(path)
        return live, mixed


def _below(touched: Edited, of: str) -> Q:
    """Instances of the customers and of the apps, or of others' apps with these keys."""
    apps = [address.partition("/") for address in touched.apps]
    if not apps:
        return Q(**{f"{of}customer__key__in": list(touched.customers)})
    customers, keys = [customer for customer, _, _ in apps], [key for _, _, key in apps]
    below = Q(**{f"{of}customer__key__in": customers, f"{of}app__key__in": keys})
    return below | Q(**{f"{of}customer__key__in": list(touched.customers)}) if touched.customers else below
