"""Some columns of an Iceberg table as it was at a snapshot, as a Parquet file, a piece at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.table import Table as IcebergTable

__all__ = ["write_keys"]


def write_keys(table: IcebergTable, snapshot_id: int, columns: Sequence[str], to: Path) -> None:
    """Writes the columns under the names `k0`, `k1`, ... They are called as in the table's schema of now.

    One data file is read at a time, of it these columns only. Raises pyiceberg's ValueError for a column that the table
    does not have, or when the snapshot has expired.
    """
    wanted = table.schema().select(*columns)
    names = [field.name for field in wanted.fields]
    shape = schema_to_pyarrow(wanted, include_field_ids=False)
    places = [names.index(column) for column in columns]
    keys = pa.schema([(f"k{i}", shape.field(place).type) for i, place in enumerate(places)])
    with pq.ParquetWriter(to, keys, compression="zstd") as writer:
        for task in table.scan(snapshot_id=snapshot_id).plan_files():
            scan = ArrowScan(table.metadata, table.io, wanted, AlwaysTrue())
            for batch in scan.to_record_batches([task]):
                cast = batch.cast(shape)
                writer.write_batch(pa.RecordBatch.from_arrays([cast.column(place) for place in places], schema=keys))
