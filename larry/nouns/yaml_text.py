"""YAML text becomes plain JSON with the place of everything in it; what could mean something else is refused.

The rule (close to the core schema of YAML 1.2, as narrow as JSON): unquoted ``true``, ``false``, ``null`` (in any of
YAML's three cases), ``~`` and nothing are what they say; unquoted numbers are numbers if JSON would write them so
(``7``, ``-1.5``, ``2e3``); all else is text as it stands: ``yes``, ``0777``, ``1:30``, ``1_000``, ``0x1f``,
``2026-12-01``. Refused are anchors, aliases, tags, merge keys, duplicate keys, keys that are no text, several
documents, infinities, and numbers beyond 2^53 - 1.

libyaml's events are read one by one: nothing is composed or constructed, so a hostile file costs time and memory in
proportion to its size, and nesting ends the reading before it ends the stack.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Protocol

import yaml

from larry.core.document import DEEPEST, LARGEST_INTEGER, Json
from larry.nouns.fault import Fault, FaultList, shorten
from larry.nouns.item import KEY_BITS, LINE_BITS, PlaceNode, Places

LARGEST_FILE = 8 * 1024 * 1024
# What YAML calls unprintable, and three characters that end a line in YAML 1.1 and not in 1.2.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_LINE_END = re.compile("\r\n|[\n\r]")
_LINE_END_OR_UNPRINTABLE = re.compile(f"{_LINE_END.pattern}|{_UNPRINTABLE.pattern}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_NUMBER = 400
_WORDS: dict[str, Json] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NOT_TEXT = frozenset("-+.0123456789~nNtTfF")
_HINTS = (
    ("cannot start any token", "a text that begins so, or with a tab, needs quotes or spaces"),
    ("mapping values are not allowed", "a text that holds ': ' needs quotes, or the line is indented wrongly"),
    ("could not find expected ':'", "a ':' is missing, or the line is indented wrongly"),
    ("did not find expected", "a bracket, quote or comma is missing, or the line is indented wrongly"),
    ("found unexpected end of stream", "a quote or bracket is never closed"),
    ("invalid Unicode character escape", "half of a pair is no character: write the character itself"),
    ("undefined alias", "a text that begins with * needs quotes"),
)
_NOTICED_LATE = ("could not find expected ':'", "found unexpected end of stream")

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a PyYAML without libyaml reads the same, more slowly
    from yaml import SafeLoader as Loader  # type: ignore[assignment]  # the other class of the same shape


class _Mark(Protocol):
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class YamlText:
    """What a file says: plain dicts and lists, and where each part stands."""

    value: Json
    places: Places


def read_yaml(
    text: bytes | str, file: str, *, largest: int = LARGEST_FILE, deepest: int = DEEPEST
) -> tuple[YamlText | None, tuple[Fault, ...]]:
    """Read one file of at most ``largest`` bytes, nested at most ``deepest``; None when it cannot be read to its end.

    What has a fault of its own reads as null, a duplicate or faulty key is left out. Linear in the size of the text.
    """
    faults = FaultList()
    start = Places(file, 0)
    size = len(text)
    if size > largest:
        faults.add_at(start, f"the file has {size} bytes; at most {largest} are read: divide it, or raise the limit")
        return None, faults.settle()
    if isinstance(text, bytes):
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError as error:
            before = text[: error.start].decode("utf-8")
            faults.add_at(_place_after(file, before), f"the file is not UTF-8 ({error.reason}): save it as UTF-8")
            return None, faults.settle()
    else:
        decoded = text
    decoded = decoded.removeprefix("\ufeff")
    if _UNPRINTABLE.search(decoded):
        _refuse_unprintable(decoded, file, faults)
        return None, faults.settle()
    reader = _Reader(decoded, file, deepest, faults)
    value = reader.read()
    return value, faults.settle()


def _refuse_unprintable(text: str, file: str, faults: FaultList) -> None:
    line, begin = 0, 0
    for match in _LINE_END_OR_UNPRINTABLE.finditer(text):
        found = match.group()
        if _LINE_END.fullmatch(found):
            line, begin = line + 1, match.end()
        else:
            if faults.is_full:
                faults.leave_out()
                return
            places = Places(file, (line << LINE_BITS) | (match.start() - begin))
            note = f"the character U+{ord(found):04X} may not stand in a file: write it as an escape in double quotes"
            faults.add_at(places, note)


def _place_after(file: str, before: str) -> Places:
    """The place right after a piece of text that begins the file."""
    line, begin = 0, 0
    for end in _LINE_END.finditer(before):
        line, begin = line + 1, end.end()
    return Places(file, (line << LINE_BITS) | (len(before) - begin))


class _Unreadable(Exception):
    """The rest of the file cannot be read; the fault is noted."""


class _Frame:
    """One list or map that is being read."""

    __slots__ = ("is_key", "key", "key_place", "members", "place", "places")

    def __init__(self, members: Any, place: int, *, is_key: bool) -> None:
        self.members = members
        self.place = place
        self.places: Any = type(members)()
        self.is_key = is_key
        self.key: str | None | bool = None
        self.key_place = 0


class _Reader:
    def __init__(self, text: str, file: str, deepest: int, faults: FaultList) -> None:
        self.text = text
        self.file = file
        self.deepest = deepest
        self.faults = faults
        self.frames: list[_Frame] = []
        self.root: tuple[Json, PlaceNode] | None = None
        self.documents = 0

    def read(self) -> YamlText | None:
        try:
            self._read_events()
        except _Unreadable:
            return None
        except yaml.MarkedYAMLError as error:
            problem = str(error.problem)
            begins = any(sign in problem for sign in _NOTICED_LATE)
            self._note(_explain(error), (begins and error.context_mark) or error.problem_mark or error.context_mark)
            return None
        except yaml.YAMLError as error:
            self._note(f"the file is not YAML: {error}".splitlines()[0], None)
            return None
        if self.root is None:
            self._note("the file is empty", None)
            return None
        return YamlText(self.root[0], Places(self.file, self.root[1]))

    def _fault(self, text: str, mark: _Mark | None) -> None:
        """Note a fault; when nobody reads any more of them, the rest of the file is not read either."""
        if self.faults.is_full:
            self.faults.leave_out()
            raise _Unreadable
        self._note(text, mark)

    def _note(self, text: str, mark: _Mark | None) -> None:
        self.faults.add_at(Places(self.file, (mark.line << LINE_BITS) | mark.column if mark else 0), text)

    def _read_events(self) -> None:
        get = Loader(self.text).get_event
        while True:
            event = get()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._take_scalar(event)
            elif kind is yaml.MappingStartEvent:
                self._open({}, event)
            elif kind is yaml.SequenceStartEvent:
                self._open([], event)
            elif kind in {yaml.MappingEndEvent, yaml.SequenceEndEvent}:
                frame = self.frames.pop()
                if not frame.is_key:
                    self._place(frame.members, frame.place, frame.places)
            elif kind is yaml.AliasEvent:
                self._take_alias(event)
            elif kind is yaml.DocumentStartEvent:
                self._open_document(event)
            elif kind is yaml.StreamEndEvent:
                return

    def _open_document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._fault("a file holds one document: put the second into a file of its own", event.start_mark)
            raise _Unreadable

    def _open(self, members: Any, event: Any) -> None:
        mark = event.start_mark
        if len(self.frames) >= self.deepest:
            self._fault(f"nested deeper than {self.deepest} levels", mark)
            raise _Unreadable
        self._refuse_marks(event)
        top = self.frames[-1] if self.frames else None
        is_key = top is not None and top.key is None and type(top.members) is dict
        if is_key and top is not None:
            self._fault("a key must be text, not a list or map", mark)
            top.key = False
        self.frames.append(_Frame(members, (mark.line << LINE_BITS) | mark.column, is_key=is_key))

    def _take_scalar(self, event: Any) -> None:
        mark = event.start_mark
        place = (mark.line << LINE_BITS) | mark.column
        if event.tag is not None or event.anchor is not None:
            self._refuse_marks(event)
        text = event.value
        frames = self.frames
        top = frames[-1] if frames else None
        if top is not None and top.key is None and type(top.members) is dict:
            self._take_key(top, text, place, event)
            return
        value: Json = text
        if event.implicit[0]:
            if not text or text[0] in _NOT_TEXT:
                value = self._read_plain(text, mark)
        elif event.style == '"' and _NO_CHARACTER.search(text):
            self._fault("the text holds a character that no database and no shell can keep (NUL or half a pair)", mark)
            value = None
        self._place(value, place)

    def _take_key(self, top: _Frame, text: str, place: int, event: Any) -> None:
        mark = event.start_mark
        top.key, top.key_place = text, place
        if event.implicit[0]:
            if text == "<<":
                self._fault("maps are not merged here: write the members out", mark)
                top.key = False
            elif (not text or text[0] in _NOT_TEXT) and not isinstance(self._read_plain(text, mark), str):
                self._fault(f"a key must be text: put {text or 'it'} in quotes", mark)
                top.key = False
        elif event.style == '"' and _NO_CHARACTER.search(text):
            self._fault("the key holds a character that no database and no shell can keep (NUL or half a pair)", mark)
            top.key = False
        if top.key is not False and text in top.places:
            first = Places(self.file, (0, top.places)).at((text,), at_key=True)
            self._fault(f"the key {shorten(text)} is here twice: line {first.line} has it already", mark)
            top.key = False

    def _take_alias(self, event: Any) -> None:
        mark = event.start_mark
        self._fault(f"aliases are not read: write the value of *{event.anchor} out", mark)
        top = self.frames[-1] if self.frames else None
        if top is not None and top.key is None and type(top.members) is dict:
            top.key = False
        else:
            self._place(None, (mark.line << LINE_BITS) | mark.column)

    def _refuse_marks(self, event: Any) -> None:
        if event.anchor is not None:
            text = f"anchors are not read: leave &{event.anchor} out, and write the value where it is needed"
            self._fault(text, event.start_mark)
        if event.tag is not None:
            self._fault(f"tags are not read: leave {shorten(event.tag)} out, and put text in quotes", event.start_mark)

    def _read_plain(self, text: str, mark: _Mark) -> Json:
        """What unquoted text means."""
        if text in _WORDS:
            return _WORDS[text]
        number = _NUMBER.fullmatch(text)
        if number is None:
            if _INFINITY.fullmatch(text):
                self._fault(f"{text} is no JSON number: put it in quotes if it is text", mark)
                return None
            return text
        fraction, exponent = number.groups()
        if len(text) <= _LONGEST_NUMBER:
            value = int(text) if fraction is None and exponent is None else float(text)
            if math.isfinite(value) and (abs(value) <= LARGEST_INTEGER or value != int(value)):
                return value
        text = f"the number {shorten(text)} is beyond 2^53 - 1, where readers start to round: put it in quotes"
        self._fault(text, mark)
        return None

    def _place(self, value: Json, place: int, inside: Any = None) -> None:
        """Put a value that is complete where it belongs."""
        if not self.frames:
            self.root = (value, place if inside is None else (place, inside))
            return
        top = self.frames[-1]
        key = top.key
        if key is None:
            top.members.append(value)
            top.places.append(place if inside is None else (place, inside))
            return
        if key is not False:
            place |= top.key_place << KEY_BITS
            top.members[key] = value
            top.places[key] = place if inside is None else (place, inside)
        top.key = None


def _explain(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem or error.context or "unreadable")
    hint = next((hint for sign, hint in _HINTS if sign in f"{error.context} {problem}"), "")
    context = f"{error.context}: " if error.context and error.problem else ""
    return f"this is not YAML: {context}{problem}{f' ({hint})' if hint else ''}"
