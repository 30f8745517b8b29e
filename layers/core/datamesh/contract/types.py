"""Types: what a contract says, what a table column becomes, and DuckDB's word for it.

string -> VARCHAR, boolean -> BOOLEAN, integer -> BIGINT, number -> DOUBLE (or DECIMAL(p,s) by physicalType),
date -> DATE, time -> TIME, timestamp -> TIMESTAMP, or TIMESTAMP WITH TIME ZONE by logicalTypeOptions.timezone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from datamesh.contract.model import ColumnType
from datamesh.errors import ContractError

__all__ = ["KINDS", "UNPUBLISHED", "column_type", "duckdb_type", "physical_kind"]

KINDS = ("string", "boolean", "integer", "number", "decimal", "date", "timestamp", "timestamptz", "time")
UNPUBLISHED = ("object", "array", "map", "vector")  # in ODCS, but not yet carried into tables

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
_PHYSICAL = {
    "string": ("varchar", "char", "character", "character varying", "nvarchar", "string", "text", "uuid"),
    "boolean": ("boolean", "bool", "bit"),
    "integer": ("int", "integer", "bigint", "smallint", "tinyint", "int2", "int4", "int8", "long", "short"),
    "number": ("double", "double precision", "float", "real", "float4", "float8"),
    "decimal": ("decimal", "numeric", "number"),
    "date": ("date",),
    "timestamp": ("timestamp", "datetime", "timestamp_ntz", "timestamp without time zone"),
    "timestamptz": ("timestamptz", "timestamp_tz", "timestamp with time zone"),
    "time": ("time", "time without time zone"),
}
_KIND_OF_PHYSICAL = {word: kind for kind, words in _PHYSICAL.items() for word in words}
_PHYSICAL_FORM = re.compile(
    r"^\s*([a-z_0-9 ]+?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*(with(?:out)? time zone)?\s*$"
)


def physical_kind(physical: str) -> ColumnType | None:
    """The type that a physicalType such as `decimal(10,2)` or `varchar(3)` names, or None for a word not known."""
    match = _PHYSICAL_FORM.match(physical.lower())
    if not match:
        return None
    word, precision, scale, zone = match.groups()
    kind = _KIND_OF_PHYSICAL.get(f"{word} {zone}" if zone else word)
    if kind is None:
        return None
    if kind == "decimal":
        return ColumnType("decimal", int(precision), int(scale or 0)) if precision else ColumnType("number")
    return ColumnType(kind)


def column_type(logical: str | None, physical: str = "", options: Mapping[str, Any] | None = None) -> ColumnType:
    """The type of a column. One of `UNPUBLISHED` keeps its name as the kind; lint says that it is not published."""
    named = physical_kind(physical)
    if not logical:
        return named or ColumnType("string")
    if logical in ("number", "integer") and named and named.kind == "decimal":
        return named
    if logical == "timestamp":
        zoned = (options or {}).get("timezone", named is not None and named.kind == "timestamptz")
        return ColumnType("timestamptz" if zoned is True else "timestamp")
    return ColumnType(logical)


def duckdb_type(column: ColumnType) -> str:
    """DuckDB's type text. Raises ContractError for a kind that is not published."""
    if column.kind == "decimal":
        return f"DECIMAL({column.precision},{column.scale})"
    if column.kind not in _DUCKDB:
        raise ContractError(f"columns of type {column.kind} are not published yet", hint="leave the column out")
    return _DUCKDB[column.kind]
