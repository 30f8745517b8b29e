"""The rows of an Iceberg table's Parquet files: read a piece at a time, and written again without some of them.

A file may be older than the table's schema: columns are found by their field ids, whatever they were called when it
was written, and those that it lacks are NULL. What is written has the schema, and the field ids, of now.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.conversions import from_bytes
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import (
    ArrowScan,
    _read_all_delete_files,
    _to_requested_schema,
    pyarrow_to_schema,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import NestedField, PrimitiveType

__all__ = ["FILE_BYTES", "PLACE", "ROW", "Rows", "bounds", "null_counts", "reader", "rewrite", "rows_of"]

PLACE, ROW = "__place", "__row"  # which of the files a row is of, and which row of it, both from zero
FILE_BYTES = 256 * 2**20  # a file that is written is ended when it has so many
_BATCH = 65_536  # rows that are read at a time
_ROW_GROUP = 122_880  # rows, as DuckDB writes them


@dataclass(frozen=True)
class Rows:
    """The rows of a data file but those at the places `dropped`: from zero, sorted, a pyarrow array of int64.

    `task` is a file of the table with what other engines may have deleted in it, or one that is staged for it.
    """

    task: FileScanTask
    dropped: Any = field(default_factory=lambda: pa.array([], pa.int64()))

    @property
    def file(self) -> DataFile:
        return self.task.file

    @property
    def count(self) -> int:
        return self.file.record_count - len(self.dropped)


def rows_of(table: IcebergTable) -> list[Rows]:
    """All rows of the table as it was loaded."""
    return [Rows(task) for task in table.scan().plan_files()]


def reader(table: IcebergTable, files: Sequence[Rows], schema: Schema, *, placed: bool = False) -> Any:
    """A stream of the columns of `schema`, file by file, as a pyarrow RecordBatchReader.

    `placed` adds PLACE (int32, among `files`) and ROW (int64); then nothing may have been dropped.
    """
    shape: Any = schema_to_pyarrow(schema, include_field_ids=False)
    full = pa.schema([*shape, (PLACE, pa.int32()), (ROW, pa.int64())]) if placed else shape

    def of(place: int, rows: Rows) -> Iterator[pa.RecordBatch]:
        first = 0
        for batch in _batches(table, rows, schema):
            columns = batch.cast(shape).columns
            if placed:
                columns = [*columns, pa.repeat(pa.scalar(place, pa.int32()), len(batch)), _numbers(first, len(batch))]
            first += len(batch)
            yield pa.RecordBatch.from_arrays(columns, schema=full)

    streams = (of(place, rows) for place, rows in enumerate(files))
    return pa.RecordBatchReader.from_batches(full, chain.from_iterable(streams))


def rewrite(table: IcebergTable, files: Sequence[Rows], to: str, *, file_bytes: int = FILE_BYTES) -> tuple[str, ...]:
    """Writes rows of files of one partition anew, to `to`-00000.parquet and on; the new files. `to` is a URI."""
    schema: Any = schema_to_pyarrow(table.schema(), include_field_ids=True)
    batches = chain.from_iterable(_batches(table, rows, table.schema()) for rows in files)
    groups = _row_groups(batch.cast(schema) for batch in batches)
    written: list[str] = []
    for group in groups:
        written.append(f"{to}-{len(written):05d}.parquet")
        _write(table, written[-1], schema, chain([group], groups), file_bytes)
    return tuple(written)


def _write(table: IcebergTable, uri: str, schema: Any, groups: Iterator[Any], file_bytes: int) -> None:
    """Writes row groups until the file is full; those that are left are for the next one."""
    with table.io.new_output(uri).create(overwrite=True) as out:
        stream: Any = out
        with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
            for group in groups:
                writer.write_table(group, row_group_size=_ROW_GROUP)
                if stream.tell() >= file_bytes:
                    return


def _row_groups(batches: Iterator[pa.RecordBatch]) -> Iterator[Any]:
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= _ROW_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _batches(table: IcebergTable, rows: Rows, schema: Schema) -> Iterator[pa.RecordBatch]:
    first = 0
    for batch in _whole(table, rows.task, schema):
        low, high = (bisect_left(rows.dropped, at, key=_plain) for at in (first, first + len(batch)))
        if low == high:
            yield batch
        elif high - low < len(batch):
            dropped = pc.is_in(_numbers(first, len(batch)), value_set=rows.dropped.slice(low, high - low))
            yield batch.filter(pc.invert(dropped))
        first += len(batch)


def _numbers(first: int, count: int) -> Any:
    return pc.add(pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count)), first - 1)


def _plain(value: Any) -> int:
    return int(value.as_py())


def _whole(table: IcebergTable, task: FileScanTask, schema: Schema) -> Iterator[pa.RecordBatch]:
    """In the order of the file's rows, and a row group at a time.

    PyIceberg's public methods hold a whole file in memory before its first row, and its scanner reads far ahead.
    """
    if task.delete_files:  # by another engine; PyIceberg knows how to read them
        scan = ArrowScan(table.metadata, table.io, schema, AlwaysTrue())
        yield from scan._record_batches_from_scan_tasks_and_deletes([task], _read_all_delete_files(table.io, [task]))
        return
    with table.io.new_input(task.file.file_path).open() as stream:
        source: Any = stream
        file = pq.ParquetFile(source)
        known = pyarrow_to_schema(file.schema_arrow, table.metadata.name_mapping())
        wanted = [column for column in known.fields if column.field_id in {field.field_id for field in schema.fields}]
        for batch in file.iter_batches(_BATCH, columns=[column.name for column in wanted]):
            yield _to_requested_schema(schema, Schema(*wanted), batch, downcast_ns_timestamp_to_us=True)


def bounds(files: Sequence[Rows], column: NestedField) -> Any:
    """What the files say that a column holds: a pyarrow table of PLACE, `low` and `high`, NULL where nothing is known.

    Long texts are cut off there, so that a value may lie outside of what the file really holds, never the reverse.
    """
    lows = [_bound(column, rows.file.lower_bounds) for rows in files]
    highs = [_bound(column, rows.file.upper_bounds) for rows in files]
    shape: Any = schema_to_pyarrow(Schema(column), include_field_ids=False)
    kind = shape.field(0).type
    places = pa.array(range(len(files)), pa.int32())
    return pa.table({PLACE: places, "low": _as(kind, lows), "high": _as(kind, highs)})


def null_counts(schema: Schema, files: Sequence[DataFile]) -> dict[str, int]:
    """How many rows of the files have no value in a column, by its name: the columns that every file knows it of."""
    simple = [column for column in schema.fields if column.field_type.is_primitive]
    counts = {column.name: [_nulls(column.field_id, file) for file in files] for column in simple}
    return {
        name: sum(known) for name, found in counts.items() if (known := [n for n in found if n is not None]) == found
    }


def _nulls(field_id: int, file: DataFile) -> int | None:
    if field_id in (file.null_value_counts or {}):
        return file.null_value_counts[field_id]
    return None if field_id in (file.column_sizes or {}) else file.record_count  # older than the column


def _bound(column: NestedField, known: Mapping[int, bytes] | None) -> Any:
    said = (known or {}).get(column.field_id)
    kind = column.field_type
    return from_bytes(kind, said) if isinstance(kind, PrimitiveType) and said is not None else None


def _as(kind: Any, values: Sequence[Any]) -> Any:
    """Iceberg tells days and moments by their number."""
    if pa.types.is_date32(kind):
        return pa.array(values, pa.int32()).cast(kind)
    return pa.array(values, pa.int64()).cast(kind) if pa.types.is_temporal(kind) else pa.array(values, kind)
