"""Rows of a result as JSON values: exact where JSON can be, never a value that JSON has not."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa

__all__ = ["json_rows"]

_PLAIN = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_string, pa.types.is_large_string, pa.types.is_null)
Json = Any  # str, int, float, bool, None; lists and objects for what is nested


def json_rows(table: pa.Table) -> list[list[Json]]:
    """The rows of `table`, in its order of columns; two columns may have one name.

    Dates and times are ISO 8601 text, instants in UTC; a decimal is an int or a float where that is exact and text
    otherwise; NaN and infinity are null; an interval is an ISO 8601 duration. A struct or a map is an object, its keys
    texts.
    """
    columns = [_column(column) for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(column: pa.ChunkedArray) -> list[Json]:
    return _converted(column.to_pylist(), column.type)


def _converted(values: list[Any], kind: pa.DataType) -> list[Json]:
    convert = _converter(kind)
    return [None if value is None else convert(value) for value in values] if convert else values


def _converter(kind: pa.DataType) -> Callable[[Any], Json] | None:
    """None for values that JSON has."""
    tests: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], Json] | None], ...] = (
        (pa.types.is_nested, partial(_nested, kind=kind)),
        (pa.types.is_floating, _finite),
        (pa.types.is_decimal, int if getattr(kind, "scale", None) == 0 else _exact),
        (pa.types.is_timestamp, _instant if getattr(kind, "tz", None) else _iso),
        (pa.types.is_date, _iso),
        (pa.types.is_time, _iso),
        (pa.types.is_interval, _duration),
        *((test, None) for test in _PLAIN),
    )
    return next((convert for test, convert in tests if test(kind)), str)


def _nested(value: Any, kind: pa.DataType) -> Json:
    if pa.types.is_struct(kind):
        return {field.name: _converted([value[field.name]], field.type)[0] for field in kind}
    if pa.types.is_map(kind):
        keys = _converted([key for key, _ in value], kind.key_type)
        return dict(zip(map(str, keys), _converted([item for _, item in value], kind.item_type), strict=True))
    return _converted(value, kind.value_type)


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
