"""The pack in the platform's bucket: made anew when the registry names what it lacks, fetched by whoever reads."""

from __future__ import annotations

import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from datamesh.registry.pack import PACK_KEY, Pack, write_pack
from datamesh.registry.store import Registry, knowledge_keys

__all__ = ["Packer", "fetched"]

_PIECE = 8 * 1024 * 1024  # bytes that are fetched at a time
_READERS = 8
_UNCHANGED, _CHANGED = ("304", "NotModified"), ("412", "PreconditionFailed")


class _Replaced(Exception):
    """Raised when the pack became another one between two of its pieces."""


@dataclass(frozen=True)
class Packer:
    """Keeps the pack in `bucket` as the registry wants it. `s3` reads and writes there."""

    registry: Registry
    s3: Any
    bucket: str

    def pack(self) -> int:
        """How many contracts and profiles were new in the pack, or had gone from the mesh; 0: it stays as it is.

        What is replaced while it is read is left to the next time. Raises what DynamoDB and S3 raise.
        """
        contracts, profiles = knowledge_keys(self.registry.products())
        with tempfile.TemporaryDirectory() as work:
            old, new = Path(work) / "old", Path(work) / "new"
            known = _downloaded(self.s3, self.bucket, old, unless="")
            held = Pack(old).keys() if known and _sound(old) else set()
            changed = held ^ (contracts | profiles)
            if not changed:
                return 0
            try:
                write_pack(new, old=old if held else None, contracts=contracts, profiles=profiles, read=self._get)
            except self.s3.exceptions.NoSuchKey:
                return 0
            self.s3.upload_file(str(new), self.bucket, PACK_KEY)
        return len(changed)

    def _get(self, key: str) -> bytes:
        data: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return data


def fetched(s3: Any, bucket: str, *, unless: str) -> tuple[Pack, str] | None:
    """The pack and its tag; None where there is none, or none but the one with the tag `unless`.

    A pack is a cache: one that is replaced meanwhile, or that is of another format, is none.
    """
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "pack"
        tag = _downloaded(s3, bucket, path, unless=unless)
        return (Pack(path), tag) if tag and _sound(path) else None  # open files outlive their directory


def _sound(path: Path) -> bool:
    try:
        Pack(path)
    except sqlite3.DatabaseError:
        return False
    return True


def _downloaded(s3: Any, bucket: str, path: Path, *, unless: str) -> str:
    """Fetches the pack in pieces, all of one version. Its tag; empty: there is nothing new, or it changed meanwhile."""
    try:
        return _pieces(s3, bucket, path, unless)
    except (s3.exceptions.NoSuchKey, _Replaced):
        return ""
    except ClientError as error:
        if error.response["Error"]["Code"] in _UNCHANGED + _CHANGED:
            return ""
        raise


def _pieces(s3: Any, bucket: str, path: Path, unless: str) -> str:
    where = {"Bucket": bucket, "Key": PACK_KEY}
    first = s3.get_object(**where, Range=f"bytes=0-{_PIECE - 1}", **({"IfNoneMatch": unless} if unless else {}))
    tag, size = str(first["ETag"]), int(first["ContentRange"].rpartition("/")[2])

    def piece(start: int) -> bytes:
        answer = s3.get_object(**where, Range=f"bytes={start}-{min(start + _PIECE, size) - 1}", IfMatch=tag)
        if answer["ETag"] != tag:
            raise _Replaced
        data: bytes = answer["Body"].read()
        return data

    with path.open("wb") as file, ThreadPoolExecutor(_READERS) as pool:
        rest = pool.map(piece, range(_PIECE, size, _PIECE))
        file.write(first["Body"].read())
        file.writelines(rest)
    return tag
