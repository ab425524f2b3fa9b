"""What a proxy in front says about the client counts if the settings name the proxy, and from nobody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class Proxied:
    """The first middleware: behind it the request has the client's own address and scheme, and cookies sent over HTTPS
    never go without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_proxy(request.META.get("REMOTE_ADDR", "")):
            scheme = request.META.get("HTTP_X_FORWARDED_PROTO", "").strip().lower()
            if scheme in {"http", "https"}:
                request.META["wsgi.url_scheme"] = scheme
            request.META["REMOTE_ADDR"] = find_client(request.META)
        response = self.get_response(request)
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response


def find_client(environ: Mapping[str, Any]) -> str:
    """The address that a request comes from, whoever passed it on; empty when the server tells none."""
    heard = str(environ.get("REMOTE_ADDR", ""))
    if not _is_proxy(heard):
        return heard
    said = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    # Each proxy adds at the end whom it heard; what stands before the first stranger anybody may have written.
    strangers = (text.strip() for text in reversed(said) if not _is_proxy(text.strip()))
    return next(strangers, "") or heard


def read_address(request: HttpRequest) -> str:
    """The address that the request comes from, as text; empty when the server tells none."""
    return str(request.META.get("REMOTE_ADDR", ""))


def _is_proxy(text: str) -> bool:
    if not settings.LARRY_PROXIES:
        return False
    address = _find_address(text)
    return address is not None and any(address in network for network in settings.LARRY_PROXIES)


def _find_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
