"""How many rows tie with those that are shown, told beside an answer that takes the first ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamesh.ask import intent
from datamesh.ask.answer import Desk, answer_question
from datamesh.ask.answered import QuestionAnswer
from datamesh.ask.compile import compile_query, compile_ties
from datamesh.ask.guard import Predicate
from datamesh.ask.run import Limits, duck_run
from datamesh.ask.stop import Stop
from datamesh.ask.view import view_of
from datamesh.engine.dialect import parse
from tests.support.asking import ANALYST, CLERK, KNOWLEDGE, MemoryTables, Planned, Planner, mask_key
from tests.support.meshes import Mesh

PLACE, CREW = (intent.Attr(column=name, label=name) for name in ("place", "crew"))
rows = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.none() | st.integers(1, 3)), max_size=9)


def first(limit: intent.Limit, *, distinct: bool = False, direction: str = "desc") -> intent.Select:
    return intent.Select.model_validate(
        {
            "subject": intent.Entity(table="shop.trips"),
            "outputs": (intent.Output(item=PLACE),)
            if distinct
            else (intent.Output(item=CREW), intent.Output(item=PLACE)),
            "order": (intent.Order.model_validate({"by": PLACE, "direction": direction}),),
            "limit": limit,
            "distinct": distinct,
        }
    )


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.trips (crew VARCHAR, place INTEGER)")
        yield connection


def computed(
    query: intent.Select, trips: list[tuple[str, int | None]], database: duckdb.DuckDBPyConnection
) -> tuple[list[tuple[Any, ...]], int | None]:
    """The rows of `query`, and how many rows more tie with one of them."""
    database.execute("DELETE FROM shop.trips")
    if trips:
        database.executemany("INSERT INTO shop.trips VALUES (?, ?)", trips)
    found = database.execute(compile_query(query).sql("duckdb")).fetchall()
    if (ties := compile_ties(query)) is None:
        return found, None
    return found, database.execute(ties.sql("duckdb")).fetchall()[0][0] - len(found)


@given(rows, st.integers(1, 4), st.integers(0, 3), st.booleans(), st.sampled_from(["asc", "desc"]))
@settings(deadline=None)
def test_all_that_tie_with_a_row_that_is_shown_are_counted(
    database: duckdb.DuckDBPyConnection,
    trips: list[tuple[str, int | None]],
    n: int,
    skip: int,
    distinct: bool,
    direction: str,
) -> None:
    shown, ties = computed(first(intent.Limit(n=n, skip=skip), distinct=distinct, direction=direction), trips, database)
    values = [place for _, place in trips]
    assert ties == (0 if distinct else sum(value in {row[-1] for row in shown} for value in values) - len(shown))
    # and of different rows, each is there once
    assert len(shown) == min(n, max(0, len(set(values) if distinct else values) - skip))


@given(rows, st.integers(1, 4))
@settings(deadline=None)
def test_ties_are_counted_in_each_group(
    database: duckdb.DuckDBPyConnection, trips: list[tuple[str, int | None]], n: int
) -> None:
    shown, ties = computed(first(intent.Limit(n=n, per=(CREW,))), trips, database)
    assert ties == sum(trip in shown for trip in trips) - len(shown)


@given(rows, st.integers(1, 4), st.booleans())
@settings(deadline=None)
def test_the_first_with_all_that_tie_are_those_places_once(
    database: duckdb.DuckDBPyConnection, trips: list[tuple[str, int | None]], n: int, distinct: bool
) -> None:
    shown, ties = computed(first(intent.Limit(n=n, ties="all"), distinct=distinct), trips, database)
    places = sorted([place for _, place in trips], key=lambda p: (p is None, -(p or 0)))
    different = list(dict.fromkeys(places))
    wanted = different[:n] if distinct else [place for place in places if place in places[:n]]
    assert ([row[-1] for row in shown], ties) == (wanted, None)


def test_ties_of_groups_are_of_their_numbers(database: duckdb.DuckDBPyConnection) -> None:
    trips = intent.Measure(fn="count")
    query = intent.Select(
        subject=intent.Entity(table="shop.trips"),
        outputs=(intent.Output(item=CREW),),
        group=(CREW,),
        order=(intent.Order(by=trips, direction="desc"),),
        limit=intent.Limit(n=1),
    )
    rows = [("a", 1), ("b", 1), ("c", 1), ("b", 2), ("a", 2)]
    assert computed(query, rows, database) == ([("a",)], 1)


@pytest.mark.parametrize("change", [{"limit": None}, {"order": ()}])
def test_what_leaves_nothing_out_by_an_order_has_no_ties(change: dict[str, Any]) -> None:
    assert compile_ties(first(intent.Limit(n=1)).model_copy(update=change)) is None


def ask(sql: str, ties: str, *, principal: str = ANALYST, max_rows: int = 100) -> QuestionAnswer:
    tables = MemoryTables()
    planned = Planned("answered", parse(sql), "The largest order.", ties=parse(ties))
    run = duck_run(tables, Limits(scan_bytes=10_000, memory_mb=200, threads=1), mask_key)
    desk = Desk(run, Planner(planned), lambda: date(2024, 6, 1), max_rows)
    return answer_question("Which is the largest?", view_of(KNOWLEDGE, principal), desk, Stop())


LARGEST = "SELECT order_id FROM shop.orders WHERE customer_id = 10 ORDER BY amount DESC LIMIT 1"


def counting(number: int) -> str:
    rows = "(SELECT amount FROM shop.orders WHERE customer_id = 10) AS ranked"
    return f"SELECT COUNT(*) + {number} AS count FROM {rows} WHERE FALSE"


@pytest.mark.parametrize(
    ("number", "ties", "said"),
    [
        (1, 0, "The largest order."),
        (2, 1, "The largest order. 1 more ties with it."),
        (1_300, 1_299, "The largest order. 1,299 more tie with it."),
    ],
)
def test_an_answer_tells_how_many_tie(number: int, ties: int, said: str) -> None:
    answer = ask(LARGEST, counting(number))
    assert (len(answer.rows), answer.ties, answer.explanation) == (1, ties, said)


def test_rows_are_read_once_for_both() -> None:
    tables = MemoryTables()
    planned = Planned("answered", parse(LARGEST), "The largest order.", ties=parse(counting(1)))
    run = duck_run(tables, Limits(scan_bytes=10_000, memory_mb=200, threads=1), mask_key)
    desk = Desk(run, Planner(planned), lambda: date(2024, 6, 1), 100)
    answer_question("Which is the largest?", view_of(KNOWLEDGE, ANALYST), desk, Stop())
    columns, conditions = tables.reads["shop.orders"]
    assert (set(columns), conditions) == (
        {"order_id", "amount", "customer_id"},
        (Predicate("customer_id", "=", (10,)),),
    )


def test_ties_that_cannot_be_counted_are_no_reason_to_refuse() -> None:
    answer = ask(LARGEST, "SELECT CAST(city AS INTEGER) AS count FROM crm.customers")
    assert (answer.status, len(answer.rows), answer.ties) == ("answered", 1, None)


def test_rows_that_the_guard_cut_off_tie_with_nothing() -> None:
    answer = ask("SELECT order_id FROM shop.orders ORDER BY amount DESC LIMIT 50", counting(50), max_rows=1)
    assert (len(answer.rows), answer.ties) == (1, None)


def test_ties_are_counted_only_over_what_the_caller_may_read() -> None:
    answer = ask("SELECT city FROM crm.customers LIMIT 1", "SELECT COUNT(name) FROM crm.customers", principal=CLERK)
    assert (answer.status, answer.rows) == ("refused", ())
    assert "unknown-column" in answer.explanation


def test_a_question_is_planned_with_its_ties(shop: Mesh) -> None:
    found = shop.ask("Which product has the lowest list price?")
    assert found.sql is not None
    assert found.ties is not None
    shown = shop.connection.execute(found.sql.sql("duckdb")).fetchall()
    assert (len(shown), shop.connection.execute(found.ties.sql("duckdb")).fetchall()) == (1, [(1,)])
