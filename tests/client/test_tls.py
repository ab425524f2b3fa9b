"""The certificate of the server is verified: by the authorities that are trusted, and for its name."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from larry.client.connection import Connection, Patience
from larry.client.failure import Unreachable

NEVER: list[float] = []


def make_certificate(folder: Path, name: str, address: str) -> tuple[Path, Path]:
    """A certificate that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)  # noqa: TID251 — certificates are of today
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Patient(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what is tested."""


@pytest.fixture(scope="module", params=["127.0.0.1", "127.0.0.2"])
def secured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, bool]]:
    """A server at 127.0.0.1, the authority of its certificate, and whether that is of this address."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = make_certificate(folder, "larry", request.param)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Patient(("127.0.0.1", 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", certificate, request.param == "127.0.0.1"
    server.shutdown()
    server.server_close()
    thread.join()


def ask(url: str, ca_file: Path | None) -> int:
    pauses: list[float] = []
    connection = Connection(url, ca_file=ca_file, patience=Patience(2, 2), pause=pauses.append)
    try:
        return connection.get("/").status
    finally:
        connection.close()
        assert not pauses, "what a certificate lacks it lacks the next time too"


def test_an_authority_of_ones_own(secured: tuple[str, Path, bool]) -> None:
    url, authority, is_of_this_address = secured
    if is_of_this_address:
        assert ask(url, authority) == 200
    else:
        with pytest.raises(Unreachable, match="certificate"):
            ask(url, authority)


def test_an_unknown_authority(secured: tuple[str, Path, bool], tmp_path: Path) -> None:
    url, _, _ = secured
    with pytest.raises(Unreachable, match="certificate"):
        ask(url, None)
    with pytest.raises(Unreachable, match="certificate"):
        ask(url, make_certificate(tmp_path, "another", "127.0.0.1")[0])
