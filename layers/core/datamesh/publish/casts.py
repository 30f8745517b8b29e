"""From a text to a value of a column's type, as SQL. Pure.

Each expression is NULL where the text is no such value: nothing is rounded, cut off or guessed. Instants are UTC, for
the session is. Digits of a second finer than a microsecond must be zeros, and years are 1 to 9999.
"""

from __future__ import annotations

from datamesh.contract.model import Column
from datamesh.contract.patterns import TimePattern, time_pattern
from datamesh.contract.types import duckdb_type
from datamesh.engine.duck import literal, literals

__all__ = ["FALSE_WORDS", "TRUE_WORDS", "cast_of", "same_of"]

TRUE_WORDS = ("true", "t", "yes", "y", "on", "1")
FALSE_WORDS = ("false", "f", "no", "n", "off", "0")

_DAYS = "DATE '0001-01-01' AND DATE '9999-12-31'"
_TIMES = "TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
_INSTANTS = "TIMESTAMPTZ '0001-01-01 00:00:00+00' AND TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'"
_CLOCKS = "TIME '00:00:00' AND TIME '23:59:59.999999'"
_BOUNDS = {"date": _DAYS, "timestamp": _TIMES, "timestamptz": _INSTANTS, "time": _CLOCKS}
_WORDS = {"date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ", "time": "TIME"}
_WHOLE = r"\s*[+-]?[0-9]+(\.0*)?\s*"
_SCIENTIFIC = r"\s*[+-]?[0-9.]{1,16}[eE][+-]?[0-9]{1,2}\s*"  # so few digits that a double tells them apart
_CLOCK = r"\s*([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6}0*)?)?\s*"
_ZONED = r":[0-9]{2}.*([Zz]|[+-][0-9]{2}(:?[0-9]{2})?|\s[A-Za-z]+[A-Za-z_/]*)\s*$"
_TOO_FINE = r"\.[0-9]{6}0*[1-9]"
_MICROSECONDS = 6


def cast_of(column: Column, x: str, time_format: str | None = None) -> str:
    """The value that the text `x` is. `time_format` (strptime) is the files', a column's own pattern goes before it."""
    kind, cast = column.type.kind, f"TRY_CAST({x} AS {duckdb_type(column.type)})"
    if kind == "string":
        return x
    if kind == "boolean":
        return _boolean(x)
    if kind == "integer":  # DuckDB would round 1.5, and read 0x1F and 1_000
        plain = f"CAST({cast} AS VARCHAR) = {x} OR regexp_full_match({x}, {literal(_WHOLE)})"
        return f"CASE WHEN {plain} THEN {cast} END"
    if kind == "number":  # and 1_0
        return f"CASE WHEN isfinite({cast}) AND NOT contains({x}, '_') THEN {cast} END"
    if kind == "decimal":
        return _decimal(column.type.scale or 0, x, cast)
    return _moment(column, x, time_format)


def same_of(column: Column, x: str) -> str:
    """A value of the column's own kind, such as a Parquet file has, in the column's width."""
    same = f"TRY_CAST({x} AS {duckdb_type(column.type)})"
    if column.type.kind == "number":
        return f"CASE WHEN isfinite({same}) THEN {same} END"
    return _fine_enough(column, same) if column.type.kind in _BOUNDS else same


def _boolean(x: str) -> str:
    word, yes, no = f"lower(trim({x}))", literals(TRUE_WORDS), literals(FALSE_WORDS)
    return f"CASE WHEN {word} IN ({yes}) THEN true WHEN {word} IN ({no}) THEN false END"


def _decimal(scale: int, x: str, cast: str) -> str:
    """Digits beyond the scale must be zeros: DuckDB would round them away."""
    digits = rf"[0-9]+(\.[0-9]{{0,{scale}}}0*)?" + (rf"|\.[0-9]{{1,{scale}}}0*" if scale else "")
    plain = rf"\s*[+-]?({digits})\s*"
    scientific = f"regexp_full_match({x}, {literal(_SCIENTIFIC)}) AND CAST({cast} AS DOUBLE) = TRY_CAST({x} AS DOUBLE)"
    same = f"CAST({cast} AS VARCHAR) = {x} OR regexp_full_match({x}, {literal(plain)})"
    return f"CASE WHEN {same} OR ({scientific}) THEN {cast} END"


def _moment(column: Column, x: str, time_format: str | None) -> str:
    kind, form = column.type.kind, column.options.get("format")
    pattern = time_pattern(form) if isinstance(form, str) else None
    if isinstance(pattern, TimePattern):
        value, right = _by_pattern(column, x, pattern), f"regexp_full_match({x}, {literal(pattern.regex)})"
    elif time_format and kind != "time":
        value, right = _zoned(column, f"try_strptime({x}, {literal(time_format)})", time_format), "true"
    else:
        value, right = _iso(column, x)
    return f"CASE WHEN {right} AND {value} BETWEEN {_BOUNDS[kind]} THEN {_fine_enough(column, value)} END"


def _by_pattern(column: Column, x: str, pattern: TimePattern) -> str:
    text = f"regexp_replace({x}, '[Zz]$', '+00')" if pattern.zulu else x
    value = f"try_strptime({text}, {literal(pattern.strptime)})"
    if pattern.short_year:
        value = f"CASE WHEN year({value}) < 2000 THEN {value} + INTERVAL 100 YEAR ELSE {value} END"
    return _zoned(column, value, pattern.strptime)


def _zoned(column: Column, value: str, strptime: str) -> str:
    """What a format found, as the column's type: the time of the default zone where the format has none."""
    zone, kind = column.options.get("defaultTimezone"), column.type.kind
    if kind == "timestamptz" and isinstance(zone, str) and "%z" not in strptime and "%Z" not in strptime:
        return f"timezone({literal(zone)}, {value})"
    return f"CAST({value} AS {_WORDS[kind]})"


def _iso(column: Column, x: str) -> tuple[str, str]:
    """A value written as in ISO 8601, and what its text must be besides. A timestamp with an offset is told in UTC."""
    kind, zone = column.type.kind, column.options.get("defaultTimezone")
    cast = f"TRY_CAST({x} AS {_WORDS[kind]})"
    if kind == "time":
        return cast, f"regexp_full_match({x}, {literal(_CLOCK)})"
    digits = f"ltrim({x}) BETWEEN '0' AND ':'"  # no word, such as epoch
    if kind == "date":  # a date with a time is no date
        return cast, f"{digits} AND TRY_CAST({x} AS TIMESTAMP) = {cast}"
    fine = f"{digits} AND NOT ({x} LIKE '%._______%' AND regexp_matches({x}, {literal(_TOO_FINE)}))"
    if kind == "timestamp":
        return f"TRY_CAST({x} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'", fine
    if isinstance(zone, str):
        local = f"timezone({literal(zone)}, TRY_CAST({x} AS TIMESTAMP))"
        return f"CASE WHEN regexp_matches({x}, {literal(_ZONED)}) THEN {cast} ELSE {local} END", fine
    return cast, fine


def _fine_enough(column: Column, value: str) -> str:
    """NULL where a timestamp(3) would lose digits of its second."""
    digits = column.type.precision
    if digits is None or column.type.kind not in ("timestamp", "timestamptz"):
        return value
    return f"CASE WHEN epoch_us({value}) % {10 ** (_MICROSECONDS - digits)} = 0 THEN {value} END"
