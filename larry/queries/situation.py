"""Strange situations: what an operator would want to be told without having asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from larry.core.parameter_fault import ParameterFaults
from larry.core.situation import Situation
from larry.core.track import Track, untracked
from larry.queries.audit_situation import list_audit_situations
from larry.queries.dirty import list_dirty
from larry.queries.live_situation import list_live_situations
from larry.queries.moment import Moment
from larry.queries.parameter_fault import list_parameter_faults
from larry.queries.reader import Reader
from larry.queries.readiness import get_readiness
from larry.queries.view import read_view
from larry.queries.webhook import count_dead


def list_situations(reader: Reader, at: Moment, *, track: Track = untracked) -> tuple[Situation, ...]:
    """Everything strange as of a moment, sorted by code and address; a constant number of SQL statements (about 45).

    What is deployed is asked of the database, and of the kept survey what every instance is described as.
    """
    readiness = get_readiness(reader, at)
    if readiness.pending_migrations:
        text = "the database is not up to date: run `larry migrate`"
        return tuple(Situation("migration", "database", name, text) for name in readiness.pending_migrations)
    found = [
        Situation("guard_missing", "database", name, "the database no longer keeps this promise: run `larry migrate`")
        for name in readiness.missing_guards
    ]
    with read_view():
        # First what asks the kept survey: the older the view, the more often it is of others' later one.
        faults = list_parameter_faults(reader, at, track=track)
        found += [*_parameters(faults), *_needless(faults.values())]
        found += _dirty(list_dirty(reader, at, track=track))
        found += list_live_situations(reader, at)
        found += list_audit_situations(reader, at)
        found += _unheard(count_dead(reader, at))
    return tuple(sorted(found, key=lambda each: (each.code, each.address, each.text)))


def _parameters(faults: Mapping[str, ParameterFaults]) -> Iterator[Situation]:
    for path, of_one in faults.items():
        for missing in of_one.missing:
            needed = ", ".join(missing.needed_by)
            yield Situation("parameter_missing", "instance", path, f"{path} lacks {missing.name}: needed by {needed}")
        for name, expected in of_one.wrong:
            yield Situation("parameter_of_wrong_type", "instance", path, f"{name} of {path} is not of type {expected}")
        for level, _, name in of_one.unknown:
            if level == "instance":
                text = f"{path} sets {name}, which no service of it needs"
                yield Situation("parameter_unknown", "instance", path, text)


def _needless(faults: Iterable[ParameterFaults]) -> Iterator[Situation]:
    """What a customer or an app sets, and no service of any instance of theirs needs."""
    used: set[tuple[str, str]] = set()
    unknown: set[tuple[str, str, str]] = set()
    for of_one in faults:
        used.update(of_one.used)
        unknown.update(of_one.unknown)
    for level, owner, name in unknown:
        if level in {"customer", "app"} and (owner, name) not in used:
            text = f"{owner} sets {name}, which no service of its instances needs"
            yield Situation("parameter_unknown", level, owner, text)


def _dirty(behind: Mapping[str, tuple[str, ...]]) -> Iterator[Situation]:
    for path, hosts in behind.items():
        text = f"{path} is dirty: what is live on {', '.join(hosts)} is not what is described"
        yield Situation("dirty", "instance", path, text)


def _unheard(dead: Mapping[int, tuple[str, int]]) -> Iterator[Situation]:
    for number, (shown, count) in dead.items():
        text = f"{count} deliveries to the webhook {number} ({shown}) were given up: see `larry webhook deliveries`"
        yield Situation("webhook_failing", "webhook", str(number), text)
