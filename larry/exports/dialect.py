"""The dialects that nodes are printed in: one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from larry.core.document import Json
    from larry.core.fleet import Fleet, FleetOutline
    from larry.core.node_text import DatedNode
    from larry.exports import ansible, capistrano, cfengine, chef, json, puppet, salt, shell, watch, waves, yaml


class UnknownDialect(LookupError):
    """Nobody prints a dialect of that name."""


class Render(Protocol):
    """Prints a node; ``stop`` asks for the reverse order. Raises `CannotPrint` (of larry.exports) where it cannot."""

    def __call__(self, dated: DatedNode, *, stop: bool = False) -> str: ...


class RenderFleet(Protocol):
    """Prints all hosts as one text. Raises `CannotPrint` where it cannot."""

    def __call__(self, fleet: Fleet) -> str: ...


class RenderTexts(Protocol):
    """Prints all hosts piece by piece: the same as `RenderFleet`, of the texts of nodes, each asked for in its turn."""

    def __call__(self, fleet: FleetOutline, texts: Iterable[str]) -> Iterator[str]: ...


class RenderFiles(Protocol):
    """Path to text of every file that the hosts of a fleet, be it only one, have in a folder. Raises `CannotPrint`."""

    def __call__(self, fleet: Fleet) -> Mapping[str, str]: ...


class RenderLocked(Protocol):
    """The same files with what ``lock`` gives for each secret, by its HMAC, in place of a mask."""

    def __call__(self, fleet: Fleet, lock: Callable[[str], Json]) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """``name`` for the command line, ``suffix`` for the last label of a URL; ``can_stop``: has an order of stopping.

    ``render`` prints a host's own text. A dialect that also has one text for the whole fleet (an inventory), or a
    folder of files, says so with the next two; ``render_locked`` is for folders in which secrets may be locked,
    ``render_texts`` prints the text for the whole fleet piece by piece.
    """

    name: str
    suffix: str
    media_type: str
    render: Render
    can_stop: bool
    render_fleet: RenderFleet | None = None
    render_files: RenderFiles | None = None
    render_locked: RenderLocked | None = None
    render_texts: RenderTexts | None = None


class _Late:
    """A printer, or the module of several, loaded when it prints for the first time: who prints one dialect does not
    wait for twenty."""

    __slots__ = ("_name", "_printer")

    def __init__(self, name: str) -> None:
        self._name = name
        self._printer: Callable[..., Any] | None = None

    def __getattr__(self, name: str) -> _Late:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Late(f"{self._name}.{name}")

    def __call__(self, *given: Any, **named: Any) -> Any:
        if self._printer is None:
            module, _, name = self._name.rpartition(".")
            self._printer = getattr(import_module(f"larry.exports.{module}"), name)
        return self._printer(*given, **named)


if not TYPE_CHECKING:
    ansible, capistrano, cfengine, chef, json, puppet, salt, shell, watch, waves, yaml = map(
        _Late, "ansible capistrano cfengine chef json puppet salt shell watch waves yaml".split()
    )

JSON, YAML, TEXT = "application/json", "application/yaml", "text/plain; charset=utf-8"
RUBY, SHELL = "text/x-ruby; charset=utf-8", "text/x-shellscript; charset=utf-8"

# fmt: off
DIALECTS: tuple[Dialect, ...] = (
    Dialect("json", "json", JSON, json.render, can_stop=True, render_fleet=json.render_fleet,
            render_texts=json.write_texts),
    Dialect("yaml", "yaml", YAML, yaml.render, can_stop=True, render_fleet=yaml.render_fleet,
            render_texts=yaml.write_blocks),
    Dialect("enc", "enc", YAML, puppet.enc.write_answer, can_stop=False),
    Dialect("puppet", "pp", TEXT, puppet.manifest.write_manifest, can_stop=False),
    Dialect("hiera", "hiera", YAML, puppet.hiera.write_data, can_stop=False, render_files=puppet.hiera.write_tree,
            render_locked=puppet.hiera.write_locked_tree),
    Dialect("ansible", "ansible", JSON, ansible.inventory.write_host_variables, can_stop=True,
            render_fleet=ansible.inventory.write_inventory),
    Dialect("ansible-playbook", "ansible-playbook", YAML, ansible.playbook.write_host_playbook, can_stop=True,
            render_fleet=ansible.playbook.write_playbook),
    Dialect("salt", "salt", JSON, salt.render, can_stop=False),
    Dialect("cfengine", "cfengine", JSON, cfengine.render, can_stop=True),
    Dialect("chef", "chef", JSON, chef.render, can_stop=False, render_fleet=chef.render_fleet,
            render_files=chef.render_files),
    Dialect("capistrano", "capistrano", RUBY, capistrano.render, can_stop=False, render_fleet=capistrano.render_fleet),
    Dialect("shell", "sh", SHELL, shell.script.write_script, can_stop=True),
    Dialect("run-parts", "run-parts", SHELL, shell.run_parts.write_maker, can_stop=False,
            render_files=shell.run_parts.write_folders),
    Dialect("make", "mk", TEXT, shell.makefile.write_makefile, can_stop=False,
            render_files=shell.makefile.write_makefiles),
    Dialect("prometheus", "prometheus", JSON, watch.prometheus.write_host_targets, can_stop=False,
            render_fleet=watch.prometheus.write_targets, render_files=watch.prometheus.write_target_files),
    Dialect("nagios", "nagios", TEXT, watch.nagios.write_host_objects, can_stop=False,
            render_fleet=watch.nagios.write_objects, render_files=watch.nagios.write_object_files),
    Dialect("icinga", "icinga", TEXT, watch.icinga.write_host_checks, can_stop=False,
            render_fleet=watch.icinga.write_checks, render_files=watch.icinga.write_check_files),
    Dialect("nftables", "nft", TEXT, watch.nftables.write_table, can_stop=False),
    Dialect("logrotate", "logrotate", TEXT, watch.logrotate.write_stanzas, can_stop=False),
    Dialect("borgmatic", "borgmatic", YAML, watch.borgmatic.write_host_jobs, can_stop=False,
            render_files=watch.borgmatic.write_job_files),
    Dialect("waves", "waves", JSON, waves.render, can_stop=True, render_fleet=waves.render_fleet),
)
# fmt: on


def find_dialect(name_or_suffix: str) -> Dialect:
    """The dialect of that name or suffix; raises `UnknownDialect`, whose text names them all."""
    for dialect in DIALECTS:
        if name_or_suffix in (dialect.name, dialect.suffix):
            return dialect
    known = ", ".join(dialect.name for dialect in DIALECTS)
    raise UnknownDialect(f"there is no dialect {name_or_suffix!r}; there are {known}")


def list_inventories() -> tuple[Dialect, ...]:
    """The dialects that have one text for the whole fleet."""
    return tuple(dialect for dialect in DIALECTS if dialect.render_fleet is not None)
