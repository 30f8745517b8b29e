"""Values that a contract writes down (bounds, enumerations), as the columns they are about would hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from fractions import Fraction
from math import isinf, isnan
from typing import Any, TypeGuard

from datamesh.contract.model import ColumnType

__all__ = ["exact", "holds", "is_number", "limits"]

_PARSERS: Mapping[str, Callable[[str], date | datetime | time]] = {
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamptz": datetime.fromisoformat,
    "time": time.fromisoformat,
}


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number that is one: neither a truth value, nor infinite, nor NaN."""
    if isinstance(value, float):
        return not isnan(value) and not isinf(value)
    return isinstance(value, int) and not isinstance(value, bool)


def exact(value: float) -> Fraction:
    """The number that was written, to its last digit."""
    return Fraction(repr(value))


def limits(kind: ColumnType) -> tuple[int, int, int]:
    """(lowest, highest, scale) of an integer or decimal: the bounds in units of its last digit."""
    if kind.kind == "decimal":
        highest = 10 ** (kind.precision or 38) - 1
        return -highest, highest, kind.scale or 0
    half = 2 ** ((kind.bits or 64) - 1)
    return -half, half - 1, 0


def holds(kind: ColumnType, value: Any) -> bool:
    """Whether a column of this type can hold `value`, as YAML has it, without changing it."""
    if kind.kind == "boolean":
        return isinstance(value, bool)
    if kind.kind == "number":
        return is_number(value)
    if kind.kind in ("integer", "decimal"):
        lowest, highest, scale = limits(kind)
        units = exact(value) * 10**scale if is_number(value) else None
        return units is not None and units.denominator == 1 and lowest <= units <= highest
    if kind.nested or not isinstance(value, str):
        return False
    return kind.kind == "string" or moment(kind, value) is not None


def moment(kind: ColumnType, value: str) -> date | datetime | time | None:
    """The date or time that ISO 8601 text is, or None."""
    parser = _PARSERS.get(kind.kind)
    try:
        return parser(value) if parser else None
    except ValueError:
        return None
