"""From a contract to the SQL that conforms rows to it. Pure.

A row goes through three relations: its fields as text (`f0`, `f1`, ... of reading.py), the contract's columns as text
with null words made NULL (`x0`, `x1`, ...), and the same typed (`t0`, `t1`, ...), NULL where the text is no such value.
A nested column is unfolded in between (`w3`, see nested.py).
"""

from __future__ import annotations

import re

from datamesh.contract.model import Column, Table
from datamesh.engine.duck import identifier, literal, literals
from datamesh.publish.casts import cast_of, same_of
from datamesh.publish.nested import typed, unfolded
from datamesh.publish.reading import Layout, field, text_of

__all__ = ["columns", "selection"]


def columns(table: Table) -> str:
    """The typed columns under their names: what is written."""
    return ", ".join(f"t{i} AS {identifier(c.name)}" for i, c in enumerate(table.columns))


def selection(table: Table, layout: Layout, source: str) -> str:
    """SQL that reads `source` (a relation of reading.py) through the three relations."""
    texts = "".join(f", {_text(table, layout, i)} AS x{i}" for i in range(len(table.columns)))
    types = "".join(f", {_typed(table, layout, i)} AS t{i}" for i in range(len(table.columns)))
    nested = [(i, column) for i, column in enumerate(table.columns) if column.type.nested]
    ok = "" if layout.format == "jsonl" else ", true AS __ok"
    rows = f"SELECT *{ok}{texts} FROM ({source})"
    if nested:
        wide = "".join(f", {unfolded(column, f'x{i}')} AS w{i}" for i, column in nested)
        rows = f"SELECT *{wide} FROM ({rows})"
    return f"SELECT *{types} FROM ({rows})"


def _text(table: Table, layout: Layout, position: int) -> str:
    """The column at `position` as the file has it, NULL for a null word or where the file lacks it."""
    at = _place(table.columns[position], layout)
    if at is None:
        return "CAST(NULL AS VARCHAR)"
    if _is_direct(table.columns[position], layout, at):
        return field(at)
    value = text_of(layout, at) if layout.format == "parquet" else field(at)
    return f"CASE WHEN {value} IN ({literals(table.input.null_words)}) THEN NULL ELSE {value} END"


def _typed(table: Table, layout: Layout, position: int) -> str:
    """The column in its type, NULL where its text is no such value."""
    column, x = table.columns[position], f"x{position}"
    if column.type.nested:
        return typed(column, f"w{position}")
    at = _place(column, layout)
    if at is not None and _is_direct(column, layout, at):
        return same_of(column, x)
    return cast_of(column, _plain_number(x, column, layout), table.input.timestamp_format)


def _plain_number(x: str, column: Column, layout: Layout) -> str:
    """A number's text with a point and no thousands, NULL where its separators are not in their places."""
    point, thousands = layout.decimal, layout.thousands
    if column.type.kind not in ("integer", "number", "decimal") or (point, thousands) == (".", ""):
        return x
    whole = f"[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+|[0-9]*" if thousands else "[0-9]*"
    form = rf"\s*[+-]?(?:{whole})(?:{re.escape(point)}[0-9]*)?(?:[eE][+-]?[0-9]+)?\s*"
    plain = f"replace({x}, {literal(thousands)}, '')" if thousands else x
    return f"CASE WHEN regexp_full_match({x}, {literal(form)}) THEN replace({plain}, {literal(point)}, '.') END"


def _place(column: Column, layout: Layout) -> int | None:
    name = column.source or column.name
    return layout.fields.index(name) if name in layout.fields else None


def _is_direct(column: Column, layout: Layout, at: int) -> bool:
    """True when the file holds the column's own type already, so that nothing is to be read out of text."""
    kind = column.type.kind
    return bool(layout.kinds) and layout.kinds[at] == kind and kind not in ("string", "decimal")
