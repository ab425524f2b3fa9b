"""The real Nagios as a reader: the objects that it made of a file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.tools import require

Made = tuple[str, dict[str, str]]

_SAMPLES = "/etc/nagios4/objects"
_COMMANDS = (
    "check-host-alive",
    "check_ping",
    "check_tcp",
    "check_http",
    "notify-host-by-email",
    "notify-service-by-email",
)
_MAIN = """\
log_file={0}/nagios.log
cfg_file={0}/commands.cfg
cfg_file={1}/contacts.cfg
cfg_file={1}/timeperiods.cfg
cfg_file={1}/templates.cfg
cfg_file={0}/larry.cfg
precached_object_file={0}/objects.precache
object_cache_file={0}/objects.cache
temp_path={0}
check_result_path={0}
nagios_user=root
nagios_group=root
illegal_macro_output_chars=`~$&|'"<>
"""


def check(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """``nagios4 -v`` with the file, Debian's samples, and commands of the names that those use."""
    nagios = require("nagios4")
    (folder / "larry.cfg").write_text(text, encoding="utf-8")
    commands = (f"define command {{\n command_name {name}\n command_line /bin/true\n}}\n" for name in _COMMANDS)
    (folder / "commands.cfg").write_text("".join(commands))
    (folder / "nagios.cfg").write_text(_MAIN.format(folder, _SAMPLES))
    asked: list[str | Path] = [nagios, "-v", "-p", "nagios.cfg"]
    return subprocess.run(asked, cwd=folder, capture_output=True, encoding="utf-8", check=False)


def understood(text: str, folder: Path) -> list[Made]:
    """(kind, directives) of every object that Nagios made of it, its own samples left out."""
    done = check(text, folder)
    assert "Total Warnings: 0\nTotal Errors:   0" in done.stdout, done.stdout
    found = read((folder / "objects.precache").read_text(encoding="utf-8"))
    return [each for each in found if each[0] not in ("command", "contact", "contactgroup", "timeperiod")]


def read(text: str) -> list[Made]:
    """Objects as they stand in a file."""
    found = []
    for kind, body in re.findall(r"^define (\w+) \{\n(.*?)^\t?\}$", text, re.MULTILINE | re.DOTALL):
        lines = (line.strip() for line in body.splitlines())
        found.append((kind, dict(re.split(r"\s", line, maxsplit=1) for line in lines)))
    return found


def expand(said: list[Made]) -> list[Made]:
    """What is printed, as Nagios writes it down: groups with their members, the rest without its groups."""
    members: dict[tuple[str, str], list[str]] = {}
    for kind, of in said:
        if kind == "host":
            for group in of["hostgroups"].split(","):
                members.setdefault(("hostgroup", group), []).append(of["host_name"])
        if kind == "service":
            for group in of["servicegroups"].split(","):
                members.setdefault(("servicegroup", group), []).append(f"{of['host_name']},{of['service_description']}")
    left_out = ("use", "hostgroups", "servicegroups")
    found: list[Made] = []
    for kind, of in said:
        # Nagios takes this directive under two names, and writes the other one.
        told = {name.replace("failure_criteria", "failure_options"): value for name, value in of.items()}
        directives = {name: value for name, value in told.items() if name not in left_out}
        if kind.endswith("group"):
            directives["members"] = ",".join(sorted(members[kind, of[f"{kind}_name"]]))
        found.append((kind, directives))
    return found
