"""What the columns of staged rows hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datamesh.contract.model import Column, Table
from datamesh.contract.profile import VALUES_CAP, ColumnProfile, Profile, keeps_values
from datamesh.engine.duck import Connection, identifier, literals, one, rows

__all__ = ["profile_of"]

_MAX_TEXT = 200  # longer texts are prose, not values that somebody would ask for


def profile_of(con: Connection, table: Table, product: str, paths: Sequence[str]) -> Profile:
    """The profile of the Parquet files at `paths`, which hold the table's columns."""
    if not paths:
        return Profile(product=product)
    source = f"read_parquet([{literals(paths)}])"
    seen = one(con, f"SELECT count(*), {', '.join(_measured(c) for c in table.columns)} FROM {source}")
    found = [_column(con, source, c, seen[0], seen[1 + 4 * i : 5 + 4 * i]) for i, c in enumerate(table.columns)]
    return Profile(product=product, rows=seen[0], columns=tuple(found))


def _measured(column: Column) -> str:
    name = identifier(column.name)
    low, high = (_as_json(column, f"{fn}({name})") for fn in ("min", "max"))
    return f"count({name}), approx_count_distinct({name}), {low}, {high}"


def _as_json(column: Column, value: str) -> str:
    kind = column.type.kind
    if kind == "decimal":
        return f"CAST({value} AS DOUBLE)"
    if kind == "string":
        return f"left({value}, {_MAX_TEXT})"
    return value if kind in ("boolean", "integer", "number") else f"replace(CAST({value} AS VARCHAR), ' ', 'T')"


def _column(con: Connection, source: str, column: Column, count: int, seen: Sequence[Any]) -> ColumnProfile:
    filled, distinct, low, high = seen
    if not keeps_values(column):
        return ColumnProfile(name=column.name, nulls=count - filled, distinct=distinct)
    values = _values(con, source, column) if distinct <= 2 * VALUES_CAP else None  # an estimate, some percent off
    return ColumnProfile(
        name=column.name,
        nulls=count - filled,
        distinct=distinct if values is None else len(values),
        minimum=low,
        maximum=high,
        values=values,
    )


def _values(con: Connection, source: str, column: Column) -> tuple[str, ...] | None:
    if column.type.kind != "string":
        return None
    name = identifier(column.name)
    found = rows(con, f"SELECT DISTINCT {name} FROM {source} WHERE {name} IS NOT NULL LIMIT {VALUES_CAP + 1}")
    values = tuple(sorted(value for (value,) in found))
    return values if len(values) <= VALUES_CAP and all(len(v) <= _MAX_TEXT for v in values) else None
