"""A page of the guide as somebody follows it: its files are written, its commands are run, in a folder of their own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.source import ROOT
from tests.journeys.served import LARRY, Served

GUIDE = ROOT / "docs/guide"
LIMIT = 300.0

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"\A(?:#!.*\n)?(?:#|//) ([\w./-]+\.\w+|[\w./-]+/[\w.-]+|[A-Z]\w*file)\n")


@dataclass(frozen=True, slots=True)
class Done:
    """One command of a page, and what it printed on both streams."""

    command: str
    output: str


def follow(page: str, served: Served, folder: Path, **variables: str) -> list[Done]:
    """Run every line that begins with ``$``, in order, in one shell; what a block names in its first line is written
    before. Lines that begin with ``#`` are for root, and are not run. The first failure ends it.
    """
    (folder / "ops").symlink_to(ROOT / "ops")
    commands = []
    parts = ["set -eu", "trap 'echo \"LARRY-FAILED $?\"' ERR", "set -E"]
    text = (GUIDE / page).read_text(encoding="utf-8").replace("http://127.0.0.1:8000", served.url)
    for step in list_steps(text):
        name = _FILE.match(step)
        if name:
            parts.append(_write(name[1], step))
        else:
            commands.append(step)
            parts.append(f"echo; echo LARRY-STEP\n{step}")
    known = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_"))}
    known |= {"PATH": f"{LARRY.parent}:{os.environ['PATH']}", "LARRY_HOME": str(served.home), "HOME": str(folder)}
    done = subprocess.run(
        ["bash", "-c", "\n".join(parts)],
        cwd=folder,
        env=known | {"LARRY_ACTOR": "the tests", "LC_ALL": "C.UTF-8"} | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )
    told = done.stdout.split("\nLARRY-STEP\n")[1:]
    assert done.returncode == 0, f"{commands[len(told) - 1] if told else page}: {done.stdout[-3000:]}"
    assert len(told) == len(commands)
    return [Done(command, output) for command, output in zip(commands, told, strict=True)]


def list_steps(text: str) -> Iterator[str]:
    """Commands (without their ``$``, continued lines whole) and files (blocks whose first line names one)."""
    for language, block in _BLOCK.findall(text):
        if _FILE.match(block):
            yield block
        elif not language:
            yield from (line for line in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE))


def _write(name: str, text: str) -> str:
    folder = name.rpartition("/")[0] or "."
    return f"mkdir -p {folder}\ncat > {name} <<'LARRY-END'\n{text}LARRY-END\n" + (
        f"chmod 755 {name}" if text.startswith("#!") else ""
    )
