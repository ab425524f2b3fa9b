"""`pytest -p tests.rows`: tells of each long form when it ends, and at the end what every promised row showed.

The rows and their files are read from docs/proofs.md, so that the page and the run speak of the same. What a test did
in figures it says itself, with `record_property`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest

PROOFS = Path(__file__).parent.parent / "docs" / "proofs.md"
SLOW = "slow"
_ROW = re.compile(r"^\| ([RS]\d+ [^|]+) \|.*\| (`[^|]+`) \|$", re.MULTILINE)
_FILE = re.compile(r"`([^`]+)`")


def read_rows(text: str) -> Mapping[str, tuple[str, ...]]:
    """By row, its files and folders; a name alone lies where the one before it does."""
    return {row[1]: tuple(_read_files(row[2])) for row in _ROW.finditer(text)}


def _read_files(cell: str) -> Iterator[str]:
    folder = PurePosixPath()
    for name in _FILE.findall(cell):
        path = PurePosixPath(name) if "/" in name else folder / name
        folder = path.parent
        yield str(path)


@dataclass(slots=True)
class Tally:
    """What came of one row."""

    outcomes: Counter[str] = field(default_factory=Counter)
    long: int = 0
    seconds: float = 0.0

    def tell(self) -> str:
        """In a line."""
        if not self.outcomes:
            return "NOTHING WAS RUN"
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        return f"{counts}; {self.long} long; {self.seconds:.0f} s"


class Rows:
    """Listens to reports, in the process that has the terminal."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._files = read_rows(PROOFS.read_text(encoding="utf-8"))
        self._tallies = {row: Tally() for row in self._files}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what a test came to, and tell of a long one."""
        rows = [row for row, files in self._files.items() if is_of(report.nodeid, files)]
        is_long = SLOW in report.keywords
        is_end = report.when == "call" or report.outcome != "passed"
        for row in rows:
            tally = self._tallies[row]
            tally.seconds += report.duration
            tally.outcomes[report.outcome] += is_end
            tally.long += is_long and is_end and not report.skipped
        if is_long and is_end:
            did = "".join(f", {name}: {value}" for name, value in report.user_properties)
            which = f" ({'; '.join(rows)})" if rows else ""
            self._write(f"{report.outcome} after {report.duration:.0f} s: {report.nodeid}{which}{did}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line for each row."""
        terminalreporter.write_sep("=", "what was promised, row by row (docs/proofs.md)")
        for row, tally in self._tallies.items():
            terminalreporter.write_line(f"{row}: {tally.tell()}")

    def _write(self, line: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"\n{line}")  # the line of dots is not at its end


def is_of(test: str, files: tuple[str, ...]) -> bool:
    """Whether the test is in one of the files or under one of the folders."""
    file = test.partition("::")[0]
    return any(file == each or file.startswith(f"{each}/") for each in files)


def pytest_configure(config: pytest.Config) -> None:
    """Listen, but for a worker of pytest-xdist: it reports to who does."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Rows(config), "larry-rows")
