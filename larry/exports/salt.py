"""Prints a node for Salt: the states of the top file, in order, and the pillar under ``larry``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from larry.core.document import Json, canonical_text, thaw
from larry.core.node import HostFacts, NodeService
from larry.core.node_text import DatedNode, dated_document
from larry.exports import CannotPrint, escape_unprintable, refuse_stop

_STATE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9_-]+")


def render(dated: DatedNode, *, stop: bool = False) -> str:
    """JSON: ``classes`` and ``environment`` are what Salt's ext_nodes reads, ``larry`` is the pillar.

    A service's state is its key, or ``tools.salt.state``; ``tools.salt.skip: true`` leaves it out of the states.
    """
    refuse_stop("salt", stop=stop)
    states = dict.fromkeys(state for entry in dated.node.services if (state := _read_state(entry)) is not None)
    answer: Json = {**_environment(dated.node.facts), "classes": list(states), "larry": dated_document(dated)}
    return escape_unprintable(json.dumps(thaw(answer), ensure_ascii=False, indent=1)) + "\n"


def _read_state(entry: NodeService) -> str | None:
    tools = entry.tools if isinstance(entry.tools, Mapping) else {}
    settings = tools.get("salt", {})
    if not isinstance(settings, Mapping):
        raise CannotPrint(f"{entry.service}: tools.salt must be a map, such as {{state: ntp}}")
    if settings.get("skip") is True:
        return None
    state = settings.get("state", entry.service)
    if not isinstance(state, str) or not _STATE.fullmatch(state):
        raise CannotPrint(f"{entry.service}: tools.salt.state {canonical_text(state)} is no name of a state")
    return state


def _environment(facts: HostFacts) -> dict[str, Json]:
    """The environment that the host's free data name; without one, Salt takes ``base``."""
    settings = facts.data.get("salt")
    environment = settings.get("environment") if isinstance(settings, Mapping) else None
    if environment is None:
        return {}
    if not isinstance(environment, str) or not _ENVIRONMENT.fullmatch(environment):
        raise CannotPrint(f"{facts.name}: data.salt.environment {canonical_text(environment)} is no environment")
    return {"environment": environment}
