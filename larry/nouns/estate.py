"""The estate as files state it: read, completed against what exists, and checked, with every fault in one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from larry.nouns.check import check_items
from larry.nouns.completion import Completion, overlay
from larry.nouns.deployment import DeploymentLine
from larry.nouns.estate_file import EstateReader, StatedEstate
from larry.nouns.fault import Fault, FaultList
from larry.nouns.item import Item
from larry.nouns.resolution import Resolution
from larry.nouns.yaml_text import LARGEST_FILE

NO_FILE = "no estate file was given"


class EstateFaults(ValueError):
    """What is stated cannot be: all faults, in the order of the files; nothing has been changed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def parse_estate(
    files: Sequence[tuple[str, bytes | str]],
    *,
    largest: int = LARGEST_FILE,
    existing: Callable[[], Mapping[tuple[str, str], Item]] | None = None,
) -> StatedEstate:
    """Read estate files, each (name, text) of at most ``largest`` bytes, into items as stated.

    References are still as written: `complete` resolves them. Raises `EstateFaults` with the faults of all files; with
    ``existing``, which is asked for only then, also those that completing and checking would find later.
    """
    faults = FaultList()
    reader = _read_files(files, faults, largest)
    if faults and reader.is_whole and existing is not None:
        _resolve_deployments(reader.deployments, find_faults(reader.items, existing(), faults), faults)
    _raise_if_any(faults, files)
    return StatedEstate(tuple(reader.items), tuple(reader.deployments))


def complete(items: Iterable[Item], existing: Mapping[tuple[str, str], Item]) -> tuple[Item, ...]:
    """Bring items as stated into normal form, given all that exists by (noun, address).

    A noun is found by its explicit ``key``, else by ``was``, else by its name without regard to case; an item that
    states none of them by the last segment of its address, a key or name. What is found keeps every field that is not
    stated, what is new gets the defaults and a key derived from its name. A found noun that states another name is
    renamed. Linear in the number of stated and existing items. The answer is in the order of the table of nouns.
    Raises `EstateFaults`.
    """
    faults = FaultList()
    completion = Completion(items, existing, faults)
    _raise_if_any(faults, ())
    return completion.items


def read_estate(
    files: Sequence[tuple[str, bytes | str]],
    existing: Mapping[tuple[str, str], Item],
    *,
    largest: int = LARGEST_FILE,
) -> StatedEstate:
    """Read, complete and check in one: the items in normal form, and every fault of every sort in one answer.

    Checks the estate that would result if nothing were pruned. When a file cannot be read to its end, nothing is looked
    up, because what it would have stated is not known. Raises `EstateFaults`.
    """
    faults = FaultList()
    reader = _read_files(files, faults, largest)
    if not reader.is_whole:
        _raise_if_any(faults, files)
    completion = find_faults(reader.items, existing, faults)
    deployments = _resolve_deployments(reader.deployments, completion, faults)
    _raise_if_any(faults, files)
    return StatedEstate(completion.items, deployments)


def resolve_deployments(
    stated: StatedEstate, existing: Mapping[tuple[str, str], Item], files: Sequence[tuple[str, bytes | str]] = ()
) -> tuple[DeploymentLine, ...]:
    """The deployments that are stated with the addresses of what they name. Raises `EstateFaults` as `read_estate`."""
    faults = FaultList()
    deployments = _resolve_deployments(stated.deployments, find_faults(stated.items, existing, faults), faults)
    _raise_if_any(faults, files)
    return deployments


def find_faults(items: Iterable[Item], existing: Mapping[tuple[str, str], Item], faults: FaultList) -> Completion:
    """Note every fault of completing the items and of the estate that would result."""
    completion = Completion(items, existing, faults)
    for fault in check_items(overlay(existing, completion.items)):
        faults.add(fault)
    return completion


def _read_files(files: Sequence[tuple[str, bytes | str]], faults: FaultList, largest: int) -> EstateReader:
    reader = EstateReader(faults)
    for file, text in files:
        reader.read_file(file, text, largest)
    if not files:
        # An empty folder is more likely a mistake than the wish for an empty estate.
        faults.add(Fault(NO_FILE))
        reader.is_whole = False
    return reader


def _resolve_deployments(
    lines: Iterable[DeploymentLine], completion: Completion, faults: FaultList
) -> tuple[DeploymentLine, ...]:
    resolution = Resolution(completion.directory, faults)
    resolved: list[DeploymentLine] = []
    for line in lines:
        subject = Item("deployment", line.instance, {}, line.position, line.places)
        instance = resolution.find("instance", line.instance, subject, ("instance",))
        host = resolution.find("host", line.host, subject, ("host",))
        if instance is not None and host is not None:
            resolved.append(replace(line, instance=instance, host=host))
    return tuple(resolved)


def _raise_if_any(faults: FaultList, files: Sequence[tuple[str, bytes | str]]) -> None:
    if faults:
        raise EstateFaults(faults.settle([file for file, _ in files]))
