"""Text in the encoding that it has: told from its first bytes where nobody has said it, and made UTF-8.

A byte that is no character of its encoding is handed on as a byte that is none of UTF-8 either, so that its row is
quarantined like any with a broken character, and no other character is put in its place.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

__all__ = ["UTF_8", "decoded", "encoding_of", "transcode"]

UTF_8 = "utf-8"
_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xef\xbb\xbf": UTF_8,
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
_BLOCK = 2**20
_LOOKED_AT = 2_000


def encoding_of(head: bytes, declared: str | None) -> str | None:
    """The encoding of a text that begins with `head`; None where it is another than the one declared, or none."""
    marked = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), None)
    if marked == "utf-32":
        return None
    if declared is None:
        return marked or _by_zeros(head) or UTF_8
    if declared == "utf-16":
        return marked if marked and marked.startswith(declared) else _by_zeros(head) or "utf-16-le"
    return declared if marked in (None, declared) else None


def _by_zeros(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of a text that is mostly Latin is zero."""
    high, low = head[0:_LOOKED_AT:2], head[1:_LOOKED_AT:2]
    if low and low.count(0) > 0.6 * len(low) and high.count(0) < 0.1 * len(high):
        return "utf-16-le"
    return "utf-16-be" if low and high.count(0) > 0.6 * len(high) and low.count(0) < 0.1 * len(low) else None


def decoded(data: bytes, encoding: str) -> tuple[str, bool]:
    """The text up to the first byte that is none, and whether that was all. A byte order mark is left out."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(data).removeprefix("\ufeff"), True
    except UnicodeDecodeError as error:
        return data[: error.start].decode(encoding, "ignore").removeprefix("\ufeff"), False


def transcode(source: Path, encoding: str, to: Path) -> Path:
    """Writes the text as UTF-8."""
    with source.open("rb") as file, to.open("wb") as out:
        for text in _texts(iter(lambda: file.read(_BLOCK), b""), encoding):
            out.write(text)
    return to


def _texts(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    # Halves of a pair have no place in UTF-8, and bytes that are none are kept: both come out as no character of it.
    kept = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(kept)
    for block in blocks:
        yield decoder.decode(block).encode(UTF_8, kept)
    yield _end(decoder, kept)


def _end(decoder: codecs.IncrementalDecoder, kept: str) -> bytes:
    """Half a character at the end of UTF-16 is none."""
    try:
        return decoder.decode(b"", final=True).encode(UTF_8, kept)
    except UnicodeDecodeError:
        return b"\xff"
