"""What is wrong with the parameters of all instances, as they are described now."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.core.document import freeze_map
from larry.core.parameter_fault import FaultFinder, ParameterFaults
from larry.core.parameters import Layer
from larry.core.track import Track, untracked
from larry.queries.instance import HIDDEN
from larry.queries.kept_survey import get_kept_faults
from larry.queries.moment import Moment
from larry.queries.reader import WHOLE, Reader, restrict
from larry.queries.service import get_service_graph
from larry.queries.view import read_view
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.instance import Instance, Requirement


def list_parameter_faults(reader: Reader, at: Moment, *, track: Track = untracked) -> Mapping[str, ParameterFaults]:
    """The faults of every instance that is not retired, by path; 8 SQL statements. Inside a view of its own it asks
    the kept survey; else it costs what all of them set."""
    with read_view():
        kept = get_kept_faults(reader, at, track=track)
        if kept is not None:
            return kept
        finder = FaultFinder(get_service_graph(reader, at))
        rows = restrict(reader, Instance.objects.filter(retired_at=None))
        columns = ("id", "path", "app_id", "customer_id", "template_id", "parameters")
        instances = list(rows.order_by().values_list(*columns))
        requires: dict[int, list[str]] = {}
        required = restrict(reader, Requirement.objects.filter(instance__retired_at=None)).order_by()
        for instance, key in required.values_list("instance_id", "service__key"):
            requires.setdefault(instance, []).append(key)
        # The layers below a visible instance are its own, whoever may look at them as such.
        customers = restrict(WHOLE, Customer.objects.all()).values_list("id", "key", "parameters")
        owners = {id_: Layer("customer", key, freeze_map(values)) for id_, key, values in customers}
        above = restrict(WHOLE, App.objects.all()).values_list("id", "customer_id", "key", "parameters")
        apps = {id_: Layer("app", f"{owners[of].owner}/{key}", freeze_map(values)) for id_, of, key, values in above}
        templates = _list_templates(reader)
    found: dict[str, ParameterFaults] = {}
    for id_, path, app, customer, template, parameters in track(
        instances, "looking through the parameters of instances"
    ):
        layers = (
            *_follow(template, templates),
            owners[customer],
            apps[app],
            Layer("instance", path, freeze_map(parameters)),
        )
        found[path] = finder.find(layers, requires.get(id_, ()))
    return MappingProxyType(found)


def _list_templates(reader: Reader) -> Mapping[int, tuple[int | None, Layer]]:
    """Of what is followed: what it follows itself, and its layer."""
    followed = restrict(WHOLE, Instance.objects.exclude(template=None)).values("template_id")
    columns = ("id", "template_id", "customer_id", "app_id", "path", "parameters")
    rows = restrict(WHOLE, Instance.objects.filter(id__in=followed)).values_list(*columns)
    return {
        id_: (above, Layer("template", path if reader.sees(customer, app) else HIDDEN, freeze_map(values)))
        for id_, above, customer, app, path, values in rows
    }


def _follow(template: int | None, templates: Mapping[int, tuple[int | None, Layer]]) -> tuple[Layer, ...]:
    """The layers of the templates, the furthest first; a guard keeps them from following in a circle."""
    chain: list[Layer] = []
    while template is not None:
        template, layer = templates[template]
        chain.append(layer)
    return tuple(reversed(chain))
