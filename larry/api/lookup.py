"""A lookup is what tools ask about hosts: who asks is recognised first, and told no in one line of text."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from larry.actions.transaction import Busy
from larry.api.caller import Caller, note_caller, recognise
from larry.api.dated_reply import WHO_ASKS
from larry.api.near import is_near
from larry.api.problem import Problem
from larry.api.reply import RETRY_AFTER, make_refusal
from larry.core.rights import Permission, PersonRole, Right, Rights
from larry.outside import clock

ANYBODY = Caller("anybody", Rights(frozenset({Right(PersonRole.MACHINE)}), frozenset({Permission.CONFIGURE})))
"""Whoever asks from a network of the setting ``lookups_from``: any host's configuration, masked, and nothing else."""


def answer_lookup(request: HttpRequest, answer: Callable[[Caller], HttpResponse]) -> HttpResponse:
    """What ``answer`` makes for whoever asks; 401 for who does not count, 429 for who guesses, in one line.

    2 SQL statements for a token, 3 for a session, none for who may ask without any.
    """
    now = clock.now()
    try:
        caller = recognise(request, now)
    except Problem as problem:
        is_open = not request.headers.get("Authorization") and is_near(request, settings.LARRY_LOOKUPS_FROM)
        if problem.code != "not-signed-in" or not is_open:
            return _refuse(problem)
        caller = ANYBODY
    try:
        response = note_caller(caller, answer(caller), now)
    except Busy as fault:  # what is handed out could not be recorded, and so is not handed out
        response = make_refusal(str(fault), 503)
        response.headers["Retry-After"] = RETRY_AFTER
    response.headers["Vary"] = WHO_ASKS
    return response


def _refuse(problem: Problem) -> HttpResponse:
    response = make_refusal(problem.detail, problem.status)
    response.headers["Vary"] = WHO_ASKS
    for name, value in problem.all_headers.items():
        response.headers[name] = value
    return response
