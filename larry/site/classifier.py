"""A program of its own for Puppet, on the machine of the embedded database; it needs neither Django nor Larry.

``python3 -I -S classifier.py DATABASE CERTNAME`` prints what ``larry config CERTNAME --format enc`` prints. One
statement tells the digest of what holds now; what Larry printed of that digest is kept beside the database. All else is
left to Larry, which takes this process over (first_answer.py): a host without an answer, a database that cannot be read
or is at another migration, an answer that was kept of another digest, by other code or another user, or by half.
"""

# pathlib alone would take as long to load as all of this.
# ruff: noqa: PTH100, PTH120, PTH123, PTH208
import os
import sqlite3
import stat
import sys
import time

PRINTERS = ("core", "exports", "exports/puppet", "queries", "cli/commands")
"""The rooms on which the text of an answer depends besides the digest."""

_STATEMENT = """
SELECT s.document_id, (SELECT max(m.name) FROM django_migrations m WHERE m.app = 'larry')
FROM larry_host h JOIN larry_nodesegment s ON s.host_id = h.id
WHERE h.name = ? AND s.start <= ? AND (s."end" IS NULL OR s."end" > ?)
ORDER BY s.id LIMIT 1
"""
_PATIENCE = 1  # as direct_database.py has it
_OF_NAMES = "abcdefghijklmnopqrstuvwxyz0123456789.-_"
_DAY = 86_400
_LARRY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FIRST = f"""
import sys
sys.path.insert(0, {os.path.dirname(_LARRY)!r})
import larry  # this one, whichever may be installed beside it
del sys.path[0]
from larry.site.first_answer import give
sys.exit(give(*sys.argv[1:]))
"""


def answer(words: list[str]) -> None:
    """Print it; else Larry takes over, and leaves with the exit code of `larry config`."""
    if len(words) != 2 or not words[0]:
        sys.stderr.write("usage: classifier.py DATABASE CERTNAME\n")
        sys.exit(2)
    database, host = os.path.abspath(words[0]), words[1].lower()
    is_name = 0 < len(host) <= 253 and host[0] not in ".-" and not host.strip(_OF_NAMES)
    digest = find_digest(database, host) if is_name else None
    kept: tuple[str, ...] = ()
    if digest is not None:
        kept = f"{database}.enc/{host}", f"{digest} {tell_printers()}"
        text = read_kept(*kept)
        if text is not None:
            sys.stdout.buffer.write(text)
            return
    os.execv(sys.executable, [sys.executable, "-P", "-c", _FIRST, database, words[1], *kept])  # noqa: S606


def find_digest(database: str, host: str) -> str | None:
    """The digest of what the host is to be now; None for what is left to Larry. 1 SQL statement, by indexes alone."""
    seconds, left = divmod(time.time_ns(), 10**9)  # noqa: TID251 — this program is a door itself
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f".{left // 1000:06}"  # as Django keeps it
    address = f"file://{database.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro"
    try:
        connection = sqlite3.connect(address, _PATIENCE, isolation_level=None, uri=True)
        try:
            row = connection.execute(_STATEMENT, (host, now, now)).fetchone()
        finally:
            connection.close()
        level = max(name for name in os.listdir(f"{_LARRY}/records/migrations") if name[0] == "0")
    except (sqlite3.Error, OSError, ValueError) as error:
        sys.stderr.write(f"{database} cannot be read here, and Larry is asked: {error}\n")
        return None
    if row is not None and f"{row[1]}.py" != level:
        sys.stderr.write(f"{database} is not at migration {level[:-3]}, and Larry is asked\n")
        return None
    return None if row is None else str(row[0])


def tell_printers() -> str:
    """Which code prints: another word wherever a file of it was changed, replaced, added or removed."""
    told = []
    for room in PRINTERS:
        with os.scandir(f"{_LARRY}/{room}") as files:
            for file in files:
                if file.name.endswith(".py"):
                    about = file.stat()
                    told.append((about.st_ino, about.st_size, about.st_mtime_ns))
    return f"{hash(tuple(sorted(told))):x}"


def read_kept(path: str, whose: str) -> bytes | None:
    """What is kept there, if it is whole, of this digest and code, and written by this user, whom alone we believe."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
            return None
        head, _, text = file.read().partition(b"\n")
        if head != f"{whose} {len(text)}".encode():
            return None
        if about.st_mtime + _DAY < time.time():  # noqa: TID251 — as above
            os.utime(handle)  # it is in use: first_answer.py removes what is not
    return text


if __name__ == "__main__":
    answer(sys.argv[1:])
