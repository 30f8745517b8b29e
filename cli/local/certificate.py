"""The certificate of the local AWS. Its buckets refuse requests without TLS, as they do on AWS."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["certificate", "make", "private_key"]

_VALID = timedelta(days=3650)


def certificate(home: Path) -> Path:
    return home / "tls" / "certificate.pem"


def private_key(home: Path) -> Path:
    return home / "tls" / "key.pem"


def make(home: Path) -> None:
    """Makes a certificate of this machine for itself, unless `home` has one."""
    if certificate(home).is_file() and private_key(home).is_file():
        return
    from cryptography import x509  # noqa: PLC0415 (of the local mesh's dependencies; not of every command's)
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "datamesh local")])
    here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate(home).parent.mkdir(parents=True, exist_ok=True)
    private_key(home).touch(mode=0o600)
    private_key(home).write_bytes(secret)
    certificate(home).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
