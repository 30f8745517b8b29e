"""Where a file's bytes are: on disk or in S3, read a piece at a time or fetched whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from datamesh.publish.manifest import ObjectRef

__all__ = ["LocalFile", "S3Object", "Source", "fetch"]


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
    """One version of one object."""

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
        answer = self.s3.get_object(Bucket=self.ref.bucket, Key=self.ref.key, Range=asked, **version)
        data: bytes = answer["Body"].read()
        return data


def fetch(ref: ObjectRef, to: Path, *, s3: Any) -> LocalFile:
    """The object's version, copied to disk a few megabytes at a time."""
    version = {"VersionId": ref.version_id} if ref.version_id else {}
    s3.download_file(ref.bucket, ref.key, str(to), ExtraArgs=version)
    return LocalFile(to, ref.key)
