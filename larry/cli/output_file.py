"""Files that a command writes: each is replaced whole, so that nobody ever reads half of one."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, text: str) -> bool:
    """Write the file, or leave it as it is when it says the same already; whether it was written."""
    path = path.resolve()  # what a link leads to is replaced, not the link
    content = text.encode()
    if path.exists() and not path.is_file():  # a pipe or a device takes what it is given
        path.write_bytes(content)
        return True
    if path.exists() and path.read_bytes() == content:
        return False
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return True
