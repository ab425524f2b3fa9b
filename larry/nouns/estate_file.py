"""An estate file states the nouns of an estate: read here into items as stated, before anything is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from larry.core.document import Json
from larry.core.key import fold
from larry.nouns.deployment import DEPLOYMENT_FIELDS, DEPLOYMENT_SECTION, DeploymentLine
from larry.nouns.fault import Fault, FaultList, describe_value, did_you_mean, shorten
from larry.nouns.field import Noun
from larry.nouns.item import Item, Places, join_address, quote_segment
from larry.nouns.parser import parse_field, parse_moment_text
from larry.nouns.statement import WAS, parse_statement
from larry.nouns.table import CHILDREN, NOUNS, SECTIONS
from larry.nouns.yaml_text import LARGEST_FILE, read_yaml

HEADER = "larry"
VERSION = 1
DEEPEST_FILE = 44
"""Values may nest 32 deep; around them an estate file nests up to 9 deep. Parsers say which value is too deep."""

_TOP_WORDS: Mapping[str, str] = MappingProxyType({word: word for word in (HEADER, *SECTIONS, DEPLOYMENT_SECTION)})
_DEPLOYMENT_WORDS: Mapping[str, str] = MappingProxyType({field.name: field.name for field in DEPLOYMENT_FIELDS})
_BELOW = {noun.plural: NOUNS[noun.parent].plural for noun in NOUNS.values() if noun.parent}


@dataclass(frozen=True, slots=True)
class StatedEstate:
    """What the files state, in their order."""

    items: tuple[Item, ...]
    deployments: tuple[DeploymentLine, ...]


class EstateReader:
    """Reads files one after the other; ``is_whole`` tells whether each could be read to its end."""

    def __init__(self, faults: FaultList) -> None:
        self.faults = faults
        self.items: list[Item] = []
        self.deployments: list[DeploymentLine] = []
        self.is_whole = True
        self._stated: dict[tuple[str, str, str, str], Item] = {}
        self._addresses: set[tuple[str, str]] = set()

    def read_file(self, file: str, text: bytes | str, largest: int = LARGEST_FILE) -> None:
        """Read one file: its items and deployments are added, its faults noted."""
        document, yaml_faults = read_yaml(text, file, largest=largest, deepest=DEEPEST_FILE)
        for fault in yaml_faults:
            self.faults.add_unreadable(fault)
        if document is None:
            self.is_whole = False
            return
        stated, places = document.value, document.places
        if not isinstance(stated, Mapping):
            self.is_whole = False
            about = "is empty" if stated is None else f"is {describe_value(stated)}"
            self.faults.add_at(places, f"an estate file is a map that begins with `larry: 1`; this {about}")
            return
        self._check_header(stated, places)
        for word, section in stated.items():
            if word in SECTIONS:
                self._read_section(SECTIONS[word], "", section, places.inside(word))
            elif word == DEPLOYMENT_SECTION:
                self._read_deployments(section, places.inside(word))
            elif word != HEADER:
                below = f"; {word} stand within {_BELOW[word]}" if word in _BELOW else ""
                hint = below or did_you_mean(word, _TOP_WORDS)
                self.faults.add_at(places, f"an estate file has no {shorten(word)}{hint}", word, at_key=True)

    def _check_header(self, stated: Mapping[str, Json], places: Places) -> None:
        if HEADER not in stated:
            self.faults.add_at(places, "an estate file begins with `larry: 1`, the version of its form")
            return
        version = stated[HEADER]
        if not isinstance(version, int) or isinstance(version, bool) or version != VERSION:
            self.faults.add_at(places, f"this Larry reads `larry: {VERSION}`, not {describe_value(version)}", HEADER)

    def _read_section(self, noun: Noun, parent: str | None, section: Json, places: Places) -> None:
        if section is None:
            return
        if not isinstance(section, Sequence) or isinstance(section, str):
            text = f"{noun.plural} must be a list, such as [{{name: ...}}], not {describe_value(section)}"
            self.faults.add_at(places, text)
            return
        for index, stated in enumerate(section):
            if self.faults.is_full:
                self.faults.leave_out()
                self.is_whole = False
                return
            if isinstance(stated, Mapping):
                self._read_item(noun, parent, stated, places.inside(index))
            else:
                hint = f": write {{name: {stated}}}" if isinstance(stated, str) and len(stated) <= 60 else ""
                text = f"a member of {noun.plural} must be a map, not {describe_value(stated)}{hint}"
                self.faults.add_at(places.inside(index), text)

    def _read_item(self, noun: Noun, parent: str | None, stated: Mapping[str, Json], places: Places) -> None:
        values, faults = parse_statement(noun, stated)
        name = values.get("name")
        label = f"{noun.name} {name!r}" if isinstance(name, str) else f"this {noun.name}"
        for fault in faults:
            self.faults.add_at(places, fault.text, *fault.path, at_key=fault.at_key, subject=label)
        if "name" not in stated:
            self.faults.add_at(places, f"every {noun.name} needs a name")
        address = None
        if isinstance(name, str) and parent is not None:
            segment = str(values.get("key") or values.get(WAS.name) or name)
            address = self._find_address(noun, parent, segment)
            item = Item(noun.name, address, MappingProxyType(values), places.at(), places)
            first = self._find_twin(item, parent, name)
            if first is None:
                self.items.append(item)
                self._addresses.add((noun.name, address))
            else:
                address = first.address
        for word, child in CHILDREN[noun.name].items():
            if word in stated:
                self._read_section(child, address, stated[word], places.inside(word))

    def _find_address(self, noun: Noun, parent: str, segment: str) -> str:
        """An address that no other has: what is the key of one may be the name of another, or what a third was."""
        address = join_address(parent, quote_segment(segment))
        for place in range(1, len(segment) + 1):
            if (noun.name, address) not in self._addresses:
                break
            spelled = "".join(f"%{byte:02X}" for byte in segment[:place].encode())
            address = join_address(parent, spelled + quote_segment(segment[place:]))
        return address

    def _find_twin(self, item: Item, parent: str, name: str) -> Item | None:
        """The item that the files state already under this name or key, with the fault noted."""
        for word, text in (("name", fold(name)), ("key", item.values.get("key"))):
            if not isinstance(text, str):
                continue
            first = self._stated.setdefault((item.noun, parent, word, text), item)
            if first is not item:
                what = f"{item.noun} {name!r}" if word == "name" else f"a {item.noun} with the key {text!r}"
                self.faults.add_to(item, f"{what} is stated already at {first.position}", word)
                return first
        return None

    def _read_deployments(self, section: Json, places: Places) -> None:
        if section is None:
            return
        if not isinstance(section, Sequence) or isinstance(section, str):
            self.faults.add_at(places, f"{DEPLOYMENT_SECTION} must be a list, not {describe_value(section)}")
            return
        for index, stated in enumerate(section):
            inside = places.inside(index)
            if not isinstance(stated, Mapping):
                self.faults.add_at(inside, f"a deployment must be a map, not {describe_value(stated)}")
            elif line := self._read_deployment(stated, inside):
                self.deployments.append(line)

    def _read_deployment(self, stated: Mapping[str, Json], places: Places) -> DeploymentLine | None:
        faults = [
            Fault(f"a deployment has no {shorten(word)}{did_you_mean(word, _DEPLOYMENT_WORDS)}", (word,), at_key=True)
            for word in stated
            if word not in _DEPLOYMENT_WORDS
        ]
        values: dict[str, str] = {}
        for field in DEPLOYMENT_FIELDS:
            if field.name in stated:
                value, field_faults = parse_field(field, stated[field.name])
                faults.extend(fault.under(field.name) for fault in field_faults)
                if isinstance(value, str):
                    values[field.name] = value
            elif field.required:
                faults.append(Fault(f"a deployment needs {field.name}: {field.description}"))
        start, end, reason = values.get("start"), values.get("end"), values.get("reason")
        if start is not None and end is not None and not _is_before(start, end):
            faults.append(Fault(f"the end {end} is not after the start {start}", ("end",)))
        if reason is not None and not reason.strip():
            faults.append(Fault("must not be empty: say why", ("reason",)))
        for fault in faults:
            self.faults.add_at(places, fault.text, *fault.path, at_key=fault.at_key, subject="deployment")
        if faults or start is None or reason is None:
            return None
        return DeploymentLine(values["instance"], values["host"], start, end, reason, places.at(), places)


def _is_before(start: str, end: str) -> bool:
    """Whether it is, as far as the texts alone tell: a moment without a zone is not compared with one that has one."""
    first, second = parse_moment_text(start), parse_moment_text(end)
    if first is None or second is None or (first.tzinfo is None) != (second.tzinfo is None):
        return True
    return first < second
