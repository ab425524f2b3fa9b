"""Files that a command writes: each is replaced whole, so that nobody ever reads half of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from larry.outside.half_file import clear_dead_halves, written_whole

LEDGER = ".larry-files"
"""Names what Larry wrote into a folder, so that it takes away what it no longer says, and nothing else."""

_RUNNABLE = 0o755


def replace_file(path: Path, text: str) -> bool:
    """Write the file, or leave it as it is when it says the same already; whether it was written.

    What an earlier command that was killed left beside it is removed.
    """
    if path.is_file() or not path.exists():
        clear_dead_halves([path.resolve()])
    return put_file(path, text)


def put_file(path: Path, text: str) -> bool:
    """The same for one of many, whose writer calls `clear_dead_halves` once for all of them."""
    path = path.resolve()  # what a link leads to is replaced, not the link
    content = text.encode()
    if path.exists() and not path.is_file():  # a pipe or a device takes what it is given
        path.write_bytes(content)
        return True
    if path.exists() and path.read_bytes() == content:
        return False
    mode = path.stat().st_mode & 0o7777 if path.exists() else None
    with written_whole(path, mode) as file:
        file.write(content)
    return True


def replace_folder(folder: Path, files: Mapping[str, str]) -> int:
    """Write the files, by their paths in the folder, and remove what an earlier call wrote there and this one does not;
    how many changed.

    What begins with ``#!`` may be run. Each file is replaced whole; the folder is not replaced as one.
    """
    ledger = folder / LEDGER
    known = ledger.read_text(encoding="utf-8").splitlines() if ledger.exists() else []
    changed = 0
    folder.mkdir(parents=True, exist_ok=True)
    clear_dead_halves([ledger.resolve(), *((folder / path).resolve() for path in {*known, *files})])
    put_file(ledger, "".join(f"{path}\n" for path in sorted({*known, *files})))
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        changed += put_file(place, text)
        if text.startswith("#!"):
            place.chmod(_RUNNABLE)
    for path in known:
        if path not in files:
            changed += (folder / path).exists()
            (folder / path).unlink(missing_ok=True)
    put_file(ledger, "".join(f"{path}\n" for path in sorted(files)))
    return changed
