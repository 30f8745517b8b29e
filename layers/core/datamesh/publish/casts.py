"""From a text to a value of a column's type, as SQL. Pure.

Each value is NULL where the text is none: nothing is rounded, cut off or guessed. Instants are UTC, for the session
is. Digits of a second finer than a microsecond must be zeros, and years are 1 to 9999.

What DuckDB reads out of a text, and what that is worth, are two expressions: the second needs the first more than once,
and DuckDB computes what stands in a branch of CASE each time it stands there. What is usual is tried first and cheaply
(the same text again, a plain date and time), regular expressions and instants are for the rest.
"""

from __future__ import annotations

from datamesh.contract.model import Column
from datamesh.contract.patterns import TimePattern, time_pattern
from datamesh.contract.types import duckdb_type
from datamesh.engine.duck import literal, literals

__all__ = ["FALSE_WORDS", "TRUE_WORDS", "cast_of", "read_of", "same_of"]

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
_EPOCH = "TIMESTAMPTZ '1970-01-01 00:00:00+00'"
_PLAIN = "['%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S']"
_TOO_FINE = r"\.[0-9]{6}0*[1-9]"
_MICROSECONDS = 6


def read_of(column: Column, x: str, time_format: str | None = None) -> str:
    """What DuckDB reads out of the text `x`, rounded and guessed as it does; NULL where it finds nothing.

    `time_format` (strptime) is the files', a column's own pattern goes before it.
    """
    kind = column.type.kind
    if kind == "string":
        return x
    if kind == "boolean":
        return f"lower(trim({x}))"
    if kind in _BOUNDS:
        return _moment(column, x, time_format)
    return f"TRY_CAST({x} AS {duckdb_type(column.type)})"


def cast_of(column: Column, x: str, time_format: str | None = None, *, read: str = "") -> str:
    """The value that the text `x` is. `read` names where `read_of` it stands already."""
    kind, read = column.type.kind, read or read_of(column, x, time_format)
    if kind == "string":
        return x
    if kind == "boolean":
        yes, no = literals(TRUE_WORDS), literals(FALSE_WORDS)
        return f"CASE WHEN {read} IN ({yes}) THEN true WHEN {read} IN ({no}) THEN false END"
    if kind == "integer":  # DuckDB would round 1.5, and read 0x1F and 1_000
        plain = f"CAST({read} AS VARCHAR) = {x} OR regexp_full_match({x}, {literal(_WHOLE)})"
        return f"CASE WHEN {plain} THEN {read} END"
    if kind == "number":  # and 1_0
        return f"CASE WHEN isfinite({read}) AND NOT contains({x}, '_') THEN {read} END"
    if kind == "decimal":
        return _decimal(column.type.scale or 0, x, read)
    return _judged(column, x, read, time_format)


def same_of(column: Column, x: str) -> str:
    """A value of the column's own kind, such as a Parquet file has, in the column's width."""
    same = f"TRY_CAST({x} AS {duckdb_type(column.type)})"
    if column.type.kind == "number":
        return f"CASE WHEN isfinite({same}) THEN {same} END"
    return _fine_enough(column, same) if column.type.kind in _BOUNDS else same


def _decimal(scale: int, x: str, cast: str) -> str:
    """Digits beyond the scale must be zeros: DuckDB would round them away."""
    digits = rf"[0-9]+(\.[0-9]{{0,{scale}}}0*)?" + (rf"|\.[0-9]{{1,{scale}}}0*" if scale else "")
    plain = rf"\s*[+-]?({digits})\s*"
    scientific = f"regexp_full_match({x}, {literal(_SCIENTIFIC)}) AND CAST({cast} AS DOUBLE) = TRY_CAST({x} AS DOUBLE)"
    same = f"CAST({cast} AS VARCHAR) = {x} OR regexp_full_match({x}, {literal(plain)})"
    return f"CASE WHEN {same} OR ({scientific}) THEN {cast} END"


def _moment(column: Column, x: str, time_format: str | None) -> str:
    """A date or time as its pattern reads it, or the files' format, or DuckDB where there is neither."""
    if pattern := _pattern(column):
        return _by_pattern(column, x, pattern)
    if time_format and column.type.kind != "time":
        return _zoned(column, f"try_strptime({x}, {literal(time_format)})", time_format)
    return _iso(column, x)


def _judged(column: Column, x: str, read: str, time_format: str | None) -> str:
    kind = column.type.kind
    if pattern := _pattern(column):
        right, instant = f"regexp_full_match({x}, {literal(pattern.regex)})", False
    elif time_format and kind != "time":
        right, instant = "true", False
    else:
        right, instant = _iso_form(kind, x, read), kind == "timestamp"
    value = f"make_timestamp(epoch_us({read}))" if instant else read
    within = _BOUNDS["timestamptz" if instant else kind]
    return f"CASE WHEN {read} BETWEEN {within} AND {right} THEN {_fine_enough(column, value)} END"


def _pattern(column: Column) -> TimePattern | None:
    form = column.options.get("format")
    pattern = time_pattern(form) if isinstance(form, str) else None
    return pattern if isinstance(pattern, TimePattern) else None


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


def _iso(column: Column, x: str) -> str:
    """A value written as in ISO 8601. A timestamp is read as an instant, to heed its offset; it may lack one."""
    kind, zone = column.type.kind, column.options.get("defaultTimezone")
    if kind == "timestamptz" and isinstance(zone, str):
        local = f"timezone({literal(zone)}, TRY_CAST({x} AS TIMESTAMP))"
        return f"CASE WHEN regexp_matches({x}, {literal(_ZONED)}) THEN TRY_CAST({x} AS TIMESTAMPTZ) ELSE {local} END"
    return f"TRY_CAST({x} AS {_WORDS['timestamptz' if kind == 'timestamp' else kind]})"


def _iso_form(kind: str, x: str, read: str) -> str:
    """What the text must be besides."""
    if kind == "time":
        return f"regexp_full_match({x}, {literal(_CLOCK)})"
    digits = f"ltrim({x}) BETWEEN '0' AND ':'"
    if kind == "date":  # a date with a time is no date
        short = f"strlen({x}) = 10 AND NOT contains({x}, ':') AND NOT suffix({x}, ' ')"
        return f"(({short}) OR ({digits} AND TRY_CAST({x} AS TIMESTAMP) = {read}))"
    word = f"{read} = {_EPOCH} AND NOT {digits}"  # the only one within the bounds is epoch
    fine = f"contains({x}, '.') AND {x} LIKE '%._______%' AND regexp_matches({x}, {literal(_TOO_FINE)})"
    return f"NOT ({word}) AND NOT ({fine})"


def _fine_enough(column: Column, value: str) -> str:
    """NULL where a timestamp(3) would lose digits of its second."""
    digits = column.type.precision
    if digits is None or column.type.kind not in ("timestamp", "timestamptz"):
        return value
    return f"CASE WHEN epoch_us({value}) % {10 ** (_MICROSECONDS - digits)} = 0 THEN {value} END"
