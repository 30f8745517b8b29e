"""Small data files of a table become fewer, well-sized ones: the same rows, in one snapshot that is no batch's.

Files are read by their field ids, so that a file from before a change of the schema comes out in today's. A file of the
new ones holds rows of one partition, as those that it replaces did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from datamesh.errors import InfrastructureError
from datamesh.lake.datafiles import data_file

__all__ = ["Rewritten", "Sizes", "plan", "rewrite"]

_ROW_GROUP_BYTES = 64 * 2**20  # of Arrow memory


@dataclass(frozen=True)
class Sizes:
    """Bytes. A file below `small` is rewritten with others of its partition, `fewest` of them or more, up to `target`.

    `most` is what one run reads.
    """

    small: int = 64 * 2**20
    target: int = 256 * 2**20
    fewest: int = 3
    most: int = 4 * 2**30


@dataclass(frozen=True)
class Rewritten:
    """A file that takes the place of others, with their rows."""

    file: DataFile
    instead_of: tuple[DataFile, ...]


def plan(table: IcebergTable, sizes: Sizes) -> list[tuple[FileScanTask, ...]]:
    """Which files of the table as it is become one: each group is of one partition, in the order of their names."""
    spec = table.metadata.default_spec_id
    small = [
        task
        for task in table.scan().plan_files()
        if task.file.file_size_in_bytes < sizes.small and task.file.spec_id == spec and not task.delete_files
    ]
    small.sort(key=lambda task: (_partition(task), task.file.file_path))
    groups = [
        group
        for _, tasks in groupby(small, _partition)
        for group in _packed(tasks, sizes.target)
        if len(group) >= sizes.fewest
    ]
    return list(_at_most(groups, sizes.most))


def rewrite(table: IcebergTable, tasks: Sequence[FileScanTask], uri: str) -> Rewritten:
    """Writes the rows of `tasks` to one Parquet file at `uri`, which is not the table's yet.

    Raises InfrastructureError when it does not hold as many rows as they do.
    """
    schema = table.schema().as_arrow()
    with (
        table.io.new_output(uri).create(overwrite=True) as stream,
        pq.ParquetWriter(stream, schema, compression="zstd") as writer,
    ):
        for rows in _grouped(_rows(table, tasks, schema)):
            writer.write_table(rows)
    made = data_file(table.io, table.metadata, uri, partition=tasks[0].file.partition)
    wanted = sum(task.file.record_count for task in tasks)
    if made.record_count != wanted:
        raise InfrastructureError(f"{wanted} rows were to be rewritten, {made.record_count} were")
    return Rewritten(made, tuple(task.file for task in tasks))


def _partition(task: FileScanTask) -> str:
    return repr(task.file.partition)


def _packed(tasks: Iterable[FileScanTask], target: int) -> Iterator[tuple[FileScanTask, ...]]:
    group: list[FileScanTask] = []
    room = target
    for task in tasks:
        if task.file.file_size_in_bytes > room and group:
            yield tuple(group)
            group, room = [], target
        group.append(task)
        room -= task.file.file_size_in_bytes
    if group:
        yield tuple(group)


def _at_most(groups: Iterable[tuple[FileScanTask, ...]], room: int) -> Iterator[tuple[FileScanTask, ...]]:
    for group in groups:
        room -= sum(task.file.file_size_in_bytes for task in group)
        if room < 0:
            return
        yield group


def _rows(table: IcebergTable, tasks: Sequence[FileScanTask], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """A file at a time: all at once, PyIceberg would hold all of them in memory."""
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    for task in tasks:
        for batch in scan.to_record_batches([task]):
            yield batch.cast(schema)


def _grouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Small batches together: each table that is written becomes row groups of its own."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(each.nbytes for each in held) >= _ROW_GROUP_BYTES:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)
