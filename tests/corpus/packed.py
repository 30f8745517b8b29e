"""Packed files: by each packing, several ends to end, cut off, broken, bombs, and zips of all sorts."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable

import cramjam
import zstandard

from tests.corpus.case import Group

__all__ = ["CASES", "zipped"]

_BODY = b"id,name\n1,a\n2,b\n"
_MANY = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n * n) for n in range(2_000))
_ZEROS = 300 * 2**20


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def _snappy(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress(data))


_PACKINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("f.csv.gz", _gzip),
    "zstd": ("f.csv.zst", _zstd),
    "bz2": ("f.csv.bz2", bz2.compress),
    "xz": ("f.csv.xz", lzma.compress),
    "snappy": ("f.csv.sz", _snappy),
}

_s = Group("packed", "f")
for _name, (_file, _pack) in _PACKINGS.items():
    _s.published(f"{_name}", _pack(_BODY), 2, file=_file)
    _s.published(f"{_name}, two ends to end", _pack(_BODY) + _pack(b"3,c\n"), 3, file=_file)
    _s.published(f"{_name} under a name that says nothing", _pack(_BODY), 2)
    _s.refused(f"{_name}, cut off", _pack(_MANY)[:-20], "unreadable", file=_file)
    _s.refused(f"{_name}, broken", _pack(_MANY)[:2_000] + b"\xff" * 50 + _pack(_MANY)[2_050:], "unreadable", file=_file)
    _s.refused(f"{_name}, of nothing", _pack(b""), "empty-file", file=_file)
    _s.refused(f"{_name}, of another packing", _pack(_gzip(_BODY)), "wrong-format", file=_file)
    _s.refused(
        f"{_name}, without its columns", _pack(b"x\n1\n"), "missing-column:id", "missing-column:name", file=_file
    )
    if _name != "snappy":  # which makes a twentieth of anything
        bomb = lambda pack=_pack: pack(b"id,name\n") + pack(b"1,a\n" * 2**18) * 300  # noqa: E731
        _s.refused(f"{_name}, a bomb", bomb, "bomb", file=_file)
_s.published("gzip and zeros after it", _gzip(_BODY) + b"\0" * 512, 2, file="f.csv.gz")
_s.refused("gzip and something after it", _gzip(_BODY) + b"something", "unreadable", file="f.csv.gz")
_s.refused("gzip with another checksum", _gzip(_BODY)[:-8] + b"\0" * 8, "unreadable", file="f.csv.gz")
_s.refused("gzip's mark and no more", b"\x1f\x8b", "unreadable", file="f.csv.gz")
_s.refused("gzip called CSV", _gzip(_BODY), "wrong-format", file="f.csv")
_s.refused("gzip called zstd", _gzip(_BODY), "wrong-format", file="f.csv.zst")
_s.refused("lz4, which is not unpacked here", b"\x04\x22\x4d\x18" + b"x" * 50, "wrong-format", file="f.csv.lz4")
_s.published("gzip of JSON", _gzip(b'[{"id": 1}]'), 1, file="f.json.gz")
_s.published("gzip of UTF-16", _gzip("id,name\n1,ë\n".encode("utf-16")), 1, file="f.csv.gz")
_s.partial("gzip of an open quote", _gzip(b'id,name\n1,"a\n2,b\n'), (1, 1), "malformed=1", file="f.csv.gz")

_z = Group("zips", "f.zip")


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name), body, method)
    return out.getvalue()


def _encrypted() -> bytes:
    """A member that says it is."""
    data = bytearray(zipped({"f.csv": _BODY}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _twice() -> bytes:
    return zipped({"a.csv": _BODY, "b.csv": _BODY}).replace(b"b.csv", b"a.csv")


_z.published("one member", zipped({"f.csv": _BODY}), 2)
_z.published("many members", zipped({f"{n}.csv": _BODY for n in range(20)}), 40)
_z.published(
    "members of several kinds", zipped({"a.csv": _BODY, "b.json": b'[{"id": 3}]', "c/d.csv": b"name;id\nx;4\n"}), 4
)
_z.published("members not packed", zipped({"f.csv": _BODY}, zipfile.ZIP_STORED), 2)
_z.published("members packed by bz2", zipped({"f.csv": _BODY}, zipfile.ZIP_BZIP2), 2)
_z.published(
    "folders and what systems leave",
    zipped({"d/": b"", "d/f.csv": _BODY, "__MACOSX/d/._f.csv": b"\0", "d/.DS_Store": b"\0"}),
    2,
)
_z.published("under a name that says nothing", zipped({"f.csv": _BODY}), 2, file="f")
_z.published("of CSV, by its name", zipped({"f": _BODY}), 2, file="f.csv.zip")
_z.partial("a member with bad rows", zipped({"a.csv": _BODY, "b.csv": b"id,name\nx,a\n"}), (2, 1), "type:id=1")
_z.refused("a member that is refused", zipped({"a.csv": _BODY, "b.csv": b"name\na\n"}), "missing-column:id")
_z.refused("a member without rows", zipped({"a.csv": _BODY, "b.csv": b""}), "empty-file")
_z.refused("members packed by lzma", zipped({"f.csv": _BODY}, zipfile.ZIP_LZMA), "unreadable")
_z.refused("encrypted", _encrypted(), "encrypted")
_z.refused("a zip in it", zipped({"f.zip": zipped({"f.csv": _BODY})}), "wrong-format")
_z.refused("gzip in it", zipped({"f.csv.gz": _gzip(_BODY)}), "wrong-format")
_z.refused("a workbook's beginning in it", zipped({"a.csv": _BODY, "b.pdf": b"%PDF-1.7"}), "wrong-format")
_z.refused("a name that leads out", zipped({"../f.csv": _BODY}), "unsafe-name")
_z.refused("a name that leads out, later", zipped({"a.csv": _BODY, "b/../../f.csv": _BODY}), "unsafe-name")
_z.refused("a name from the root", zipped({"/etc/f.csv": _BODY}), "unsafe-name")
_z.refused("a name on a drive", zipped({"C:\\f.csv": _BODY}), "unsafe-name")
_z.refused("a name with a line end in it", zipped({"a\nb.csv": _BODY}), "unsafe-name")
_z.refused("a name twice", _twice(), "unsafe-name")
_z.refused("empty", zipped({}), "empty-file")
_z.refused("nothing but folders", zipped({"a/": b"", "b/": b""}), "empty-file")
_z.refused("more members than are taken", lambda: zipped({f"{n}.csv": _BODY for n in range(1_001)}), "too-large")
_z.refused("cut off", zipped({"f.csv": _MANY})[:-40], "unreadable")
_z.refused(
    "a member that is broken",
    zipped({"f.csv": _MANY}).replace(_MANY, b"")[:300] + b"\xff" * 50 + zipped({"f.csv": _MANY})[350:],
    "unreadable",
)
_z.refused("another checksum", zipped({"f.csv": _BODY}, zipfile.ZIP_STORED).replace(b"2,b", b"2,c"), "unreadable")
_z.refused("a bomb by ratio", lambda: zipped({"f.csv": b"\0" * _ZEROS}), "bomb")
_z.refused("a bomb of many members", lambda: zipped({f"{n}.csv": b"\0" * (_ZEROS // 10) for n in range(10)}), "bomb")

CASES = (*_s.cases, *_z.cases)
