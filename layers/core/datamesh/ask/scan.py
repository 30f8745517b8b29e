"""Iceberg tables of the domains as Arrow: each at one snapshot, under its domain's reader role."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime

import boto3
import pyarrow as pa
from pyiceberg import types
from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    LessThan,
    LessThanOrEqual,
)
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.schema import Schema
from pyiceberg.table import DataScan, FileScanTask, Table

from datamesh.ask.guard import Predicate
from datamesh.ask.readers import ReaderSessions
from datamesh.ask.run import Estimate, Snapshot
from datamesh.registry.knowledge import ProductKnowledge

__all__ = ["IcebergTables", "row_filter"]

_TEXT_WIDTH = 32  # bytes of a text value in memory, where nobody has measured
_WIDTHS: dict[type[types.IcebergType], int] = {
    types.BooleanType: 1,
    types.IntegerType: 4,
    types.FloatType: 4,
    types.DateType: 4,
    types.DecimalType: 16,
    types.StringType: _TEXT_WIDTH,
}
_COMPARE: dict[str, Callable[..., BooleanExpression]] = {
    "=": EqualTo,
    "<": LessThan,
    "<=": LessThanOrEqual,
    ">": GreaterThan,
    ">=": GreaterThanOrEqual,
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(rf"{_DAY.pattern}([ T]\d\d:\d\d:\d\d(\.\d{{1,6}})?)?")
_LONG = 2**63

Load = Callable[[str, str, boto3.Session], Table]


class IcebergTables:
    """Opens the products' tables. `load(database, table, session)` reads the table's newest metadata."""

    def __init__(self, load: Load, sessions: ReaderSessions) -> None:
        self._load = load
        self._sessions = sessions

    def open(self, product: ProductKnowledge) -> _IcebergTable:
        """Raises what Glue, S3 and STS raise."""
        session = self._sessions.session(product.reader_role_arn)
        return _IcebergTable(self._load(product.database, product.table, session))


class _IcebergTable:
    """One snapshot of a table: its metadata is read once, here, and whatever is committed later is not in it."""

    def __init__(self, table: Table) -> None:
        self._table = table
        current = table.current_snapshot()
        at = datetime.fromtimestamp(current.timestamp_ms / 1000, UTC) if current else None
        self.snapshot = Snapshot(current.snapshot_id if current else None, at)
        self._plans: dict[tuple[Sequence[str], Sequence[Predicate]], tuple[DataScan, list[FileScanTask]]] = {}

    def estimate(self, columns: Sequence[str], predicates: Sequence[Predicate]) -> Estimate:
        """From the manifests alone: no data file is opened."""
        scan, tasks = self._plan(columns, predicates)
        rows = sum(task.file.record_count for task in tasks)
        width = sum(_WIDTHS.get(type(field.field_type), 8) for field in scan.projection().fields)
        return Estimate(rows, rows * width)

    def read(self, columns: Sequence[str], predicates: Sequence[Predicate]) -> pa.Table:
        scan, tasks = self._plan(columns, predicates)
        metadata, io = self._table.metadata, self._table.io
        return ArrowScan(metadata, io, scan.projection(), scan.row_filter).to_table(tasks)

    def _plan(self, columns: Sequence[str], predicates: Sequence[Predicate]) -> tuple[DataScan, list[FileScanTask]]:
        """Estimating and reading plan once between them."""
        key = (tuple(columns), tuple(predicates))
        if key not in self._plans:
            scan = self._table.scan(
                row_filter=row_filter(self._table.schema(), predicates), selected_fields=tuple(columns)
            )
            self._plans[key] = (scan, list(scan.plan_files()))
        return self._plans[key]


def row_filter(schema: Schema, predicates: Sequence[Predicate]) -> BooleanExpression:
    """Those of `predicates` that Iceberg decides just as DuckDB does: whole numbers, text, and dates written plainly.

    Floating point is not among them, for the two order NaN differently; nor is a value of another type than its column.
    """
    answer: BooleanExpression = AlwaysTrue()
    for predicate in predicates:
        kind = schema.find_type(predicate.column)
        values = [_value(kind, value) for value in predicate.values]
        if any(value is None for value in values):
            continue
        compare = _COMPARE.get(predicate.operator)
        part = compare(predicate.column, values[0]) if compare else In(term=predicate.column, literals=set(values))
        answer = And(answer, part)
    return answer


def _value(kind: types.IcebergType, value: str | int) -> str | int | None:
    """`value` as a literal for a column of type `kind`, or None."""
    if isinstance(kind, types.IntegerType | types.LongType):
        return value if isinstance(value, int) and -_LONG <= value < _LONG else None
    if not isinstance(value, str):
        return None
    if isinstance(kind, types.StringType):
        return value
    return next(_moment(kind, value), None)


def _moment(kind: types.IcebergType, value: str) -> Iterator[str]:
    try:
        if isinstance(kind, types.DateType) and _DAY.fullmatch(value):
            yield date.fromisoformat(value).isoformat()
        if isinstance(kind, types.TimestampType | types.TimestamptzType) and _MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value).isoformat()
            yield f"{moment}+00:00" if isinstance(kind, types.TimestamptzType) else moment
    except ValueError:
        return  # no such day or hour: the engine says so
