"""Deploying: which instance where and when, with a preview that is redrawn as one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from larry.actions.author import Author
from larry.actions.deploy import DeployItem, DeployRequest, deploy, preview_deploy
from larry.core.deployable import Snapshot
from larry.core.plan import Plan
from larry.queries.address import list_addresses
from larry.queries.deployable import get_snapshots, list_taken
from larry.queries.host import list_hosts_of_pool
from larry.queries.instance import Standing, get_standing
from larry.queries.moment import Moment
from larry.queries.reader import NotFound, Reader
from larry.web.address import find_route
from larry.web.frame import Crumb, Frame, read_frame
from larry.web.page import look_or_act
from larry.web.place_rows import make_place_rows, read_places
from larry.web.plan_form import Act, CannotRead, PlanForm, answer_plan_form, read_field_moment
from larry.web.when import Asked


@look_or_act
def answer_deploy(request: HttpRequest) -> HttpResponse:
    """The form, its preview and its act. What the address says (instance, host, snapshot) is filled in."""
    frame = read_frame(request)
    sent = request.POST if request.method == "POST" else request.GET
    hosts = [each.strip() for each in sent.getlist("host") if each.strip()]
    reader, now = frame.visitor.reader, Moment(frame.asked.now)
    standing = _find_standing(sent.get("instance", "").strip(), reader, now)
    chosen = _find_chosen(standing, sent.get("snapshot", "").strip(), reader, now)
    values = {
        "snapshots": _list_snapshots(standing, reader, frame.asked),
        "places": make_place_rows(sent, chosen),
        "host_rows": [*hosts, ""],
        "pools": [each.address for each in list_addresses("pool", "", reader, now)],
        "cancel": find_route("deployments"),
    }
    crumbs = (Crumb("Deployments", reverse("deployments")),)
    form = PlanForm("deploy.html", "Deploy", "Deploy", crumbs, _read, _page_after, values)
    return answer_plan_form(request, form)


def _read(sent: Mapping[str, Any], frame: Frame) -> Act:
    instance = str(sent.get("instance", ""))
    reader, now = frame.visitor.reader, Moment(frame.asked.now)
    if not instance:
        raise CannotRead("instance", "name the instance to deploy: customer/app/instance")
    hosts = list(sent.get("host", ()))
    if sent.get("pool"):
        hosts += [name for name in list_hosts_of_pool(str(sent["pool"]), reader, now) if name not in hosts]
    if not hosts:
        raise CannotRead("hosts", "name at least one host, or a pool that has some")
    item = DeployItem(instance, tuple(hosts), sent.get("snapshot") or None, read_places(sent) or {})
    start, end = read_field_moment(sent, "start", frame), read_field_moment(sent, "end", frame)
    request = DeployRequest((item,), start, end, resume=not sent.get("leave"))

    def act(author: Author, expect: str | None, dry: bool) -> Plan:
        if dry:
            return preview_deploy(request, author)
        return deploy(DeployRequest(request.items, start, end, request.resume, expect), author)

    return act


def _page_after(plan: Plan) -> str:
    made = next((change.deployment for change in plan.changes if change.kind.value == "add"), None)
    return reverse("deployment", args=[made]) if made else reverse("deployments")


def _find_standing(instance: str, reader: Reader, now: Moment) -> Standing | None:
    try:
        return get_standing(instance, reader, now) if instance else None
    except NotFound:
        return None


def _find_chosen(standing: Standing | None, digest: str, reader: Reader, now: Moment) -> Snapshot | None:
    """What would be deployed: the snapshot that was chosen, else what one would be now."""
    if standing is None:
        return None
    return get_snapshots([digest], reader, now)[digest] if digest in standing.taken else standing.snapshot


def _list_snapshots(standing: Standing | None, reader: Reader, asked: Asked) -> list[dict[str, str]]:
    """Digest and words of the instance's snapshots: which is what it is now, dirty, never deployed, deactivated."""
    if standing is None:
        return []
    listed = []
    for taken in list_taken(standing.path, reader, Moment(asked.now)):
        marks = [
            "as described now" if taken.digest == standing.snapshot.digest else "dirty: differs from the description",
            *(["never deployed"] if not taken.live and not taken.deactivated else []),
            *(["deactivated"] if taken.deactivated and not taken.live else []),
        ]
        listed.append(
            {
                "digest": taken.digest,
                "label": f"{taken.digest[:12]} of {asked.show(taken.taken_at).shown}: {', '.join(marks)}",
            }
        )
    return listed
