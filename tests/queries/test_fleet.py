"""A fleet's outline is what a look at all that is recorded would tell, for whoever asks, at any moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from larry.core.document import canonical_text, digest_of
from larry.core.fleet import FleetOutline, HostOutline
from larry.core.interval import iso
from larry.core.node_text import MASK, mask_text
from larry.core.rights import Permission, PersonRole, Right, Rights, ScopeKind
from larry.queries import fleet
from larry.queries.fleet import get_fleet_outline, list_masked_texts
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL, Reader, restrict
from larry.records.host import Host
from larry.records.node import NodeDocument, NodeSegment
from larry.records.pool import Pool
from larry.records.role import Role
from tests.actions.estate import day

pytestmark = pytest.mark.django_db

HOSTS = 24
"""Some of which nothing is known, or only of the future, or which were retired: at moments that are no boundary too."""


def make_hosts(random: Random) -> list[datetime]:
    """Hosts with segments that follow one another or leave gaps, and every moment at which something changes."""
    document = NodeDocument.objects.create(digest="d" * 64, body="{}")
    others = [NodeDocument.objects.create(digest=f"{n:064x}", body=f'{{"n":{n}}}') for n in range(9)]
    roles = [
        Role.objects.create(key=key, name=key, name_folded=key, created_at=day(-50)) for key in ("db", "app", "web")
    ]
    pools = [Pool.objects.create(key=key, name=key, name_folded=key, created_at=day(-50)) for key in ("north", "south")]
    moments: list[datetime] = []
    for number in random.sample(range(HOSTS), HOSTS):
        name = f"h{number:02}"
        retired_at = day(random.randint(-20, 20)) if random.random() < 0.3 else None
        host = Host.objects.create(key=name, name=name, name_folded=name, created_at=day(-50), retired_at=retired_at)
        host.roles.set(random.sample(roles, random.randint(0, 3)))
        host.pools.set(random.sample(pools, random.randint(0, 2)))
        edges = sorted(random.sample(range(-20, 20), random.randint(0, 8)))
        for start, end in zip(edges, [*edges[1:], None][: len(edges)], strict=True):
            if random.random() < 0.2:
                continue
            until = None if end is None or (random.random() < 0.1 and end == edges[-1]) else day(end)
            if until is not None and random.random() < 0.2:
                until -= timedelta(hours=3)
            NodeSegment.objects.create(
                host=host,
                start=day(start),
                end=until,
                document=random.choice([document, *others]),
                recorded_at=day(-50),
            )
            moments += [each for each in (day(start), until, retired_at) if each]
            if until is None:
                break
    return sorted(set(moments))


def look_at_all(reader: Reader) -> Callable[[datetime], FleetOutline]:
    """The same the long way, as of any moment: every segment there is, looked at one by one."""
    rows = list(restrict(reader, NodeSegment.objects.select_related("host")).order_by("host__name", "start"))
    seen = restrict(reader, Host.objects.all())
    roles = {host.pk: tuple(sorted(role.key for role in host.roles.all())) for host in seen}
    pools = {host.pk: tuple(sorted(pool.key for pool in host.pools.all())) for host in seen}
    edges = {each for s in rows for each in (s.start, s.end, s.host.retired_at) if each is not None}

    def look(moment: datetime) -> FleetOutline:
        held = [
            HostOutline(s.start, s.end, s.document_id, roles.get(s.host_id, ()), pools.get(s.host_id, ()))
            for s in rows
            if s.start <= moment
            and (s.end is None or s.end > moment)
            and (s.host.retired_at is None or s.host.retired_at > moment)
        ]
        before = max((each for each in edges if each <= moment), default=None)
        return FleetOutline(tuple(held), before, min((each for each in edges if each > moment), default=None))

    return look


def read_pool(name: str) -> Reader:
    pool = Pool.objects.get(key=name).pk
    right = Right(PersonRole.MACHINE, ScopeKind.POOL, pool)
    return Reader("tess", Rights(frozenset({right}), frozenset({Permission.CONFIGURE, Permission.LOOK})))


@pytest.mark.parametrize("seed", range(4))
def test_an_outline_is_what_a_look_at_everything_tells(seed: int) -> None:
    moments = make_hosts(Random(seed))
    tick = timedelta(microseconds=1)
    asked = [day(-90), *(each for moment in moments for each in (moment - tick, moment)), day(90)]
    for reader in (LOCAL, read_pool("north"), Reader("nobody")):
        told, look = 0, look_at_all(reader)
        for moment in asked[:: 3 if reader is LOCAL else 9]:
            found = get_fleet_outline(reader, Moment(moment))
            assert replace(found, hosts=tuple(found.hosts)) == look(moment), (seed, reader.user, moment)
            told += len(found.hosts)
        assert bool(told) == (reader.user != "nobody")


def test_the_root_is_that_of_one_text_over_all_hosts() -> None:
    hosts = tuple(
        HostOutline(day(-n), day(n) if n % 3 else None, f"{n:064x}", ("web",) * (n % 2), ("é",)) for n in range(1203)
    )
    for count in (0, 1, 499, 500, 501, 1203):
        whole = [[h.digest, iso(h.start), iso(h.end) if h.end else None, h.roles, h.pools] for h in hosts[:count]]
        assert FleetOutline(hosts[:count]).digest == digest_of(whole)


def test_what_was_found_to_hold_secrets_alone_is_masked_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {"sealed": "aa"}
    said: tuple[Any, ...] = ({}, {"mine": secret}, {"n": [1.5, '"{"']}, {"o": {"sealed": "bb"}})
    texts = [
        canonical_text({"data": data, "own_parameters": {"a": {"password": secret}}, "services": []}) for data in said
    ]
    for number, text in enumerate(texts):
        NodeDocument.objects.create(digest=f"{number:064x}", body=text)
    outline = FleetOutline(tuple(HostOutline(day(0), None, f"{n:064x}") for n in (0, 1, 2, 3, 0, 2)))
    fleet._SEALED_ALONE.clear()
    monkeypatch.setattr(fleet, "MOST_SEALED", 1)
    for _ in range(3):
        masked = list(list_masked_texts(outline, LOCAL, Moment(day(0))))
        assert masked == [mask_text(texts[n]) for n in (0, 1, 2, 3, 0, 2)]
        assert all(f'"password":"{MASK}"' in text for text in masked)
        assert len(fleet._SEALED_ALONE) == 1
