"""Where the lines of a text file end, found without cutting it into fields: what DuckDB's reading is checked with.

DuckDB 2.0 reads a CSV from several places at once and guesses where a row begins. A quoted field that holds whole rows
of text misleads it: it then makes rows up, or leaves rows out. A line longer than its buffer it drops without a word.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["MAX_ROW_BYTES", "blank_lines", "has_long_line", "has_quote", "line_count"]

MAX_ROW_BYTES = 2_000_000  # DuckDB's own bound: what is longer is no row
_STEP = 2**20
_BLANK = 64
_FEED = pa.scalar(10, pa.uint8())


def has_long_line(path: Path) -> bool:
    """Whether a line may be longer than DuckDB's buffer, to which blank lines before it count as well.

    Looks at a page or so of each megabyte.
    """
    size = path.stat().st_size
    if size <= MAX_ROW_BYTES:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return any(
            data.rfind(b"\n", at, at + _STEP) < 0 or not data[at : at + _BLANK].strip()
            for at in range(0, size - _STEP, _STEP)
        )


def has_quote(path: Path, quote: str) -> bool:
    """Whether the file has a quote at all, if `quote` is one; where it has none, a row is a line."""
    return bool(quote) and any(quote.encode() in block for block in _blocks(path))


def line_count(path: Path) -> int:
    """How many lines the file has, the blank ones too."""
    count, last, block = 0, ord("\n"), bytearray(_STEP)
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(block):
            count += _ends(memoryview(block)[:size]).true_count
            last = block[size - 1]
    return count + (last != ord("\n"))


def blank_lines(path: Path) -> int:
    """How many lines have no character."""
    count, last = 0, b"\n"
    for block in _blocks(path):
        text = (last + block).replace(b"\r\n", b"\n") if b"\r" in block else last + block
        ends = _ends(text)
        count += pc.and_(ends[1:], ends[:-1]).true_count
        last = text[-1:]
    return count


def _ends(text: bytes | memoryview) -> pa.BooleanArray:
    """Where lines end: twice as fast as bytes.count where they are short."""
    return pc.equal(pa.Array.from_buffers(pa.uint8(), len(text), [None, pa.py_buffer(text)]), _FEED)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_STEP), b"")
