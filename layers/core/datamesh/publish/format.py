"""What a file is, by its bytes: Parquet, Avro, ORC, a workbook, text that is CSV or JSON, packed or not.

What cannot be told from its beginning is told when the file is there whole (opening.py).
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from datamesh.publish.encoding import UTF_8, decoded, encoding_of
from datamesh.publish.packing import Damaged, Packing, packing_of, pieces
from datamesh.publish.sources import Source

__all__ = ["HEAD_BYTES", "Kind", "Seen", "look", "named"]

HEAD_BYTES = 2**20

Kind = Literal[
    "csv", "jsonl", "json", "parquet", "avro", "orc", "xlsx", "unseen", "other", "empty", "damaged", "misencoded"
]

_PARQUET, _AVRO, _ORC = b"PAR1", b"Obj\x01", b"ORC"
_OTHERS = (
    b"%PDF",
    b"PARE",  # Parquet, encrypted
    b"\xd0\xcf\x11\xe0",  # what Excel wrote until 2003
    b"7z\xbc\xaf",
    b"Rar!",
    b"SQLite format 3",
    b"\x04\x22\x4d\x18",  # lz4
)
_MAGIC: dict[bytes, Kind] = {_PARQUET: "parquet", _AVRO: "avro", **dict.fromkeys(_OTHERS, "other")}
_WORKBOOK = re.compile(rb"PK\x03\x04.{26}(?:xl/|\[Content_Types\]\.xml)", re.DOTALL)  # first members of the zip it is
_JSON_ARRAY = re.compile(r"\s*\[\s*[\]{]")
_PACKINGS: dict[str, Packing] = {
    ".gz": "gzip",
    ".gzip": "gzip",
    ".zst": "zstd",
    ".zstd": "zstd",
    ".bz2": "bz2",
    ".xz": "xz",
    ".sz": "snappy",
    ".snappy": "snappy",
    ".zip": "zip",
}
_KINDS: dict[str, tuple[Kind, ...]] = {
    ".csv": ("csv",),
    ".tsv": ("csv",),
    ".tab": ("csv",),
    ".json": ("json", "jsonl"),
    ".jsonl": ("jsonl",),
    ".ndjson": ("jsonl",),
    ".parquet": ("parquet",),
    ".avro": ("avro",),
    ".orc": ("orc",),
    ".xlsx": ("xlsx",),
    ".xlsm": ("xlsx",),
}


@dataclass(frozen=True)
class Seen:
    """What `look` found: the kind, what it is packed in, and the beginning of its text (`whole`: all of it).

    `unseen` is what a zip holds; `other` is what is not published; `misencoded` is text of another encoding than the
    one declared.
    """

    kind: Kind
    packing: Packing | None = None
    text: str = ""
    whole: bool = True
    encoding: str = UTF_8


def look(source: Source, declared: str | None) -> Seen:
    """What the file's first `HEAD_BYTES` show; `declared` is the encoding that the contract says."""
    head = source.read(0, HEAD_BYTES)
    packing = packing_of(head)
    if packing == "zip":
        return Seen("xlsx") if _WORKBOOK.search(head) else Seen("unseen", "zip")
    if packing:
        return _unpacked(head, packing, declared, whole=source.size <= len(head))
    if head.startswith(_PARQUET):
        return Seen("parquet" if source.read(max(source.size - 4, 0), 4) == _PARQUET else "damaged")
    if head.startswith(_ORC) and (source.read(max(source.size - 4, 0), 3) == _ORC or b"\0" in head):
        return Seen("orc")
    return _content(head, declared, None, whole=source.size <= len(head))


def named(name: str) -> tuple[tuple[Kind, ...], Packing | None, bool]:
    """The kinds that a file's name allows, none where it says nothing; its packing, and whether it says anything."""
    path = PurePosixPath(name.lower())
    packing = _PACKINGS.get(path.suffix)
    kinds = _KINDS.get(PurePosixPath(path.stem).suffix if packing else path.suffix, ())
    return kinds, packing, bool(packing or kinds)


def _unpacked(head: bytes, packing: Packing, declared: str | None, *, whole: bool) -> Seen:
    data = b""
    try:
        for piece in pieces(io.BytesIO(head), packing):
            data += piece
            if len(data) > HEAD_BYTES:
                whole = False
                break
    except Damaged:  # or cut off where the head ends
        if not data:
            return Seen("damaged", packing) if whole else Seen("unseen", packing)
        whole = False
    data = data[:HEAD_BYTES]
    if data.startswith(_ORC) and b"\0" in data:
        return Seen("orc", packing)
    return Seen("other", packing) if packing_of(data) else _content(data, declared, packing, whole=whole)


def _content(data: bytes, declared: str | None, packing: Packing | None, *, whole: bool) -> Seen:
    binary = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if binary:
        return Seen(binary, packing)
    encoding = encoding_of(data, declared)
    if encoding is None:
        return Seen("misencoded", packing)
    if b"\0" in data and not encoding.startswith("utf-16"):
        return Seen("other", packing)
    text, clean = decoded(data, encoding)
    if not text.strip():
        return Seen("empty" if clean and whole else "damaged", packing)
    return Seen(_kind_of(text), packing, text, whole and clean, encoding)


def _kind_of(text: str) -> Kind:
    if _JSON_ARRAY.match(text):
        return "json"
    text = text.lstrip()
    if not text.startswith("{"):
        return "csv"
    return "json" if _is_document(text) else "jsonl"


def _is_document(text: str) -> bool:
    """Whether the first object has several lines, or shares its line with the next one."""
    line, _, rest = text.partition("\n")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:  # cut off, or broken: in its first line, if the next one is an object
        return error.pos > len(line) and not _is_object(rest.partition("\n")[0])
    except RecursionError:
        return False
    return end > len(line) or line[end:].lstrip().startswith("{")


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
