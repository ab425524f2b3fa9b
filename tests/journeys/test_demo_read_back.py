"""The demonstration, now and later, in every dialect that tells all hosts: each real tool reads it back equal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from pytest_django import DjangoDbBlocker

from larry.core.document import thaw
from larry.core.fleet import Fleet, fleet_document
from larry.core.node_text import dated_document
from larry.exports import capistrano, cfengine, chef, salt
from larry.exports import json as json_dialect
from larry.exports import yaml as yaml_dialect
from larry.exports.ansible.inventory import write_inventory
from larry.queries.fleet import get_fleet
from larry.queries.moment import Moment
from larry.queries.reader import LOCAL
from tests.exports.ansible import Ansible, assert_read_back, in_order
from tests.exports.cfengine import CFEngine
from tests.exports.goiardi import as_kept, serving_goiardi
from tests.exports.test_capistrano import run, services_of
from tests.exports.test_cfengine import expected
from tests.journeys.played import NOW, playing

pytestmark = pytest.mark.django_db
DAYS = (0, 16, 32)


@pytest.fixture(scope="module")
def fleets(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Fleet, ...]]:
    with playing(django_db_blocker):
        yield tuple(get_fleet(LOCAL, Moment(NOW + timedelta(days=days))) for days in DAYS)


def test_the_three_moments_differ_and_have_all_hosts(fleets: tuple[Fleet, ...]) -> None:
    assert len({fleet.digest for fleet in fleets}) == 3
    assert {len(fleet.hosts) for fleet in fleets} == {12}
    assert all(
        fleet.end is not None and fleet.end > NOW + timedelta(days=d) for fleet, d in zip(fleets, DAYS, strict=True)
    )


def test_json_and_yaml(fleets: tuple[Fleet, ...]) -> None:
    for fleet in fleets:
        document = in_order(thaw(fleet_document(fleet)))
        assert in_order(json.loads(json_dialect.render_fleet(fleet))) == document
        assert in_order(yaml.safe_load(yaml_dialect.render_fleet(fleet))) == document


def test_ansible(fleets: tuple[Fleet, ...], tmp_path: Path) -> None:
    ansible = Ansible(tmp_path)
    for fleet in fleets:
        said = write_inventory(fleet)
        assert_read_back(said, ansible.read(ansible.script(said)))


def test_chef(fleets: tuple[Fleet, ...], tmp_path: Path) -> None:
    for fleet in fleets:
        with serving_goiardi(tmp_path) as goiardi:
            objects = json.loads(chef.render_fleet(fleet))
            goiardi.load(objects)
            for kind, members in objects.items():
                for document in members:
                    read = goiardi.read(kind, document["name"])
                    assert in_order(as_kept(read)) == in_order(as_kept(document)), document["name"]


def test_capistrano(fleets: tuple[Fleet, ...], tmp_path: Path) -> None:
    for number, fleet in enumerate(fleets):
        (tmp_path / str(number)).mkdir()
        turns = run(tmp_path / str(number), capistrano.render_fleet(fleet))
        place = {(host, given["key"]): turn for turn, (host, _, _, given) in enumerate(turns)}
        assert all(place[other] < place[spot] for spot, of in fleet.before.items() for other in of)
        for host in fleet.hosts:
            given = {one["key"]: one for name, _, _, one in turns if name == host.name}
            assert in_order(given) == in_order({one["key"]: one for one in services_of(host.dated)}), host.name


def test_cfengine(fleets: tuple[Fleet, ...], tmp_path: Path) -> None:
    tool = CFEngine(tmp_path)
    for fleet in fleets:
        for host in fleet.hosts:
            assert tool.turns(cfengine.render(host.dated)) == [one.key for one in host.dated.node.services], host.name
    for host in fleets[0].hosts:
        read = tool.read_whole(cfengine.render(host.dated))
        wanted = expected(host.dated)
        shown = [name for name in wanted if read[name] != "<non-printable>"]  # texts that are not ASCII
        assert {"host", "order", "valid", "digest"} <= set(shown)
        assert in_order({name: read[name] for name in shown}) == in_order({name: wanted[name] for name in shown})


def test_salt(fleets: tuple[Fleet, ...]) -> None:
    for fleet in fleets:
        for host in fleet.hosts:
            answer = yaml.safe_load(salt.render(host.dated))
            assert in_order(answer["larry"]) == in_order(thaw(dated_document(host.dated)))
