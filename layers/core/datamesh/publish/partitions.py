"""Iceberg's partition transforms as SQL, so that no file is written with rows of two partitions. Pure.

What distinguishes partitions is enough: their values are read from the files' footers when they are committed. A bucket
cannot be told from a footer, so buckets are refused by lint.
"""

from __future__ import annotations

from decimal import Decimal

from datamesh.contract.model import Column

__all__ = ["partition_value"]

_TRANSFORMS = {
    "identity": "{}",
    "year": "year({})",
    "month": "date_trunc('month', {})",
    "day": "CAST({} AS DATE)",
    "hour": "date_trunc('hour', {})",
}


def partition_value(column: Column, t: str) -> str:
    """An expression over the column's value `t`: the same for all rows of a partition, another for each partition."""
    name, _, width = column.partition_transform.removesuffix("]").partition("[")
    if name != "truncate":
        return _TRANSFORMS[name].format(t)
    if column.type.kind == "string":
        return f"left({t}, {width})"
    step = f"CAST({width} AS HUGEINT)" if column.type.kind == "integer" else _last_digits(column, int(width))
    return f"{t} - (({t} % {step} + {step}) % {step})"  # downwards, below zero too


def _last_digits(column: Column, units: int) -> str:
    """A number of units of a decimal's last digit."""
    scale = column.type.scale or 0
    return f"CAST('{Decimal(units).scaleb(-scale):f}' AS DECIMAL(38,{scale}))"
