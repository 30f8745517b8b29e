"""Is what DuckDB read of a file all that is in it? If not, a text file is mended, and read again.

Rows are counted by other means: text has as many as it has lines, the blank ones left out, unless a quoted field has
several; of a mended file the mender has counted them, and a Parquet file says so itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from datamesh.publish.job import InputFile
from datamesh.publish.lines import blank_lines, has_long_line, has_quote, line_count
from datamesh.publish.mending import mend
from datamesh.publish.unpacking import Refused

__all__ = ["accounted", "mendable", "mended", "mended_if_needed"]


def mendable(file: InputFile) -> bool:
    return file.layout.format in ("csv", "jsonl") and not file.layout.mended


def mended_if_needed(file: InputFile, into: Path) -> InputFile:
    """A line that is too long is dropped by DuckDB and leaves no trace; lines that are no rows it does not know."""
    needed = file.layout.skip or file.layout.comment or has_long_line(file.path)
    return mended(file, into) if mendable(file) and needed else file


def mended(file: InputFile, into: Path) -> InputFile:
    """The file written anew under `into`, a directory of its own; itself where that can be of no use.

    Raises Refused where there is no room for it.
    """
    if not mendable(file):
        return file
    if shutil.disk_usage(into.parent).free < file.path.stat().st_size:
        raise Refused("too-large")
    into.mkdir(parents=True, exist_ok=True)
    done = mend(file.path, file.layout, into)
    return replace(file, path=done.path, layout=replace(file.layout, mended=True), rows=done.rows, torn=done.torn)


def accounted(files: Sequence[InputFile], rows: int) -> bool:
    """Whether files of one layout have so many rows, as they are counted without DuckDB's reading them."""
    layout, paths = files[0].layout, [file.path for file in files]
    if layout.format == "parquet":
        return bool(sum(pq.read_metadata(path).num_rows for path in paths) == rows)
    if layout.mended:
        return sum(file.rows or 0 for file in files) == rows
    is_csv = layout.format == "csv"
    lines = sum(line_count(path) - (is_csv and layout.header) for path in paths)
    if lines == rows:
        return True
    if is_csv and any(has_quote(path, layout.quote) for path in paths):
        return False
    written = lines - sum(map(blank_lines, paths))
    # Where there is one column only, a blank line is a row without a value.
    return written <= rows <= lines if is_csv and len(layout.fields) == 1 else written == rows
