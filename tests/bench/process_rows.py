"""P11 and P12: commands as processes, and the memory of a process that answers lookups."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tests.bench.measure import Row, compare
from tests.bench.size import Size

_PEAK = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
"""Its own: what the system tells of used resources may be that of the process which started it."""
_BARE = f"import django; django.setup(); from django.core.wsgi import get_wsgi_application as g; g(); {_PEAK}"
_LOOKUPS = f"""
import django; django.setup()
from tests.bench.lookup_rows import ask_many
from larry.outside import clock
ask_many(10_000, clock.now()); {_PEAK}
"""


_ENC = Path(__file__).parents[2] / "ops" / "puppet" / "larry-enc"
_CLASSIFIER = Path(__file__).parents[2] / "larry" / "site" / "classifier.py"


def run(words: list[str], **variables: str) -> Callable[[], object]:
    """A process, from its start to its end."""
    environment = {**os.environ, **variables}
    return lambda: subprocess.run(words, check=True, capture_output=True, env=environment)


def process_rows(size: Size, now: datetime) -> Iterator[Row]:
    """P11: `larry config` and the classifiers as processes, against an empty Python and curl."""
    from django.db import connection

    from larry.records.host import Host

    host = Host.objects.order_by("id").values_list("name", flat=True)[2]
    command = [str(Path(sys.executable).with_name("larry")), "config", host, "--format", "enc"]

    mine, theirs = compare(run(command), run([sys.executable, "-c", "pass"]), rounds=5)
    yield Row("P11 larry config HOST", f"{size.hosts:,} hosts", mine, theirs, "python3 -c pass", 15)
    mine, theirs = compare(run([command[0], "--version"]), run([sys.executable, "-c", "pass"]), rounds=5)
    yield Row("P11 larry --version", f"{size.hosts:,} hosts", mine, theirs, "python3 -c pass", None)
    if connection.vendor == "sqlite":
        program = [sys.executable, "-I", "-S", str(_CLASSIFIER), str(connection.settings_dict["NAME"]), host]
        run(program)()  # the first answer is Larry's
        mine, theirs = compare(run(program), run([sys.executable, "-I", "-S", "-c", "pass"]), rounds=15)
        said = f"{size.hosts:,} hosts, an answer that is kept"
        yield Row("P11 the embedded classifier", said, mine, theirs, "python3 -I -S -c pass", 2.5)
    answer = subprocess.run(command, check=True, capture_output=True).stdout
    with _serving(answer) as url, tempfile.TemporaryDirectory() as folder:
        script = run(
            [str(_ENC), host], LARRY_URL=url, LARRY_TOKEN=f"larry_{'0' * 12}_{'x' * 43}", LARRY_ENC_CACHE=folder
        )
        plain = run(["sh", "-c", f"curl --silent {url}/configuration/{host}.enc"])
        mine, theirs = compare(script, plain, rounds=11)
        yield Row("P11 the classifier's script", f"an answer of {len(answer):,} bytes", mine, theirs, "sh -c curl", 1.3)


@contextmanager
def _serving(body: bytes) -> Iterator[str]:
    """A server that answers all alike, for what happens around it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(10)


def memory_rows(size: Size, now: datetime) -> Iterator[Row]:
    """P12: the peak of a process after 10,000 lookups and a whole inventory, in MB as if they were milliseconds."""

    def peak(program: str) -> float:
        done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        return int(done.stdout.split()[-1]) / 1024 / 1000

    said = f"{size.hosts:,} hosts, 10,000 lookups, an inventory; MB"
    yield Row("P12 memory", said, peak(_LOOKUPS), peak(_BARE), "bare Django process", 3)
