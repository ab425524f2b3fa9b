"""What is wrong with the parameters of all instances, as they are described now."""

from __future__ import annotations

from collections.abc import Mapping

from larry.core.parameter_fault import FaultFinder, ParameterFaults
from larry.core.track import Track, untracked
from larry.queries.instance import get_descriptions
from larry.queries.kept_survey import get_kept_faults
from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.queries.service import get_service_graph
from larry.queries.view import read_view
from larry.records.instance import Instance


def list_parameter_faults(reader: Reader, at: Moment, *, track: Track = untracked) -> Mapping[str, ParameterFaults]:
    """The faults of every instance that is not retired, by path. Inside a view of its own it asks the kept survey; else
    about 7 SQL statements, and it costs what all of them set."""
    with read_view():
        kept = get_kept_faults(reader, at, track=track)
        if kept is not None:
            return kept
        rows = restrict(reader, Instance.objects.filter(retired_at=None)).order_by()
        paths = set(rows.values_list("path", flat=True))
        descriptions = get_descriptions(paths, reader, at) if paths else {}
        finder = FaultFinder(get_service_graph(reader, at))
    looked = track(tuple(descriptions.items()), "looking through the parameters of instances")
    return {path: finder.find(each.layers, each.requires) for path, each in looked}
