"""Prints nodes as data for Hiera 5: one host's own file, or the whole tree of hosts, instances, apps and customers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from larry.core.document import SEALED, Json, canonical_text, is_sealed
from larry.core.fleet import Fleet
from larry.core.node import Node
from larry.core.node_text import MASK, DatedNode
from larry.exports import CannotPrint, yaml_block
from larry.exports.puppet.declared import HOST_CLASS, Declared, declare, refuse_odd_names

Lock = Callable[[str], Json]
"""Gives what stands in a file for the secret of that HMAC, such as the ciphertext that eyaml opens."""

_OPTIONS = "lookup_options"
_SERVICES = "larry_services"
_CLASSES = "larry_classes"
_OURS = (_OPTIONS, _SERVICES, _CLASSES)

_COMMON: Mapping[str, Json] = MappingProxyType({_SERVICES: [], _CLASSES: [], _OPTIONS: {}})
"""What a host finds of which Larry has nothing to say."""


def write_data(dated: DatedNode, *, stop: bool = False) -> str:
    """The host's own file: its classes' parameters as Puppet looks them up by itself, and what is there in start order.

    Raises `CannotPrint` as the classifier's answer does, and for ``stop``.
    """
    if stop:
        raise CannotPrint("hiera has no order of stopping: its data say what is to be, not what is to end")
    return _write(_host_data(dated.node), _masked)


def render_tree(nodes: Iterable[DatedNode], *, lock: Lock | None = None) -> Mapping[str, str]:
    """Path to text of every file of a data folder, for the hierarchy of ops/puppet/hiera.yaml.

    A file of a customer, app or instance says what is set at just that level, as far as all hosts that carry it agree;
    where that would tell a host something else than its node does, the host's own file says it. Secrets that are still
    sealed go through ``lock``, and come out of a lookup as Sensitive; without it they are masked.
    """
    found = sorted((dated.node for dated in nodes), key=lambda node: node.facts.name)
    levels = _agreed_levels(found)
    write_secret = lock or _masked
    files = {"common.yaml": _write(_COMMON, write_secret)}
    for path, values in sorted(levels.items()):
        level = ("customer", "app", "instance")[path.count("/")]
        files[f"{level}/{path}.yaml"] = _write(_with_options(values), write_secret)
    for node in found:
        own, shared = _answers(node.own), _answers({path: levels[path] for path in node.own})
        beyond = {name: value for name, value in own.items() if name not in shared or not _same(value, shared[name])}
        files[f"host/{node.facts.name}.yaml"] = _write(_host_data(node, beyond), write_secret)
    return MappingProxyType(files)


def write_tree(fleet: Fleet) -> Mapping[str, str]:
    """The whole data folder, with secrets masked."""
    return render_tree(host.dated for host in fleet.hosts)


def write_locked_tree(fleet: Fleet, lock: Lock) -> Mapping[str, str]:
    """The whole data folder, with secrets locked."""
    return render_tree((host.dated for host in fleet.hosts), lock=lock)


def escape_interpolation(text: str) -> str:
    """Text that Hiera gives back as it is: neither interpolated, nor taken for something that eyaml should open."""
    return text.replace("%{", "%{literal('%')}{").replace("ENC[", "%{literal('E')}NC[")


def _masked(_: str) -> Json:
    return MASK


def _host_data(node: Node, beyond: Mapping[str, Json] = MappingProxyType({})) -> dict[str, Json]:
    declared = declare(node)
    classes = [one for one in declared if one.title is None]
    resources = {one.title: _resource(one) for one in declared if one.title is not None}
    values = dict(beyond)
    for one in classes:
        values.update({f"{one.name}::{name}": value for name, value in one.parameters.items()})
    if resources:
        values[f"{HOST_CLASS}::services"] = resources
    names = [one.name for one in classes] + ([HOST_CLASS] if resources else [])
    # What other files of the hierarchy say must not be mixed into what is merged already.
    first: dict[str, Json] = {name: {"merge": "first"} for name in (_SERVICES, _CLASSES)}
    first.update({name: {"merge": "first"} for name in values if "::" in name})
    data = _with_options(values, first)
    return {_SERVICES: [entry.key for entry in node.services], _CLASSES: names, **data}


def _resource(one: Declared) -> Json:
    return {
        "type": one.name,
        "parameters": one.parameters,
        "require": [other.reference for other in one.require],
    }


def _with_options(values: Mapping[str, Json], options: Mapping[str, Json] = MappingProxyType({})) -> dict[str, Json]:
    """The values and how to look them up: a secret of the file becomes Sensitive."""
    sealed = {name for name, value in values.items() if is_sealed(value)}
    told: dict[str, Json] = {}
    for name in (*options, *sorted(sealed - options.keys())):
        said = options.get(name)
        told[name] = {
            **(said if isinstance(said, Mapping) else {}),
            **({"convert_to": "Sensitive"} if name in sealed else {}),
        }
    return {**values, **({_OPTIONS: told} if told else {})}


def _agreed_levels(nodes: Sequence[Node]) -> dict[str, dict[str, Json]]:
    """What all nodes that carry a customer, app or instance say of it alike."""
    levels: dict[str, dict[str, Json]] = {}
    for node in nodes:
        for path, values in node.own.items():
            refuse_odd_names(path, values)
            for name in values:
                if name in _OURS:
                    raise CannotPrint(f"{path}: {name} means something of its own to Hiera or Larry's data; rename it")
            agreed = levels.setdefault(path, dict(values))
            levels[path] = {name: v for name, v in agreed.items() if name in values and _same(v, values[name])}
    return levels


def _answers(levels: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    """What a lookup on a host finds: the first of its instances, else of its apps, else of its customers."""
    found: dict[str, Json] = {}
    for path in sorted(levels, key=lambda path: (-path.count("/"), path)):
        found = {**levels[path], **found}
    return found


def _same(one: Json, other: Json) -> bool:
    return canonical_text(one) == canonical_text(other)


def _write(data: Mapping[str, Json], lock: Lock) -> str:
    # Hiera interpolates values and the keys within them, but not the names that are looked up.
    shown = {name: _escaped(value, lock) for name, value in data.items()}
    return yaml_block(shown).lstrip("\n ") + "\n"


def _escaped(value: Json, lock: Lock) -> Json:
    if is_sealed(value) and isinstance(value, Mapping):
        return lock(str(value[SEALED]))
    if isinstance(value, str):
        return escape_interpolation(value)
    if isinstance(value, Mapping):
        return {escape_interpolation(key): _escaped(member, lock) for key, member in value.items()}
    if isinstance(value, Sequence):
        return [_escaped(member, lock) for member in value]
    return value
