"""Names that every engine takes without quotes."""

from __future__ import annotations

import duckdb
import pytest

from datamesh.contract.reserved import DUCKDB
from datamesh.contract.rules.names import name_problem, suggestion


def test_the_table_has_every_word_that_duckdb_does_not_take_as_a_column() -> None:
    con = duckdb.connect(config={"threads": 1})
    keywords = {word for (word,) in con.execute("SELECT keyword_name FROM duckdb_keywords()").fetchall()}
    assert {word for word in keywords if not _taken(con, word)} == DUCKDB


def _taken(con: duckdb.DuckDBPyConnection, word: str) -> bool:
    source = f'(SELECT 1 AS "{word}") AS t'
    try:
        con.execute(f"SELECT {word}, t.{word} FROM {source} WHERE {word} = 1 ORDER BY {word}").fetchall()
    except duckdb.Error:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "kind", "severity"),
    [
        ("order", "reserved", "error"),
        ("glob", "reserved", "error"),
        ("listagg", "reserved", "error"),
        ("date", "reserved", "warning"),
        ("user", "reserved", "warning"),
        ("Fare", "name", "error"),
        ("naïve", "name", "error"),
        ("_file", "name", "error"),
        ("a" * 129, "name", "error"),
    ],
)
def test_a_name_that_would_need_quotes_somewhere_is_found(name: str, kind: str, severity: str) -> None:
    problem = name_problem(name)
    assert problem is not None
    assert (problem.kind, problem.severity) == (kind, severity)
    assert problem.fix


@pytest.mark.parametrize("name", ["fare", "year", "hour", "a" * 128, "rowid", "key"])
def test_any_other_name_is_right(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    ("name", "better"),
    [("Fare in EUR", "fare_in_eur"), ("orderId", "order_id"), ("2nd", "c_2nd"), ("---", "c"), ("größe", "gr_e")],
)
def test_a_better_name_is_offered(name: str, better: str) -> None:
    assert suggestion(name) == better
    assert name_problem(better) is None
