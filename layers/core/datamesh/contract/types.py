"""Types: what a contract says, what a table column becomes, and DuckDB's word for it.

string -> VARCHAR, boolean -> BOOLEAN, integer -> BIGINT, number -> DOUBLE, date -> DATE, time -> TIME,
timestamp -> TIMESTAMP, or TIMESTAMP WITH TIME ZONE by logicalTypeOptions.timezone, object -> STRUCT, array -> LIST,
map -> MAP. physicalType, or the option `format`, makes a DECIMAL(p,s) of a number and 32 bits of an integer or number;
what else they say (the range of a smallint, the length of a varchar) is said again as options, see `implied`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from datamesh.contract.model import Column, ColumnType
from datamesh.errors import ContractError

__all__ = [
    "INTEGER_FORMATS",
    "KINDS",
    "NESTED",
    "NUMBER_FORMATS",
    "UNPUBLISHED",
    "column_type",
    "duckdb_type",
    "implied",
    "physical_kind",
]

KINDS = ("string", "boolean", "integer", "number", "decimal", "date", "timestamp", "timestamptz", "time")
NESTED = ("object", "array", "map")
UNPUBLISHED = ("vector",)  # in ODCS, but not carried into tables
INTEGER_FORMATS = ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64")  # ODCS has i128 and u128 too
NUMBER_FORMATS = ("f32", "f64")

_DUCKDB = {
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "time": "TIME",
}
_NARROW = {"integer": "INTEGER", "number": "FLOAT"}
_PHYSICAL = {
    "string": ("varchar", "char", "character", "character varying", "nvarchar", "nchar", "string", "text", "uuid"),
    "boolean": ("boolean", "bool", "bit"),
    "i8": ("tinyint", "byte"),
    "i16": ("smallint", "int2", "short"),
    "i32": ("int", "integer", "int4", "mediumint"),
    "i64": ("bigint", "int8", "long"),
    "f32": ("float", "real", "float4"),
    "f64": ("double", "double precision", "float8"),
    "decimal": ("decimal", "numeric", "number"),
    "date": ("date",),
    "timestamp": ("timestamp", "datetime", "timestamp_ntz", "timestamp without time zone"),
    "timestamptz": ("timestamptz", "timestamp_tz", "timestamp with time zone"),
    "time": ("time", "time without time zone"),
}
_WORDS = {word: meant for meant, words in _PHYSICAL.items() for word in words}
_FORM = re.compile(r"^\s*([a-z_0-9 ]+?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*(with(?:out)? time zone)?\s*$")
_FLOAT_DIGITS = 24  # the binary digits of a 32-bit float: float(25) is a double
_MICROSECONDS = 6  # digits of a second that a table keeps


def physical_kind(physical: str) -> ColumnType | None:
    """The type that a physicalType such as `decimal(10,2)` or `varchar(3)` names, or None for a word not known."""
    meant, first, second = _parts(physical)
    if meant is None or meant in ("decimal", "f32"):
        return _sized(meant, first, second)
    if meant in ("timestamp", "timestamptz") and first is not None and first < _MICROSECONDS:
        return ColumnType(meant, first)
    return _of_format(meant) if meant in INTEGER_FORMATS or meant in NUMBER_FORMATS else ColumnType(meant)


def _sized(meant: str | None, first: int | None, second: int | None) -> ColumnType | None:
    if meant == "decimal":
        return ColumnType("decimal", first, second or 0) if first else ColumnType("number")
    return ColumnType("number", bits=None if (first or 0) > _FLOAT_DIGITS else 32) if meant else None


def _parts(physical: str) -> tuple[str | None, int | None, int | None]:
    """What the word of a physicalType means, and the numbers in brackets."""
    match = _FORM.match(physical.lower())
    if not match:
        return None, None, None
    word, first, second, zone = match.groups()
    numbers = [int(number) if number else None for number in (first, second)]
    return _WORDS.get(f"{word} {zone}" if zone else word), numbers[0], numbers[1]


def _of_format(name: str) -> ColumnType:
    """The type for one of `INTEGER_FORMATS` or `NUMBER_FORMATS`: the smallest in which all its values fit."""
    if name == "u64":
        return ColumnType("decimal", 20, 0)
    kind = "number" if name in NUMBER_FORMATS else "integer"
    return ColumnType(kind, bits=32 if name in ("f32", "i8", "i16", "i32", "u8", "u16") else None)


def column_type(
    logical: str | None, physical: str = "", options: Mapping[str, Any] | None = None, inner: tuple[Column, ...] = ()
) -> ColumnType:
    """The type of a column. `inner` are the columns inside a nested one.

    One of `UNPUBLISHED` keeps its name as the kind; lint says that it is not published.
    """
    named, form = physical_kind(physical), (options or {}).get("format")
    if not logical:
        return named or ColumnType("string")
    if logical in NESTED:
        return ColumnType(logical, inner=inner)
    if logical in ("number", "integer"):
        if form in (INTEGER_FORMATS if logical == "integer" else NUMBER_FORMATS):
            return _of_format(str(form))
        return named if named and named.kind in ("decimal", logical) else ColumnType(logical)
    if logical == "timestamp":
        zoned = (options or {}).get("timezone", named is not None and named.kind == "timestamptz")
        digits = named.precision if named and named.kind.startswith("timestamp") else None
        return ColumnType("timestamptz" if zoned is True else "timestamp", digits)
    return ColumnType(logical)


def implied(logical: str, physical: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """`options`, and those that the rest of the type comes to where it is the stricter.

    A smallint has a range, and a varchar(3) a length: then its bounds are `minimum` and `maximum`, or `maxLength`.
    """
    found, form = dict(options), options.get("format")
    meant, first, _ = _parts(physical)
    if logical == "integer" or not logical:
        width = form if form in INTEGER_FORMATS else meant
        bounds = _range(str(width))
        if bounds:
            low, high = bounds
            found["minimum"] = max(low, _number(options, "minimum", low))
            found["maximum"] = min(high, _number(options, "maximum", high))
    if (logical == "string" or not logical) and meant == "string" and first is not None:
        found["maxLength"] = min(first, _number(options, "maxLength", first))
    return found


def _range(name: str) -> tuple[int, int] | None:
    """What the table's type alone does not see to: 32 and 64 bits with a sign have a type of their own."""
    if name not in INTEGER_FORMATS or name in ("i32", "i64"):
        return None
    bits = int(name[1:])
    return (0, 2**bits - 1) if name[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _number(options: Mapping[str, Any], name: str, otherwise: int) -> Any:
    value = options.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def duckdb_type(column: ColumnType) -> str:
    """DuckDB's type text. Raises ContractError for a kind that is not published."""
    if column.kind == "decimal":
        return f"DECIMAL({column.precision},{column.scale})"
    if column.nested and not column.inner:
        raise ContractError(f"what the {column.kind} holds is not written", hint="see docs/odcs.md")
    if column.kind == "object":
        fields = ", ".join(f'"{c.name}" {duckdb_type(c.type)}' for c in column.inner)
        return f"STRUCT({fields})"
    if column.kind == "array":
        return f"{duckdb_type(column.inner[0].type)}[]"
    if column.kind == "map":
        return f"MAP({', '.join(duckdb_type(c.type) for c in column.inner)})"
    if column.kind not in _DUCKDB:
        raise ContractError(f"columns of type {column.kind} are not published yet", hint="leave the column out")
    return _NARROW[column.kind] if column.bits == 32 else _DUCKDB[column.kind]
