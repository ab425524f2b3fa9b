"""`GET /configuration/HOST.FORMAT`: the node of a host, as of a moment, in the language of a tool, secrets masked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from larry.api.dated_reply import make_dated_reply
from larry.api.reply import make_refusal, read_only
from larry.core.rights import PersonRole, Right, rights_of
from larry.exports.dialect import DIALECTS
from larry.queries.node import get_node
from larry.queries.reader import Reader

ANYBODY = Reader("anybody", rights_of([Right(PersonRole.MACHINE)]))
"""Who asks without saying who: any host's configuration, masked, and nothing else."""

LONGEST_HOST = 253
"""Of a DNS name (RFC 1035 section 3.1, without the root)."""

_BY_SUFFIX = {dialect.suffix: dialect for dialect in DIALECTS}


@read_only
def answer_configuration(request: HttpRequest, asked: str) -> HttpResponse:
    """The node; 304 when the asker has it, 404 for an unknown host or format, 400 for what is no moment, 422 for what
    the dialect cannot say. 1 SQL statement."""
    host, _, suffix = asked.rpartition(".")
    dialect = _BY_SUFFIX.get(suffix)
    if dialect is None or not host:
        formats = ", ".join(f".{each}" for each in _BY_SUFFIX)
        return make_refusal(f"ask for HOST.FORMAT, which ends in one of {formats}", 404)
    if len(host) > LONGEST_HOST or not host.isascii() or not host.isprintable():
        return make_refusal("there is no host of such a name", 404)
    return make_dated_reply(
        request, dialect, lambda at: get_node(host, ANYBODY, at), dialect.render, past_is_settled=True
    )
