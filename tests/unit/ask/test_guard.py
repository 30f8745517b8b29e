"""What the guard lets through, what it refuses and why, and that what it lets through still means the same."""

from __future__ import annotations

import datetime
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from datamesh.ask.guard import Predicate, Scope, guard
from datamesh.engine.dialect import PhysicalTable, duckdb_name, parse, render
from datamesh.errors import AccessDenied, Refusal, StatementRejected

FLIGHTS = ("month", "day", "carrier", "tailnum", "origin", "dest", "dep_delay", "arr_delay", "distance", "air_time")
SCOPES = {
    "operations.flights": Scope((*FLIGHTS, "time_hour")),
    "fleet.planes": Scope(("tailnum", "year", "manufacturer", "seats")),
    "network.airlines": Scope(("carrier", "name")),
}
HOUR = datetime.datetime(2013, 1, 1, 5)


def flight(
    month: int, day: int, carrier: str, tailnum: str | None, delay: float | None, distance: int
) -> tuple[Any, ...]:
    late = None if delay is None else delay + 3
    return (
        month,
        day,
        carrier,
        tailnum,
        "JFK",
        "LAX",
        delay,
        late,
        distance,
        200.5,
        HOUR.replace(month=month, day=day),
    )


ROWS = {
    "operations.flights": [
        flight(1, 1, "AA", "N1", 3.0, 2475),
        flight(1, 2, "UA", "N2", None, 2475),
        flight(2, 1, "AA", "N1", 45.5, 1400),
        flight(2, 9, "UA", None, -4.0, 700),
        flight(3, 9, "B6", "N3", 12.0, 700),
    ],
    "fleet.planes": [("N1", 1999, "BOEING", 149), ("N2", 2004, "AIRBUS", 55), ("N9", None, "BOEING", 200)],
    "network.airlines": [("AA", "American"), ("UA", "United"), ("DL", "Delta")],
}


def blocks() -> Iterator[Any]:
    text = (Path(__file__).parent / "fixtures/guard.sql").read_text(encoding="utf-8")
    for number, block in enumerate(text.strip().split("\n\n")[1:], start=1):
        expected, _, statement = block.partition("\n")
        yield pytest.param(statement.strip(), expected.removeprefix("-- "), id=f"{number}-{expected[3:]}")


ALL = list(blocks())
ACCEPTED = [pytest.param(p.values[0], id=p.id) for p in ALL if p.values[1] == "accepted"]
REJECTED = [p for p in ALL if p.values[1] != "accepted"]


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """The three products twice: under their mesh names, for the statement as written, and as scans are registered."""
    connection = duckdb.connect(":memory:")
    for name, rows in ROWS.items():
        columns = SCOPES[name].columns
        table = pa.table({c: pa.array([row[i] for row in rows]) for i, c in enumerate(columns)})
        domain, product = name.split(".")
        connection.execute(f"CREATE SCHEMA {domain}")
        connection.register("arriving", table)
        connection.execute(f"CREATE TABLE {domain}.{product} AS SELECT * FROM arriving")
        connection.register(name, table)
    yield connection
    connection.close()


def test_the_table_of_statements_is_as_large_as_it_should_be() -> None:
    assert len(ACCEPTED) >= 60
    assert len(REJECTED) >= 150


@pytest.mark.parametrize("statement", ACCEPTED)
def test_an_accepted_statement_means_what_it_meant(statement: str, engine: duckdb.DuckDBPyConnection) -> None:
    # When it is guarded and rendered with the names of scans
    guarded = guard(statement, SCOPES, max_rows=1000)
    text = render(guarded.tree, "duckdb", {name: duckdb_name(name) for name in guarded.products})
    # Then it returns what the engine returns for the statement as it was written
    assert as_counted(engine.sql(text).fetchall()) == as_counted(engine.sql(statement).fetchall())
    assert len(guarded.columns) == len(engine.sql(text).columns)
    # And it names scans and nothing else, whose columns are permitted ones
    assert set(guarded.products) <= set(SCOPES)
    assert all(set(columns) <= set(SCOPES[name].columns) for name, columns in guarded.reads.items())


@pytest.mark.parametrize("statement", ACCEPTED)
def test_a_scan_of_the_named_columns_and_pushed_rows_is_enough(
    statement: str, engine: duckdb.DuckDBPyConnection
) -> None:
    # Given scans that hold only what the guard says is read, and only rows that pass the pushed conditions
    guarded = guard(statement, SCOPES, max_rows=1000)
    scans = duckdb.connect(":memory:")
    for name, columns in guarded.reads.items():
        where = " AND ".join(condition(p) for p in guarded.predicates.get(name, ())) or "TRUE"
        scan = engine.sql(f"SELECT {', '.join(columns)} FROM {name} WHERE {where}").to_arrow_table()
        scans.register(name, scan)
    # When it runs on those, then the answer is the same
    text = render(guarded.tree, "duckdb", {name: duckdb_name(name) for name in guarded.products})
    assert as_counted(scans.sql(text).fetchall()) == as_counted(engine.sql(statement).fetchall())
    scans.close()


@pytest.mark.parametrize("statement", ACCEPTED)
def test_what_is_shown_can_be_asked_again(statement: str) -> None:
    shown = guard(statement, SCOPES, max_rows=1000).sql()
    assert guard(shown, SCOPES, max_rows=1000).sql().split() == shown.split()


@pytest.mark.parametrize(("statement", "rule"), REJECTED)
def test_a_rejected_statement_names_its_rule(statement: str, rule: str) -> None:
    with pytest.raises(Refusal) as refusal:
        guard(statement, SCOPES, max_rows=1000)
    assert refusal.value.rule == rule
    assert isinstance(refusal.value, AccessDenied if rule == "not-granted" else StatementRejected)
    assert refusal.value.message


@pytest.mark.parametrize("statement", ["SELECT {} FROM operations.flights", "SELECT f.{} FROM operations.flights f"])
def test_a_hidden_column_is_as_unknown_as_one_that_does_not_exist(statement: str) -> None:
    # Given a caller who may read all of flights but its column crew
    said = []
    for column in ("crew", "zzzz"):
        with pytest.raises(StatementRejected) as refusal:
            guard(statement.format(column), SCOPES, max_rows=10)
        said.append((refusal.value.message.replace(column, "?"), refusal.value.hint, refusal.value.rule))
    # Then nothing tells the two apart
    assert said[0] == said[1]


def test_a_product_that_is_not_granted_is_as_unknown_as_one_that_does_not_exist() -> None:
    said = []
    for name in ("weather.observations", "weather.xxxxxxxxxxxx"):
        with pytest.raises(AccessDenied) as refusal:
            guard(f"SELECT * FROM {name}", SCOPES, max_rows=10)
        said.append((refusal.value.message.replace(name, "?"), refusal.value.hint, refusal.value.rule))
    assert said[0] == said[1] == ("?: unknown or not granted", said[0][1], "not-granted")


def test_a_star_is_what_may_be_read_and_nothing_else() -> None:
    scopes = {"operations.flights": Scope(("carrier", "month"))}
    guarded = guard("SELECT * FROM operations.flights", scopes, max_rows=10)
    assert guarded.columns == ("carrier", "month")
    assert guarded.reads == {"operations.flights": ("carrier", "month")}


def test_only_the_columns_that_are_needed_are_read() -> None:
    statement = """SELECT p.manufacturer, COUNT(*) FROM operations.flights f JOIN fleet.planes p USING (tailnum)
                   WHERE f.month = 1 GROUP BY 1"""
    assert guard(statement, SCOPES, max_rows=10).reads == {
        "operations.flights": ("month", "tailnum"),
        "fleet.planes": ("tailnum", "manufacturer"),
    }


def test_a_count_reads_one_column() -> None:
    assert guard("SELECT COUNT(*) FROM fleet.planes", SCOPES, max_rows=10).reads == {"fleet.planes": ("tailnum",)}


def test_names_of_the_result_are_spelled_as_they_were_written() -> None:
    statement = """SELECT month AS "Month of Year", Carrier, COUNT(*), SUM(distance) AS Total
                   FROM operations.flights GROUP BY 1, 2"""
    assert guard(statement, SCOPES, max_rows=10).columns == ("Month of Year", "Carrier", "count(*)", "Total")


@pytest.mark.parametrize(
    ("limit", "rows", "shown"),
    [("", 10, True), ("", 9, False), ("LIMIT 7", 7, False), ("LIMIT 1000", 10, True), ("LIMIT 10", 10, False)],
)
def test_the_limit_is_shown_where_it_cut(limit: str, rows: int, shown: bool) -> None:
    guarded = guard(f"SELECT carrier FROM network.airlines {limit}", SCOPES, max_rows=10)
    assert guarded.limit == min(10, int(limit[6:] or 10))
    assert guarded.sql(rows=rows).endswith("LIMIT 10") is (shown or limit == "LIMIT 10")


def test_a_limit_of_the_guard_bounds_a_set_operation_as_a_whole() -> None:
    guarded = guard("SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT 3", SCOPES, max_rows=2)
    assert duckdb.sql(render(guarded.tree, "duckdb", {})).fetchall() == [(1,), (2,)]


def test_a_tree_is_read_as_its_text_would_be() -> None:
    statement = "SELECT carrier FROM network.airlines WHERE name = 'It''s'"
    assert guard(parse(statement), SCOPES, max_rows=10) == guard(statement, SCOPES, max_rows=10)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("SELECT " + "(" * 200 + "1" + ")" * 200, "too-complex"),
        ("SELECT " + "NOT " * 3000 + "TRUE", "too-complex"),
        ("SELECT " + "- " * 6000 + "1", "too-complex"),
        ("SELECT 1" + " + 1" * 4000, "too-complex"),
        ("SELECT '" + "x" * 30_000 + "'", "too-long"),
        ("SELECT 1\x00", "not-readable"),
        ("SELECT\u2028 1", "not-readable"),
        ("", "select-only"),
        (";", "select-only"),
        ("-- nothing", "select-only"),
        ("SELECT 1 AS a0" + "".join(f", a{i} + a{i} AS a{i + 1}" for i in range(40)), "too-complex"),
        (
            "WITH c0 AS (SELECT * FROM operations.flights)"
            + "".join(f", c{i + 1} AS (SELECT x.*, y.* FROM c{i} x, c{i} y)" for i in range(30))
            + " SELECT * FROM c30",
            "too-complex",
        ),
    ],
    ids=lambda value: value[:30],
)
def test_what_would_grow_or_cannot_be_read_is_refused_at_once(statement: str, rule: str) -> None:
    with pytest.raises(StatementRejected) as refusal:
        guard(statement, SCOPES, max_rows=10)
    assert refusal.value.rule == rule


def documented_functions() -> list[str]:
    text = (Path(__file__).parents[3] / "docs/api.md").read_text(encoding="utf-8").partition("Functions:")[2]
    return sorted(set(re.findall(r"`(\w+)`", text)) - {"case", "cast", "try_cast", "extract"})


@pytest.mark.parametrize("name", documented_functions())
def test_every_documented_function_may_be_called(name: str) -> None:
    forms = [
        *("", "()", "(month)", "(carrier, origin)", "('day', time_hour)", "(month, day, 1)"),
        *("('day', time_hour, now())", "(time_hour, INTERVAL 1 DAY)"),
    ]
    accepted = []
    for form in forms:
        with suppress(StatementRejected):
            accepted.append(guard(f"SELECT {name}{form} FROM operations.flights", SCOPES, max_rows=10))
    assert accepted


def test_nothing_of_a_statement_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for parameter in REJECTED:
        with pytest.raises(Refusal):
            guard(parameter.values[0], SCOPES, max_rows=10)
    assert not caplog.records


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("month = 1", [Predicate("month", "=", (1,))]),
        ("1 < month AND carrier = 'AA'", [Predicate("month", ">", (1,)), Predicate("carrier", "=", ("AA",))]),
        ("month BETWEEN -1 AND 3", [Predicate("month", ">=", (-1,)), Predicate("month", "<=", (3,))]),
        ("carrier IN ('AA', 'UA')", [Predicate("carrier", "in", ("AA", "UA"))]),
        ("time_hour >= DATE '2013-02-01'", [Predicate("time_hour", ">=", ("2013-02-01",))]),
        ("(month = 1 AND (day = 2))", [Predicate("month", "=", (1,)), Predicate("day", "=", (2,))]),
        ("month = 1 OR day = 2", []),
        ("NOT month = 1", []),
        ("month + 1 = 2", []),
        ("month = day", []),
        ("month <> 1", []),
        ("month = NULL", []),
        ("distance > 1.5", []),
        ("carrier IN ('AA', NULL)", []),
    ],
)
def test_simple_conditions_are_pushed_into_the_scan(statement: str, expected: list[Predicate]) -> None:
    guarded = guard(f"SELECT COUNT(*) FROM operations.flights WHERE {statement}", SCOPES, max_rows=10)
    assert list(guarded.predicates.get("operations.flights", ())) == expected


def test_nothing_is_pushed_into_a_product_that_is_read_twice() -> None:
    statement = "SELECT COUNT(*) FROM operations.flights a, operations.flights b WHERE a.month = 1"
    assert guard(statement, SCOPES, max_rows=10).predicates == {}


def test_physical_names_appear_in_the_engines_text_only() -> None:
    guarded = guard("SELECT name FROM network.airlines", SCOPES, max_rows=10)
    physical = PhysicalTable("airlines_v1", "datamesh_dev_network", "awsdatacatalog")
    text = render(guarded.tree, "athena", {"network.airlines": physical})
    assert '"awsdatacatalog"."datamesh_dev_network"."airlines_v1"' in text
    assert "airlines_v1" not in guarded.sql()


def condition(predicate: Predicate) -> str:
    values = [repr(value) for value in predicate.values]
    return f"{predicate.column} {predicate.operator} " + (
        f"({', '.join(values)})" if predicate.operator == "in" else values[0]
    )


def as_counted(rows: list[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Rows in any order, with numbers of any type alike and NaN equal to itself."""
    return Counter(tuple(plain(value) for value in row) for row in rows)


def plain(value: Any) -> Any:
    if isinstance(value, (float, Decimal)):
        return "NaN" if math.isnan(value) else round(float(value), 9)
    return value
