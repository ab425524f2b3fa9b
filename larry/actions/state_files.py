"""State files: make the estate what files say, or tables of one sort; read where it is changed, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from larry.actions.adopt import Stated, adopt
from larry.actions.apply import EstateChange, apply
from larry.actions.author import Author
from larry.actions.decision import Existing
from larry.core.document import Json
from larry.core.moment_text import NotAMoment, read_moment
from larry.core.plan import Plan
from larry.core.track import Track, untracked
from larry.exports.plan import plan_document
from larry.nouns.csv_text import parse_csv
from larry.nouns.deployment import DeploymentLine
from larry.nouns.estate import EstateFaults, parse_estate, resolve_deployments
from larry.nouns.estate_file import StatedEstate
from larry.nouns.fault import Fault
from larry.nouns.table import NOUNS
from larry.nouns.yaml_text import LARGEST_FILE
from larry.queries.noun import get_estate

Contents = Iterable[tuple[str, bytes]]
"""Files by name, in the order in which they are read."""


@dataclass(frozen=True, slots=True)
class HowStated:
    """``prune``: what files do not mention retires; ``with_deployments``: what they say is deployed is put in place.
    ``zone`` is that of moments without one, ``largest`` how many bytes of one file are read.
    """

    zone: ZoneInfo
    prune: bool = False
    with_deployments: bool = False
    dry_run: bool = False
    expect: str | None = None
    largest: int = LARGEST_FILE


@dataclass(frozen=True, slots=True)
class StatedChange:
    """What files changed: nouns; a Plan for each group of deployments, or None where none were to be put in place; and
    how many deployments in the files were left aside.
    """

    estate: EstateChange
    plans: tuple[Plan, ...] | None = None
    left_aside: int = 0

    @property
    def changes_nothing(self) -> bool:
        return self.estate.changes_nothing and not self.plans

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {
            **self.estate.document,
            "plans": None if self.plans is None else [plan_document(plan) for plan in self.plans],
            "left_aside": self.left_aside,
        }


def _say_nothing(about: str) -> None:
    """Nobody waits at a terminal."""
    del about


def state_files(
    files: Contents,
    author: Author,
    how: HowStated,
    *,
    track: Track = untracked,
    tell: Callable[[str], None] = _say_nothing,
) -> StatedChange:
    """Make the estate what files say. ``tell`` hears what takes a while. Raises `EstateFaults` with every fault of all
    files, and as `apply` and `adopt` do.
    """
    contents = tuple(files)
    tell("reading the files")
    estate = _read(contents, author, how.largest)
    tell("finding out what would change" if how.dry_run else "changing the estate")
    if how.with_deployments:
        stated = _stated(estate.deployments, author, how.zone)
        reasoned = author if author.reason else replace(author, reason="adopted")
        done = adopt(estate.items, stated, reasoned, prune=how.prune, dry_run=how.dry_run, track=track)
        return StatedChange(done.estate, done.plans)
    change = apply(estate.items, author, prune=how.prune, dry_run=how.dry_run, expect=how.expect)
    return StatedChange(change, None, len(estate.deployments))


def state_table(
    noun: str,
    file: tuple[str, bytes],
    author: Author,
    *,
    dry_run: bool = False,
    expect: str | None = None,
    track: Track = untracked,
    tell: Callable[[str], None] = _say_nothing,
) -> EstateChange:
    """Create and change nouns of one sort from CSV. Raises `EstateFaults` with every fault by line, and as `apply`."""
    name, content = file
    items = parse_csv(NOUNS[noun], name, content, track=track, existing=lambda: _existing(author))
    tell("changing the estate")
    return apply(items, author, dry_run=dry_run, expect=expect)


def _existing(author: Author) -> Existing:
    """What names can mean: what the author sees."""
    return get_estate(author.sees, author.moment)


def _read(contents: Sequence[tuple[str, bytes]], author: Author, largest: int) -> StatedEstate:
    """The nouns as stated: `apply` completes them in its transaction. Deployments with references resolved."""
    estate = parse_estate(contents, largest=largest, existing=lambda: _existing(author))
    if estate.deployments:
        estate = replace(estate, deployments=resolve_deployments(estate, _existing(author), contents))
    return estate


def _stated(lines: Sequence[DeploymentLine], author: Author, zone: ZoneInfo) -> list[Stated]:
    """Lines of files with their moments put into a time zone; every wrong one in one answer."""
    stated: list[Stated] = []
    faults: list[Fault] = []
    for line in lines:
        try:
            start = read_moment(line.start, now=author.now, zone=zone)
            end = read_moment(line.end, now=author.now, zone=zone) if line.end is not None else None
        except NotAMoment as fault:
            faults.append(Fault(str(fault), subject="deployment", position=line.position))
            continue
        stated.append(Stated(line.instance, line.host, start, end, line.reason))
    if faults:
        raise EstateFaults(faults)
    return stated
