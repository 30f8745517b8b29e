"""A file's layout: the names of its columns, and how they are written."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq

from datamesh.contract.intake import InputFormat
from datamesh.contract.model import Table
from datamesh.engine.duck import identifier
from datamesh.publish.format import Seen
from datamesh.publish.reading import NESTED, Layout
from datamesh.publish.sources import Source

__all__ = ["csv_layout", "json_layout", "json_names", "parquet_layout", "wanted"]

_DELIMITERS = (",", ";", "\t", "|")
_MAGIC = b"PAR1"
_MAX_FIELD = 2**20


def wanted(table: Table) -> tuple[str, ...]:
    """The names that the contract's columns have in a file."""
    return tuple(column.source or column.name for column in table.columns)


def csv_layout(seen: Seen, table: Table) -> Layout | None:
    """The layout of a CSV, its delimiter being the one that finds most of the contract's columns. None: no header."""
    form = table.input
    layouts = [
        Layout(
            "csv",
            _known(fields, table) if form.header else fields,
            header=form.header,
            delimiter=delimiter,
            quote=_quote(form),
            escape=form.escape or _quote(form),
            decimal=form.decimal_separator,
            thousands=form.thousands_separator or "",
            skip=_before(seen, form),
            comment=form.comment or "",
        )
        for delimiter in _delimiters(form)
        if (fields := _first_record(seen, delimiter, form)) is not None
    ]
    if not form.header:
        layouts = [_positional(layout, table) for layout in layouts]
    names = set(wanted(table))
    return max(layouts, key=lambda layout: len(names.intersection(layout.fields)), default=None)


def _delimiters(form: InputFormat) -> Sequence[str]:
    if form.delimiter:
        return (form.delimiter,)
    return ("\t",) if form.format == "tsv" else _DELIMITERS


def _quote(form: InputFormat) -> str:
    return form.quote or '"'


def _known(fields: Sequence[str], table: Table) -> tuple[str, ...]:
    """The names as the contract writes them, where they differ in nothing but capitals and only one can be meant."""
    names = wanted(table)
    folded, meant = Counter(name.casefold() for name in fields), Counter(name.casefold() for name in names)
    by_folded = {name.casefold(): name for name in names if meant[name.casefold()] == 1}
    return tuple(by_folded.get(f.casefold(), f) if folded[f.casefold()] == 1 else f for f in fields)


def _before(seen: Seen, form: InputFormat) -> int:
    """How many lines stand before the first record: those that the contract leaves out, blank ones, comments."""
    text = io.StringIO(seen.text, newline="")
    count = sum(1 for _ in range(form.skip_lines) if text.readline())
    while (line := text.readline()) and (not line.strip() or (form.comment and line.startswith(form.comment))):
        count += 1
    return count


def _first_record(seen: Seen, delimiter: str, form: InputFormat) -> tuple[str, ...] | None:
    """Its fields, or None where there is none to be seen."""
    text = io.StringIO(seen.text, newline="")
    for _ in range(_before(seen, form)):
        text.readline()
    begin = text.tell()
    line = text.readline()
    if not line:
        return None
    if len(delimiter) > 1:  # which Python's reader does not know
        return tuple(part.strip().strip(_quote(form)) for part in line.rstrip("\r\n").split(delimiter))
    text.seek(begin)
    escape = form.escape if form.escape not in (None, _quote(form)) else None
    csv.field_size_limit(_MAX_FIELD)
    reader = csv.reader(
        text, delimiter=delimiter, quotechar=_quote(form), escapechar=escape, doublequote=escape is None
    )
    try:
        record = next(reader)
    except csv.Error:
        return None
    cut_off = not seen.whole and not text.read(1)  # a header longer than what was looked at
    return None if cut_off else tuple(name.strip() for name in record)


def _positional(layout: Layout, table: Table) -> Layout:
    """Without a header the contract's columns stand in its order; further fields get names that no column has."""
    names = wanted(table)
    count = len(layout.fields)
    return replace(layout, fields=(*names[:count], *(f"#{i + 1}" for i in range(len(names), count))))


def json_layout(table: Table) -> Layout:
    """A JSON object may leave out what is NULL, so its rows are asked for each of the contract's columns."""
    return Layout("jsonl", wanted(table), header=False)


def json_names(seen: Seen) -> set[str]:
    """All names in the objects that were looked at."""
    lines = seen.text.splitlines() if seen.whole else seen.text.splitlines()[:-1]
    return {name for line in lines for name in _names(line)}


def _names(line: str) -> Iterable[str]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):  # its row will be judged, or not even be one
        return ()
    return value if isinstance(value, dict) else ()


def parquet_layout(source: Source, table: Table) -> tuple[Layout, int] | None:
    """The layout and the number of rows, from the footer. None when it cannot be read."""
    length = int.from_bytes(source.read(source.size - 8, 4), "little")
    if length > source.size - 12:
        return None
    footer = source.read(source.size - 8 - length, length + 8)
    try:
        metadata = pq.read_metadata(pa.BufferReader(_MAGIC + footer))
        schema = metadata.schema.to_arrow_schema()
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return None
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    if sum(group.num_rows for group in groups) != metadata.num_rows:
        return None
    names = _known(schema.names, table)
    return Layout("parquet", names, header=False, kinds=_kinds(schema.types)), metadata.num_rows


def _kinds(types: Sequence[pa.DataType]) -> tuple[str, ...]:
    return tuple(_kind(kind) for kind in types)


def _kind(arrow: pa.DataType) -> str:
    if pa.types.is_nested(arrow):
        return NESTED + _as_texts(arrow)
    if pa.types.is_timestamp(arrow):
        return "timestamptz" if arrow.tz else "timestamp"
    tests = {
        "boolean": pa.types.is_boolean,
        "integer": pa.types.is_signed_integer,
        "number": pa.types.is_floating,
        "date": pa.types.is_date,
    }
    return next((kind for kind, test in tests.items() if test(arrow)), "")


def _as_texts(arrow: pa.DataType) -> str:
    """DuckDB's type of the same shape, with a text for every value."""
    if pa.types.is_struct(arrow):
        return f"STRUCT({', '.join(f'{identifier(f.name)} {_as_texts(f.type)}' for f in arrow)})"
    if pa.types.is_map(arrow):
        return f"MAP(VARCHAR, {_as_texts(arrow.item_type)})"
    return f"{_as_texts(arrow.value_type)}[]" if pa.types.is_nested(arrow) else "VARCHAR"
