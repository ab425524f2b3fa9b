"""Resolution puts addresses in the place of names: references as people write them become what they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.core.document import Json
from larry.core.key import fold
from larry.nouns.directory import Directory, Entry, spell_out_parents
from larry.nouns.fault import FaultList
from larry.nouns.field import Field, FieldKind
from larry.nouns.item import FieldPath, Item, list_members


class Resolution:
    """Resolves references in one directory; what cannot be resolved is noted as a fault and left out."""

    def __init__(self, directory: Directory, faults: FaultList) -> None:
        self.directory = directory
        self.faults = faults
        self._renamed: dict[tuple[str, str], str] = {}
        self._moved_hosts: dict[str, str] = {}

    def note_rename(self, old: Entry, new: Entry) -> None:
        """Remember what is called otherwise from now on."""
        if fold(old.name) != fold(new.name):
            self._renamed[old.noun, fold(old.name)] = new.name
        if old.noun == "host" and old.address != new.address:
            self._moved_hosts[old.address] = new.address

    def resolve(self, field: Field, item: Item, value: Json) -> Json:
        """The value of a field with addresses for references; other fields as they are."""
        if field.kind is FieldKind.REFERENCE and isinstance(value, str) and field.target:
            return self.find(field.target, value, item, (field.name,))
        if field.kind is FieldKind.REFERENCES and field.target:
            return self._resolve_set(field.name, field.target, item, value)
        if field.kind is FieldKind.AUDITS:
            return self._resolve_audits(field.name, item, value)
        return value

    def find(self, noun: str, reference: str, item: Item, path: FieldPath) -> str | None:
        """The address of what a reference names, or None with the fault noted."""
        steps = len(spell_out_parents(noun))
        segments = reference.split("/") if steps > 1 else [reference]
        entry = self.directory.follow(noun, segments) if len(segments) == steps else None
        if entry is not None:
            return entry.address
        if not self.faults.is_full:
            renamed = self._renamed.get((noun, fold(reference)))
            if len(segments) != steps:
                path_of = "/".join(spell_out_parents(noun))
                text = f"{reference!r} is no path of an {noun}: write {path_of}, each by key or name"
            elif renamed is not None:
                text = f"{noun} {reference!r} is renamed here: write {renamed!r}"
            else:
                text = self.directory.explain(noun, segments)
            self.faults.add_to(item, text, *path)
        return None

    def _resolve_set(self, word: str, noun: str, item: Item, value: Json) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for index, reference in enumerate(list_members(value)):
            address = self.find(noun, str(reference), item, (word, index))
            if address is not None and address in found:
                self.faults.add_to(item, f"{noun} {address} is here twice, by key and by name", word, index)
            elif address is not None:
                found[address] = None
        return tuple(sorted(found))

    def _resolve_audits(self, word: str, item: Item, value: Json) -> Json:
        audits: dict[str, Json] = {}
        for index, audit in enumerate(list_members(value)):
            if not isinstance(audit, Mapping):
                continue
            service = self.find("service", str(audit["service"]), item, (word, index, "service"))
            where = audit["where"]
            if isinstance(where, Mapping):
                ((kind, name),) = where.items()
                address = self.find(kind, str(name), item, (word, index, "where", kind))
                where = None if address is None else MappingProxyType({kind: address})
            if service is None or where is None:
                continue
            if service in audits:
                self.faults.add_to(item, f"service {service} is audited twice, by key and by name", word, index)
            audits[service] = MappingProxyType({"service": service, "where": where})
        return tuple(audits[service] for service in sorted(audits))

    def carry_over(self, audits: Json) -> Json:
        """Audits as they stand, with the new names of hosts that are renamed."""
        return follow_hosts(audits, self._moved_hosts)


def follow_hosts(audits: Json, moved: Mapping[str, str]) -> Json:
    """The audits with new names in ``where`` for hosts that are renamed; the same object when none is concerned."""
    members = list_members(audits)
    if not moved or not any(_host_of(audit) in moved for audit in members):
        return audits
    return tuple(
        MappingProxyType({**audit, "where": MappingProxyType({"host": moved[host]})})
        if isinstance(audit, Mapping) and (host := _host_of(audit)) in moved
        else audit
        for audit in members
    )


def _host_of(audit: Json) -> str:
    where = audit.get("where") if isinstance(audit, Mapping) else None
    host = where.get("host") if isinstance(where, Mapping) else None
    return host if isinstance(host, str) else ""
