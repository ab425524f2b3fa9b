"""The worker as it is run: it sends what there is, sleeps, and stops when it is told to."""

from __future__ import annotations

import signal
import time

import pytest

from larry.actions.webhook import ping_webhook
from larry.core.event import EventKind
from larry.records.webhook import Delivery
from tests.actions.estate import author
from tests.actions.hooked import hook
from tests.outside.receiver import receiving
from tests.worker.process import running

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 120.0


def test_it_sends_and_stops_at_sigterm() -> None:
    with receiving() as receiver:
        number = hook(EventKind.CHECK, url=receiver.url)
        with running("-m", "larry.cli.main", "worker") as worker:
            ping_webhook(number, author())
            begun = time.perf_counter()
            while not Delivery.objects.filter(state="delivered").exists():
                assert worker.poll() is None
                assert time.perf_counter() - begun < PATIENCE
                time.sleep(0.05)
            worker.send_signal(signal.SIGTERM)
            out, err = worker.communicate(timeout=PATIENCE)
        assert (worker.returncode, err) == (0, "")
        assert out == "The worker is at work (stop with Ctrl-C)\n"
        assert len(receiver.taken) == 1


def test_once_does_what_there_is_and_leaves() -> None:
    with receiving() as receiver:
        number = hook(EventKind.CHECK, url=receiver.url)
        for _ in range(3):
            ping_webhook(number, author())
        with running("-m", "larry.cli.main", "worker", "--once") as worker:
            out, err = worker.communicate(timeout=PATIENCE)
        assert (worker.returncode, out, err) == (0, "", "")
        assert len(receiver.taken) == 3
