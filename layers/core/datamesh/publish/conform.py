"""From a contract to the SQL that conforms rows to it. Pure.

A row goes through three relations: its fields as text (`f0`, `f1`, ... of reading.py), the contract's columns as text
with null words made NULL (`x0`, `x1`, ...), and the same typed (`t0`, `t1`, ...), NULL where the text is no such value.
"""

from __future__ import annotations

from datamesh.contract.model import Column, Table
from datamesh.contract.types import duckdb_type
from datamesh.engine.duck import identifier, literal, literals
from datamesh.publish.reading import Layout, field

__all__ = ["columns", "selection"]

_DAYS = "DATE '0001-01-01' AND DATE '9999-12-31'"
_TIMES = "TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
_INSTANTS = "TIMESTAMPTZ '0001-01-01 00:00:00+00' AND TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'"
_WHOLE = r"\s*[+-]?[0-9]+(\.0*)?\s*"


def columns(table: Table) -> str:
    """The typed columns under their names: what is written."""
    return ", ".join(f"t{i} AS {identifier(c.name)}" for i, c in enumerate(table.columns))


def selection(table: Table, layout: Layout, source: str) -> str:
    """SQL that reads `source` (a relation of reading.py) through the three relations."""
    texts = "".join(f", {_text(table, layout, i)} AS x{i}" for i in range(len(table.columns)))
    types = "".join(f", {_typed(table, layout, i)} AS t{i}" for i in range(len(table.columns)))
    ok = "" if layout.format == "jsonl" else ", true AS __ok"
    return f"SELECT *{types} FROM (SELECT *{ok}{texts} FROM ({source}))"


def _text(table: Table, layout: Layout, position: int) -> str:
    """The column at `position` as the file has it, NULL for a null word or where the file lacks it."""
    at = _place(table.columns[position], layout)
    if at is None:
        return "CAST(NULL AS VARCHAR)"
    if _is_direct(table.columns[position], layout, at):
        return field(at)
    value = f"CAST({field(at)} AS VARCHAR)" if layout.format == "parquet" else field(at)
    return f"CASE WHEN {value} IN ({literals(table.input.null_words)}) THEN NULL ELSE {value} END"


def _typed(table: Table, layout: Layout, position: int) -> str:
    """The column in its type, NULL where its text is no such value: never rounded, never cut off."""
    column, x = table.columns[position], f"x{position}"
    at = _place(column, layout)
    if at is not None and _is_direct(column, layout, at):
        same = f"TRY_CAST({x} AS {duckdb_type(column.type)})"  # its width may differ: 32 bits, nanoseconds
        return f"CASE WHEN isfinite({same}) THEN {same} END" if column.type.kind == "number" else same
    return _cast(column, x, table.input.timestamp_format)


def _place(column: Column, layout: Layout) -> int | None:
    name = column.source or column.name
    return layout.fields.index(name) if name in layout.fields else None


def _is_direct(column: Column, layout: Layout, at: int) -> bool:
    """True when the file holds the column's own type already, so that nothing is to be read out of text."""
    kind = column.type.kind
    return bool(layout.kinds) and layout.kinds[at] == kind and kind not in ("string", "decimal")


def _cast(column: Column, x: str, time_format: str | None) -> str:
    kind, to = column.type.kind, duckdb_type(column.type)
    cast = f"TRY_CAST({x} AS {to})"
    if kind == "string":
        return x
    if kind == "integer":  # DuckDB would round 1.5, and read 0x1F and 1_000
        plain = f"CAST({cast} AS VARCHAR) = {x} OR regexp_full_match({x}, {literal(_WHOLE)})"
        return f"CASE WHEN {plain} THEN {cast} END"
    if kind == "number":
        return f"CASE WHEN isfinite({cast}) THEN {cast} END"
    if kind == "decimal":  # rounding shows as another number
        return f"CASE WHEN CAST({cast} AS DOUBLE) = TRY_CAST({x} AS DOUBLE) THEN {cast} END"
    return _moment(kind, x, cast, time_format)


def _moment(kind: str, x: str, cast: str, time_format: str | None) -> str:
    """Dates and times, from the year 1 to 9999. A timestamp with an offset is told in UTC."""
    if kind in ("boolean", "time"):
        return cast
    if time_format:
        cast = f"CAST(try_strptime({x}, {literal(time_format)}) AS {_WORDS[kind]})"
        return f"CASE WHEN {cast} BETWEEN {_BOUNDS[kind]} THEN {cast} END"
    digits = f"ltrim({x}) BETWEEN '0' AND ':'"  # no word, such as epoch
    if kind == "date":  # a date with a time is no date
        digits += f" AND TRY_CAST({x} AS TIMESTAMP) = {cast}"
    elif kind == "timestamp":
        cast = f"TRY_CAST({x} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    return f"CASE WHEN {digits} AND {cast} BETWEEN {_BOUNDS[kind]} THEN {cast} END"


_WORDS = {"date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ"}
_BOUNDS = {"date": _DAYS, "timestamp": _TIMES, "timestamptz": _INSTANTS}
