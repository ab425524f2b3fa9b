"""Footprints against brute force, and each rule of placement once by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from larry.core.deployable import Snapshot, take_snapshot
from larry.core.footprint import Cause, Footprint, lay_out
from larry.core.service_graph import Audit, ServiceSpec, Where, WhereKind
from tests.core.budget import dice, many
from tests.core.ground import Ground, check_footprint, make_ground
from tests.core.specimen import PATHS, choose_by_name


def test_footprints_are_those_of_brute_force() -> None:
    seen: dict[str, int] = {}
    for seed, random in dice(2500):
        ground = make_ground(random)
        try:
            check_footprint(lay_out, ground)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}, {ground}: {fault}") from fault
        found = lay_out(ground.snapshot, ground.host, ground.place, choose_by_name)
        for sort in sorts(found, ground):
            seen[sort] = seen.get(sort, 0) + 1
    assert min(seen.get(sort, 0) for sort in ("uncovered", "twice", "elsewhere", "chain", "far subject")) > many(50), (
        seen
    )


def sorts(found: Footprint, ground: Ground) -> set[str]:
    services = [footing.service for footing in found.footings]
    auditors = {footing.service for footing in found.footings if footing.subjects}
    named = {
        "uncovered": bool(found.uncovered),
        "twice": len(set(services)) < len(services),
        "elsewhere": any(footing.elsewhere for footing in found.footings),
        "chain": any(service in auditors for footing in found.footings for service, _ in footing.subjects),
        "far subject": any(host != footing.host for footing in found.footings for _, host in footing.subjects),
    }
    return {sort for sort, is_so in named.items() if is_so}


def test_nothing_depends_on_the_order_of_anything() -> None:
    for seed, random in dice(500):
        ground = make_ground(random)
        snapshot = ground.snapshot
        shuffled = replace(
            snapshot,
            requires=tuple(random.sample(snapshot.requires, len(snapshot.requires))),
            services=tuple(
                replace(
                    service,
                    needs=tuple(random.sample(service.needs, len(service.needs))),
                    audits=tuple(random.sample(service.audits, len(service.audits))),
                )
                for service in random.sample(snapshot.services, len(snapshot.services))
            ),
        )
        one = lay_out(snapshot, ground.host, ground.place, choose_by_name)
        assert lay_out(shuffled, ground.host, ground.place, choose_by_name) == one, f"seed {seed}"


def lay(services: list[ServiceSpec], requires: list[str], place: Mapping[str, str] | None = None) -> Footprint:
    return lay_out(freeze_services(services, requires), "web1", place or {}, choose_by_name)


def freeze_services(services: list[ServiceSpec], requires: list[str]) -> Snapshot:
    return take_snapshot(PATHS[0], [], requires, {service.key: service for service in services})[0]


def shown(found: Footprint) -> list[str]:
    """`service@host cause [subjects] {elsewhere}` of each footing, in order."""

    def sites(pairs: tuple[tuple[str, str], ...]) -> str:
        return ",".join(f"{service}@{host}" for service, host in pairs)

    return [f"{f.service}@{f.host} {f.cause} [{sites(f.subjects)}] {{{sites(f.elsewhere)}}}" for f in found.footings]


def audits(service: str, kind: WhereKind = WhereKind.SAME_HOST, name: str | None = None) -> tuple[Audit, ...]:
    return (Audit(service, Where(kind, name)),)


RAILS = [
    ServiceSpec("linux"),
    ServiceSpec("postgres", needs=("linux",)),
    ServiceSpec("rails", needs=("postgres", "linux")),
]


def test_needs_live_on_the_host_of_what_needs_them() -> None:
    assert shown(lay(RAILS, ["rails"])) == [
        "linux@web1 needed [] {}",
        "postgres@web1 needed [] {}",
        "rails@web1 required [] {}",
    ]


def test_a_need_placed_elsewhere_is_told_and_takes_its_own_needs_along() -> None:
    assert shown(lay(RAILS, ["rails"], {"postgres": "db1"})) == [
        "linux@db1 needed [] {}",
        "linux@web1 needed [] {}",
        "postgres@db1 needed [] {}",
        "rails@web1 required [] {postgres@db1}",
    ]


def test_a_required_service_placed_elsewhere_leaves_the_host_of_the_deployment() -> None:
    assert shown(lay(RAILS, ["rails", "postgres"], {"rails": "app1"})) == [
        "linux@app1 needed [] {}",
        "linux@web1 needed [] {}",
        "postgres@app1 needed [] {}",
        "postgres@web1 required [] {}",
        "rails@app1 required [] {}",
    ]


@pytest.mark.parametrize(
    "kind, name, host",
    [
        (WhereKind.SAME_HOST, None, "db1"),
        (WhereKind.HOST, "backup1", "backup1"),
        (WhereKind.ROLE, "r1", choose_by_name("backup", "postgres", "r1")),
        (WhereKind.ROLE, "r2", choose_by_name("backup", "postgres", "r2")),
    ],
)
def test_every_policy_of_an_audit(kind: WhereKind, name: str | None, host: str) -> None:
    services = [
        *RAILS,
        ServiceSpec("backup", audits=audits("postgres", kind, name), needs=("cron",)),
        ServiceSpec("cron"),
    ]
    found = shown(lay(services, ["rails"], {"postgres": "db1"}))
    assert f"backup@{host} audits [postgres@db1] {{}}" in found
    assert f"cron@{host} needed [] {{}}" in found
    assert len(found) == 6


def test_manual_is_uncovered_until_a_person_names_a_host() -> None:
    services = [*RAILS, ServiceSpec("backup", audits=audits("postgres", WhereKind.MANUAL))]
    found = lay(services, ["rails"])
    (lack,) = found.uncovered
    assert (lack.auditor, lack.service, lack.host) == ("backup", "postgres", "web1")
    assert lack.why == "nobody has named a host for backup: place it on one"
    assert not any(footing.service == "backup" for footing in found.footings)
    named = lay(services, ["rails"], {"backup": "vault"})
    assert named.uncovered == ()
    assert "backup@vault audits [postgres@web1] {}" in shown(named)


def test_a_role_without_hosts_leaves_uncovered_and_names_the_role() -> None:
    (lack,) = lay([*RAILS, ServiceSpec("backup", audits=audits("postgres", WhereKind.ROLE, "r3"))], ["rails"]).uncovered
    assert (lack.auditor, lack.service, lack.host) == ("backup", "postgres", "web1")
    assert "r3" in lack.why


def test_auditors_and_what_they_need_are_audited_too() -> None:
    services = [
        ServiceSpec("web"),
        ServiceSpec("watch", audits=audits("web", WhereKind.HOST, "mon1"), needs=("cron",)),
        ServiceSpec("cron"),
        ServiceSpec("logs", audits=(*audits("watch"), *audits("cron"), *audits("web"))),
    ]
    assert shown(lay(services, ["web"])) == [
        "cron@mon1 needed [] {}",
        "logs@mon1 audits [cron@mon1,watch@mon1] {}",
        "logs@web1 audits [web@web1] {}",
        "watch@mon1 audits [web@web1] {}",
        "web@web1 required [] {}",
    ]


def test_the_auditors_of_what_nobody_covers_are_not_there_either() -> None:
    services = [
        ServiceSpec("web"),
        ServiceSpec("scan", audits=audits("web", WhereKind.MANUAL), needs=("cron",)),
        ServiceSpec("cron"),
        ServiceSpec("logs", audits=audits("scan")),
    ]
    found = lay(services, ["web"])
    assert shown(found) == ["web@web1 required [] {}"]
    assert [(lack.auditor, lack.service) for lack in found.uncovered] == [("scan", "web")]


def test_the_strongest_cause_is_told() -> None:
    services = [ServiceSpec("web"), ServiceSpec("logs", audits=audits("web")), ServiceSpec("app", needs=("logs",))]
    assert {f.service: f.cause for f in lay(services, ["web", "app", "logs"]).footings}["logs"] is Cause.REQUIRED
    assert {f.service: f.cause for f in lay(services, ["web", "app"]).footings}["logs"] is Cause.NEEDED
    assert {f.service: f.cause for f in lay(services, ["web"]).footings}["logs"] is Cause.AUDITS
