"""The first answer about a host for Puppet's classifier: Larry prints it, and it is kept for classifier.py.

Who may change a file that is kept may tell Puppet anything; so only the user who runs the classifier may read or write
it. Secrets in it are masked. What a host's answer was before is gone when it has another.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from urllib.parse import quote

from larry.cli.main import COMPLETE, run
from larry.outside import clock
from larry.outside.half_file import written_whole

UNUSED = 30 * 86_400
"""Seconds after which an answer is removed that nobody has asked for; each is touched once a day when it is used."""


def give(database: str, host: str, path: str = "", whose: str = "") -> int:
    """Print what `larry config` prints of the host, keep it under ``path`` as that of ``whose`` (the digest, and which
    code prints), and return the exit code. Nothing is kept without a path, nor an answer of another digest.
    """
    _surround(database)
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", newline="")) as caught:
        code = run(["config", "--format", "enc", "--", host])
    caught.flush()
    text = caught.buffer.getvalue()
    try:
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    told = f'\n    "larry_digest": "{whose.partition(" ")[0]}",\n'  # no text of somebody's has a line feed in it
    if path and code == 0 and told.encode() in text:
        try:
            _keep(Path(path), whose, text)
        except OSError as error:
            sys.stderr.write(f"larry: the answer cannot be kept in {Path(path).parent}: {error.strerror}\n")
    return code


def _surround(database: str) -> None:
    """The settings of a `larry config` about this database, here; where none are named, those in its folder."""
    for name in ("LARRY_SERVER", COMPLETE):
        os.environ.pop(name, None)
    os.environ["LARRY_DATABASE_URL"] = f"sqlite://{quote(os.fsencode(database))}"
    if not os.environ.get("LARRY_CONFIG") and not os.environ.get("LARRY_HOME"):
        os.environ["LARRY_HOME"] = str(Path(database).parent)


def _keep(path: Path, whose: str, text: bytes) -> None:
    """Under its name in one step: whoever reads meanwhile has the old one or the new. Raises ``OSError``."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with written_whole(path, 0o600) as file:
        file.write(f"{whose} {len(text)}\n".encode() + text)
    before = clock.now().timestamp() - UNUSED
    for old in path.parent.iterdir():
        with suppress(FileNotFoundError):  # another has removed it
            if old.lstat().st_mtime < before:
                old.unlink()
