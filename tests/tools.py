"""The real tools that the tests call are listed here, and installed where that is possible.

`python -m tests.tools` installs what is missing (as root, with apt) or says loudly what is not there and what is not
tested for the want of it; `--all` means what is large, too. `python -m tests.tools --has NAME` answers with its exit
code. A test asks `require(NAME)`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

PUPPET_MODULES = Path("/usr/share/puppet/modules")
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=500")


@dataclass(frozen=True, slots=True)
class Tool:
    """One real tool: `places` are commands to look for on the PATH, or patterns of absolute paths; any one will do.

    One that is ``large`` is for slow tests: only `make test-all` installs it.
    """

    name: str
    package: str
    places: tuple[str, ...]
    proves: str
    large: bool = False


def _module(name: str, package: str, folder: str | None = None) -> Tool:
    """A Puppet module; Debian shortens its folder's name, but not always."""
    places = (str(PUPPET_MODULES / (folder or name)),)
    return Tool(f"puppet-module-{name}", f"puppet-module-{package}", places, f"manifests that use the module {name}")


TOOLS: tuple[Tool, ...] = (
    Tool("puppet", "puppet-agent", ("puppet",), "that Puppet itself understands what Larry prints for it"),
    Tool("eyaml", "hiera-eyaml", ("eyaml",), "that hiera-eyaml opens the secrets that Larry locks for it"),
    Tool("puppet-lint", "puppet-lint", ("puppet-lint",), "that the printed manifests are in Puppet's style"),
    Tool("dash", "dash", ("dash",), "that a POSIX shell reads printed shell text back unchanged"),
    Tool(
        "icinga2",
        "icinga2-bin",
        ("icinga2", "/usr/sbin/icinga2"),
        "that Icinga itself understands the objects printed for it",
    ),
    Tool("nagios4", "nagios4-core", ("nagios4",), "that Nagios itself understands the objects printed for it"),
    Tool("nft", "nftables", ("nft", "/usr/sbin/nft"), "that the kernel itself loads the rules printed for nftables"),
    Tool("logrotate", "logrotate", ("logrotate", "/usr/sbin/logrotate"), "that logrotate rotates what it is told to"),
    Tool("borgmatic", "borgmatic", ("borgmatic",), "that borgmatic itself understands the jobs printed for it"),
    Tool("promtool", "prometheus", ("promtool",), "that Prometheus itself discovers the targets", large=True),
    Tool("strace", "strace", ("strace",), "that a flush of a database may fail, and nothing is lost", large=True),
    Tool("curl", "curl", ("curl",), "the lookups that hosts make"),
    Tool("run-parts", "debianutils", ("run-parts",), "folders of scripts on a host"),
    Tool("make", "make", ("make",), "Makefiles on a host"),
    Tool("tsort", "coreutils", ("tsort",), "that no order is a circle"),
    Tool("chromium", "chromium", ("chromium",), "the pages in a real browser: its policy, keyboard and screen reader"),
    Tool("dot", "graphviz", ("dot",), "that Graphviz itself reads the graphs that Larry prints for it"),
    Tool("cf-agent", "cfengine3", ("cf-agent",), "that CFEngine itself understands what Larry prints for it"),
    Tool("goiardi", "goiardi", ("goiardi",), "that a Chef server takes what Larry prints for Chef"),
    Tool("cap", "capistrano", ("cap",), "that Capistrano runs what Larry prints for it, in order"),
    Tool(
        "nginx",
        "nginx",
        ("nginx", "/usr/sbin/nginx"),
        "that nginx itself takes the example in ops",
    ),
    Tool("slapd", "slapd", ("/usr/sbin/slapd",), "signing in by a real directory"),
    Tool("ldapmodify", "ldap-utils", ("ldapmodify",), "what becomes of whoever leaves a group of the directory"),
    Tool("ldap-headers", "libldap2-dev", ("/usr/include/ldap.h",), "LDAP: its client is compiled on the spot"),
    Tool("sasl-headers", "libsasl2-dev", ("/usr/include/sasl/sasl.h",), "LDAP: its client is compiled on the spot"),
    Tool("gcc", "gcc", ("gcc",), "LDAP: its client is compiled on the spot"),
    Tool("postgresql", "postgresql", ("/usr/lib/postgresql/*/bin/postgres",), "every promise on PostgreSQL"),
    _module("stdlib", "puppetlabs-stdlib"),
    _module("apache", "puppetlabs-apache"),
    _module("apt", "puppetlabs-apt"),
    _module("concat", "puppetlabs-concat"),
    _module("cron_core", "puppetlabs-cron-core"),
    _module("firewall", "puppetlabs-firewall"),
    _module("haproxy", "puppetlabs-haproxy"),
    _module("inifile", "puppetlabs-inifile"),
    _module("logrotate", "rodjek-logrotate"),
    _module("memcached", "saz-memcached"),
    _module("monit", "sbitio-monit"),
    _module("mysql", "puppetlabs-mysql"),
    _module("ntp", "puppetlabs-ntp"),
    _module("postfix", "camptocamp-postfix"),
    _module("postgresql", "puppetlabs-postgresql"),
    _module("redis", "arioch-redis"),
    _module("rsync", "puppetlabs-rsync"),
    # Debian's folder has a dash, which Puppet does not take for a module: link it as `rsyslog` into a modulepath.
    _module("rsyslog", "saz-rsyslog", folder="saz-rsyslog"),
    _module("ssh", "saz-ssh"),
    _module("systemd", "camptocamp-systemd"),
)


def get_tool(name: str) -> Tool:
    """The tool of that name; KeyError for one that nobody has listed above."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    raise KeyError(f"{name} is not in tests/tools.py: list it there with its package, so that CI installs it")


def find(tool: Tool) -> Path | None:
    """Where the tool is on this machine, or None; of several versions the newest."""
    for place in tool.places:
        if not place.startswith("/"):
            if command := shutil.which(place):
                return Path(command)
            continue
        if found := sorted(Path("/").glob(place.lstrip("/"))):
            return found[-1]
    return None


def require(name: str) -> Path:
    """The path of a real tool that a test needs. Without it the test is skipped aloud; under CI it fails."""
    tool = get_tool(name)
    path = find(tool)
    if path is not None:
        return path
    reason = f"{tool.name} is not installed (Debian package {tool.package}), so this is not tested: {tool.proves}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def list_missing(tools: Iterable[Tool] = TOOLS) -> tuple[Tool, ...]:
    """The tools that are not on this machine, in the order given."""
    return tuple(tool for tool in tools if find(tool) is None)


def can_install() -> bool:
    """Whether this process may install Debian packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(tools: Iterable[Tool]) -> None:
    """Install the tools' packages with apt, waiting for its lock; a failure is printed, and found by `list_missing`."""
    packages = sorted({tool.package for tool in tools})
    print("installing", *packages, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (("update",), ("install", "-y", "--no-install-recommends", *packages)):
        done = subprocess.run([*APT, "-qq", *step], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"apt-get {step[0]} failed:", done.stdout[-2000:], done.stderr[-2000:], sep="\n", flush=True)


def main(arguments: list[str]) -> int:
    """0 when every tool is there, or when their absence is the developer's choice; 1 when CI lacks one."""
    if arguments[:1] == ["--has"]:
        return 1 if list_missing(get_tool(name) for name in arguments[1:]) else 0
    wanted = [tool for tool in TOOLS if not tool.large or arguments[:1] == ["--all"]]
    missing = list_missing(wanted)
    if missing and can_install():
        install(missing)
        missing = list_missing(wanted)
    if not missing:
        print(f"all {len(wanted)} real tools are installed")
        return 0
    print("!" * 100)
    for tool in missing:
        print(f"!! MISSING {tool.name} (Debian package {tool.package}). NOT TESTED: {tool.proves}")
    print("!" * 100)
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
