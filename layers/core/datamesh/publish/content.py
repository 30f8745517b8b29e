"""Who an object is: the same file sent again is the same object, whatever its version. Pure.

An object is its product, its key and its content; asked to take a file again, its sender adds a nonce.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["AGAIN", "content_id", "object_id"]

AGAIN = "datamesh-again"  # the object's metadata that carries the nonce
_MD5 = re.compile(r"^[0-9a-f]{32}$")
_CRCS = ("ChecksumCRC64NVME", "ChecksumCRC32C", "ChecksumCRC32")


def content_id(head: Mapping[str, Any]) -> str:
    """What S3 says the content is, from HeadObject's answer with ChecksumMode=ENABLED.

    A SHA-256 of the whole object alone is enough. A CRC is joined by the size, and by the ETag where that is an MD5:
    under KMS it is none, and differs each time the same content is put. Without any checksum the ETag has to do.
    """
    etag, size = str(head.get("ETag", "")).strip('"'), int(head.get("ContentLength", 0))
    whole = head.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
    if whole and "ChecksumSHA256" in head:
        return f"sha256:{head['ChecksumSHA256']}"
    crc = next((f"{name.removeprefix('Checksum').lower()}:{head[name]}" for name in _CRCS if name in head), None)
    if crc is None:
        return f"etag:{etag}:{size}"
    is_md5 = _MD5.match(etag) and not str(head.get("ServerSideEncryption", "")).startswith("aws:kms")
    return f"{crc}:{size}:{etag}" if is_md5 else f"{crc}:{size}"


def object_id(product: str, key: str, content: str, nonce: str = "") -> str:
    """The object's identity in the ledger, as 64 hexadecimal digits."""
    parts = [product, key, content] + ([nonce] if nonce else [])
    # Lengths stand before the parts, so that no two lists of parts make the same text.
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
