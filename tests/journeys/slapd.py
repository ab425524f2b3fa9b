"""A real directory: OpenLDAP's slapd on the loopback, with a throw-away authority for its certificates.

The server is a child of a shell that reads a pipe: when this process ends, however it does, both go.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from larry.core.identity import Bestowal
from larry.core.rights import PersonRole, ScopeKind
from larry.outside.directory import DirectorySettings
from tests.tools import require

BASE = "dc=example,dc=com"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
READER, READERS_PASSWORD = f"cn=larry,{BASE}", "reads-people-1"
PASSWORD, UNICODE_PASSWORD = "ada's own password", "pässwörd — 密码"
PATIENCE = 60.0
_DAY = datetime(2020, 1, 1, tzinfo=UTC)
_KEEPER = '"$@" & server=$!; cat; kill "$server"; wait'

CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/authority.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
# What a careless server allows: Larry must not be let in by it.
allow bind_anon_dn bind_anon_cred
database mdb
maxsize 10485760
suffix "{base}"
directory {folder}/data
rootdn "cn=root,{base}"
rootpw root
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by users read by * none
"""

PEOPLE_LDIF = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: larry
userPassword: {READERS_PASSWORD}

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups

dn: uid=ada,{PEOPLE}
objectClass: inetOrgPerson
uid: ada
cn: Ada Lovelace
sn: Lovelace
mail: ada@example.com
userPassword: {PASSWORD}

dn: uid=bob,{PEOPLE}
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Bob
mail: twins@example.com
userPassword: {PASSWORD}

dn: uid=bert,{PEOPLE}
objectClass: inetOrgPerson
uid: bert
cn: Bert
sn: Bert
mail: twins@example.com
userPassword: {PASSWORD}

dn: uid=jürgen.śmiałek,{PEOPLE}
objectClass: inetOrgPerson
uid: jürgen.śmiałek
cn: Jürgen Śmiałek 李
sn: Śmiałek
userPassword: {UNICODE_PASSWORD}

dn: uid=o'hara,{PEOPLE}
objectClass: inetOrgPerson
uid: o'hara
cn: O'Hara
sn: O'Hara
userPassword: {PASSWORD}

dn: uid=root-of-larry,{PEOPLE}
objectClass: inetOrgPerson
uid: root-of-larry
cn: A name that somebody has in Larry itself
sn: Somebody
userPassword: {PASSWORD}

dn: cn=operators,{GROUPS}
objectClass: groupOfNames
cn: operators
member: uid=ada,{PEOPLE}
member: uid=jürgen.śmiałek,{PEOPLE}

dn: cn=Betrieb Süd,{GROUPS}
objectClass: groupOfNames
cn: Betrieb Süd
member: uid=jürgen.śmiałek,{PEOPLE}
member: uid=bob,{PEOPLE}
"""


def require_directory() -> None:
    """Skip, or fail under CI, where there is no slapd or no client of LDAP for Python."""
    require("slapd")
    if importlib.util.find_spec("ldap") is None:
        reason = "python-ldap is not installed (make ldap), so this is not tested: signing in by a directory"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs certificates, for one test session."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def write(self, path: Path) -> Path:
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path


def make_authority(name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = _certificate(subject, subject, key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return Authority(certificate.sign(key, hashes.SHA256()), key)


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(_DAY).not_valid_after(_DAY + timedelta(days=365 * 60))


def write_server_certificate(authority: Authority, folder: Path) -> None:
    """A certificate for 127.0.0.1, and for no name: for localhost the client would look for the machine's own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = _certificate(subject, authority.certificate.subject, key.public_key()).add_extension(
        names, critical=False
    )
    signed = builder.sign(authority.key, hashes.SHA256())
    (folder / "server.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "server.key").write_bytes(key_text)


@dataclass(frozen=True, slots=True)
class Directory:
    """A server that answers on the loopback: plain (and StartTLS) at one port, TLS at the other."""

    folder: Path
    plain_port: int
    tls_port: int

    @property
    def plain(self) -> str:
        return f"ldap://127.0.0.1:{self.plain_port}"

    @property
    def tls(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    def settings(self, **told: object) -> DirectorySettings:
        """Search, then bind, over TLS, with the groups mapped."""
        known: dict[str, object] = {
            "urls": (self.tls,),
            "ca_file": self.authority,
            "bind_dn": READER,
            "bind_password": READERS_PASSWORD,
            "user_base": PEOPLE,
            "group_base": GROUPS,
            "seconds": 5,
            "grants": (
                Bestowal(f"CN=Operators, OU=Groups,{BASE}", PersonRole.OPERATOR),
                Bestowal(f"cn=betrieb süd,{GROUPS}", PersonRole.PLANNER, ScopeKind.CUSTOMER, "acme"),
                Bestowal(f"cn=nobody,{GROUPS}", PersonRole.ADMINISTRATOR),
            ),
        }
        return DirectorySettings(**(known | told))  # type: ignore[arg-type]

    def change(self, ldif: str) -> None:
        """What the directory's own people do to it."""
        command = [
            "ldapmodify",
            "-x",
            "-H",
            f"ldap://127.0.0.1:{self.plain_port}",
            "-D",
            f"cn=root,{BASE}",
            "-w",
            "root",
        ]
        done = subprocess.run(command, input=ldif, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr


@contextmanager
def running(folder: Path) -> Iterator[Directory]:
    """A directory with its people, until it is no longer needed."""
    slapd = require("slapd")
    (folder / "data").mkdir(parents=True)
    authority = make_authority("The throw-away authority")
    authority.write(folder / "authority.pem")
    write_server_certificate(authority, folder)
    configuration = folder / "slapd.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, base=BASE, reader=READER), encoding="utf-8")
    load = [str(slapd), "-T", "add", "-f", str(configuration)]
    done = subprocess.run(load, input=PEOPLE_LDIF, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    directory = Directory(folder, *_find_ports())
    listens = f"ldap://127.0.0.1:{directory.plain_port}/ ldaps://127.0.0.1:{directory.tls_port}/"
    with (folder / "slapd.log").open("wb") as log:
        keeper = subprocess.Popen(
            ["sh", "-c", _KEEPER, "keeper", str(slapd), "-d", "0", "-f", str(configuration), "-h", listens],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for(directory.tls_port, folder / "slapd.log")
            yield directory
        finally:
            assert keeper.stdin is not None
            keeper.stdin.close()
            keeper.wait(PATIENCE)


def _find_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace"))
