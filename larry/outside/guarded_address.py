"""Where Larry sends on behalf of others: to addresses of the public internet, or of networks that the settings name.

Whoever may name a URL could otherwise have Larry ask its own machine, its neighbours or its cloud. So a URL is read
strictly, in one spelling only; its name is resolved once; every address found is judged; and the connection goes to an
address that was judged, not to the name again.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Resolver: TypeAlias = Callable[[str, int], Iterable[str]]

LONGEST_URL = 2000

_REFUSED = tuple(
    ip_network(text)
    for text in (
        # IANA's registry of special IPv4 addresses, multicast, and what is reserved.
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24"
        " 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24"
        " 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
        # Within 2000::/3: Teredo and protocols, documentation, 6to4, benchmarks, AS112, segment routing.
        " 2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20"
        # Clouds that answer for metadata at addresses that look public.
        " 168.63.129.16/32 100.100.100.200/32"
    ).split()
)
_PUBLIC_IPV6 = ip_network("2000::/3")
"""What IANA has given out. Mapped, compatible, translated (NAT64), local and multicast addresses all lie outside."""

_ISATAP = (0x00005EFE, 0x02005EFE)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_CANONICAL_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_LOWEST_FREE_PORT = 1024
_WELL_KNOWN_PORTS = {"https": 443, "http": 80}


class AddressRefused(Exception):
    """Nothing is sent there, and why in one clear line that repeats no more of the URL than its host."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was read: ``host`` is a name in lower case or an address without brackets; ``path`` comes with
    the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def shown(self) -> str:
        """As much of the URL as may be shown: its path may hold a secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _WELL_KNOWN_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}/" + ("…" if self.path != "/" else "")

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _WELL_KNOWN_PORTS[self.scheme] else f"{host}:{self.port}"


def read_url(url: str) -> Target:
    """Read a URL in the one spelling that is understood alike by everybody. Raises `AddressRefused`."""
    if len(url) > LONGEST_URL:
        raise AddressRefused(f"the URL is longer than {LONGEST_URL} characters")
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\<>"`{}|^'):
        raise AddressRefused(
            "the URL holds characters that do not belong in one: write them with %, and names as xn--…"
        )
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in _WELL_KNOWN_PORTS:
        raise AddressRefused("the URL is to begin with https:// (or http:// for networks that the settings name)")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        raise AddressRefused("the URL holds a user or a password: those who receive can check the signature instead")
    if "#" in rest:
        raise AddressRefused("the URL holds a fragment, which is never sent")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        raise AddressRefused("the URL has a host or a port that cannot be read") from fault
    if authority.endswith(":"):
        raise AddressRefused("the URL has a colon without a port")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(
        scheme.lower(), _read_host(authority), _WELL_KNOWN_PORTS[scheme.lower()] if port is None else port, target
    )


def choose_address(place: Target, allowed: Sequence[Network], resolve: Resolver | None = None) -> Address:
    """Resolve a place once, and the address to connect to: the first, if Larry may send to all of them.

    ``allowed`` are networks that may be sent to though they are not public, also with plain http and to any port.
    Raises `AddressRefused`.
    """
    found = [_read_address(text) for text in (resolve or resolve_name)(place.host, place.port)]
    if not found:
        raise AddressRefused(f"{place.host} has no address")
    for address in found:
        if any(address in network for network in allowed if network.version == address.version):
            continue
        if not is_public(address):
            raise AddressRefused(
                f"{place.host} is at {address}, which is not public: whoever runs Larry can allow its network by the"
                " setting webhook_networks"
            )
        if place.scheme != "https":
            raise AddressRefused(f"{place.host} is public: only https:// is sent there")
        if place.port != _WELL_KNOWN_PORTS["https"] and place.port < _LOWEST_FREE_PORT:
            raise AddressRefused(f"port {place.port} belongs to another protocol: take 443, or one above 1023")
    return found[0]


def resolve_name(host: str, port: int) -> Iterable[str]:
    """The addresses of a host by the resolver of the system. Raises `AddressRefused` where it knows none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as fault:
        raise AddressRefused(f"{host} has no address") from fault
    return [str(entry[4][0]) for entry in found]


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, and nothing else is told by it or hidden in it."""
    if any(address in network for network in _REFUSED if network.version == address.version):
        return False
    if isinstance(address, IPv6Address):
        is_tunnel = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
        return address in _PUBLIC_IPV6 and address.scope_id is None and address.is_global and not is_tunnel
    return address.is_global


def _read_host(authority: str) -> str:
    if authority.startswith("["):
        inside, bracket, _ = authority[1:].partition("]")
        if not bracket or "%" in inside:
            raise AddressRefused("the URL has an IPv6 address that cannot be read, or one with a zone")
        try:
            return str(IPv6Address(inside))
        except ValueError as fault:
            raise AddressRefused("the URL has an IPv6 address that cannot be read") from fault
    host = authority.partition(":")[0].lower()
    if _CANONICAL_IPV4.fullmatch(host):
        return host
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("the URL has no host that is a name or an address")
    if _NUMBER.fullmatch(labels[-1]):
        raise AddressRefused("the URL has a number for a host: write an address as four numbers from 0 to 255")
    return ".".join(labels)


def _read_address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError as fault:
        raise AddressRefused("the resolver's answer cannot be read") from fault
