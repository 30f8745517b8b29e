"""Is what DuckDB read of a text file all that is in it? If not, the file is mended, and read again.

Rows are counted by other means: a CSV has as many as it has lines, unless a quoted field has several; of a mended file
the mender has counted them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from datamesh.publish.job import InputFile
from datamesh.publish.lines import has_long_line, has_quote, line_count
from datamesh.publish.mending import mend

__all__ = ["expected_rows", "mendable", "mended", "mended_if_long"]


def mendable(file: InputFile) -> bool:
    return file.layout.format in ("csv", "jsonl") and not file.layout.mended


def mended_if_long(file: InputFile, into: Path) -> InputFile:
    """A line that is too long is dropped by DuckDB and leaves no trace, so such a file is not even tried."""
    return mended(file, into) if mendable(file) and has_long_line(file.path) else file


def mended(file: InputFile, into: Path) -> InputFile:
    """The file written anew under `into`, a directory of its own; itself where that can be of no use."""
    if not mendable(file):
        return file
    into.mkdir(parents=True, exist_ok=True)
    done = mend(file.path, file.layout, into)
    return replace(file, path=done.path, layout=replace(file.layout, mended=True), rows=done.rows, torn=done.torn)


def expected_rows(files: Sequence[InputFile]) -> int | None:
    """How many rows files of one layout have; None where DuckDB's own count is to be believed."""
    layout = files[0].layout
    if layout.mended:
        return sum(file.rows or 0 for file in files)
    if layout.format == "csv" and any(has_quote(file.path, layout.quote) for file in files):
        return sum(line_count(file.path) - layout.header for file in files)
    return None
