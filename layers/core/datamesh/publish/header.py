"""A file's layout: the names of its columns, and how they are written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from datamesh.contract.model import InputFormat, Table
from datamesh.publish.format import Seen
from datamesh.publish.reading import Layout
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
            fields,
            gzipped=seen.gzipped,
            header=form.header,
            delimiter=delimiter,
            quote=_quote(form),
            escape=form.escape or _quote(form),
            encoding=form.encoding,
        )
        for delimiter in ([form.delimiter] if form.delimiter else _DELIMITERS)
        if (fields := _first_record(seen, delimiter, form)) is not None
    ]
    if not form.header:
        layouts = [_positional(layout, table) for layout in layouts]
    names = set(wanted(table))
    return max(layouts, key=lambda layout: len(names.intersection(layout.fields)), default=None)


def _quote(form: InputFormat) -> str:
    return form.quote or '"'


def _first_record(seen: Seen, delimiter: str, form: InputFormat) -> tuple[str, ...] | None:
    if len(delimiter) > 1:  # which Python's reader does not know
        line = seen.text.splitlines()[0]
        return tuple(part.strip().strip(_quote(form)) for part in line.split(delimiter))
    escape = form.escape if form.escape not in (None, _quote(form)) else None
    text = io.StringIO(seen.text, newline="")
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
    fields = (*names[:count], *(f"#{i + 1}" for i in range(len(names), count)))
    return Layout(**{**layout.__dict__, "fields": fields})


def json_layout(seen: Seen, table: Table) -> Layout:
    """A JSON object may leave out what is NULL, so its rows are asked for each of the contract's columns."""
    return Layout("jsonl", wanted(table), gzipped=seen.gzipped, header=False, encoding=table.input.encoding)


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


def parquet_layout(source: Source) -> tuple[Layout, int] | None:
    """The layout and the number of rows, from the footer. None when it cannot be read."""
    length = int.from_bytes(source.read(source.size - 8, 4), "little")
    if length > source.size - 12:
        return None
    footer = source.read(source.size - 8 - length, length + 8)
    try:
        metadata = pq.read_metadata(pa.BufferReader(_MAGIC + footer))
        schema = metadata.schema.to_arrow_schema()
    except (pa.ArrowException, OSError):
        return None
    return Layout("parquet", tuple(schema.names), header=False, kinds=_kinds(schema.types)), metadata.num_rows


def _kinds(types: Sequence[pa.DataType]) -> tuple[str, ...]:
    return tuple(_kind(kind) for kind in types)


def _kind(arrow: pa.DataType) -> str:
    if pa.types.is_timestamp(arrow):
        return "timestamptz" if arrow.tz else "timestamp"
    tests = {
        "boolean": pa.types.is_boolean,
        "integer": pa.types.is_signed_integer,
        "number": pa.types.is_floating,
        "date": pa.types.is_date,
    }
    return next((kind for kind, test in tests.items() if test(arrow)), "")
