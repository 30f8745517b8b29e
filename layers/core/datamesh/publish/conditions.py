"""The rules that a column's own promises make, as SQL conditions over its text and its value. Pure.

A condition holds where the value breaks the rule, and may be NULL where there is no value. Numbers are compared
exactly: a bound is brought into the column's own type here, and never the column into a double.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor
from typing import Any

from datamesh.contract.formats import STRING_FORMATS
from datamesh.contract.model import Column, ColumnType
from datamesh.contract.types import duckdb_type
from datamesh.contract.values import exact, holds, is_number, limits
from datamesh.engine.duck import literal

__all__ = ["conditions", "outside", "unlike"]

_COMPARISONS = {"minimum": "<", "exclusiveMinimum": "<=", "maximum": ">", "exclusiveMaximum": ">="}
_ALWAYS, _NEVER = "{} IS NOT NULL", "false"
_LONGEST_HOST = 253
_FEW_DIGITS = 15  # a double tells all numbers of so many digits apart
_DIGITS = 38  # of DuckDB's widest decimal


def conditions(column: Column, x: str, t: str) -> dict[str, str]:
    """Rule name to condition, for the rules that the column has. `x` is its text and `t` its value."""
    found = {
        "type": f"{x} IS NOT NULL AND {t} IS NULL" if column.type.kind != "string" else "",
        "enum": outside(t, [e.value for e in column.enum], column.type) if column.enum else "",
        "range": _out_of_range(t, column),
        "length": _wrong_length(t, column),
        "pattern": unlike(x, column.options.get("pattern")),
        "format": _no_such_format(x, column) if column.type.kind == "string" else "",
        "multipleOf": _no_multiple(t, column),
    }
    return {rule: condition for rule, condition in found.items() if condition}


def outside(value: str, allowed: Iterable[Any], kind: ColumnType) -> str:
    """Not one of the allowed values; of those that the column cannot hold there is none."""
    known = [_value(a, kind) for a in allowed if holds(kind, a)]
    return f"{value} NOT IN ({', '.join(known)})" if known else _ALWAYS.format(value)


def unlike(x: str, pattern: object) -> str:
    return f"NOT regexp_matches(CAST({x} AS VARCHAR), {literal(pattern)})" if isinstance(pattern, str) else ""


def _value(value: Any, kind: ColumnType) -> str:
    """A literal of the column's type. Numbers go by their digits, not through a float."""
    if kind.kind == "integer":
        return str(int(exact(value)))
    return f"CAST({literal(repr(value) if is_number(value) else value)} AS {duckdb_type(kind)})"


def _out_of_range(t: str, column: Column) -> str:
    bounds = [(sign, column.options[name]) for name, sign in _COMPARISONS.items() if name in column.options]
    parts = [_compared(t, sign, bound, column.type) for sign, bound in bounds]
    return " OR ".join(part for part in parts if part != _NEVER)


def _compared(t: str, sign: str, bound: Any, kind: ColumnType) -> str:
    if kind.kind in ("integer", "decimal") and is_number(bound):
        return _in_units(t, sign, bound, kind)
    return f"{t} {sign} CAST({literal(repr(bound) if is_number(bound) else bound)} AS {duckdb_type(kind)})"


def _in_units(t: str, sign: str, bound: float, kind: ColumnType) -> str:
    """The comparison with the nearest bound that the type has; it has none beyond its limits."""
    lowest, highest, scale = limits(kind)
    units = exact(bound) * 10**scale
    nearest = floor(units) if sign in ("<=", ">") else ceil(units)
    if nearest < lowest or nearest > highest:
        return _ALWAYS.format(t) if (nearest > highest) == (sign in ("<", "<=")) else _NEVER
    return f"{t} {sign} {_units(nearest, kind)}"


def _units(units: int, kind: ColumnType) -> str:
    """A number of the type's last digits as a literal of the type."""
    if kind.kind == "integer":
        return str(units)
    digits, scale = f"{abs(units):0{(kind.scale or 0) + 1}d}", kind.scale or 0
    text = ("-" if units < 0 else "") + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)
    return f"CAST('{text}' AS {duckdb_type(kind)})"


def _wrong_length(t: str, column: Column) -> str:
    comparisons = {"minLength": "<", "maxLength": ">"}
    return " OR ".join(
        f"length(CAST({t} AS VARCHAR)) {comparison} {literal(column.options[name])}"
        for name, comparison in comparisons.items()
        if isinstance(column.options.get(name), int)
    )


def _no_such_format(x: str, column: Column) -> str:
    form = column.options.get("format")
    if form not in STRING_FORMATS:
        return ""
    found = f"NOT regexp_full_match({x}, {literal(STRING_FORMATS[form])})"
    if form == "hostname":
        return f"{found} OR length({x}) > {_LONGEST_HOST}"
    # The regular expression knows months of 31 days only.
    return f"{found} OR TRY_CAST(left({x}, 10) AS DATE) IS NULL" if form in ("date", "date-time") else found


def _no_multiple(t: str, column: Column) -> str:
    step, kind = column.options.get("multipleOf"), column.type
    if not is_number(step) or step <= 0:
        return ""
    if kind.kind == "number":
        return _no_multiple_of(t, step, kind)
    if kind.kind not in ("integer", "decimal"):
        return ""
    _, highest, scale = limits(kind)
    units = (exact(step) * 10**scale).numerator  # the smallest number of last digits that is a multiple
    return f"{t} % {_units(units, kind)} <> 0" if units <= highest else f"{t} <> 0"


def _no_multiple_of(t: str, step: float, kind: ColumnType) -> str:
    """A double is the decimal that it is written as: 0.3 is three times 0.1. Beyond 38 digits nothing is a multiple."""
    numerator, denominator = exact(step).as_integer_ratio()
    scale = next((n for n in range(_DIGITS) if 10**n % denominator == 0), None)
    if scale is None or numerator * 10**scale // denominator >= 10**_DIGITS:
        return f"{t} <> 0"
    return (
        f"{t} IS NOT NULL AND NOT coalesce({_is_multiple(t, numerator * 10**scale // denominator, scale, kind)}, false)"
    )


def _is_multiple(t: str, units: int, scale: int, kind: ColumnType) -> str:
    """Whether `t` is a multiple of so many units of the digit at `scale`.

    Numbers of up to 15 digits are brought to whole units, and back, without loss; DuckDB's way from text to a decimal
    of 38 digits takes a hundred times as long, and is left to the others.
    """
    double, factor = f"CAST({t} AS DOUBLE)", f"1e{scale}"
    whole = f"round({double} * {factor})"
    few = f"abs({double}) < 1e{_FEW_DIGITS - scale} AND {str(scale <= _FEW_DIGITS).lower()}"
    quick = f"TRY_CAST({whole} AS BIGINT) % {units} = 0 AND CAST({whole} / {factor} AS {duckdb_type(kind)}) = {t}"
    fixed = ColumnType("decimal", _DIGITS, scale)
    decimal = f"TRY_CAST(CAST({t} AS VARCHAR) AS {duckdb_type(fixed)})"
    slow = f"{decimal} % {_units(units, fixed)} = 0 AND CAST({decimal} AS {duckdb_type(kind)}) = {t}"
    return f"CASE WHEN {few} THEN {quick} ELSE {slow} END"
