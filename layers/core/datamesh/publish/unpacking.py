"""Unpacks a file to disk, piece by piece, within bounds: no file is so small that it may fill the disk.

What stands against it is a reason:

    unreadable         damaged, cut off, or packed in a way that is not known here
    too-large          more than there is room for, or more members of a zip than are taken
    bomb               far more than any data would make of so few bytes
    encrypted          a member of a zip that wants a password
    unsafe-name        a member of a zip whose name leads out of it, or that another one has as well
    empty-file         a zip without a file
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from datamesh.publish.packing import Damaged, Packing, pieces

__all__ = ["Limits", "Refused", "Unpacked", "unpack"]

_PIECE = 2**20
_DIRECTORY_BYTES = 2**24  # of a zip: what lists its members, and is kept in memory
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # lzma may want any memory
_HOUSEKEEPING = ("__MACOSX/", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True)
class Limits:
    """What one file may become: `unpacked` bytes; above `harmless` of them at most `ratio` times what it was.

    `members` is how many files one zip may hold.
    """

    unpacked: int = 4 * 2**30
    harmless: int = 100 * 2**20
    ratio: int = 200
    members: int = 1_000


class Refused(Exception):
    """A file that is not to be published as a whole; `rule` is the reason."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True)
class Unpacked:
    """A file on disk; `member` is its name inside of a zip."""

    path: Path
    member: str = ""


def unpack(source: Path, packing: Packing, into: Path, limits: Limits) -> list[Unpacked]:
    """What the file holds, in the directory `into`. Raises Refused."""
    budget = _Budget(limits, source.stat().st_size)
    try:
        if packing == "zip":
            return list(_members(source, into, budget))
        with source.open("rb") as file:
            return [Unpacked(_written(into / "content", pieces(file, packing), budget))]
    except Damaged as error:
        raise Refused("unreadable") from error


class _Budget:
    """What may still be written."""

    def __init__(self, limits: Limits, packed: int) -> None:
        self.limits, self._packed, self._written = limits, packed, 0

    def spend(self, size: int) -> None:
        self._written += size
        if self._written > max(self.limits.harmless, self.limits.ratio * self._packed):
            raise Refused("bomb")
        if self._written > self.limits.unpacked:
            raise Refused("too-large")


def _written(path: Path, content: Iterable[bytes], budget: _Budget) -> Path:
    with path.open("wb") as out:
        for piece in content:
            budget.spend(len(piece))
            try:
                out.write(piece)
            except OSError as error:  # the disk is full
                raise Refused("too-large") from error
    return path


def _members(source: Path, into: Path, budget: _Budget) -> Iterator[Unpacked]:
    with source.open("rb") as file:
        if _directory_bytes(file, source.stat().st_size) > _DIRECTORY_BYTES:
            raise Refused("too-large")
        try:
            with zipfile.ZipFile(file) as archive:
                members = _chosen(archive, budget.limits)
                for number, member in enumerate(members):
                    with archive.open(member) as content:
                        path = _written(into / f"member-{number}", _pieces(content), budget)
                    yield Unpacked(path, member.filename)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError) as error:
            raise Damaged from error


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(_PIECE):
        yield piece


def _chosen(archive: zipfile.ZipFile, limits: Limits) -> list[zipfile.ZipInfo]:
    found = [info for info in archive.infolist() if not info.is_dir() and not _is_housekeeping(info.filename)]
    if not found:
        raise Refused("empty-file")
    if len(found) > limits.members:
        raise Refused("too-large")
    names = [info.filename for info in found]
    if len(set(names)) < len(names) or any(_leads_out(info.orig_filename) for info in found):
        raise Refused("unsafe-name")
    if any(info.flag_bits & _ENCRYPTED for info in found):
        raise Refused("encrypted")
    if any(info.compress_type not in _METHODS for info in found):
        raise Refused("unreadable")
    return found


def _is_housekeeping(name: str) -> bool:
    return name.startswith(_HOUSEKEEPING) or PurePosixPath(name).name in _HOUSEKEEPING


def _leads_out(name: str) -> bool:
    """Names are never made into paths here, but others will read them in the quarantine."""
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or not name.isprintable()


def _directory_bytes(file: BinaryIO, size: int) -> int:
    """What the end of a zip says of the size of its directory; 0 where it says nothing that can be read."""
    start = max(size - 2**16 - 22, 0)
    file.seek(start)
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        return 0
    said = int.from_bytes(tail[at + 12 : at + 16], "little")
    larger = tail.rfind(b"PK\x06\x06", 0, at)  # zip64
    return said if said != 0xFFFFFFFF or larger < 0 else int.from_bytes(tail[larger + 40 : larger + 48], "little")
