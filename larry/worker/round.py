"""A round of the worker: what has happened is put into the outbox, the outbox into deliveries, and those are sent."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta

from larry.actions.author import Author
from larry.actions.boundary import pass_boundaries
from larry.actions.delivery import Lease, claim_deliveries, forget_deliveries, settle_delivery
from larry.actions.fan_out import fan_out
from larry.actions.situation import tell_situations
from larry.core.rights import ALL_RIGHTS
from larry.outside import chance, clock
from larry.outside.webhook import Answer, Door, Request, send


@dataclass(frozen=True, slots=True)
class Pace:
    """How a worker goes about it. ``lease`` is longer than sending a batch may take: who holds it longer may find that
    somebody else has sent as well. ``interval`` is how long it sleeps at most, ``look`` how long between two looks at
    the whole estate."""

    interval: timedelta = timedelta(seconds=5)
    lease: timedelta = timedelta(seconds=90)
    look: timedelta = timedelta(seconds=60)
    batch: int = 16
    now: Callable[[], datetime] = clock.now
    throw: Callable[[], float] = chance.throw


def observe(pace: Pace) -> int:
    """Put into the outbox what has happened by itself, and forget what is long over; how many events."""
    return pass_boundaries(_author(pace)) + tell_situations(_author(pace), pace.look)


def deliver(pace: Pace, door: Door, executor: Executor) -> int:
    """Make deliveries of the outbox, and send what is due once; how many events and deliveries.

    Only sending happens beside this thread: the database is talked to here.
    """
    events = fan_out(_author(pace))
    claims = claim_deliveries(pace.batch, pace.lease, _author(pace))
    sendings = {executor.submit(send, _request(claim, pace.now()), door): claim for claim in claims}
    for sending in as_completed(sendings):
        answer: Answer = sending.result()
        settle_delivery(sendings[sending], answer.status, answer.fault, _author(pace), pace.throw())
    return events + len(claims)


def tidy(pace: Pace) -> int:
    """Remove the traces of what was delivered long ago; how many deliveries."""
    return forget_deliveries(_author(pace))


def _request(claim: Lease, now: datetime) -> Request:
    return Request(claim.url, claim.secret, claim.key, claim.event, claim.body, int(now.timestamp()))


def _author(pace: Pace) -> Author:
    return Author("larry worker", "", pace.now(), ALL_RIGHTS)
