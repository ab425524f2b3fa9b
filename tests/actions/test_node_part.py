"""Large nodes in parts: what is delivered, redacted, backed up and restored is the same as if they were kept whole."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

import pytest
from django.db.models.functions import Length

from larry.actions.author import Refused
from larry.actions.undeploy import undeploy
from larry.core import node_part, revision
from larry.core.node import Node
from larry.core.node_part import is_divided, list_names, read_depth
from larry.core.node_text import write_node
from larry.core.rights import Scope
from larry.queries import node_part as node_part_query
from larry.queries.fleet import get_fleet, get_timelines
from larry.queries.lookup import Asker, LookedUp, get_masked_node
from larry.queries.moment import Moment
from larry.queries.node import get_node, get_nodes, get_open_node, get_stored_node, list_timeline
from larry.queries.node_part import get_node_texts
from larry.queries.reader import LOCAL
from larry.records.node import NodeDocument, NodePart
from tests.actions import test_redact, test_restore, test_segment
from tests.actions.estate import WEB1, author, change, day, lay, put, rows
from tests.actions.world import find_faults, read_all_text
from tests.core.small_parts import make_every_node_large

pytestmark = pytest.mark.django_db

AT = Moment(day(0))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every node is large."""
    make_every_node_large(monkeypatch)
    yield
    bodies = list(NodeDocument.objects.values_list("body", flat=True))
    assert all(is_divided(body) for body in bodies)
    assert not bodies or max(map(read_depth, bodies)) > 1
    assert find_loose_parts() == (set(), set())


def find_loose_parts() -> tuple[set[str], set[str]]:
    """The parts that are named and not there, and those that are there and not named."""
    parts = dict(NodePart.objects.values_list("digest", "body"))
    assert all(hashlib.sha256(body.encode()).hexdigest() == name for name, body in parts.items())
    bodies = NodeDocument.objects.values_list("body", flat=True)
    level = {(name, read_depth(body) - 1) for body in bodies if is_divided(body) for name in list_names(body)}
    named: set[str] = set()
    while level:
        named |= {name for name, _ in level}
        level = {(below, depth - 1) for name, depth in level if depth for below in list_names(parts.get(name, ""))}
    return named - parts.keys(), parts.keys() - named


@pytest.mark.usefixtures("small_parts")
def test_what_hosts_deliver_is_the_same() -> None:
    test_segment.test_no_act_rewrites_what_has_passed()
    known = {
        dated.digest: write_node(dated.node)
        for host in get_timelines(LOCAL, Moment(day(-40))).values()
        for dated in host.segments
    }
    bodies = dict(NodeDocument.objects.values_list("digest", "body"))
    texts = get_node_texts(bodies.values(), LOCAL, AT)
    assert {digest: texts[bodies[digest]] for digest in known} == known
    assert len(known) > 10


@pytest.mark.usefixtures("small_parts")
def test_every_way_to_read_a_node_puts_it_together() -> None:
    test_segment.test_between_boundaries_not_a_byte_changes_and_the_next_change_is_one()
    host = WEB1
    node = get_stored_node(host, LOCAL, AT)
    assert node.node.digest == node.digest == get_node(host, LOCAL, AT).digest
    assert list_timeline(host, LOCAL, AT)[0].digest == node.digest
    assert node.digest in {each.dated.digest for each in get_fleet(LOCAL, AT).hosts}


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize(
    "look",
    [
        test_redact.test_nothing_of_it_is_left_in_clear_anywhere,
        test_redact.test_no_digest_of_clear_text_is_left_that_secrets_could_be_tried_on,
        test_redact.test_hosts_are_told_the_same_real_values_then_now_and_later,
    ],
)
def test_what_becomes_a_secret_is_redacted_in_parts_too(look: object) -> None:
    """And no part is left that held it: a document may share none of its parts with the redacted one."""
    assert callable(look)
    look()


def make_found(digest: str) -> LookedUp:
    return LookedUp(Asker("", day(1), None, False, Scope()), True, day(0), None, digest, day(0), None)


READINGS: Mapping[str, Callable[[str], Iterable[Node]]] = {
    "get_node": lambda _: [get_node("web1", LOCAL, AT).node],
    "get_stored_node": lambda _: [get_stored_node("web1", LOCAL, AT).node],
    "get_open_node": lambda _: [get_open_node("web1", LOCAL, AT).node],
    "list_timeline": lambda _: [each.node for each in list_timeline("web1", LOCAL, AT)],
    "get_nodes": lambda digest: get_nodes([digest], LOCAL, AT).values(),
    "get_masked_node": lambda digest: [
        dated.node for dated in [get_masked_node(make_found(digest), LOCAL, AT)] if dated is not None
    ],
}


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("name", READINGS)
def test_who_reads_while_it_is_redacted_is_told_what_is_there_then(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts of the document that was read are gone. Whoever asked for the host gets what it delivers now, whoever
    asked for the document nothing; the fleet and what others deploy are read in one view."""
    test_redact.live_a_while()
    before = get_stored_node("web1", LOCAL, AT).digest
    load, times = node_part_query._load, Counter[str]()

    def redact_first(bodies: Iterable[str]) -> Mapping[str, str]:
        times["loaded"] += 1
        if times["loaded"] == 1:
            monkeypatch.setattr(node_part_query, "_load", load)
            test_redact.mark(9)
        return load(bodies)

    monkeypatch.setattr(node_part_query, "_load", redact_first)
    found = list(READINGS[name](before))
    assert times["loaded"] == 1
    assert get_stored_node("web1", LOCAL, AT).digest != before
    if name in {"get_nodes", "get_masked_node"}:
        assert found == []
    else:
        assert found == list(READINGS[name](before))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_parts")
def test_parts_are_backed_up_and_restored() -> None:
    test_restore.settle()
    parts = NodePart.objects.count()
    backup = test_restore.take()
    test_restore.put_back(backup, keep=test_restore.drop)
    assert NodePart.objects.count() == parts > 10
    assert find_faults(day(2)) == []


def make_estate(instances: int) -> str:
    """Each instance on a host of its own, all watched by one."""
    stated = "".join(f"{{name: I{n}, requires: [app]}}, " for n in range(instances))
    hosts = "".join(f"{{name: w{n}, addresses: [10.0.{n >> 8}.{n & 255}]}}, " for n in range(instances))
    return f"""
larry: 1
services:
  - {{name: app, parameters: [{{name: size, default: 1}}]}}
  - {{name: watch, parameters: [{{name: every, default: 5}}], audits: [{{service: app, where: {{host: mon}}}}]}}
customers: [{{name: C, apps: [{{name: A, instances: [{stated}]}}]}}]
hosts: [{hosts}{{name: mon}}]
"""


def stored_bytes() -> int:
    """What the documents of all nodes and their parts take."""
    return sum(
        size or 0
        for model in (NodeDocument, NodePart)
        for size in model._default_manager.annotate(size=Length("body")).values_list("size", flat=True)
    )


def test_a_monitoring_host_does_not_make_the_store_quadratic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subjects are deployed one after another: parts keep a fraction of what whole documents would, and what each takes
    does not grow with those that are there."""
    for name, value in (("UNDIVIDED", 2_048), ("_LEAST", 128), ("_ONE_IN", 2), ("_WIDEST", 8), ("_BRANCHES", 4)):
        monkeypatch.setattr(node_part, name, value)
    lay(make_estate(60))
    taken = []
    whole = 0
    for n in range(60):
        before = stored_bytes()
        put(f"c/a/i{n}", f"w{n}", now=n / 100)
        taken.append(stored_bytes() - before)
        whole += len(write_node(get_stored_node("mon", LOCAL, Moment(day(n / 100))).node))
    assert len(rows(1)) == 60
    assert find_loose_parts() == (set(), set())
    assert find_faults(day(1)) == []
    assert sum(taken) < whole / 2
    assert sum(taken[-10:]) < 1.6 * sum(taken[15:25]), "the last ten take hardly more than those that came early"
    assert author().actor in read_all_text()


WATCHED = """
larry: 1
services:
  - {name: base}
  - {name: app, needs: [base], parameters: [{name: size, default: 1}]}
  - {name: own, sharing: instance, needs: [base], parameters: [{name: size, default: 1}]}
  - {name: watch, parameters: [{name: every, default: 5}], audits: [
      {service: app, where: {host: mon}}, {service: own, where: {host: mon}}, {service: base, where: {host: mon}}]}
  - {name: probe, sharing: instance, audits: [{service: own, where: {host: mon}}]}
customers:
  - name: C
    apps:
      - name: A
        instances: [{name: I0, requires: [app]}, {name: I1, requires: [own]}, {name: I2, requires: [app, own]}]
  - {name: D, apps: [{name: A, instances: [{name: I0, requires: [base]}, {name: I1, requires: [own]}]}]}
hosts: [{name: w0, addresses: [10.0.0.1]}, {name: w1, addresses: [10.0.0.2]}, {name: mon, addresses: [10.0.0.9]}]
"""
PATHS = ("c/a/i0", "c/a/i1", "c/a/i2", "d/a/i0", "d/a/i1")


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("seed", range(3))
def test_what_is_revised_is_what_all_services_of_the_host_make(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deployments now, later and for a while, edits, and the end of some: after each act every node from now on is held
    against one that is merged naively from all rows."""
    chance, revised = random.Random(seed), Counter[str]()
    revise = revision._Revision.revise

    def look(one: revision._Revision) -> Node:
        node = revise(one)
        revised["same" if node is one.node else "another"] += 1
        return node

    monkeypatch.setattr(revision._Revision, "revise", look)
    lay(WATCHED)
    for step in range(14):
        now, path = step / 10, chance.choice(PATHS)
        live = [row.id for row in rows(now) if row.end is None or row.end > day(now)]
        if live and chance.random() < 0.2:
            with suppress(Refused):  # of one that ends earlier, or begins later
                undeploy((chance.choice(live),), author(now), at=day(now + chance.choice((0, 0.5))))
            continue
        if chance.random() < 0.4:
            change("instance", path, now, parameters={"every": chance.choice((5, 5, 6)), "mark": step})
        if chance.random() < 0.2:  # then what instances carry of their owners differs until all are redeployed
            owner = chance.choice((("customer", path[0]), ("app", path[:3])))
            change(*owner, now, parameters={"note": chance.choice((1, 2)), "mark": chance.choice((step, 0))})
        start = now + chance.choice((0, 0, 1, 2))
        with suppress(Refused):  # two snapshots of one instance that contradict one another
            put(path, chance.choice(("w0", "w1")), now=now, start=start, end=chance.choice((None, None, start + 1.5)))
        assert find_faults(day(now)) == []
    assert revised["another"] > 5
