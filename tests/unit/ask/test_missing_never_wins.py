"""Which has the most? Something that there is: rows that name nothing do not win, whoever counts them."""

from __future__ import annotations

import duckdb
import pytest

from datamesh.ask import intent
from datamesh.ask.compile import compile_query

CREW = intent.Attr(column="crew", label="crew")
ROWS = "CREATE TABLE shop.trips AS SELECT unnest(['a', 'b', 'b', NULL, NULL, NULL]) AS crew"


def asked(limit: intent.Limit | None) -> list[tuple[object, ...]]:
    trips = intent.Measure(fn="count")
    query = intent.Select(
        subject=intent.Entity(table="shop.trips"),
        outputs=(intent.Output(item=CREW),),
        group=(CREW,),
        order=(intent.Order(by=trips, direction="desc"),),
        limit=limit,
    )
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA shop")
        connection.execute(ROWS)
        return connection.execute(compile_query(query).sql("duckdb")).fetchall()


@pytest.mark.parametrize(("n", "winners"), [(1, [("b",)]), (2, [("b",), ("a",)]), (3, [("b",), ("a",)])])
def test_rows_without_a_value_do_not_win(n: int, winners: list[tuple[str]]) -> None:
    assert asked(intent.Limit(n=n)) == winners


def test_they_are_a_group_like_any_other_where_nobody_is_to_win() -> None:
    assert asked(None) == [(None,), ("b",), ("a",)]
