"""What a batch does to its table, by the table's write mode, before any of it is done.

    append                adds the staged files
    overwrite             puts them in the place of all that the table has
    overwritePartitions   puts them in the place of what the table has in their partitions
    merge                 adds them, and leaves out of them and of the table's files the rows that others take the
                          place of; a file with such rows is written anew, the others stay as they are

Where files replace others, the newest one counts by the time it arrived, in whatever order batches are published: one
that comes late does not replace what a newer one has brought (replace.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from datamesh.lake import files as lake_files
from datamesh.lake import table as lake
from datamesh.lake.files import Rows
from datamesh.publish.results import SliceResult, StagedFile

__all__ = ["Plan", "StagedRows", "appended", "staged_rows"]


@dataclass(frozen=True)
class StagedRows:
    """A staged file, and what Iceberg knows of it."""

    staged: StagedFile
    rows: Rows

    @property
    def file(self) -> DataFile:
        return self.rows.file


@dataclass(frozen=True)
class Plan:
    """Which files the table would consist of. `rows_before` are those that it has now.

    Of the table's files, `kept` stay (None: all of them), and `removed` go. Of the staged ones, `added` come as they
    are. `rewritten` are files of either kind of which some rows are left out; those of the table are removed, too.
    `superseded` and `deleted` count rows that were staged and are not published. `arrivals` says by part of the table
    when the file arrived that it is replaced with.
    """

    rows_before: int
    kept: tuple[Rows, ...] | None = None
    removed: tuple[DataFile, ...] = ()
    added: tuple[Rows, ...] = ()
    rewritten: tuple[Rows, ...] = ()
    superseded: int = 0
    deleted: int = 0
    arrivals: Mapping[str, str] = field(default_factory=dict)

    @property
    def total_rows(self) -> int:
        """The rows of the table as it would be."""
        gone = sum(file.record_count for file in self.removed)
        return self.rows_before - gone + sum(rows.count for rows in (*self.added, *self.rewritten))

    def files(self, table: IcebergTable) -> tuple[Rows, ...]:
        """The table as it would be."""
        kept = lake_files.rows_of(table) if self.kept is None else self.kept
        return (*kept, *self.added, *self.rewritten)

    def read(self, table: IcebergTable, schema: Schema) -> Any:
        """A stream of some columns of the table as it would be, as a pyarrow RecordBatchReader."""
        return lake_files.reader(table, self.files(table), schema)

    def carried_out(self, table: IcebergTable, to: str) -> lake.Change:
        """Writes what is to be written, to URIs that begin with `to`; the change that is left to be committed."""
        written: list[str] = []
        for number, part in enumerate(_by_partition(self.rewritten)):
            written += lake_files.rewrite(table, part, f"{to}-{number:05d}")
        added = [rows.file for rows in self.added]
        return lake.Change((*added, *lake.data_files(table, written)), self.removed)


def staged_rows(table: IcebergTable, results: Iterable[SliceResult]) -> list[StagedRows]:
    """The staged files of a batch, those of its oldest objects first."""
    staged = [file for result in results for file in result.files]
    known = lake.data_files(table, [file.uri for file in staged])
    return [StagedRows(mine, Rows(FileScanTask(file))) for mine, file in zip(staged, known, strict=True)]


def appended(table: IcebergTable, staged: Sequence[StagedRows]) -> Plan:
    return Plan(lake.total_rows(table), added=tuple(each.rows for each in staged))


def _by_partition(files: Sequence[Rows]) -> list[list[Rows]]:
    parts: dict[Any, list[Rows]] = {}
    for rows in files:
        parts.setdefault(rows.file.partition, []).append(rows)
    return list(parts.values())
