"""The example of nginx in `ops`, run by nginx itself before servers that tell what they were sent."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from larry.outside import clock
from tests.house.source import ROOT
from tests.journeys.cluster import free_port
from tests.tools import require

EXAMPLE = ROOT / "ops/nginx/larry.conf"
NAME = "larry.example.com"
AROUND = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/larry.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where nginx listens, and the servers behind it that live."""

    plain: int
    secure: int
    certificate: Path

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", secure: bool = True
    ) -> tuple[int, Mapping[str, str], str]:
        known = {"Host": NAME, **(headers or {})}
        if secure:
            trusting = ssl.create_default_context(cafile=str(self.certificate))
            trusting.check_hostname = False  # it is asked for by its address
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", self.secure, timeout=60, context=trusting
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=60)
        try:
            connection.request(method, path, headers=known)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def told(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """Who answered, and what they were sent."""
        status, _, text = self.ask(path, headers)
        assert status == 200, text
        return json.loads(text)


@contextmanager
def serving(name: str) -> Iterator[int]:
    """A server that answers with its name and the headers that it got; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = {header.lower(): value for header, value in self.headers.items()}
            body = json.dumps({"who": name, "path": self.path, "sent": sent}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]), clock.now()
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    plain, form = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, plain))


def write_configuration(folder: Path, places: Mapping[str, str]) -> Path:
    """The example as it stands, but for where it listens, where the servers are and where its certificate is."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for there, here in places.items():
        assert there in text, f"the example has no {there}"
        text = text.replace(there, here)
    (folder / "larry.conf").write_text(text, encoding="utf-8")
    path = folder / "nginx.conf"
    path.write_text(AROUND.format(folder=folder), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    nginx, folder = require("nginx"), tmp_path_factory.mktemp("nginx")
    write_certificate(folder)
    found = Proxy(free_port(), free_port(), folder / "fullchain.pem")
    with ExitStack() as stack:
        web, lookups = (stack.enter_context(serving(name)) for name in ("web", "lookups"))
        places = {
            "listen [::]:80;": "",
            "listen [::]:443 ssl http2;": "",
            "listen 80;": f"listen 127.0.0.1:{found.plain};",
            "listen 443 ": f"listen 127.0.0.1:{found.secure} ",
            "/etc/ssl/larry/": f"{folder}/",
            "/var/log/nginx/": f"{folder}/",
            "10.0.0.11:8000": f"127.0.0.1:{free_port()}",  # one of each is gone
            "10.0.0.12:8000": f"127.0.0.1:{web}",
            "10.0.0.11:8001": f"127.0.0.1:{free_port()}",
            "10.0.0.12:8001": f"127.0.0.1:{lookups}",
        }
        command = [str(nginx), "-c", str(write_configuration(folder, places)), "-e", str(folder / "error.log")]
        tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert (tried.returncode, "[warn]" in tried.stderr) == (0, False), tried.stderr
        process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.DEVNULL))
        stack.callback(process.terminate)
        wait_for(found, process)
        yield found


def wait_for(proxy: Proxy, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            proxy.ask("/", secure=False)
        except OSError:
            assert process.poll() is None, "nginx does not run"
            assert time.monotonic() < until, "nginx does not listen"
            time.sleep(0.05)
        else:
            return


def test_lookups_go_to_the_processes_that_are_for_them(proxy: Proxy) -> None:
    for _ in range(3):  # whichever of the two is asked first
        assert proxy.told("/configuration/web1.example.com.enc?as_of=%2B1d")["who"] == "lookups"
        assert proxy.told("/configuration/web1.example.com.enc?as_of=%2B1d")["path"].endswith(".enc?as_of=%2B1d")
        for path in ("/", "/hosts/configuration/", "/inventory.json", "/api/v1/hosts"):
            assert proxy.told(path)["who"] == "web"


def test_what_a_client_says_of_itself_is_dropped(proxy: Proxy) -> None:
    lies = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "If-None-Match": '"a"', "Larry-Mark": "0/1"}
    for path in ("/", "/configuration/web1.example.com.json"):
        sent = proxy.told(path, {**lies, "Authorization": "Bearer larry_x"})["sent"]
        assert (sent["x-forwarded-for"], sent["x-forwarded-proto"], sent["host"]) == ("127.0.0.1", "https", NAME)
        assert (sent["authorization"], sent["if-none-match"], sent["larry-mark"]) == ("Bearer larry_x", '"a"', "0/1")


def test_no_log_holds_the_token_of_a_feed(proxy: Proxy) -> None:
    hidden = "/feed/activity.atom?token=larry_hidden"
    for _ in range(3):  # one of the servers is gone, of which nginx tells in its log of errors
        assert proxy.told(hidden)["path"] == hidden
    assert proxy.ask(hidden, secure=False)[0] == 308
    folder, asked, until = proxy.certificate.parent, '"GET /feed/activity.atom HTTP/1.1" ', time.monotonic() + 30
    while (told := (folder / "access.log").read_text(encoding="utf-8").count(asked)) < 4:
        assert time.monotonic() < until, f"{told} of 4 requests are in the log"  # nginx writes it after it has answered
        time.sleep(0.05)
    assert told == 4
    assert not any("larry_hidden" in file.read_text(encoding="utf-8") for file in folder.glob("*.log"))


def test_all_is_by_tls_and_meters_are_not_for_everybody(proxy: Proxy) -> None:
    status, headers, _ = proxy.ask("/hosts?a=1", secure=False)
    assert (status, headers["location"]) == (308, f"https://{NAME}/hosts?a=1")
    assert "max-age" in proxy.ask("/")[1]["strict-transport-security"]
    assert proxy.ask("/metrics")[0] == 403
