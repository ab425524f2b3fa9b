"""Prints what firewalls audit as a table of nftables: sets of ports and of sources, and the rules that use them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from larry.core.document import Json
from larry.core.node import Subject
from larry.core.node_text import DatedNode
from larry.exports import CannotPrint, refuse_stop
from larry.exports.watch.watched import Watched, as_map, list_watched, read_tools

_GENERAL = ("also", "policy")
_FIELDS = ("address", "port", "ports", "protocol", "sources")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PORTS = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_LONGEST_COMMENT = 120
_LARGEST_PORT = 65535

_HEAD = """\
# Written by Larry from what firewalls audit; `nft -f` replaces the table as a whole, or not at all.
table inet larry
delete table inet larry
"""


@dataclass(frozen=True, slots=True)
class _Opening:
    """Ports of one subject and who may reach them; ``sources`` None is everybody, ``at`` None this very host."""

    name: str
    protocol: str
    ports: tuple[tuple[int, int], ...]
    sources: tuple[IPv4Network | IPv6Network, ...] | None
    at: tuple[IPv4Network | IPv6Network, ...] | None


def write_table(dated: DatedNode, *, stop: bool = False) -> str:
    """The table ``inet larry`` of one host: chain input for what is audited there, forward for what is elsewhere.

    Raises `CannotPrint` for ports and sources that are none, where auditors want two policies, and for ``stop``.
    """
    refuse_stop("nftables", stop=stop)
    openings = [_open(watched) for watched in _list_all(dated)]
    policies = _list_policies(dated)
    if len(policies) > 1:
        raise CannotPrint(f"{dated.node.facts.name}: auditors ask for the policies accept and drop: make them alike")
    if not policies:
        return _HEAD
    lines = [*(line for opening in openings for line in _sets(opening)), *_chains(openings, policies.pop())]
    return "\n".join([f"{_HEAD}table inet larry {{", *(f"    {line}" for line in lines), "}", ""])


def _list_all(dated: DatedNode) -> Iterator[Watched]:
    """What is audited, then what ``also`` is to be open, as if the host itself were audited for it."""
    yield from list_watched("nftables", dated, _GENERAL, _FIELDS)
    for entry in dated.node.services:
        said = read_tools(entry, "nftables") or {}
        for name, fields in as_map(said.get("also", {})).items():
            if not _NAME.fullmatch(name) or not isinstance(fields, Mapping) or not set(fields) <= set(_FIELDS):
                raise CannotPrint(f"{entry.service}: tools.nftables.also must be such as {{ssh: {{ports: [22]}}}}")
            host = Subject(name, dated.node.facts.name, dated.node.facts.addresses, entry.paths, {}, {})
            yield Watched("nftables", dated.node.facts.name, entry, host, fields, f"also-{name}")


def _list_policies(dated: DatedNode) -> set[str]:
    found = set()
    for entry in dated.node.services:
        said = read_tools(entry, "nftables")
        policy = None if said is None else said.get("policy", "accept")
        if policy in ("accept", "drop"):
            found.add(str(policy))
        elif policy is not None:
            raise CannotPrint(f"{entry.service}: tools.nftables.policy must be accept or drop")
    return found


def _open(watched: Watched) -> _Opening:
    subject, name = watched.subject, watched.name
    at = None
    if subject.host != watched.watcher:
        name = f"to-{subject.host}-{name}"
        at = _networks(watched, "address", list(subject.addresses))
        if not at:
            raise CannotPrint(f"{watched.place}: {subject.host} has no addresses; nftables knows no hosts by name")
    sources = watched.get("sources")
    return _Opening(
        name,
        watched.text("protocol", "tcp", re.compile("tcp|udp"), "tcp or udp"),
        _read_ports(watched),
        None if sources is None else _networks(watched, "sources", sources),
        at,
    )


def _read_ports(watched: Watched) -> tuple[tuple[int, int], ...]:
    """Ports and ranges of ports, in order, those that touch put together."""
    port = watched.port()
    said = watched.get("ports", None if port is None else [port])
    if isinstance(said, str | int) and not isinstance(said, bool):
        said = [said]
    if not isinstance(said, Sequence) or not said:
        raise watched.refuse("ports", said, "must be a list, such as [80, 443, 8000-8099]")
    found: list[tuple[int, int]] = []
    for first, last in sorted(_read_range(watched, value) for value in said):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def _read_range(watched: Watched, value: Json) -> tuple[int, int]:
    ends: Sequence[Json] = (value, value)
    if isinstance(value, str) and (found := _PORTS.fullmatch(value)):
        ends = found.groups()
    first, last = (watched.read_number("ports", end, _LARGEST_PORT) for end in ends)
    if first > last:
        raise watched.refuse("ports", value, "ends before it begins")
    return first, last


def _networks(watched: Watched, field: str, said: Json) -> tuple[IPv4Network | IPv6Network, ...]:
    found: dict[int, list[IPv4Network | IPv6Network]] = {4: [], 6: []}
    for text in [said] if isinstance(said, str) else said if isinstance(said, Sequence) else [said]:
        network = _read_network(text)
        if network is None:
            reason = "must be an IP address or a network, such as 10.20.0.0/16, with no bits behind its mask"
            raise watched.refuse(field, text, reason)
        found[network.version].append(network)
    return (*collapse_addresses(found[4]), *collapse_addresses(found[6]))  # type: ignore[type-var]  # each has one version


def _read_network(text: Json) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text) if isinstance(text, str) and "%" not in text else None
    except ValueError:
        return None


def _sets(opening: _Opening) -> Iterator[str]:
    ports = [str(first) if first == last else f"{first}-{last}" for first, last in opening.ports]
    yield from _set(f"{opening.name}-ports", "inet_service", ports)
    for suffix, networks in (("from", opening.sources), ("at", opening.at)):
        for version in (4, 6):
            those = [str(each) for each in networks or () if each.version == version]
            if those:
                yield from _set(f"{opening.name}-{suffix}{version}", f"ipv{version}_addr", those)


def _set(name: str, kind: str, elements: Iterable[str]) -> Iterator[str]:
    yield f"set {name} {{"
    yield f"    type {kind}"
    yield "    flags interval"
    yield f"    elements = {{ {', '.join(elements)} }}"
    yield "}"


def _chains(openings: Sequence[_Opening], policy: str) -> Iterator[str]:
    """First all that is let in, then what is closed to others: so one that is closed never shuts out another's."""
    for hook in ("input", "forward"):
        chosen = [opening for opening in openings if (opening.at is None) is (hook == "input")]
        if hook == "forward" and not chosen:
            continue
        yield f"chain {hook} {{"
        yield f"    type filter hook {hook} priority filter; policy {policy if hook == 'input' else 'accept'};"
        yield "    ct state established,related accept"
        if hook == "input":
            yield '    iifname "lo" accept'
            yield "    meta l4proto { icmp, ipv6-icmp } accept"
        for opening in chosen:
            yield from (f"    {rule}" for rule in _accept(opening))
        for opening in chosen:
            if opening.sources is not None:
                yield from (f"    {place}{_ports(opening)} drop{_comment(opening)}" for place in _places(opening))
        yield "}"


def _accept(opening: _Opening) -> Iterator[str]:
    for version, family in ((4, "ip"), (6, "ip6")):
        place = f"{family} daddr @{opening.name}-at{version} " if opening.at is not None else ""
        if opening.at is not None and not any(each.version == version for each in opening.at):
            continue
        if opening.sources is None:
            if place or version == 4:
                yield f"{place}{_ports(opening)} accept{_comment(opening)}"
        elif any(each.version == version for each in opening.sources):
            yield f"{place}{family} saddr @{opening.name}-from{version} {_ports(opening)} accept{_comment(opening)}"


def _places(opening: _Opening) -> Iterator[str]:
    if opening.at is None:
        yield ""
    else:
        for version in sorted({each.version for each in opening.at}):
            yield f"{'ip' if version == 4 else 'ip6'} daddr @{opening.name}-at{version} "


def _ports(opening: _Opening) -> str:
    return f"{opening.protocol} dport @{opening.name}-ports"


def _comment(opening: _Opening) -> str:
    return f' comment "{opening.name}"' if len(opening.name) <= _LONGEST_COMMENT else ""
