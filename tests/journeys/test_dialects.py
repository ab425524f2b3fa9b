"""Every dialect's page is followed as it stands, at the demonstration, with the real tool."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.page import Done, follow
from tests.journeys.served import Served, serving_the_demonstration


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_the_demonstration(tmp_path_factory.mktemp("larry")) as one:
        yield one


def told(done: list[Done], beginning: str) -> str:
    """What the one command that begins so has printed."""
    (found,) = [each.output for each in done if each.command.startswith(beginning)]
    return found


def test_the_table_of_dialects(served: Served, tmp_path: Path) -> None:
    follow("dialects.md", served, tmp_path)
    assert (tmp_path / "fleet.json").read_text() != (tmp_path / "later.json").read_text()
    assert (tmp_path / "data/host/web1.nordlicht.example.yaml").is_file()


def test_ansible(served: Served, tmp_path: Path) -> None:
    done = follow("ansible.md", served, tmp_path)
    assert "|--@service_redis:" in told(done, "ansible-inventory -i demo.larry.yml --graph")
    assert "instance_acme__shop__production" in told(done, "LARRY_AS_OF")
    run = told(done, "ansible-playbook")
    assert '"msg": "start redis with 256mb"' in run
    plays = re.findall(r"^PLAY \[(\w+)\]", run, re.MULTILINE)
    assert plays.index("ntp") < plays.index("redis") < plays.index("firewall")
    assert "cache1.nordlicht.example" in told(done, "LARRY_URL")
    assert "web1.nordlicht.example" in told(done, "LARRY_INVENTORY_FILE")
