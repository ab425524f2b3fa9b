"""Locks secrets for Hiera with a public key: hiera-eyaml opens them where the private key is, and Larry cannot."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import Certificate, load_pem_x509_certificate

from larry.core.document import Json
from larry.exports import CannotPrint
from larry.exports.puppet.hiera import escape_interpolation


def read_public_key(pem: bytes) -> Certificate:
    """The certificate that `eyaml createkeys` calls its public key. Raises `CannotPrint` when it is none."""
    wanted = "eyaml's public key must be an X.509 certificate of an RSA key in PEM: eyaml createkeys"
    try:
        certificate = load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as reason:
        raise CannotPrint(wanted) from reason
    if not isinstance(key, RSAPublicKey):
        raise CannotPrint(wanted)
    return certificate


def lock_secret(value: Json, certificate: Certificate) -> Json:
    """``ENC[PKCS7,...]`` for a text, and for every text within a list or map. Each time the bytes are different.

    The keys of maps stay readable. Raises `CannotPrint` for numbers and booleans, which eyaml cannot give back.
    """
    if isinstance(value, str):
        return _envelop(value, certificate)
    if isinstance(value, Mapping):
        return {escape_interpolation(key): lock_secret(member, certificate) for key, member in value.items()}
    if isinstance(value, Sequence):
        return [lock_secret(member, certificate) for member in value]
    if value is None:
        return None
    raise CannotPrint("a secret is a number or a boolean, which eyaml would give back as text: make it a text")


def _envelop(text: str, certificate: Certificate) -> str:
    # What eyaml opens loses one line end and is interpolated; an empty interpolation keeps the line end.
    escaped = escape_interpolation(text) + ("%{}" if text.endswith(("\n", "\r")) else "")
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(escaped.encode()).add_recipient(certificate)
    builder = builder.set_content_encryption_algorithm(AES256)
    envelope = builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    return f"ENC[PKCS7,{b64encode(envelope).decode()}]"
