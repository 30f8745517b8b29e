"""What packs a file, by its first bytes, and its content piece by piece, whatever it unpacks to.

Packed files may be put end to end, as `cat a.gz b.gz` does; each of these formats says so but snappy's, whose frames
may hold a new beginning.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Literal

import cramjam
import zstandard

__all__ = ["Damaged", "Packing", "packing_of", "pieces"]

Packing = Literal["gzip", "zstd", "bz2", "xz", "snappy", "zip"]

_SNAPPY = b"\xff\x06\x00\x00sNaPpY"
_MAGIC: dict[bytes, Packing] = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    _SNAPPY: "snappy",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}
_READ = 2**16
_PIECE = 2**20
_WINDOW = 2**27  # bytes that an xz or zstd file may want to keep in memory


class Damaged(Exception):
    """What was packed cannot be unpacked to its end."""


def packing_of(head: bytes) -> Packing | None:
    return next((packing for magic, packing in _MAGIC.items() if head.startswith(magic)), None)


def pieces(file: BinaryIO, packing: Packing) -> Iterator[bytes]:
    """The content of all but a zip, about a megabyte at a time. Raises Damaged, after what could be unpacked."""
    if packing == "snappy":
        return _snappy(file)
    return _streams(file, _BEGIN[packing])


class _Gzip:
    """zlib's object with the ways of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self._more = False  # than there was room for

    def decompress(self, data: bytes, size: int) -> bytes:
        piece = self._inner.decompress(self._inner.unconsumed_tail + data, size)
        self._more = len(piece) == size
        return piece

    @property
    def needs_input(self) -> bool:
        return not self._more and not self._inner.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


class _Zstd:
    """Little is put in at a time, for what comes out has no bound."""

    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
        self._waiting = memoryview(b"")

    def decompress(self, data: bytes, size: int) -> bytes:  # noqa: ARG002 - the ways of the others
        self._waiting = self._waiting or memoryview(data)
        piece: bytes = self._inner.decompress(self._waiting[:256])
        self._waiting = self._waiting[256:]
        return piece

    @property
    def needs_input(self) -> bool:
        return not self._waiting

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data) + bytes(self._waiting)


_BEGIN: dict[str, Callable[[], Any]] = {
    "gzip": _Gzip,
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_WINDOW),
    "zstd": _Zstd,
}
_BROKEN = (zlib.error, OSError, lzma.LZMAError, zstandard.ZstdError, EOFError, ValueError)


def _streams(file: BinaryIO, begin: Callable[[], Any]) -> Iterator[bytes]:
    rest = file.read(_READ)
    while rest:
        stream = begin()
        while not stream.eof:
            try:
                piece = stream.decompress(rest, _PIECE)
            except _BROKEN as error:
                raise Damaged from error
            if piece:
                yield piece
            rest = b""
            if stream.needs_input and not stream.eof:
                rest = file.read(_READ)
                if not rest:
                    raise Damaged  # cut off
        rest = stream.unused_data.lstrip(b"\0") or file.read(_READ).lstrip(b"\0")


def _snappy(file: BinaryIO) -> Iterator[bytes]:
    """https://github.com/google/snappy/blob/main/framing_format.txt: frames of at most 64 KiB of content."""
    while header := file.read(4):
        size = int.from_bytes(header[1:], "little")
        frame = file.read(size)
        if len(header) < 4 or len(frame) < size or size > 2**17:
            raise Damaged
        if header[0] in (0, 1):  # compressed, or not
            try:
                yield bytes(cramjam.snappy.decompress(_SNAPPY + header + frame))
            except cramjam.DecompressionError as error:
                raise Damaged from error
        elif 2 <= header[0] < 0x80:  # reserved, and not to be skipped
            raise Damaged
