"""Write modes: what overwriting partitions and merging rows need of a table."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.contract.finding import Finding
from datamesh.contract.intake import Merge
from datamesh.contract.model import Table
from datamesh.contract.rules.subject import Subject, TableAt, custom_path
from datamesh.contract.values import holds

__all__ = ["check"]

_ORDERABLE = ("string", "integer", "number", "decimal", "date", "timestamp", "timestamptz")


def check(subject: Subject) -> Iterator[Finding]:
    for at in subject.tables():
        mode, path = at.table.write_mode, custom_path(at, "datamesh.writeMode")
        if mode == "overwritePartitions" and not at.table.partition_columns:
            message, fix = "files cannot replace partitions of a table without any", "mark a column `partitioned: true`"
            yield subject.error("overwrite-partitions.no-partition", path, message, fix)
        if mode == "merge":
            yield from _merging(subject, at, path)
        elif at.table.merge != Merge():
            yield subject.warning(
                "merge.unused",
                custom_path(at, "datamesh.merge"),
                f"rows are not merged: the write mode is {mode}",
                "write `datamesh.writeMode: merge`, or leave this out",
            )


def _merging(subject: Subject, at: TableAt, path: str) -> Iterator[Finding]:
    settings = custom_path(at, "datamesh.merge")
    if not at.table.primary_key:
        fix = "mark the columns that name a row `primaryKey: true`"
        yield subject.error("merge.no-key", path, "rows can only be merged by a primary key", fix)
    if at.table.merge.order is None:
        message = "without an order column the batch that is published last counts, not the newest row"
        yield subject.warning("merge.no-order", path, message, "name one: `datamesh.merge: {order: <column>}`")
    elif problem := _order_problem(at.table, at.table.merge.order):
        yield subject.error("merge.order", settings, problem, "name a column of numbers, dates, moments or text")
    for problem in _delete_problems(at.table):
        yield subject.error("merge.delete", settings, problem, "write `delete: {column: <column>, values: [<value>]}`")


def _order_problem(table: Table, order: str) -> str:
    column = table.column(order)
    if column is None:
        return f"there is no column `{order}` to order rows by"
    if column.type.kind not in _ORDERABLE:
        return f"`{order}` is a {column.type.kind}: its values have no order in time"
    return f"`{order}` is of the key: rows of one key all have the same" if order in table.primary_key else ""


def _delete_problems(table: Table) -> Iterator[str]:
    name, values = table.merge.delete_column, table.merge.delete_values
    if name is None:
        return
    column = table.column(name)
    if column is None:
        yield f"there is no column `{name}` that could mark a row as deleted"
        return
    if name in table.primary_key:
        yield f"`{name}` is of the key, so it cannot mark a row as deleted"
    for value in values:
        if not holds(column.type, value):
            yield f"`{value}` is no {column.type.kind}, so no row has it in `{name}`"
        elif column.enum and value not in [entry.value for entry in column.enum]:
            yield f"`{value}` is not in the enum of `{name}`, so no row with it is taken"
