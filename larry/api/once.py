"""Once: a request that is sent again with its Idempotency-Key is answered as the first time, and not done again."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from django.http import HttpResponse

from larry.actions.remember import Remembered, remember
from larry.api.asked import ActQuery
from larry.api.operation import Call
from larry.api.problem import FieldFault, Problem, make_json, make_json_text
from larry.core.document import Json, digest_of
from larry.nouns.json_text import read_json

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Location", "ETag", "Larry-As-Of")


def once(
    call: Call, asked: ActQuery, said: Json, act: Callable[[], HttpResponse], *, told_once: Collection[str] = ()
) -> HttpResponse:
    """The answer of the act, or that of the first time. A dry run does nothing, and so is not remembered. What is
    refused is not remembered either: nothing was done.

    ``told_once`` are members of the answer that are kept nowhere: whoever asks again is told null there.
    """
    key = call.request.headers.get("Idempotency-Key")
    if key is None or asked.dry_run:
        return act()
    if not _KEY.fullmatch(key):
        text = "must be 1 to 255 printable characters without spaces"
        raise Problem("invalid", f"Idempotency-Key {text}", faults=[FieldFault("header", "Idempotency-Key", text)])
    request = call.request
    token = call.caller.token.prefix if call.caller.token is not None else None  # a narrower one is told no more by it
    digest = digest_of([request.method, request.get_full_path(), said, call.reason, token])

    answered: list[HttpResponse] = []

    def work() -> Remembered:
        response = act()
        answered[:] = [response]  # of the last attempt, if the transaction was tried again
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        body = response.content.decode()
        document = read_json(body)
        if told_once and isinstance(document, Mapping):
            kept_of_it = {name: None if name in told_once else value for name, value in document.items()}
            body = make_json(kept_of_it).content.decode()
        redacts = isinstance(document, Mapping) and document.get("redaction") is not None
        return Remembered(response.status_code, body, headers, redacts)

    kept, is_new = remember(call.author(), key, digest, work)
    if is_new:
        return answered[0]
    headers = {**kept.headers, "Idempotent-Replay": "true"}
    return make_json_text(kept.body, status=kept.status, headers=headers)
