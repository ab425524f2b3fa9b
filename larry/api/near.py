"""Near is whoever asks from a network that a setting names, and not by a proxy that nobody has named."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_HOST")
"""What proxies add: a request that carries any of it came from farther away than its connection tells."""


def is_near(request: HttpRequest, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether the request comes from one of the networks by itself, or by a proxy that the settings name."""
    meta = request.META
    try:
        address = ip_address(str(meta.get("REMOTE_ADDR", "")))
    except ValueError:
        return False
    if any(name in meta for name in FORWARDED) and (not settings.LARRY_PROXIES or address.is_loopback):
        return False
    return any(address in network for network in networks)
