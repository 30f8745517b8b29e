"""How files become rows of a table, as a contract says it in `datamesh.*`: how they are written, when a batch of them
is refused, and what their rows do to those that are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["ColumnPolicy", "Encoding", "FileFormat", "InputFormat", "Merge", "Thresholds", "WriteMode"]

FileFormat = Literal["csv", "tsv", "json", "jsonl", "parquet", "avro", "orc", "xlsx"]
Encoding = Literal["utf-8", "utf-16", "latin-1", "windows-1252"]
ColumnPolicy = Literal["ignore", "reject"]
WriteMode = Literal["append", "overwrite", "overwritePartitions", "merge"]


@dataclass(frozen=True)
class InputFormat:
    """How the files of a table are written (`datamesh.input`); a field that is None is sniffed."""

    format: FileFormat | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    encoding: Encoding | None = None
    header: bool = True
    skip_lines: int = 0
    comment: str | None = None
    sheet: str | None = None  # of a workbook
    null_words: tuple[str, ...] = ("",)
    decimal_separator: Literal[".", ","] = "."
    thousands_separator: str | None = None
    timestamp_format: str | None = None  # DuckDB strptime format; ISO 8601 when None
    extra_columns: ColumnPolicy = "ignore"
    missing_columns: ColumnPolicy = "ignore"


@dataclass(frozen=True)
class Thresholds:
    """When a batch is rejected whole (`datamesh.thresholds`): above this share of bad rows, or this number of them."""

    max_quarantined_percent: float = 100.0
    max_quarantined_rows: int | None = None


@dataclass(frozen=True)
class Merge:
    """How rows of one key follow each other (`datamesh.merge`).

    The row with the greatest `order` column counts, the last one where there is none. A row that has one of
    `delete_values` in its `delete_column` deletes the row of its key.
    """

    order: str | None = None
    delete_column: str | None = None
    delete_values: tuple[Any, ...] = ()
