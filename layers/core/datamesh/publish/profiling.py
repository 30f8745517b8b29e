"""What the columns of staged rows hold, as far as their Parquet files say it of themselves.

A footer knows how many values of a column are NULL, the least and the greatest one, and how many there are where they
were written with a dictionary. The rows are only read again for what no footer has: the bounds of long texts, the
values of columns that have few, and, from the first rows, about how many others have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from datamesh.contract.model import Column, Table
from datamesh.contract.profile import VALUES_CAP, ColumnProfile, Profile, keeps_values
from datamesh.contract.types import duckdb_type
from datamesh.engine.duck import Connection, identifier, literals, one, rows

__all__ = ["profile_of"]

_MAX_TEXT = 200  # longer texts are prose, not values that somebody would ask for
_FIRST_ROWS = 122_880  # as many as DuckDB writes into one row group


class _Seen(NamedTuple):
    """How many values are NULL, and the bounds of the others as JSON values."""

    nulls: int
    low: Any
    high: Any


def profile_of(con: Connection, table: Table, product: str, paths: Sequence[str]) -> Profile:
    """The profile of the Parquet files at `paths`, which hold the table's columns. The connection is an ordered one.

    `distinct` is exact where the values are kept, else at least that many, as far as the first rows show it.
    """
    if not paths:
        return Profile(product=product)
    source = f"read_parquet([{literals(paths)}])"
    con.execute(f"CREATE OR REPLACE TEMP TABLE footers AS {_FOOTERS.format(literals(paths))}")
    (count,) = one(con, f"SELECT count(*) FROM {source}")
    plain = [column for column in table.columns if not column.type.nested]
    seen = _told(con, plain)
    seen |= _looked_up(con, source, [c for c in plain if c.name not in seen])
    distinct = _distinct(con, source, plain)
    nested = _nested(con, source, [column for column in table.columns if column.type.nested])
    found = {c.name: _column(con, source, c, seen[c.name], distinct[c.name]) for c in plain} | nested
    return Profile(product=product, rows=count, columns=tuple(found[c.name] for c in table.columns))


def _nested(con: Connection, source: str, columns: Sequence[Column]) -> dict[str, ColumnProfile]:
    """Of objects, arrays and maps it is told how many are NULL, and nothing of what is in them."""
    if not columns:
        return {}
    counts = one(con, f"SELECT {', '.join(f'count(*) - count({identifier(c.name)})' for c in columns)} FROM {source}")
    return {c.name: ColumnProfile(name=c.name, nulls=nulls) for c, nulls in zip(columns, counts, strict=True)}


# A footer tells nothing of long texts, and of fields inside a column it tells under names of their own.
_FOOTERS = """
SELECT path_in_schema AS name, file_name, row_group_id, stats_null_count AS nulls, stats_distinct_count AS different,
    stats_min_value AS low, stats_max_value AS high,
    stats_null_count IS NOT NULL AND (stats_null_count = num_values
        OR coalesce(min_is_exact AND max_is_exact AND low IS NOT NULL AND high IS NOT NULL, false)) AS told
FROM parquet_metadata([{}])"""


def _told(con: Connection, columns: Sequence[Column]) -> dict[str, _Seen]:
    """What the footers say, of those columns of which they say all."""
    alike: dict[str, list[Column]] = defaultdict(list)
    for column in columns:
        alike[duckdb_type(column.type)].append(column)
    told: dict[str, _Seen] = {}
    for to, members in alike.items():
        low, high = (_as_json(members[0], f"{fn}(TRY_CAST({end} AS {to}))") for fn, end in _ENDS)
        found = rows(
            con,
            f"SELECT name, CAST(sum(nulls) AS BIGINT), {low}, {high} FROM footers"
            f" WHERE name IN ({literals(c.name for c in members)}) GROUP BY name"
            " HAVING bool_and(told) AND count(*) = count(DISTINCT (file_name, row_group_id))",
        )
        told |= {name: _Seen(*rest) for name, *rest in found}
    return told


_ENDS = (("min", "low"), ("max", "high"))


def _looked_up(con: Connection, source: str, columns: Sequence[Column]) -> dict[str, _Seen]:
    if not columns:
        return {}
    found = one(con, f"SELECT {', '.join(_measured(c) for c in columns)} FROM {source}")
    return {c.name: _Seen(*found[3 * i : 3 * i + 3]) for i, c in enumerate(columns)}


def _measured(column: Column) -> str:
    name = identifier(column.name)
    low, high = (_as_json(column, f"{fn}({name})") for fn in ("min", "max"))
    return f"count(*) - count({name}), {low}, {high}"


def _as_json(column: Column, value: str) -> str:
    kind = column.type.kind
    if kind == "decimal":
        return f"CAST({value} AS DOUBLE)"
    if kind == "string":
        return f"left({value}, {_MAX_TEXT})"
    return value if kind in ("boolean", "integer", "number") else f"replace(CAST({value} AS VARCHAR), ' ', 'T')"


def _distinct(con: Connection, source: str, columns: Sequence[Column]) -> dict[str, int]:
    """About how many different values each column has at least."""
    known = dict(
        rows(con, "SELECT name, max(different) FROM footers GROUP BY name HAVING bool_and(different IS NOT NULL)")
    )
    others = [c.name for c in columns if c.name not in known]
    if others:
        names = ", ".join(map(identifier, others))
        counts = ", ".join(f"approx_count_distinct({identifier(name)})" for name in others)
        first = one(con, f"SELECT {counts} FROM (SELECT {names} FROM {source} LIMIT {_FIRST_ROWS})")
        known |= dict(zip(others, first, strict=True))
    return known


def _column(con: Connection, source: str, column: Column, seen: _Seen, distinct: int) -> ColumnProfile:
    if not keeps_values(column):
        return ColumnProfile(name=column.name, nulls=seen.nulls, distinct=distinct)
    values = _values(con, source, column) if distinct <= 2 * VALUES_CAP else None  # an estimate, some percent off
    return ColumnProfile(
        name=column.name,
        nulls=seen.nulls,
        distinct=distinct if values is None else len(values),
        minimum=seen.low,
        maximum=seen.high,
        values=values,
    )


def _values(con: Connection, source: str, column: Column) -> tuple[str, ...] | None:
    if column.type.kind != "string":
        return None
    name = identifier(column.name)
    found = rows(con, f"SELECT DISTINCT {name} FROM {source} WHERE {name} IS NOT NULL LIMIT {VALUES_CAP + 1}")
    values = tuple(sorted(value for (value,) in found))
    return values if len(values) <= VALUES_CAP and all(len(v) <= _MAX_TEXT for v in values) else None
