"""Merging a batch into its table: the rows that win are found in DuckDB (merge.py), over streams of the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyiceberg.table import Table as IcebergTable

from datamesh.contract.model import Contract
from datamesh.engine.duck import EngineError, connect
from datamesh.errors import InfrastructureError
from datamesh.lake import files as lake_files
from datamesh.lake import table as lake
from datamesh.lake.evolution import schema_as
from datamesh.lake.files import Rows
from datamesh.publish.job import Engine
from datamesh.publish.merge import Merged, Stored, looked_at, merge
from datamesh.publish.plan import Plan, StagedRows

__all__ = ["merged_into"]


def merged_into(table: IcebergTable, staged: Sequence[StagedRows], contract: Contract, engine: Engine) -> Plan:
    before, incoming = lake_files.rows_of(table), [each.rows for each in staged]
    merged = _merge(table, incoming, before, contract, engine)
    touched = [_without(rows, merged.stored.get(place)) for place, rows in enumerate(before)]
    batch = [_without(rows, merged.incoming.get(place)) for place, rows in enumerate(incoming)]
    return Plan(
        lake.total_rows(table),
        kept=tuple(rows for rows in touched if _whole(rows)),
        removed=tuple(rows.file for rows in touched if not _whole(rows)),
        added=tuple(rows for rows in batch if _whole(rows)),
        rewritten=tuple(rows for rows in (*touched, *batch) if not _whole(rows) and rows.count),
        superseded=merged.superseded,
        deleted=merged.deleted,
    )


def _merge(
    table: IcebergTable, incoming: Sequence[Rows], before: Sequence[Rows], contract: Contract, engine: Engine
) -> Merged:
    schema = schema_as(table, contract).select(*looked_at(contract.table))

    def read(places: Sequence[int]) -> Any:
        return lake_files.reader(table, [before[place] for place in places], schema, placed=True)

    stored = Stored(lambda name: lake_files.bounds(before, schema.find_field(name)), read)
    with (
        TemporaryDirectory() as spill,
        connect(memory_mb=engine.memory_mb, threads=engine.threads, temp=Path(spill)) as con,
    ):
        try:
            return merge(con, contract.table, lake_files.reader(table, incoming, schema, placed=True), stored)
        except EngineError as error:
            raise InfrastructureError(f"merging failed: {type(error).__name__}") from error


def _without(rows: Rows, dropped: Any) -> Rows:
    return rows if dropped is None else Rows(rows.task, dropped)


def _whole(rows: Rows) -> bool:
    return not len(rows.dropped)
