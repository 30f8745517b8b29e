"""Is what DuckDB read of a text file all that is in it? If not, the file is mended, and read again.

Rows are counted by other means: a CSV has as many as it has lines, unless a quoted field has several; of a mended file
the mender has counted them.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from datamesh.publish.job import InputFile
from datamesh.publish.lines import has_long_line, has_quote, line_count
from datamesh.publish.mending import mend
from datamesh.publish.unpacking import Refused

__all__ = ["expected_rows", "mendable", "mended", "mended_if_needed"]


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


def expected_rows(files: Sequence[InputFile]) -> int | None:
    """How many rows files of one layout have; None where DuckDB's own count is to be believed."""
    layout = files[0].layout
    if layout.mended:
        return sum(file.rows or 0 for file in files)
    if layout.format == "csv" and any(has_quote(file.path, layout.quote) for file in files):
        return sum(line_count(file.path) - layout.header for file in files)
    return None
