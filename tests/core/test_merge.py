"""Merging against the book at every hour: nodes, boundaries, conflicts, subjects; and each rule once by hand."""

from __future__ import annotations

from typing import Any

import pytest

from larry.core.deployable import take_snapshot
from larry.core.document import thaw
from larry.core.footprint import Cause
from larry.core.merge import HostTimeline, build_node, compile_timeline
from larry.core.node import Node, Presence
from larry.core.owner import own_parameters
from larry.core.parameters import Declaration, Layer
from larry.core.service_graph import Audit, ServiceSpec, Sharing, Where, WhereKind
from tests.core.budget import dice, many
from tests.core.by_hand import FACTS, SIZED, WEB, Site, graph_of
from tests.core.host_scene import check_timeline, make_scene
from tests.core.hours import Span, at, between, span_of
from tests.core.specimen import Graph


def test_timelines_are_by_the_book_at_every_hour() -> None:
    seen: dict[str, int] = {}
    for seed, random in dice(700):
        scene = make_scene(random)
        try:
            found = check_timeline(compile_timeline, scene, random)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {fault}") from fault
        for sort in sorts(found):
            seen[sort] = seen.get(sort, 0) + 1
    wanted = {"peace", "parameter", "sharing", "tools", "circle", "many segments", "subjects", "for several", "setting"}
    assert set(seen) == wanted, seen
    assert min(seen.values()) >= many(2), seen


def sorts(found: HostTimeline) -> set[str]:
    """What sort of a timeline it is, so that a generator that forgets one is found out."""
    seen = {"circle" if "circle" in c.about else c.about.split()[0].strip(",") for c in found.conflicts} or {"peace"}
    entries = [entry for segment in found.segments for entry in segment.node.services]
    if len(found.segments) > 4:
        seen.add("many segments")
    if any(entry.audits for entry in entries):
        seen.add("subjects")
    if any(len(entry.paths) > 1 for entry in entries):
        seen.add("for several")
    return seen


def test_the_order_of_presences_is_no_matter() -> None:
    for seed, random in dice(60):
        scene = make_scene(random)
        presences, facts = scene.estate.presences(scene.host), scene.estate.facts
        one = compile_timeline(facts[scene.host], presences, facts, between(*scene.during))
        random.shuffle(presences)
        other = compile_timeline(facts[scene.host], presences, facts, between(*scene.during))
        assert one.segments == other.segments, f"seed {seed}"
        assert {conflict.text for conflict in one.conflicts} == {conflict.text for conflict in other.conflicts}, (
            f"seed {seed}"
        )


def test_a_segment_is_the_node_that_would_be_built_alone() -> None:
    for seed, random in dice(60):
        scene = make_scene(random)
        presences, facts = scene.estate.presences(scene.host), scene.estate.facts
        for segment in compile_timeline(facts[scene.host], presences, facts, between(*scene.during)).segments:
            live = [presence for presence in presences if segment.interval.start in presence.interval]
            assert build_node(facts[scene.host], live, facts)[0] == segment.node, f"seed {seed}"


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_equal_parameters_collapse_and_name_all_they_are_for() -> None:
    node = Site().deploy("acme/a/x", WEB, ["web"], {"size": 1}).deploy("globex/b/y", WEB, ["web"], {"size": 1}).node()
    (entry,) = node.services
    assert (entry.key, entry.paths, dict(entry.parameters)) == ("web", ("acme/a/x", "globex/b/y"), {"size": 1})


def test_different_parameters_are_a_conflict_with_values_and_owners() -> None:
    site = Site().deploy("acme/a/x", WEB, ["web"], {"size": 1}).deploy("globex/b/y", WEB, ["web"], {"size": "big"})
    site.deploy("acme/a/z", WEB, ["web"], {"size": 1})
    assert site.conflicts() == ['web on h1: parameter size: acme/a/x, acme/a/z wants 1 but globex/b/y wants "big"']


def test_one_and_true_are_different_parameters() -> None:
    site = Site().deploy("acme/a/x", WEB, ["web"], {"size": 1}).deploy("globex/b/y", WEB, ["web"], {"size": True})
    assert site.conflicts() == ["web on h1: parameter size: acme/a/x wants 1 but globex/b/y wants true"]


def test_a_parameter_that_only_one_snapshot_has_is_a_conflict_even_when_it_is_null() -> None:
    older = graph_of(ServiceSpec("web"))
    site = Site().deploy("acme/a/x", WEB, ["web"], {"size": None}).deploy("globex/b/y", older, ["web"])
    (text,) = site.conflicts()
    assert text.startswith("web on h1: parameter size, which not all of their snapshots have: acme/a/x wants ")


def test_secrets_that_differ_are_not_told() -> None:
    site = Site().deploy("acme/a/x", WEB, ["web"], {"size": {"sealed": "aa"}})
    site.deploy("globex/b/y", WEB, ["web"], {"size": {"sealed": "bb"}})
    assert site.conflicts() == ["web on h1: parameter size: acme/a/x wants a secret but globex/b/y wants a secret"]


def test_what_is_not_shared_is_never_merged_between_instances() -> None:
    graph = graph_of(ServiceSpec("web"), ServiceSpec("app", Sharing.INSTANCE, SIZED, needs=("web",)))
    node = (
        Site().deploy("acme/a/x", graph, ["app"], {"size": 1}).deploy("globex/b/y", graph, ["app"], {"size": 2}).node()
    )
    assert [(entry.key, entry.paths, entry.needs) for entry in node.services] == [
        ("web", ("acme/a/x", "globex/b/y"), ()),
        ("acme-a-x-app", ("acme/a/x",), ("web",)),
        ("globex-b-y-app", ("globex/b/y",), ("web",)),
    ]


def test_one_instance_has_one_entry_however_many_deployments_ask() -> None:
    graph = graph_of(ServiceSpec("app", needs=("db",)), ServiceSpec("db", Sharing.INSTANCE, SIZED))
    place = {"db": "h3"}
    site = Site().deploy("acme/a/x", graph, ["app"], {"size": 1}, place=place)
    same = site.deploy("acme/a/x", graph, ["app"], {"size": 1}, host="h2", place=place).node("h3")
    assert [(entry.key, entry.paths) for entry in same.services] == [("acme-a-x-db", ("acme/a/x",))]
    assert [instance.deployment for instance in same.instances] == ["d0", "d1"]
    site.deploy("acme/a/x", graph, ["app"], {"size": 2}, host="h2", place=place)
    one, other = (site.on("h3")[at].snapshot.digest[:12] for at in (0, 2))
    both = f"d0 of snapshot {one}, d1 of snapshot {one}"
    (text,) = site.conflicts("h3")
    assert text == (
        f"db on h3: parameter size: acme/a/x (deployment {both}) wants 1 but "
        f"acme/a/x (deployment d2 of snapshot {other}) wants 2"
    )


def test_disagreeing_on_sharing_is_a_conflict() -> None:
    other = graph_of(ServiceSpec("web", Sharing.INSTANCE))
    site = Site().deploy("acme/a/x", graph_of(ServiceSpec("web")), ["web"]).deploy("globex/b/y", other, ["web"])
    assert site.conflicts() == ['web on h1: sharing: acme/a/x wants "host" but globex/b/y wants "instance"']


def test_disagreeing_on_tools_is_a_conflict() -> None:
    one, other = (graph_of(ServiceSpec("web", tools={"puppet": {"class": name}})) for name in ("apache", "nginx"))
    (text,) = Site().deploy("acme/a/x", one, ["web"]).deploy("globex/b/y", other, ["web"]).conflicts()
    assert text.startswith("web on h1: tools: acme/a/x wants ")
    assert "nginx" in text


def test_snapshots_that_would_order_in_a_circle_are_a_conflict() -> None:
    one = graph_of(ServiceSpec("web", needs=("db",)), ServiceSpec("db"))
    other = graph_of(ServiceSpec("web"), ServiceSpec("db", needs=("web",)))
    (text,) = Site().deploy("acme/a/x", one, ["web"]).deploy("globex/b/y", other, ["db"]).conflicts()
    assert "db -> web -> db" in text
    assert "circle" in text
    assert "acme/a/x" in text
    assert "globex/b/y" in text


def test_a_need_that_was_placed_elsewhere_is_not_the_neighbours_one_here() -> None:
    graph = graph_of(ServiceSpec("app", Sharing.INSTANCE, needs=("db",)), ServiceSpec("db"))
    node = Site().deploy("acme/a/x", graph, ["app"], place={"db": "h2"}).deploy("globex/b/y", graph, ["app"]).node()
    entries = {entry.key: entry for entry in node.services}
    assert entries["acme-a-x-app"].needs == entries["acme-a-x-app"].after == ()
    assert [(p.service, p.host, p.addresses) for p in entries["acme-a-x-app"].needs_elsewhere] == [
        ("db", "h2", ("10.0.0.1",))
    ]
    assert entries["globex-b-y-app"].needs == ("db",)
    assert entries["globex-b-y-app"].needs_elsewhere == ()


CONTACT = (
    Declaration("contact"),
    Declaration("every", has_default=True, default=5),
    Declaration("token", sensitive=True),
)


FROM_MON1 = Where(WhereKind.HOST, "mon1")


def watched(sharing: Sharing = Sharing.HOST, where: Where = FROM_MON1) -> Graph:
    """Web is watched from mon1. It has a secret that its watcher declares, and one that it does not."""
    declared = (Declaration("size"), Declaration("token", sensitive=True), Declaration("password", sensitive=True))
    return graph_of(
        ServiceSpec("web", sharing, declared), ServiceSpec("watch", declarations=CONTACT, audits=(Audit("web", where),))
    )


VALUES = {"size": 1, "token": {"sealed": "aa"}, "password": {"sealed": "bb"}}


def subjects(node: Node) -> list[tuple[str, str, tuple[str, ...], Any]]:
    (entry,) = [entry for entry in node.services if entry.service == "watch"]
    return [(s.service, s.host, s.paths, s.settings["contact"]) for s in entry.audits]


def test_a_shared_auditor_carries_defaults_and_its_subjects_the_settings() -> None:
    site = Site().deploy("acme/a/x", watched(), ["web"], {**VALUES, "contact": "ann", "every": 1})
    node = site.deploy("globex/b/y", watched(), ["web"], {**VALUES, "contact": "bob"}, host="h2").node("mon1")
    (entry,) = node.services
    assert dict(entry.parameters) == {"every": 5}
    assert entry.paths == ("acme/a/x", "globex/b/y")
    assert [(s.host, s.paths, s.addresses, thaw(s.settings)) for s in entry.audits] == [
        ("h1", ("acme/a/x",), ("10.0.0.0",), {"contact": "ann", "every": 1, "token": {"sealed": "aa"}}),
        ("h2", ("globex/b/y",), ("10.0.0.1",), {"contact": "bob", "every": 5, "token": {"sealed": "aa"}}),
    ]


def test_a_subject_keeps_secrets_that_its_auditor_does_not_declare() -> None:
    node = Site().deploy("acme/a/x", watched(), ["web"], {**VALUES, "contact": "ann"}).node("mon1")
    (subject,) = node.services[0].audits
    assert thaw(subject.parameters) == {"size": 1, "token": {"sealed": "aa"}}


def test_a_shared_service_is_one_subject_and_what_is_not_shared_one_an_instance() -> None:
    for sharing, wanted in (
        (Sharing.HOST, [("web", "h1", ("acme/a/x", "globex/b/y"), "ann")]),
        (Sharing.INSTANCE, [("web", "h1", ("acme/a/x",), "ann"), ("web", "h1", ("globex/b/y",), "ann")]),
    ):
        site = Site()
        for path in ("acme/a/x", "globex/b/y"):
            site.deploy(path, watched(sharing), ["web"], {**VALUES, "contact": "ann"})
        assert subjects(site.node("mon1")) == wanted


def test_settings_never_conflict() -> None:
    site = Site()
    for path, contact in (("acme/a/x", "ann"), ("globex/b/y", "bob")):
        site.deploy(path, watched(), ["web"], {**VALUES, "contact": contact})
    assert subjects(site.node("mon1")) == [("web", "h1", ("acme/a/x",), "ann"), ("web", "h1", ("globex/b/y",), "bob")]


def test_two_deployments_of_one_instance_may_set_their_auditor_differently_host_by_host() -> None:
    site = Site()
    for host, contact in (("h1", "ann"), ("h2", "bob")):
        site.deploy("acme/a/x", watched(), ["web"], {**VALUES, "contact": contact}, host=host)
    assert subjects(site.node("mon1")) == [("web", "h1", ("acme/a/x",), "ann"), ("web", "h2", ("acme/a/x",), "bob")]


def test_two_deployments_of_one_instance_that_set_one_subject_differently_are_a_conflict_that_names_them() -> None:
    site = Site()
    for host, contact in (("h1", "ann"), ("h2", "bob")):
        site.deploy("acme/a/x", watched(), ["web"], {**VALUES, "contact": contact}, host=host, place={"web": "h3"})
    one, other = (p.snapshot.digest[:12] for p in site.on("mon1"))
    (text,) = site.conflicts("mon1")
    assert text == (
        f'watch on mon1: setting contact for web on h3: acme/a/x (deployment d0 of snapshot {one}) wants "ann"'
        f' but acme/a/x (deployment d1 of snapshot {other}) wants "bob"'
    )
    same = Site()
    for host in ("h1", "h2"):
        same.deploy("acme/a/x", watched(), ["web"], {**VALUES, "contact": "ann"}, host=host, place={"web": "h3"})
    assert subjects(same.node("mon1")) == [("web", "h3", ("acme/a/x",), "ann")]


def test_many_deployments_on_one_side_are_counted_and_who_is_on_one_side_only_needs_no_deployments() -> None:
    site = Site()
    for number in range(6):
        site.deploy("acme/a/x", WEB, ["web"], {"size": 1 if number < 5 else 2}, host="h2", place={"web": "h1"})
    site.deploy("globex/b/y", WEB, ["web"], {"size": 2}, host="h2", place={"web": "h1"})
    (text,) = site.conflicts("h1")
    one, other = (site.on("h1")[at].snapshot.digest[:12] for at in (0, 5))
    first = ", ".join(f"d{number} of snapshot {one}" for number in range(3))
    assert text == (
        f"web on h1: parameter size: acme/a/x (deployment {first} and 2 more) wants 1"
        f" but acme/a/x (deployment d5 of snapshot {other}), globex/b/y wants 2"
    )


def test_an_auditor_of_a_shared_auditor_sees_it_once_as_it_is_there() -> None:
    graph = graph_of(
        ServiceSpec("web"),
        ServiceSpec("watch", declarations=CONTACT[:2], audits=(Audit("web", FROM_MON1),)),
        ServiceSpec("ship", audits=(Audit("watch", Where()),)),
    )
    site = Site()
    for path, host, contact in (("acme/a/x", "h1", "ann"), ("acme/a/x", "h2", "bob"), ("globex/b/y", "h1", "eve")):
        site.deploy(path, graph, ["web"], {"contact": contact}, host=host)
    (ship,) = [entry for entry in site.node("mon1").services if entry.service == "ship"]
    assert [(s.service, s.paths, thaw(s.parameters)) for s in ship.audits] == [
        ("watch", ("acme/a/x", "globex/b/y"), {"every": 5})
    ]


def test_an_instance_that_requires_the_auditor_itself_agrees_with_those_it_audits() -> None:
    site = Site().deploy("house/mon/main", watched(), ["watch"], {"contact": "us", "every": 9, "token": 1}, host="mon1")
    node = site.deploy("acme/a/x", watched(), ["web"], {**VALUES, "contact": "ann"}).node("mon1")
    (entry,) = node.services
    assert (dict(entry.parameters), entry.paths) == ({"every": 5}, ("acme/a/x", "house/mon/main"))


def test_an_auditor_follows_what_it_audits_on_its_own_host_only() -> None:
    node = Site().deploy("acme/a/x", watched(where=Where()), ["web"], {**VALUES, "contact": "ann"}).node()
    assert [(entry.key, entry.needs, entry.after) for entry in node.services] == [
        ("web", (), ()),
        ("watch", (), ("web",)),
    ]
    far = Site().deploy("acme/a/x", watched(), ["web"], {**VALUES, "contact": "ann"}).node("mon1")
    assert far.services[0].after == ()


# --- segments ---------------------------------------------------------------------------------------------------------


def spans(site: Site, during: Span) -> list[Span]:
    return [span_of(s.interval) for s in compile_timeline(FACTS["h1"], site.on("h1"), FACTS, between(*during)).segments]


def test_a_node_changes_exactly_where_an_interval_starts_or_ends() -> None:
    site = (
        Site()
        .deploy("acme/a/x", WEB, ["web"], {"size": 1}, during=(2, 9))
        .deploy("globex/b/y", WEB, ["web"], {"size": 1}, during=(4, 6))
    )
    assert spans(site, (0, None)) == [(0, 2), (2, 4), (4, 6), (6, 9), (9, None)]
    assert spans(site, (3, 5)) == [(3, 4), (4, 5)]
    assert spans(site, (9, None)) == [(9, None)]
    assert spans(Site(), (0, 5)) == [(0, 5)]


def test_a_conflict_at_any_time_is_told_once() -> None:
    site = Site().deploy("acme/a/x", WEB, ["web"], {"size": 1}, during=(0, None))
    site.deploy("globex/b/y", WEB, ["web"], {"size": 2}, during=(5, 9))
    site.deploy("globex/c/z", WEB, ["web"], {"size": 1}, during=(7, 8))
    found = compile_timeline(FACTS["h1"], site.on("h1"), FACTS, between(0))
    assert len({conflict.text for conflict in found.conflicts}) == len(found.conflicts) == 2
    assert compile_timeline(FACTS["h1"], site.on("h1"), FACTS, between(9)).conflicts == ()


# --- own parameters ---------------------------------------------------------------------------------------------------


def own(*layers: tuple[str, dict[str, Any]], cause: Cause = Cause.REQUIRED) -> dict[str, dict[str, Any]]:
    """What a host carries of instances, each given by its path and what it, its app and its customer set."""
    presences = []
    for number, (path, values) in enumerate(layers):
        customer, app, instance = path.split("/")
        levels = [Layer(level, level, values.get(level, {})) for level in ("customer", "app", "instance")]
        snapshot, _ = take_snapshot((customer, app, instance), levels, ["web"], {"web": ServiceSpec("web")})
        presences.append(Presence(f"d{number}", snapshot, "web", "h1", between(0), cause))
    return {path: dict(values) for path, values in own_parameters(presences).items()}


def test_own_parameters_stand_at_their_level() -> None:
    found = own(("acme/a/x", {"customer": {"z": 1, "y": 1}, "app": {"y": 2}, "instance": {"y": 3, "q": 4}}))
    assert found == {"acme": {"y": 1, "z": 1}, "acme/a": {"y": 2}, "acme/a/x": {"q": 4, "y": 3}}


def test_snapshots_of_different_moments_push_what_they_disagree_on_down() -> None:
    found = own(
        ("acme/a/x", {"customer": {"z": 1, "y": 1}}),
        ("acme/a/w", {"customer": {"z": 1, "y": 1}}),
        ("acme/b/x", {"customer": {"z": 2, "y": 1}}),
    )
    assert found == {
        "acme": {"y": 1},
        "acme/a": {"z": 1},
        "acme/a/x": {},
        "acme/a/w": {},
        "acme/b": {"z": 2},
        "acme/b/x": {},
    }


def test_a_secret_goes_only_where_a_service_declares_it() -> None:
    secret = {"sealed": "5ea1"}
    layers = [Layer("customer", "acme", {"password": secret, "other": secret, "open": 1})]
    web = ServiceSpec("web", declarations=(Declaration("password", sensitive=True),))
    snapshot, _ = take_snapshot(("acme", "a", "x"), layers, ["web"], {"web": web})
    found = own_parameters([Presence("d", snapshot, "web", "h1", between(0), Cause.REQUIRED)])
    assert dict(found["acme"]) == {"open": 1, "password": secret}


def test_hosts_that_merely_audit_carry_nothing() -> None:
    assert own(("acme/a/x", {"customer": {"z": 1}}), cause=Cause.AUDITS) == {}
    assert own(("acme/a/x", {"customer": {"z": 1}}), cause=Cause.NEEDED)["acme"] == {"z": 1}


@pytest.mark.parametrize("hour", [0, 1, 5])
def test_what_ends_when_another_starts_leaves_no_hole(hour: int) -> None:
    site = Site().deploy("acme/a/x", WEB, ["web"], {"size": 1}, during=(hour, hour + 3))
    site.deploy("acme/a/x", WEB, ["web"], {"size": 2}, during=(hour + 3, None))
    found = compile_timeline(FACTS["h1"], site.on("h1"), FACTS, between(hour))
    assert [span_of(segment.interval) for segment in found.segments] == [(hour, hour + 3), (hour + 3, None)]
    assert found.conflicts == ()
    assert at(hour + 3) not in found.segments[0].interval
