"""From a contract to the SQL that conforms rows to it. Pure.

A row goes through four relations: its fields as text (`f0`, `f1`, ... of reading.py), the contract's columns as text
with null words made NULL (`x0`, `x1`, ...), what DuckDB reads out of that (`c0`, `c1`, ...; nested ones unfolded, as
`w3`, see nested.py), and the typed columns (`t0`, `t1`, ...), NULL where the text is no such value. Each is computed
once, for all that stands on it.
"""

from __future__ import annotations

import re
from functools import reduce

from datamesh.contract.model import Column, Table
from datamesh.engine.duck import identifier, literal, literals
from datamesh.publish.casts import cast_of, read_of, same_of
from datamesh.publish.nested import typed, unfolded
from datamesh.publish.reading import Layout, field, text_of

__all__ = ["columns", "selection"]

_FEW_WORDS = 4  # so many are looked for one after the other, which copies no text


def columns(table: Table) -> str:
    """The typed columns under their names: what is written."""
    return ", ".join(f"t{i} AS {identifier(c.name)}" for i, c in enumerate(table.columns))


def selection(table: Table, layout: Layout, source: str) -> str:
    """SQL that reads `source` (a relation of reading.py) through the relations."""
    texts = "".join(f", {_text(table, layout, i)} AS x{i}" for i in range(len(table.columns)))
    types = "".join(f", {_typed(table, layout, i)} AS t{i}" for i in range(len(table.columns)))
    read = "".join(f", {_read(table, layout, i)}" for i in range(len(table.columns)))
    ok = "" if layout.format == "jsonl" else ", true AS __ok"
    return f"SELECT *{types} FROM (SELECT *{read} FROM (SELECT *{ok}{texts} FROM ({source})))"


def _text(table: Table, layout: Layout, position: int) -> str:
    """The column at `position` as the file has it, NULL for a null word or where the file lacks it."""
    at = _place(table.columns[position], layout)
    if at is None:
        return "CAST(NULL AS VARCHAR)"
    if _is_direct(table.columns[position], layout, at):
        return field(at)
    value = text_of(layout, at) if layout.format == "parquet" else field(at)
    words = [word for word in table.input.null_words if word or layout.format != "csv"]  # there an empty field is NULL
    if len(words) > _FEW_WORDS:
        return f"CASE WHEN {value} IN ({literals(words)}) THEN NULL ELSE {value} END"
    return reduce(lambda text, word: f"nullif({text}, {literal(word)})", words, value)


def _read(table: Table, layout: Layout, position: int) -> str:
    """What is read out of the text of the column at `position`, with its name."""
    column, x = table.columns[position], f"x{position}"
    if column.type.nested:
        return f"{unfolded(column, x)} AS w{position}"
    at = _place(column, layout)
    if at is not None and _is_direct(column, layout, at):
        return f"{x} AS c{position}"
    return f"{read_of(column, _plain_number(x, column, layout), table.input.timestamp_format)} AS c{position}"


def _typed(table: Table, layout: Layout, position: int) -> str:
    """The column in its type, NULL where its text is no such value."""
    column, x = table.columns[position], f"x{position}"
    if column.type.nested:
        return typed(column, f"w{position}")
    at = _place(column, layout)
    if at is not None and _is_direct(column, layout, at):
        return same_of(column, x)
    plain = _plain_number(x, column, layout)
    return cast_of(column, plain, table.input.timestamp_format, read=f"c{position}")


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
