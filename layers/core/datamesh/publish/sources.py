"""Where a file's bytes are: on disk or in S3, read a piece at a time or fetched whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError

from datamesh.errors import UnreadableInput
from datamesh.publish.manifest import ObjectRef

__all__ = ["LocalFile", "S3Object", "Source", "fetch"]

_GONE = {"404", "NoSuchKey", "NoSuchVersion"}
_SMALL = 1 << 20  # bytes; of thousands of small files each request counts, and a download in parts first asks the size


class Source(Protocol):
    """A file: its name (an S3 key or a path) and size in bytes."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`."""


@dataclass(frozen=True)
class LocalFile:
    """A file on disk; `name` is what it was called where it came from."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def read(self, start: int, length: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(length)


@dataclass(frozen=True)
class S3Object:
    """One version of one object. Reading raises UnreadableInput when that version was deleted."""

    ref: ObjectRef
    s3: Any

    @property
    def name(self) -> str:
        return self.ref.key

    @property
    def size(self) -> int:
        return self.ref.size

    def read(self, start: int, length: int) -> bytes:
        last = min(start + length, self.size) - 1
        if last < start:
            return b""
        version = {"VersionId": self.ref.version_id} if self.ref.version_id else {}
        asked = f"bytes={start}-{last}"
        with _still_there(self.ref):
            answer = self.s3.get_object(Bucket=self.ref.bucket, Key=self.ref.key, Range=asked, **version)
            data: bytes = answer["Body"].read()
        return data


def fetch(ref: ObjectRef, to: Path, *, s3: Any) -> LocalFile:
    """The object's version, copied to disk a few megabytes at a time. Raises UnreadableInput when it was deleted."""
    version = {"VersionId": ref.version_id} if ref.version_id else {}
    with _still_there(ref):
        if ref.size <= _SMALL:
            to.write_bytes(s3.get_object(Bucket=ref.bucket, Key=ref.key, **version)["Body"].read())
        else:
            s3.download_file(ref.bucket, ref.key, str(to), ExtraArgs=version)
    return LocalFile(to, ref.key)


@contextmanager
def _still_there(ref: ObjectRef) -> Iterator[None]:
    try:
        yield
    except ClientError as refused:
        if refused.response["Error"]["Code"] not in _GONE:
            raise
        raise UnreadableInput(f"{ref.key} was deleted", hint="Put the file again.") from refused
