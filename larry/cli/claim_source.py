"""Where claims come from: folders of Puppet's modules, folders of Ansible's roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from larry.nouns.claim import ToolClaim, read_puppet_claim, read_role_claim
from larry.nouns.fault import shorten


def read_puppet_classes_of(path: Path) -> Iterator[ToolClaim]:
    """The classes of a module, of a module path or of one manifest; a warning for what Puppet cannot read."""
    from larry.outside.puppet_classes import find_manifests, list_data_keys, read_puppet_classes

    manifests = find_manifests(path)
    if not manifests:
        raise click.UsageError(f"{path} holds no manifests: name a module, a folder of modules, or a .pp file")
    for file, told in sorted(read_puppet_classes(manifests).items()):
        if "error" in told:
            click.echo(f"larry: {file}: {shorten(str(told['error']))}", err=True)
        for described in told.get("classes", ()):
            yield read_puppet_claim(described, list_data_keys(Path(file)))


def read_ansible_roles_of(path: Path) -> Iterator[ToolClaim]:
    """The roles of a folder, or one role, by the argument specification of each; a warning for what is no YAML."""
    import yaml

    names = ("meta/argument_specs.yml", "meta/argument_specs.yaml")
    files = sorted(file for name in names for file in (*path.glob(name), *path.glob(f"*/{name}")))
    if not files:
        raise click.UsageError(f"{path} holds no role with a meta/argument_specs.yml")
    for file in files:
        try:
            told: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
            options = told["argument_specs"]["main"].get("options") or {}
        except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as fault:
            click.echo(f"larry: {file}: {shorten(' '.join(str(fault).split()))}", err=True)
            continue
        yield read_role_claim(file.resolve().parent.parent.name, options if isinstance(options, Mapping) else {})


CLAIM_SOURCES: Mapping[str, Callable[[Path], Iterator[ToolClaim]]] = MappingProxyType(
    {"puppet-classes": read_puppet_classes_of, "ansible-roles": read_ansible_roles_of}
)
"""What `larry import` knows beside nouns."""
