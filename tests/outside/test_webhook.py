"""One signed request leaves, to the address that was judged; whatever is answered, it ends in time."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from larry.outside.webhook import Door, Request, send
from tests.outside.receiver import receiving

LOOPBACK = (ip_network("127.0.0.0/8"),)
SECRET = "whsec_correct-horse"
BODY = json.dumps({"text": "grüße & <b>"}, ensure_ascii=False).encode()


def ask(url: str) -> Request:
    return Request(url, SECRET, "dlv_1", "node.changed", BODY, 1_800_000_000)


def test_what_is_sent_is_signed_so_that_a_few_lines_can_check_it() -> None:
    with receiving() as receiver:
        answer = send(ask(receiver.url + "?a=1"), Door(LOOPBACK))
    assert answer.is_taken
    assert (answer.status, answer.fault) == (204, "")
    (taken,) = receiver.taken
    assert taken.path == "/hook?a=1"
    assert taken.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert taken.headers["Larry-Delivery"] == "dlv_1"
    assert taken.headers["Larry-Event"] == "node.changed"
    # As docs/guide/webhooks.md tells it.
    parts = dict(part.split("=", 1) for part in taken.headers["Larry-Signature"].split(","))
    expected = hmac.new(SECRET.encode(), parts["t"].encode() + b"." + taken.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(expected, parts["v1"])
    assert parts["t"] == "1800000000"
    assert SECRET not in str(taken.headers)


def test_without_a_word_in_the_settings_the_loopback_is_not_reached() -> None:
    with receiving() as receiver:
        answer = send(ask(receiver.url), Door())
    assert answer.status is None
    assert "webhook_networks" in answer.fault
    assert receiver.taken == []


def test_who_resolves_to_another_address_the_second_time_is_asked_at_the_first() -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.2",)

    with receiving() as receiver:
        url = f"http://rebinding.example:{receiver.port}/hook"
        assert send(ask(url), Door((ip_network("127.0.0.1/32"),), resolve=rebinding)).is_taken
        assert receiver.taken[0].headers["Host"] == f"rebinding.example:{receiver.port}"
        assert asked == ["rebinding.example"]
        again = send(ask(url), Door((ip_network("127.0.0.1/32"),), resolve=rebinding))
    assert "not public" in again.fault
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with receiving() as inside, receiving() as receiver:
        receiver.answers(status, {"Location": inside.url})
        answer = send(ask(receiver.url), Door(LOOPBACK))
    assert answer.status == status
    assert "redirects are not followed" in answer.fault
    assert inside.taken == []
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    "status, is_taken", [(200, True), (202, True), (299, True), (400, False), (410, False), (500, False)]
)
def test_only_what_says_so_is_taken(status: int, is_taken: bool) -> None:
    with receiving() as receiver:
        receiver.answers(status)
        answer = send(ask(receiver.url), Door(LOOPBACK))
    assert (answer.status, answer.is_taken, answer.fault == "") == (status, is_taken, is_taken)


def test_an_answer_that_does_not_end_is_not_read_to_its_end() -> None:
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        while sent < 2**30:
            handler.wfile.write(b"x" * 65536)
            sent += 65536

    with receiving() as receiver:
        receiver.answer = endless
        assert send(ask(receiver.url), Door(LOOPBACK)).is_taken
    assert sent < 2**30


def test_who_drips_is_left_at_the_deadline() -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
        for number in range(1000):
            handler.wfile.write(b"X-%d: x\r\n" % number)
            time.sleep(0.05)

    with receiving() as receiver:
        receiver.answer = drip
        begun = time.perf_counter()
        answer = send(ask(receiver.url), Door(LOOPBACK, patience=5, deadline=0.3))
        assert time.perf_counter() - begun < 30  # 50 seconds of dripping were to come
    assert (answer.status, answer.fault) == (None, "it did not answer in time")


def test_who_is_silent_and_who_is_not_there() -> None:
    with receiving() as receiver:
        receiver.answer = lambda _: time.sleep(1)
        silent = send(ask(receiver.url), Door(LOOPBACK, patience=0.2, deadline=5))
    assert silent.fault == "it did not answer in time"
    assert send(ask(receiver.url), Door(LOOPBACK)).fault == "it refuses connections"


def test_the_name_is_checked_by_tls_though_the_address_is_connected_to(tmp_path: Path) -> None:
    server, trust = certify("hooks.example", tmp_path)
    door = Door(LOOPBACK, resolve=lambda *_: ("127.0.0.1",), trust=trust)
    with receiving(server) as receiver:
        right = send(ask(f"https://hooks.example:{receiver.port}/"), door)
        wrong = send(ask(f"https://other.example:{receiver.port}/"), door)
        strange = send(ask(f"https://hooks.example:{receiver.port}/"), Door(LOOPBACK, resolve=door.resolve))
    assert right.is_taken
    assert "certificate" in wrong.fault
    assert "other.example" in wrong.fault
    assert "certificate" in strange.fault
    assert len(receiver.taken) == 1


def certify(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for a name, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = built.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
