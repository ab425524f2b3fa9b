"""A Larry with an embedded database of its own, asked by the classifier and by `larry config`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from larry.site import classifier

PROGRAM = Path(classifier.__file__)
SECRET = "never-to-be-told"
HOST, SPARE = "web1.example.com", "web2.example.com"
BOUNDARY = "2090-01-01T00:00:00.500000+00:00"
ESTATE = f"""
larry: 1
services:
  - {{name: linux, tools: {{puppet: {{skip: true}}}}}}
  - name: rails
    sharing: instance
    needs: [linux]
    parameters: [{{name: motto, type: string, default: "Grüße,\\n    \\"larry_digest\\": \\"x\\","}}]
customers:
  - {{name: Acme, parameters: {{password: {SECRET}}},
     apps: [{{name: Shop, instances: [{{name: Live, requires: [rails]}}]}}]}}
hosts:
  - {{name: {HOST}, data: {{larry_digest: "0"}}}}
  - {{name: {SPARE}}}
"""
STAY = ["deploy", "acme/shop/live", "--host", HOST, "--start", BOUNDARY, "--reason", "because of the tests"]

LAY = """
import io, json, sys
from larry.cli.main import run
estate, *commands = json.loads(sys.argv[1])
for words in commands:
    sys.stdin = io.TextIOWrapper(io.BytesIO(estate.encode()))
    assert run(words) == 0, words
"""

ASK = """
import json, os, sys, time
from datetime import datetime
import larry.cli.commands.config, larry.cli.direct, larry.exports.puppet, larry.queries.direct_node
import larry.queries.reader, larry.site.direct_database
from larry.cli.main import main
from larry.outside import clock
from larry.site import classifier, first_answer

for way, moment, words in json.loads(sys.argv[1]):
    sys.stdout.flush()
    if os.fork() == 0:
        if moment:
            then = datetime.fromisoformat(moment)
            clock.now = lambda: then
            time.time_ns = lambda: round(then.timestamp() * 10**6) * 1000
            first_answer.UNUSED *= 10**4  # the files have the system's time
        if way == "larry":
            main(["config", "--format", "enc", "--", *words])
        os.execv = lambda path, given: sys.exit(first_answer.give(*given[4:]))
        classifier.answer([os.environ["DATABASE"], *words])
        sys.exit(0)
    code = os.waitstatus_to_exitcode(os.wait()[1])
    sys.stdout.buffer.write(b"\\0%d\\0" % code)
"""
"""Many times one of both, each as a process, but all together as fast as one; at a moment that is as good as now."""


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: bytes


@dataclass(frozen=True, slots=True)
class Larry:
    """A Larry with an embedded database in a home of its own."""

    home: Path

    @property
    def database(self) -> Path:
        return self.home / "larry.sqlite3"

    @property
    def kept(self) -> Path:
        return self.home / "larry.sqlite3.enc"

    @property
    def surroundings(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith(("LARRY_", "DJANGO_"))}
        return {**others, "LARRY_HOME": str(self.home), "DATABASE": str(self.database)}

    def lay(self, *commands: Sequence[str]) -> None:
        subprocess.run([sys.executable, "-c", LAY, json.dumps([ESTATE, *commands])], env=self.surroundings, check=True)

    def ask(self, *asked: tuple[str, str, Sequence[str]]) -> list[Said]:
        """Each as ("larry" or "program", the moment or nothing, the words)."""
        words = [sys.executable, "-c", ASK, json.dumps(asked)]
        told = subprocess.run(words, env=self.surroundings, capture_output=True, check=True, timeout=300).stdout
        pieces = told.split(b"\0")[:-1]
        return [Said(int(code), out) for out, code in zip(pieces[::2], pieces[1::2], strict=True)]

    def start(self, *words: str | bytes, flags: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-S", *flags, str(PROGRAM), str(self.database), *words]
        return subprocess.Popen(command, env=self.surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words: str | bytes, flags: Sequence[str] = ()) -> tuple[int, bytes, str]:
        """The program as Puppet starts it: code, output and what it said on standard error."""
        started = self.start(*words, flags=flags)
        out, err = started.communicate(timeout=120)
        return started.returncode, out, err.decode()

    def falsify(self, host: str = HOST) -> Path:
        """Let what is kept of a host be a lie of the same length, which shows where it comes from."""
        path = self.kept / host
        path.write_bytes(path.read_bytes().replace(b"larry_host", b"Larry_HOST"))
        return path
