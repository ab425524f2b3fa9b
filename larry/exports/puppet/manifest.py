"""Prints a node as a Puppet manifest that can be a host's main manifest: no classifier is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from larry.core.document import Json
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint
from larry.exports.puppet.declared import Declared, declare, refuse_odd_names
from larry.exports.puppet.literal import data_type, literal, quote
from larry.exports.puppet.top_scope import list_variables

_LEVELS = ("customer", "app", "instance")


def write_manifest(dated: DatedNode, *, stop: bool = False) -> str:
    """A class for each customer, app and instance with its own level's parameters, and the node's statement.

    It compiles to the same classes and resources as the classifier's answer. Raises `CannotPrint` as that does.
    """
    if stop:
        raise CannotPrint("puppet has no order of stopping: a manifest says what is to be, not what is to end")
    node = dated.node
    levels = [_level(path, values, node.own) for path, values in node.own.items()]
    return "\n".join([*levels, f"node {quote(node.facts.name)} {{\n{_body(dated)}}}\n"])


def _body(dated: DatedNode) -> str:
    node = dated.node
    parts = [
        "".join(f"  ${name} = {literal(value, '  ')}\n" for name, value in list_variables(dated).items()),
        "".join(f"  include {_level_class(path)}\n" for path in node.own),
        *(_declaration(one) for one in declare(node)),
    ]
    return "\n".join(part for part in parts if part)


def _level_class(path: str) -> str:
    parts = path.split("/")
    return "::".join(("larry", _LEVELS[len(parts) - 1], *parts))


def _level(path: str, values: Mapping[str, Json], levels: Mapping[str, Mapping[str, Json]]) -> str:
    """The class of one customer, app or instance; the level above it comes first."""
    refuse_odd_names(path, values)
    lines = "".join(f"  {data_type(value)} ${name} = {literal(value, '  ')},\n" for name, value in values.items())
    above = path.rpartition("/")[0]
    body = f"  require {_level_class(above)}\n" if above in levels else ""
    parameters = f" (\n{lines})" if lines else ""
    return f"class {_level_class(path)}{parameters} {{\n{body}}}\n"


def _declaration(one: Declared) -> str:
    attributes = dict(_attributes(one))
    width = max((len(name) for name in attributes), default=0)
    lines = "".join(f"    {name:{width}} => {text},\n" for name, text in attributes.items())
    kind, title = ("class", one.name) if one.title is None else (one.name, one.title)
    return f"  {kind} {{ {quote(title)}:\n{lines}  }}\n"


def _attributes(one: Declared) -> Iterator[tuple[str, str]]:
    for name, value in one.parameters.items():
        yield name, literal(value, "    ")
    if one.require:
        yield "require", _references(one.require)


def _references(required: Sequence[Declared]) -> str:
    references = [f"{other.type}[{quote(other.name if other.title is None else other.title)}]" for other in required]
    return references[0] if len(references) == 1 else f"[{', '.join(references)}]"
