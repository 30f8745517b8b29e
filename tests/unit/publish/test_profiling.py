"""Profiles: what footers say of staged files is what their rows hold."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from datamesh.contract.model import Column
from datamesh.contract.profile import VALUES_CAP, Profile
from datamesh.contract.types import duckdb_type
from datamesh.engine.duck import connect
from datamesh.publish.profiling import profile_of
from tests.support.staging import column, table

EVERY_KIND = (
    column("whole", "integer"),
    column("real", "number"),
    column("money", "decimal", digits=(12, 2)),
    column("yes", "boolean"),
    column("day", "date"),
    column("at", "timestamp"),
    column("instant", "timestamptz"),
    column("clock", "time"),
    column("word"),
    column("prose"),
    column("nothing"),
)


def _row(dice: random.Random) -> str:
    seconds = dice.randrange(10**9)
    values = [
        str(dice.randrange(-(10**15), 10**15)),
        repr(dice.uniform(-1e6, 1e6)),
        f"{dice.randrange(-(10**9), 10**9) / 100:.2f}",
        dice.choice(("true", "false")),
        f"DATE '1990-01-01' + {seconds % 20_000}",
        f"TIMESTAMP '1990-01-01' + INTERVAL {seconds} SECOND",
        f"TIMESTAMPTZ '1990-01-01 00:00:00+00' + INTERVAL {seconds * 1000 + 123} MILLISECOND",
        f"TIME '00:00:00' + INTERVAL {seconds % 86_400} SECOND",
        dice.choice(("'it''s'", "''", "'Zoë'", "chr(1)", "'\\x41'")),
        f"repeat('é', {dice.randrange(200, 900)})",
        "NULL",
    ]
    return f"({', '.join(value if dice.random() > 0.1 else 'NULL' for value in values)})"


def _written(path: Path, columns: Sequence[Column], select: str) -> str:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return str(path)


def _profile(columns: Sequence[Column], paths: Sequence[str], at: Path) -> Profile:
    with connect(memory_mb=200, threads=1, directories=[at], ordered=True) as con:
        return profile_of(con, table(*columns), "things", paths)


@pytest.mark.parametrize("seed", range(3))
def test_every_kind_of_column_is_told_as_its_rows_have_it(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    types = [duckdb_type(c.type) for c in EVERY_KIND]
    names = ", ".join(
        f'CAST(c{i} AS {to}) AS "{c.name}"' for i, (c, to) in enumerate(zip(EVERY_KIND, types, strict=True))
    )
    places = ", ".join(f"c{i}" for i in range(len(types)))
    paths = [
        _written(
            tmp_path / f"{n}.parquet",
            EVERY_KIND,
            f"SELECT {names} FROM (VALUES {', '.join(_row(dice) for _ in range(40))}) AS v({places})",
        )
        for n in range(2)
    ]

    profile = _profile(EVERY_KIND, paths, tmp_path)

    assert profile.rows == 80
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("SET TimeZone = 'UTC'")
        for found, wanted in zip(profile.columns, EVERY_KIND, strict=True):
            assert (found.nulls, found.minimum, found.maximum) == _by_hand(con, wanted, paths), wanted.name


def _by_hand(con: duckdb.DuckDBPyConnection, wanted: Column, paths: Sequence[str]) -> tuple[Any, ...]:
    values = [v for (v,) in con.execute(f'SELECT "{wanted.name}" FROM read_parquet({list(paths)})').fetchall()]
    held = sorted(v for v in values if v is not None)
    ends = [None, None] if not held else [_json(con, wanted.type.kind, v) for v in (held[0], held[-1])]
    return (len(values) - len(held), *ends)


def _json(con: duckdb.DuckDBPyConnection, kind: str, value: Any) -> Any:
    if kind == "string":
        return value[:200]
    if kind in ("integer", "number", "decimal", "boolean"):
        return float(value) if kind == "decimal" else value
    [(text,)] = con.execute("SELECT replace(CAST($1 AS VARCHAR), ' ', 'T')", [value]).fetchall()
    return text


def test_values_are_kept_of_columns_with_few_of_them_however_they_are_written(tmp_path: Path) -> None:
    columns = (column("few"), column("some"), column("many"), column("prose"))
    select = (
        "SELECT 'a' || i % 3 AS few, 'b' || i % {some} AS some, 'c' || i AS many, repeat('d', 201) AS prose"
        " FROM range(15000) AS t(i)"
    )
    paths = [_written(tmp_path / f"{some}.parquet", columns, select.format(some=some)) for some in (4_000, 10)]

    few, some, many, prose = _profile(columns, paths, tmp_path).columns

    assert few.values == ("a0", "a1", "a2")
    assert some.distinct == len(some.values or ()) == 4_000
    assert (many.values, prose.values) == (None, None)
    assert many.distinct is not None
    assert many.distinct > 2 * VALUES_CAP


def test_few_values_at_first_do_not_hide_the_many_that_follow(tmp_path: Path) -> None:
    columns = (column("name"),)
    paths = [
        _written(tmp_path / "1.parquet", columns, "SELECT 'same' AS name FROM range(200000)"),
        _written(tmp_path / "2.parquet", columns, "SELECT 'n' || i AS name FROM range(20000) AS t(i)"),
    ]

    [name] = _profile(columns, paths, tmp_path).columns

    assert (name.minimum, name.maximum, name.nulls, name.values) == ("n0", "same", 0, None)


def test_names_that_look_like_a_field_inside_another_column(tmp_path: Path) -> None:
    columns = (column("a, b", "integer"),)
    path = _written(tmp_path / "1.parquet", columns, "SELECT 7 AS \"a, b\", {'b': 1} AS a")

    [found] = _profile(columns, [path], tmp_path).columns

    assert (found.minimum, found.maximum, found.nulls) == (7, 7, 0)
