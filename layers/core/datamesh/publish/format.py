"""What a file is, by its bytes: Parquet, gzip, text that is CSV or JSON lines, or something that is not published."""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from datamesh.publish.sources import Source

__all__ = ["HEAD_BYTES", "Kind", "Seen", "look", "named"]

HEAD_BYTES = 2**20

Kind = Literal["csv", "jsonl", "parquet", "other", "empty", "damaged"]

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_OTHERS = (b"PK\x03\x04", b"PK\x05\x06", b"\x28\xb5\x2f\xfd", b"BZh", b"ORC", b"Obj\x01", b"%PDF", b"PARE", b"\xfd7zXZ")
_JSON_ARRAY = re.compile(r"\s*\[\s*[\]{]")  # one value in many lines, not one a line
_SUFFIXES: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


@dataclass(frozen=True)
class Seen:
    """What `look` found: the kind, whether it is inside gzip, and the beginning of its text (`whole`: all of it)."""

    kind: Kind
    gzipped: bool = False
    text: str = ""
    whole: bool = True


def look(source: Source, encoding: str) -> Seen:
    """What the file's first `HEAD_BYTES` show."""
    head = source.read(0, HEAD_BYTES)
    if head.startswith(_PARQUET):
        return Seen("parquet" if source.read(max(source.size - 4, 0), 4) == _PARQUET else "damaged")
    if head.startswith(_OTHERS):
        return Seen("other")
    if not head.startswith(_GZIP):
        return _text(head, encoding, gzipped=False, whole=source.size <= len(head))
    try:
        inner = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        unpacked = inner.decompress(head, HEAD_BYTES)
    except zlib.error:
        return Seen("damaged", gzipped=True)
    return _text(unpacked, encoding, gzipped=True, whole=inner.eof)


def named(name: str) -> tuple[Kind | None, bool | None]:
    """The kind that a file's name says and whether it says gzip; None where it says nothing."""
    path = PurePosixPath(name.lower())
    gzipped = path.suffix in (".gz", ".gzip")
    kind = _SUFFIXES.get(PurePosixPath(path.stem).suffix if gzipped else path.suffix)
    return kind, gzipped if gzipped or kind else None


def _text(data: bytes, encoding: str, *, gzipped: bool, whole: bool) -> Seen:
    if data.startswith((_PARQUET, *_OTHERS, _GZIP)):
        return Seen("other", gzipped)
    if b"\0" in data and encoding != "utf-16":
        return Seen("other", gzipped)
    text, clean = _decoded(data, encoding)
    if not text.strip():
        return Seen("empty" if clean and whole else "damaged", gzipped)
    if _JSON_ARRAY.match(text):
        return Seen("other", gzipped)
    return Seen("jsonl" if text.lstrip().startswith("{") else "csv", gzipped, text, whole and clean)


def _decoded(data: bytes, encoding: str) -> tuple[str, bool]:
    """The text up to the first byte that is none, and whether that was all. A byte order mark is left out."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)()
    try:
        return decoder.decode(data), True
    except UnicodeDecodeError as error:
        return data[: error.start].decode(encoding, "ignore").removeprefix("\ufeff"), False
