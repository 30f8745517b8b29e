"""Rows of a result as JSON values: exact where JSON can be, never a value that JSON has not."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa

__all__ = ["json_rows"]

Json = Any  # str, int, float, bool, None


def json_rows(table: pa.Table) -> list[list[Json]]:
    """The rows of `table`, in its order of columns; two columns may have one name.

    Dates and times are ISO 8601 text, instants in UTC; a decimal is an int or a float where that is exact and text
    otherwise; NaN and infinity are null; an interval is an ISO 8601 duration.
    """
    columns = [_column(column) for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(column: pa.ChunkedArray) -> list[Json]:
    values: list[Any] = column.to_pylist()
    convert = _converter(column.type)
    return [None if value is None else convert(value) for value in values] if convert else values


def _converter(kind: pa.DataType) -> Callable[[Any], Json] | None:
    if pa.types.is_floating(kind):
        return _finite
    if pa.types.is_decimal(kind):
        return int if kind.scale == 0 else _exact
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return _instant
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return _iso
    if pa.types.is_interval(kind):
        return _duration
    known = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_string, pa.types.is_large_string, pa.types.is_null)
    return None if any(test(kind) for test in known) else str


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _exact(value: Decimal) -> float | str:
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def _iso(value: datetime.date | datetime.datetime | datetime.time) -> str:
    return value.isoformat()


def _instant(value: datetime.datetime) -> str:
    return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


def _duration(value: Any) -> str:
    """`value` is (months, days, nanoseconds), each of its own sign."""
    seconds = Decimal(value.nanoseconds) / 1_000_000_000
    return f"P{value.months}M{value.days}DT{seconds.normalize():f}S"
