"""`GET /configuration/HOST.FORMAT`: the node of a host, as of a moment, in the language of a tool.

Secrets are masked, but for a token that is entitled to them.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from larry.actions.reveal import disclose, may_disclose
from larry.api.caller import Caller
from larry.api.dated_reply import make_dated_reply
from larry.api.lookup import answer_lookup
from larry.api.reply import make_refusal, read_only
from larry.core.node_text import DatedNode
from larry.exports.dialect import DIALECTS, Dialect
from larry.outside import clock
from larry.queries.moment import Moment
from larry.queries.node import get_node, get_stored_node

LONGEST_HOST = 253
"""Of a DNS name (RFC 1035 section 3.1, without the root)."""

_BY_SUFFIX = {dialect.suffix: dialect for dialect in DIALECTS}


@read_only
def answer_configuration(request: HttpRequest, asked: str) -> HttpResponse:
    """The node; 304 when the asker has it, 401 for a stranger, 404 for a host that is unknown or not theirs, or an
    unknown format, 400 for what is no moment, 422 for what the dialect cannot say.

    1 SQL statement after those that tell who asks; with secrets in clear about 5.
    """
    return answer_lookup(request, lambda caller: _answer(request, asked, caller))


def _answer(request: HttpRequest, asked: str, caller: Caller) -> HttpResponse:
    host, _, suffix = asked.rpartition(".")
    dialect = _BY_SUFFIX.get(suffix)
    if dialect is None or not host:
        formats = ", ".join(f".{each}" for each in _BY_SUFFIX)
        return make_refusal(f"ask for HOST.FORMAT, which ends in one of {formats}", 404)
    if len(host) > LONGEST_HOST or not host.isascii() or not host.isprintable():
        return make_refusal("there is no host of such a name", 404)
    author = caller.author("", clock.now())
    if caller.token is not None and may_disclose([host], author):
        return _answer_open(request, host, dialect, caller, caller.token.id)
    return make_dated_reply(
        request, dialect, lambda at: get_node(host, caller.reader, at), dialect.render, past_is_settled=True
    )


def _answer_open(request: HttpRequest, host: str, dialect: Dialect, caller: Caller, token: int) -> HttpResponse:
    """With its secrets, which are opened only where they are not known already by the ETag."""

    def render(stored: DatedNode) -> str:
        opened = disclose([stored], caller.author("", clock.now()), token)
        return dialect.render(opened.get(stored.node.facts.name, stored))

    def find(at: Moment) -> DatedNode:
        return get_stored_node(host, caller.reader, at)

    return make_dated_reply(request, dialect, find, render, past_is_settled=True, opened="all")
