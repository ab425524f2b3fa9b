"""An index of packages is read as apt writes it, and what is none is refused at its line."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from typing import Any

import pytest

from larry.core.key import KEY_PATTERN, RESERVED_KEYS
from larry.core.service_graph import order_by
from larry.nouns.package import ProposedServices, cut_circles, name_keys, propose_services
from larry.nouns.package_index import LARGEST_STANZA, NotAnIndex, rank_version, read_index
from tests.core.budget import dice

INDEX = """\
Package: webd
Version: 1:2.4-1
Architecture: amd64
Pre-Depends: base (>= 1.5~)
Depends: mail-agent, ssl:any (>= 3) | tls, nowhere | libz++1 [amd64 arm64] <!nocheck>,
 webd-data (= 2.4-1)
Section: web
Description: a server
 that goes on
Tag: use::a,
 use::b

package:base
version: 12
Provides: awk (= 1.3), tls
Description: what is there first

Package: postd
Version: 3
Provides: mail-agent
Depends: base, absent | also-absent, mail-agent

Package: exam
Version: 4
Provides: mail-agent

Package: libz++1
Version: 1.2
Depends: webd-data

Package: webd-data
Version: 2.4-1
Depends: libz++1, webd

Package: base
Version: 2

Package: 7up
Version: 1\r
\r
"""


def propose(text: str, *only: str) -> ProposedServices:
    return propose_services(read_index(text.encode(), "Packages"), only)


def services(proposed: ProposedServices) -> dict[str, Any]:
    return {str(service["name"]): service for service in proposed.services}


def test_what_apt_writes_is_read() -> None:
    found = read_index(INDEX.encode(), "Packages")
    assert list(found) == ["webd", "base", "postd", "exam", "libz++1", "webd-data", "7up"]
    webd = found["webd"]
    assert (webd.version, webd.section, webd.summary) == ("1:2.4-1", "web", "a server")
    assert webd.needs == (("base",), ("mail-agent",), ("ssl", "tls"), ("nowhere", "libz++1"), ("webd-data",))
    assert found["base"].version == "12", "the latest, wherever it stands"
    assert found["base"].provides == ("awk", "tls")
    assert found["7up"].version == "1"


def test_packages_become_services_that_need_one_another() -> None:
    proposed = propose(INDEX)
    found = services(proposed)
    assert found["webd"] == {
        "name": "webd",
        "key": "webd",
        "description": "web, 1:2.4-1: a server",
        "needs": ["base", "exam"],
    }
    assert found["7up"]["key"] == "package_7up"
    assert found["postd"]["needs"] == ["base"], "what it provides itself it does not need of another"
    assert proposed.missing == (("postd", "absent | also-absent"),)
    back = (("webd", "libz++1"), ("webd", "webd-data"), ("webd-data", "libz++1"))
    assert proposed.circles == back, "those that lead back to libz++1, the first by name"
    assert found["webd-data"]["needs"] == ["webd"]


def test_only_some_and_all_that_they_need() -> None:
    assert set(services(propose(INDEX, "postd"))) == {"postd", "base"}
    whole = propose(INDEX, "webd-data")
    assert set(services(whole)) == {"webd-data", "libz++1", "webd", "base", "exam"}
    assert services(whole)["webd-data"]["needs"] == ["libzpp1", "webd"], "what is asked for keeps what it needs"
    assert services(whole)["webd"]["key"] == services(propose(INDEX))["webd"]["key"]


def test_what_is_left_of_circles_has_none() -> None:
    for _, chance in dice(50):
        names = [str(number) for number in range(chance.randrange(1, 14))]
        edges = {name: sorted(set(chance.choices(names, k=chance.randrange(4)))) for name in names}
        kept, cut = cut_circles(edges, names)
        order_by(names, lambda name, kept=kept: kept[name])  # type: ignore[misc]  # a lambda's default
        assert {(who, whom) for who in names for whom in edges[who]} == {
            *cut,
            *((who, whom) for who in names for whom in kept[who]),
        }
        try:
            order_by(names, lambda name, edges=edges: edges[name])  # type: ignore[misc]  # a lambda's default
        except ValueError:
            assert cut
        else:
            assert not cut


def test_a_deep_index_needs_no_deep_stack() -> None:
    text = "".join(f"Package: p{n}\nVersion: 1\nDepends: p{(n + 1) % 5000}\n\n" for n in range(5000))
    assert propose(text).circles == (("p4999", "p0"),)


def test_every_key_is_one_and_its_own() -> None:
    names = ["g++", "gpp", "a-b", "a.b", "a_b", "node", "7z", "7-z", "x" * 70, "x" * 71, "package-7z", "a-b-2"]
    keys = name_keys(names)
    assert set(keys) == set(names)
    assert len(set(keys.values())) == len(names)
    assert all(KEY_PATTERN.fullmatch(key) and key not in RESERVED_KEYS for key in keys.values())
    assert (keys["gpp"], keys["g++"], keys["a_b"], keys["a-b"], keys["a.b"]) == (
        "gpp",
        "gpp_2",
        "a_b",
        "a_b_2",
        "a_b_3",
    )
    assert name_keys(reversed(names)) == keys


VERSIONS = (
    *("0~~", "0~", "0", "0a", "0+b", "0.1~rc1-1", "0.1-0ubuntu1", "0.1-1~bpo1", "0.1-1", "0.1-1.1", "0.2", "0.10"),
    "1:0",
)


def test_versions_are_in_dpkgs_order() -> None:
    assert sorted((*VERSIONS[7:], *VERSIONS[:7]), key=rank_version) == list(VERSIONS)


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="only Debian has dpkg, which is asked here")
def test_dpkg_says_so_too() -> None:
    for one, other in itertools.pairwise(VERSIONS):
        done = subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False)
        assert done.returncode == 0, (one, other)


@pytest.mark.parametrize(
    "text, why",
    [
        (b"", "there is none in it"),
        (b"\n \n", "there is none in it"),
        (b"Version: 1\n", "the stanza from line 1 on has no Package"),
        (b"Package: a\n\nVersion: 1\n", "the stanza from line 3 on has no Package"),
        (b" goes on\n", "line 1 goes on with a field, and there is none"),
        (b"Package: a\n\n x\n", "line 3 goes on with a field"),
        (b"Package: a\nwithout\n", "line 2 is no `Field: value`: "),
        (b"<html>\n", "line 1 is no `Field: value`"),
        (b"Package: a\nPACKAGE: b\n", "is there twice in the stanza from line 1 on"),
        (b"Package: ../../etc\n", "is not the name of a package"),
        (b"Package: a\nDepends: b; rm -rf\n", "in Depends is no name of a package"),
        (b"Package: a\nDepends: b ||c\n", "in Depends is no name of a package"),
        (b"Package: a\nProvides: (\n", "in Provides is no name of a package"),
        (b"Package: a\xff\n", "line 1 is not UTF-8"),
        (b"Package: a\0\n", "line 1 has a NUL in it"),
        (b"Package: a\nVersion: " + b"9" * 5000 + b"\n", "a version has at most 200 characters"),
        (b"Package: a\nTag: " + b"x\n y" * LARGEST_STANZA, "larger than 1048576 bytes"),
    ],
)
def test_what_is_no_index_is_refused_at_its_line(text: bytes, why: str) -> None:
    with pytest.raises(NotAnIndex) as refusal:
        read_index(text, "x")
    assert why in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_a_summary_is_one_printable_line() -> None:
    (service,) = propose("Package: a\nVersion: 1\nDescription: b\x1b[31m\x85c\t d\u202ee" + "x" * 400).services
    description = str(service["description"])
    assert description.isprintable()
    assert description.startswith("1: b[31m c de")
    assert len(description) == 200
