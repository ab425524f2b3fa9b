"""A fault is one thing wrong with a statement, said in one sentence, with what would do."""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from larry.core.document import Json
from larry.core.key import fold
from larry.nouns.item import FieldPath, Item, Places, Position

FEW = 40
LONGEST_GUESS = 100
MOST_FAULTS = 1000
_LETTERS = string.ascii_lowercase + string.digits + "_-. "


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the sentence, whose field it is about, and where a file says it."""

    text: str
    path: FieldPath = ()
    at_key: bool = False
    subject: str = ""
    position: Position | None = None

    def __str__(self) -> str:
        place = f"{self.position}: " if self.position else ""
        about = ", ".join(part for part in (self.subject, spell_path(self.path)) if part)
        return f"{place}{about}: {self.text}" if about else f"{place}{self.text}"

    def under(self, *prefix: str | int) -> Fault:
        """The same fault, seen from a value around this one."""
        return replace(self, path=(*prefix, *self.path))


class FaultList:
    """Collects the faults of one answer: each once, the first thousand of them, in the order of the files."""

    def __init__(self) -> None:
        self._faults: dict[Fault, None] = {}
        self._unreadable: set[Position] = set()
        self._has_more = False
        self.is_full = False  # nobody spends time on wording, or even finding, further faults

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, fault: Fault) -> None:
        """Keep the fault, unless its place could not even be read: what follows from that is no news."""
        if self.is_full:
            self._has_more = True
        elif fault.position not in self._unreadable:
            self._faults[fault] = None
            self.is_full = len(self._faults) >= MOST_FAULTS

    def leave_out(self) -> None:
        """Say that there are faults that nobody will read any more."""
        self._has_more = True

    def add_unreadable(self, fault: Fault) -> None:
        """Keep the fault of a place that has no value now."""
        self.add(fault)
        if fault.position is not None:
            self._unreadable.add(fault.position)

    def add_at(self, places: Places, text: str, *path: str | int, at_key: bool = False, subject: str = "") -> None:
        """Keep a fault of a part of a file."""
        if self.is_full:
            self._has_more = True
            return
        self.add(Fault(text, path, at_key, subject, places.at(path, at_key=at_key)))

    def add_to(self, item: Item, text: str, *path: str | int, at_key: bool = False) -> None:
        """Keep a fault of a field of an item."""
        if self.is_full:
            self._has_more = True
            return
        self.add(Fault(text, path, at_key, item.label, item.position_of(path, at_key=at_key)))

    def settle(self, files: Iterable[str] = ()) -> tuple[Fault, ...]:
        """All faults by place: those without one first, then by file (as given, else as found), line and column."""
        order = {file: place for place, file in reversed(list(enumerate(files)))}
        for fault in self._faults:
            if fault.position is not None:
                order.setdefault(fault.position.file, len(order))

        def place_of(fault: Fault) -> tuple[int, int, int]:
            at = fault.position
            return (-1, 0, 0) if at is None else (order[at.file], at.line, at.column)

        faults = sorted(self._faults, key=place_of)
        if self._has_more:
            faults.append(Fault(f"and maybe more: these are the first {MOST_FAULTS} faults"))
        return tuple(faults)


def spell_path(path: FieldPath) -> str:
    """``("parameters", 1, "type")`` as ``parameters[1].type``."""
    spelled = ""
    for step in path:
        spelled += f"[{step}]" if isinstance(step, int) else f".{step}" if spelled else step
    return spelled


def describe_value(value: Json) -> str:
    """What a value is, for a sentence that says what it should have been."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {shorten(value)}"
    return "a map" if isinstance(value, Mapping) else "a list"


def shorten(text: str) -> str:
    """The text in quotes, on one line, cut when long."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def did_you_mean(word: str, candidates: Mapping[str, str]) -> str:
    """``; did you mean 'postgres'?`` or nothing. ``candidates`` are folded names and how they are spelled.

    Costs little and no more for many candidates: a few are compared, of many only those one keystroke away are found.
    """
    wanted = fold(word[: LONGEST_GUESS + 1])
    if not wanted or len(wanted) > LONGEST_GUESS:
        return ""
    if len(candidates) <= FEW:
        near = difflib.get_close_matches(wanted, _list_similar(wanted, candidates), n=1, cutoff=0.6)
        found = near[0] if near else None
    else:
        found = next((guess for guess in _one_keystroke_away(wanted) if guess in candidates), None)
    return f"; did you mean {candidates[found]!r}?" if found is not None else ""


def _list_similar(word: str, candidates: Iterable[str]) -> list[str]:
    """Those that two keystrokes might make of the word, judged by their letters: comparing all in full takes long."""
    letters, most = set(word), 2 if len(word) <= 4 else 4
    return [other for other in candidates if abs(len(other) - len(word)) <= 2 and len(letters ^ set(other)) <= most]


def _one_keystroke_away(word: str) -> Iterator[str]:
    yield word
    yield word.replace("_", "-")
    yield word.replace("-", "_")
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in _LETTERS:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]


def name_some(words: Mapping[str, str]) -> str:
    """The candidates in words when there are few enough to read: ``there are large and medium``."""
    spelled = sorted(words.values(), key=fold)
    if not 1 <= len(spelled) <= 6:
        return ""
    return (
        f"there is only {spelled[0]!r}"
        if len(spelled) == 1
        else (f"there are {', '.join(map(repr, spelled[:-1]))} and {spelled[-1]!r}")
    )
