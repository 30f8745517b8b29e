"""A database's tables in its Parquet files, opened as the query function opens Iceberg's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from datamesh.ask.guard import Predicate
from datamesh.ask.run import Estimate, Snapshot
from datamesh.contract.model import Table
from datamesh.errors import UserError
from datamesh.registry.knowledge import ProductKnowledge

__all__ = ["ParquetTables", "checked"]

_WIDTH = 16  # bytes of a value in memory, about


@dataclass(frozen=True)
class ParquetTables:
    """`files`: where each product's rows are, by the product's name."""

    files: Mapping[str, Path]

    def open(self, product: ProductKnowledge) -> _ParquetTable:
        return _ParquetTable(self.files[product.name])


class _ParquetTable:
    """One file. Statements name columns in lower case, whatever the file calls them."""

    snapshot = Snapshot(None, None)

    def __init__(self, file: Path) -> None:
        self._file = file

    def estimate(self, columns: Sequence[str], predicates: Sequence[Predicate]) -> Estimate:  # noqa: ARG002
        rows = pq.read_metadata(self._file).num_rows
        return Estimate(rows, rows * len(columns) * _WIDTH)

    def read(self, columns: Sequence[str], predicates: Sequence[Predicate]) -> pa.Table:  # noqa: ARG002
        """All rows: the statement itself holds every predicate as well."""
        with pq.ParquetFile(self._file) as file:
            found = {name.lower(): name for name in file.schema_arrow.names}
            return file.read([found[column] for column in columns]).rename_columns(list(columns))


def checked(file: Path, table: Table) -> None:
    """Raises UserError unless `file` is Parquet with the columns of `table`."""
    try:
        has = {name.lower() for name in pq.read_schema(file).names}
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{file} is no Parquet file") from error
    missing = [column.name for column in table.columns if column.name.lower() not in has]
    if missing:
        raise UserError(f"{file} has no column {', '.join(missing)}", hint="the contract has it")
