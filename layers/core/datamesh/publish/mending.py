"""A text file that DuckDB cannot be trusted with, written anew so that it can: slowly, and only where it has to be.

    its rows            as they were, each line end being a line feed; without blank lines, comments and lines that the
                        contract leaves out, where the file is a CSV
    a torn line         one that is no row and would take rows after it along: a quote that is never closed, a line that
                        is longer than any row. In its place stands a mark that DuckDB cannot read either, so that the
                        line is a reject like others and rows keep their numbers; its text is kept beside, in Parquet

A quote that is opened and not closed as CSV wants it, within the size of a row, costs its own line and no other.
"""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from datamesh.publish.lines import MAX_ROW_BYTES
from datamesh.publish.reading import Layout

__all__ = ["Mended", "mend"]

_MARK = b"\xff\n"  # no character of UTF-8
_TEXT_BYTES = 10_000  # of a torn line, as DuckDB keeps of its rejects
_BLOCK = 2**20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WAITING = 1_000
_TORN = pa.schema({"row": pa.int64(), "line": pa.string()})
_BLANK_LINES = re.compile(rb"\n{2,}")


@dataclass(frozen=True)
class Mended:
    """`rows` counts all rows, torn lines included, the header and JSON's blank lines not. `torn` has `row`, `line`."""

    path: Path
    rows: int
    torn: Path | None


def mend(source: Path, layout: Layout, into: Path) -> Mended:
    """Writes the file into the directory `into`, which must not have one of its name."""
    path = into / f"{source.name}.mended"
    if not source.stat().st_size:
        path.touch()
        return Mended(path, 0, None)
    with (
        source.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        path.open("wb") as out,
        _Torn(into / f"{source.name}.torn", header=layout.header) as torn,
    ):
        mender = _Mender(data, out, torn, layout)
        mender.run()
    return Mended(path, mender.rows - mender.blank - layout.header, torn.path if torn.written else None)


class _Cut:
    """Where rows end, by the dialect of a CSV."""

    def __init__(self, layout: Layout) -> None:
        self.quote = layout.quote.encode()
        self._delimiter = layout.delimiter.encode()
        quote, delimiter = re.escape(self.quote), re.escape(self._delimiter)
        body = (
            rb"(?:[^%b]++|%b%b)*+" % (quote, quote, quote)
            if layout.escape == layout.quote
            else rb"(?:[^%b%b]++|%b.)*+" % (quote, escape := re.escape(layout.escape.encode()), escape)
        )
        plain = rb"(?:(?!%b)[^\r\n%b](?:(?!%b)[^\r\n])*+)?" % (delimiter, quote, delimiter)
        self._field = re.compile(rb" *+%b%b%b *+|%b" % (quote, body, quote, plain), re.DOTALL)

    def end(self, data: mmap.mmap, start: int, fields: int | None) -> tuple[int, int] | None:
        """Where the row at `start` ends, its line end not included, and its number of fields. None: torn.

        A row over several lines must have as many fields as `fields` says.
        """
        at, limit, count = start, min(start + MAX_ROW_BYTES, len(data)), 0
        while (found := self._field.match(data, at, limit)) is not None:
            at, count = found.end(), count + 1
            if data[at : at + len(self._delimiter)] == self._delimiter:
                at += len(self._delimiter)
            elif at == len(data) or data[at : at + 1] in b"\r\n":
                several = data.find(b"\n", start, at) >= 0
                return None if several and fields not in (None, count) else (at, count)
            else:
                break
        return None


@dataclass
class _Torn:
    """The torn lines, written a few at a time."""

    path: Path
    header: bool
    written: bool = False
    _lines: list[dict[str, object]] = field(default_factory=list)
    _writer: pq.ParquetWriter | None = None

    def __enter__(self) -> _Torn:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._writer:
            self._writer.close()

    def add(self, row: int, text: bytes) -> None:
        self._lines.append({"row": row - self.header, "line": text.decode("utf-8", "replace")})
        if len(self._lines) == _WAITING:
            self._flush()

    def _flush(self) -> None:
        if self._lines:
            self._writer = self._writer or pq.ParquetWriter(self.path, _TORN, compression="zstd")
            self._writer.write_table(pa.Table.from_pylist(self._lines, schema=_TORN))
            self.written = True
            self._lines = []


class _Mender:
    def __init__(self, data: mmap.mmap, out: BinaryIO, torn: _Torn, layout: Layout) -> None:
        self.rows, self.blank = 0, 0
        self._data, self._out, self._torn = data, out, torn
        self._cut = _Cut(layout) if layout.format == "csv" else None  # JSON ends with its line, whatever is quoted
        self._skip, self._comment = layout.skip, layout.comment.encode()
        self._blank_lines = len(layout.fields) == 1 or layout.format == "jsonl"  # are rows, or counted like them
        self._fields: int | None = None  # of the first row

    def run(self) -> None:
        at, size = len(_BYTE_ORDER_MARK) * (self._data[:3] == _BYTE_ORDER_MARK), len(self._data)
        for _ in range(self._skip):
            at = min(self._after(self._line_end(at)), size)
        while at < size:
            quote = self._data.find(self._cut.quote, at) if self._cut else -1
            line = size if quote < 0 else self._line_start(at, quote)
            self._plain(at, line)
            at = self._quoted(line, self._cut) if self._cut and quote >= 0 else line

    def _line_start(self, at: int, before: int) -> int:
        return max(self._data.rfind(b"\n", at, before), self._data.rfind(b"\r", at, before), at - 1) + 1

    def _line_end(self, at: int) -> int:
        """Where the line's own end begins, or the file's."""
        feed = self._data.find(b"\n", at)
        feed = len(self._data) if feed < 0 else feed
        back = self._data.find(b"\r", at, feed)
        return feed if back < 0 else back

    def _after(self, end: int) -> int:
        """Where the next line begins."""
        return end + (2 if self._data[end : end + 2] == b"\r\n" else 1)

    def _plain(self, at: int, to: int) -> None:
        """Lines without a quote."""
        while at < to:
            end = self._block_end(at, to)
            block = self._data[at:end].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            block = block if block.endswith(b"\n") else block + b"\n"
            if len(block) > MAX_ROW_BYTES:  # a block that is as long has one line only
                self._tear(at, end)
            else:
                block = self._without_comments(block)
                block = block if self._blank_lines else _BLANK_LINES.sub(b"\n", block).lstrip(b"\n")
                self._out.write(block)
                self.rows += block.count(b"\n")
                self.blank += block.split(b"\n")[:-1].count(b"") if self._cut is None else 0
            at = end

    def _without_comments(self, block: bytes) -> bytes:
        if not self._comment or self._comment not in block:
            return block
        return b"".join(line for line in block.splitlines(keepends=True) if not line.startswith(self._comment))

    def _block_end(self, at: int, to: int) -> int:
        """The end of the lines in the next megabyte, or of the one line that is longer."""
        if to - at <= _BLOCK:
            return to
        start = self._line_start(at, at + _BLOCK)
        return start if start > at else min(self._after(self._line_end(at + _BLOCK)), to)

    def _quoted(self, start: int, cut: _Cut) -> int:
        """The row at `start`, with a quote in it; where the next begins."""
        if self._comment and self._data[start : start + len(self._comment)] == self._comment:
            return self._after(self._line_end(start))
        found = cut.end(self._data, start, self._fields)
        if found is None:
            end = self._line_end(start)
            self._tear(start, end)
            return self._after(end)
        end, fields = found
        self._fields = self._fields or fields
        self._out.write(self._data[start:end] + b"\n")
        self.rows += 1
        return self._after(end)

    def _tear(self, start: int, end: int) -> None:
        self.rows += 1
        self._out.write(_MARK)
        self._torn.add(self.rows, self._data[start : min(end, start + _TEXT_BYTES)].rstrip(b"\r\n"))
