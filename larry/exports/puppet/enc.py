"""Prints a node as the answer of an external node classifier: what Puppet (and Salt's ext_nodes) ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from larry.core.document import Json, canonical_text
from larry.core.node import HostFacts
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint, exact_scalar, is_long_key
from larry.exports.puppet.declared import HOST_CLASS, declare
from larry.exports.puppet.top_scope import list_variables


def write_answer(dated: DatedNode, *, stop: bool = False) -> str:
    """JSON that is YAML too, read alike by Psych, PyYAML and JSON; only a key beyond 1,000 characters is YAML alone.

    Raises `CannotPrint` for a class asked for twice, for names that are none in Puppet, and for ``stop``.
    """
    if stop:
        raise CannotPrint("enc has no order of stopping: a classifier says what is to be, not what is to end")
    node = dated.node
    classes: dict[str, Json] = {}
    resources: dict[str, Json] = {}
    for one in declare(node):
        required = [other.reference for other in one.require]
        if one.title is not None:
            resources[one.title] = {"type": one.name, "parameters": one.parameters, "require": required}
        else:
            # A class without any parameters is said by null; "require" is a metaparameter, which a classifier may set.
            classes[one.name] = {**one.parameters, **({"require": required} if required else {})} or None
    if resources:
        classes[HOST_CLASS] = {"services": resources}
    answer = {**_environment(node.facts), "classes": classes, "parameters": list_variables(dated)}
    return _flow(answer, "\n") + "\n"


def _environment(facts: HostFacts) -> dict[str, Json]:
    """The environment that the host's free data names; without one, Puppet's own settings decide."""
    settings = facts.data.get("puppet")
    environment = settings.get("environment") if isinstance(settings, Mapping) else None
    if environment is None:
        return {}
    if not isinstance(environment, str) or not environment.replace("_", "a").isalnum() or not environment.isascii():
        raise CannotPrint(
            f"{facts.name}: data.puppet.environment {canonical_text(environment)} is no name of a Puppet environment"
        )
    return {"environment": environment}


def _flow(value: Json, line: str) -> str:
    """The value in JSON style; ``line`` is a line feed with the indentation of what holds the value."""
    deeper = line + "  "
    if isinstance(value, Mapping):
        members = f",{deeper}".join(f"{_key(key)}: {_flow(member, deeper)}" for key, member in value.items())
        return f"{{{deeper}{members}{line}}}" if members else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        members = f",{deeper}".join(_flow(member, deeper) for member in value)
        return f"[{deeper}{members}{line}]" if members else "[]"
    return exact_scalar(value)


def _key(key: str) -> str:
    return f"? {exact_scalar(key)} " if is_long_key(key) else exact_scalar(key)
