"""Parquet files as Iceberg's data files: what their footers say, copied into a manifest's terms."""

from __future__ import annotations

import os

import pyarrow.parquet as pq
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    pyarrow_to_schema,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Record

__all__ = ["data_file"]


def data_file(io: FileIO, table: TableMetadata, uri: str, *, partition: Record | None = None) -> DataFile:
    """The file as data of the table; its columns carry the table's field ids.

    Its `partition` is said, or else read off its columns' bounds: then it holds rows of one, and no bucket.

    PyIceberg's own way finds columns by the names that the table has now. This file may have been written before one
    of them was renamed or dropped, so it is read by its own names and the ids that stand beside them.
    """
    with io.new_input(uri).open() as stream:
        size = stream.seek(0, os.SEEK_END)  # known since it was opened: len() would ask S3 again
        footer = pq.read_metadata(stream)
    own = pyarrow_to_schema(footer.schema.to_arrow_schema())
    said = data_file_statistics_from_parquet_metadata(
        footer,
        stats_columns=compute_statistics_plan(own, table.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(own),
    )
    found = DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=uri,
        file_format=FileFormat.PARQUET,
        partition=partition if partition is not None else said.partition(table.spec(), own),
        file_size_in_bytes=size,
        **said.to_serialized_dict(),
    )
    found.spec_id = table.default_spec_id  # no argument: it does not stand in the manifest
    return found
