"""The snapshots of an instance: which are live and dirty and why, any two side by side, and taking another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Refused
from larry.actions.snapshot import snapshot
from larry.core.deployable import Snapshot, compare_snapshots
from larry.queries.deployable import TakenSnapshot, get_snapshots, list_taken
from larry.queries.dirty import list_dirty_causes
from larry.queries.instance import Standing
from larry.queries.reader import NotFound, Reader
from larry.web.difference_view import DifferenceLine, list_caused_lines, list_lines
from larry.web.frame import Frame, read_frame
from larry.web.instance_page import InstancePage, answer_instance_page
from larry.web.page import act_only, look_only, redirect_after
from larry.web.when import Asked

NOW = "now"
MOST_SNAPSHOTS = 100


@dataclass(frozen=True, slots=True)
class SnapshotLine:
    """A snapshot: on which hosts it is live at the moment; ``is_described``: a snapshot taken now would be it."""

    row: TakenSnapshot
    hosts: tuple[str, ...]
    coming: tuple[str, ...]
    is_described: bool
    label: str

    @property
    def is_dirty(self) -> bool:
        return bool(self.hosts) and not self.is_described


@look_only
def answer_instance_snapshots(request: HttpRequest, address: str) -> HttpResponse:
    """As of the moment; ``from`` and ``to`` are digests or ``now``, by default what is live and now. About 30 SQL."""
    return answer_instance_page(request, address, _PAGE)


@act_only
def answer_instance_snapshot(request: HttpRequest, address: str) -> HttpResponse:
    """Freezes the instance as it is described now; then its snapshots."""
    frame = read_frame(request)
    after = reverse("instance-snapshots", args=[address])
    try:
        taken = snapshot(address[:300], frame.visitor.author(request.POST.get("reason", "").strip()))
    except (Refused, NotFound) as fault:
        return redirect_after(request, after, f"Nothing was taken: {fault}", kind="fault")
    short = taken.digest[:12]
    said = f"Snapshot {short} is taken." if taken.is_new else f"Nothing has changed: it is snapshot {short} already."
    return redirect_after(request, after, said, kind="done" if taken.is_new else "note")


def _fill(request: HttpRequest, standing: Standing, frame: Frame) -> Mapping[str, Any]:
    reader, at = frame.visitor.reader, frame.asked.at
    taken = list_taken(standing.path, reader, at, MOST_SNAPSHOTS)
    lines = tuple(_line(row, standing, frame.asked) for row in taken)
    causes = list_dirty_causes(reader, at, instance=standing.path) if standing.is_dirty else ()
    old, new = _choose(request, standing, lines)
    return {
        "snapshots": lines,
        "now_label": f"now: {standing.snapshot.digest[:12]}, as described",
        "is_kept": any(line.is_described for line in lines),
        "causes": tuple(line for each in causes for line in list_caused_lines(each.causes)),
        "is_asked": bool({"from", "to"} & request.GET.keys()) or not causes,
        "old": old,
        "new": new,
        "compared": _compare(old, new, standing, reader, frame),
        "take": reverse("instance-snapshot", args=[standing.path]),
    }


def _line(row: TakenSnapshot, standing: Standing, asked: Asked) -> SnapshotLine:
    mine = [each for each in standing.live if each.digest == row.digest]
    hosts = tuple(dict.fromkeys(each.host for each in mine if each.is_current))
    coming = tuple(dict.fromkeys(each.host for each in mine if not each.is_current and each.host not in hosts))
    state = ", live" if hosts else ""
    label = f"{row.digest[:12]} of {asked.show(row.taken_at).brief}{state}"
    return SnapshotLine(row, hosts, coming, row.digest == standing.snapshot.digest, label)


def _choose(request: HttpRequest, standing: Standing, lines: Sequence[SnapshotLine]) -> tuple[str, str]:
    """The two that are asked for, else what is live, or was taken last, and now."""
    known = {NOW, *(line.row.digest for line in lines)}
    live = [each.digest for each in standing.live if each.is_current and each.is_dirty]
    usual = [*live, *(line.row.digest for line in lines if not line.is_described), NOW]
    old, new = request.GET.get("from", ""), request.GET.get("to", "")
    return old if old in known else usual[0], new if new in known else NOW


def _compare(old: str, new: str, standing: Standing, reader: Reader, frame: Frame) -> tuple[DifferenceLine, ...]:
    known = get_snapshots({each for each in (old, new) if each != NOW}, reader, frame.asked.at)

    def find(said: str) -> Snapshot:
        return standing.snapshot if said == NOW else known[said]

    return list_lines(compare_snapshots(find(old), find(new)))


_PAGE = InstancePage("instance-snapshots", "Snapshots", "instance_snapshots.html", _fill)
