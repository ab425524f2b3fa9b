"""The real CFEngine as a reader: what a policy finds in its variables, element by element or as a whole."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tools import require

LIMIT = 120.0
LISTS = ("default:larry.addresses", "default:larry.order")
"""What becomes a list of CFEngine's own, over which policies iterate; it has no elements by number."""

SEQUENCES = (*LISTS, "default:larry.instances")
EMPTY = (
    'body common control { bundlesequence => { "main" }; }\nbundle agent main { reports: "order $(larry.order)"; }\n'
)


@dataclass(frozen=True, slots=True)
class CFEngine:
    """A CFEngine whose every file lies under one folder."""

    folder: Path

    def run(self, program: str, *arguments: str) -> str:
        binaries = self.folder / "work/bin"
        binaries.mkdir(parents=True, exist_ok=True)
        promises = binaries / "cf-promises"
        if not promises.is_symlink():  # what it does not find here it takes for broken, and runs another policy
            promises.symlink_to(require("cf-agent").with_name("cf-promises").resolve())
            self.run("cf-key")
        done = subprocess.run(
            [str(require("cf-agent").with_name(program)), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "LC_ALL": "C.UTF-8",
                "CFENGINE_TEST_OVERRIDE_WORKDIR": str(binaries.parent),
            },
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "error:" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done.stdout

    def lay(self, augments: str, policy: str) -> Path:
        for name, text in (("def.json", augments), ("promises.cf", policy)):
            (self.folder / name).write_text(text, encoding="utf-8", newline="")
            (self.folder / name).chmod(0o600)
        return self.folder / "promises.cf"

    def read_elements(self, augments: str) -> dict[tuple[str, ...], str]:
        """Path of every text and number in the scope larry to what a policy that names it writes to a file."""
        leaves = list_leaves(_values(json.loads(augments)))
        places = [path for path, _ in leaves if path[0] not in LISTS]
        promises = "".join(
            f'  files: "{self.folder}/read/{number}" create => "true", content => "$({_reference(path)})";\n'
            for number, path in enumerate(places)
        )
        (self.folder / "read").mkdir(exist_ok=True)
        policy = 'body common control { bundlesequence => { "main" }; }\nbundle agent main {\n' + promises + "}\n"
        self.run("cf-agent", "-K", "-f", str(self.lay(augments, policy)))
        found = {}
        for number, path in enumerate(places):
            file = self.folder / f"read/{number}"
            found[path] = file.read_bytes().decode() if file.exists() else ""
            file.unlink(missing_ok=True)
        return found

    def read_whole(self, augments: str) -> dict[str, Any]:
        """The variables of larry as ``cf-promises`` shows them; only for texts that it does show."""
        policy = str(self.lay(augments, EMPTY))
        shown: dict[str, Any] = {}
        for line in self.run("cf-promises", "--show-vars=larry", "-f", policy).splitlines():
            name, _, rest = line.partition(" ")
            if name.startswith("default:larry."):
                value = _first(rest.strip())
                shown[name.removeprefix("default:larry.")] = [] if value in ({}, "") and name in SEQUENCES else value
        return shown

    def read_classes(self, augments: str) -> set[str]:
        policy = str(self.lay(augments, EMPTY))
        shown = self.run("cf-promises", "--show-classes=larry", "-f", policy)
        return {line.split()[0] for line in shown.splitlines() if line.startswith("larry_")}

    def read_keys(self, augments: str, place: str) -> list[str]:
        """The keys of a map, as a policy that iterates over them writes them to files."""
        folder = self.folder / "keys"
        folder.mkdir(exist_ok=True)
        count = 2 * len(augments.splitlines())
        policy = f"""body common control {{ bundlesequence => {{ "main" }}; }}
bundle agent main {{
  vars:
    "keys" slist => getindices("default:larry.{place}");
    "numbers" slist => {{ {", ".join(f'"{n}"' for n in range(min(count, 400)))} }};
    "key[$(numbers)]" string => nth("keys", "$(numbers)");
  files:
    "{folder}/$(numbers)" create => "true", content => "$(key[$(numbers)])", if => isvariable("key[$(numbers)]");
}}
"""
        self.run("cf-agent", "-K", "-f", str(self.lay(augments, policy)))
        return [file.read_bytes().decode() for file in sorted(folder.iterdir())]

    def turns(self, augments: str) -> list[str]:
        """The order in which a policy that iterates over ``larry.order`` comes to the entries."""
        told = self.run("cf-agent", "-K", "-f", str(self.lay(augments, EMPTY)))
        return [line.removeprefix("R: order ") for line in told.splitlines()]


def list_leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path, value) of every text and number; lists count from 0."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from list_leaves(member, (*path, key))
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from list_leaves(member, (*path, str(place)))
    elif value is not None:
        yield path, value


def _values(augments: Any) -> dict[str, Any]:
    return {name: of["value"] for name, of in augments["variables"].items()}


def _reference(path: tuple[str, ...]) -> str:
    return path[0] + "".join(f"[{part}]" for part in path[1:])


def _first(text: str) -> Any:
    """The value that begins the rest of a line: JSON, a list of CFEngine's, or a text up to the tags."""
    if text.startswith('{"') and '":' not in text.partition(",")[0]:
        text = f"[{text[1:].replace('}', ']', 1)}"  # a list of CFEngine's own, of texts
    if text.startswith(("{", "[")):
        return json.JSONDecoder().raw_decode(text)[0]
    return text.rpartition("source=augments_file")[0].strip()
