"""Nothing is sent to where Larry could reach and whoever names the URL could not."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from larry.outside.guarded_address import AddressRefused, choose_address, is_public, read_url
from tests.outside.guarded_forms import BAD_PLACES, BAD_URLS, look_up


def test_there_are_as_many_forms_as_were_promised() -> None:
    assert len(set(BAD_URLS) | set(BAD_PLACES)) >= 48


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_written_oddly_is_refused_before_any_name_is_asked_for(url: str) -> None:
    with pytest.raises(AddressRefused):
        read_url(url)


@pytest.mark.parametrize("url", BAD_PLACES)
def test_what_leads_inside_is_refused(url: str) -> None:
    place = read_url(url)
    with pytest.raises(AddressRefused) as refused:
        choose_address(place, (), look_up)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url, host, port, target",
    [
        ("https://public.example", "public.example", 443, "/"),
        ("HTTPS://Public.Example./hook?x=1", "public.example", 443, "/hook?x=1"),
        ("https://public.example:8443/a/b", "public.example", 8443, "/a/b"),
        ("https://93.184.216.34/", "93.184.216.34", 443, "/"),
        ("https://[2606:2800:21F::1]:8080/?q=%20", "2606:2800:21f::1", 8080, "/?q=%20"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/"),
    ],
)
def test_what_is_public_is_let_through(url: str, host: str, port: int, target: str) -> None:
    place = read_url(url)
    assert (place.host, place.port, place.path) == (host, port, target)
    assert is_public(choose_address(place, (), lambda *_: ("93.184.216.34",)))


def test_networks_of_the_settings_are_allowed_with_any_port_and_without_tls() -> None:
    allowed = (ip_network("10.1.2.0/24"),)
    place = read_url("http://inside.example:81/x")
    assert str(choose_address(place, allowed, look_up)) == "10.1.2.3"
    with pytest.raises(AddressRefused, match="webhook_networks"):
        choose_address(read_url("https://127.0.0.1/"), allowed, look_up)
    with pytest.raises(AddressRefused, match="webhook_networks"):  # mapped, it is another address
        choose_address(read_url("https://mapped.example/"), allowed, look_up)


def test_a_name_is_resolved_once() -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("93.184.216.34",) if len(asked) == 1 else ("127.0.0.1",)

    place = read_url("https://rebinding.example/")
    assert choose_address(place, (), rebinding) == ip_address("93.184.216.34")
    assert asked == ["rebinding.example"]


def test_what_is_shown_of_a_url_is_not_its_path() -> None:
    assert read_url("https://hooks.example.com/services/T0/s3cr3t?x=1").shown == "https://hooks.example.com/…"
    assert read_url("http://[::1]:81").shown == "http://[::1]:81/"


def test_whoever_has_no_address_is_refused() -> None:
    with pytest.raises(AddressRefused, match="no address"):
        choose_address(read_url("https://nobody.example/"), (), lambda *_: ())
    with pytest.raises(AddressRefused, match="cannot be read"):
        choose_address(read_url("https://nobody.example/"), (), lambda *_: ("not an address",))
