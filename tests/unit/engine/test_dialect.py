"""One tree, the text of each engine, and the names that belong there."""

from __future__ import annotations

import pytest
from sqlglot.errors import UnsupportedError

from datamesh.engine.dialect import NOT_UNDERSTOOD, PhysicalTable, duckdb_name, mesh_sql, parse, render

FLIGHTS = parse("SELECT carrier, COUNT(*) FROM operations.flights WHERE name ILIKE 'x''%' GROUP BY 1")
ATHENA = {"operations.flights": PhysicalTable("flights_v1", "datamesh_dev_operations", "awsdatacatalog")}


def test_a_statement_is_shown_with_the_names_of_the_mesh() -> None:
    assert mesh_sql(FLIGHTS, pretty=False) == (
        "SELECT carrier, COUNT(*) FROM operations.flights WHERE name ILIKE 'x''%' GROUP BY 1"
    )


def test_each_engine_gets_its_own_text() -> None:
    duck = render(FLIGHTS, "duckdb", {"operations.flights": duckdb_name("operations.flights")})
    assert (
        duck
        == 'SELECT "carrier", COUNT(*) FROM "temp"."main"."operations.flights" WHERE "name" ILIKE \'x\'\'%\' GROUP BY 1'
    )
    athena = render(FLIGHTS, "athena", ATHENA)
    assert '"awsdatacatalog"."datamesh_dev_operations"."flights_v1"' in athena
    assert "LOWER" in athena  # ILIKE is unknown to Trino


def test_rendering_leaves_the_tree_as_it_was() -> None:
    before = mesh_sql(FLIGHTS)
    render(FLIGHTS, "athena", ATHENA)
    assert mesh_sql(FLIGHTS) == before


def test_a_name_cannot_leave_its_quotes() -> None:
    tree = parse('SELECT a AS "x"" FROM secrets --" FROM operations.flights')
    text = render(tree, "duckdb", {"operations.flights": PhysicalTable('f"; DROP TABLE x; --')})
    assert text == 'SELECT "a" AS "x"" FROM secrets --" FROM "f""; DROP TABLE x; --"'


def test_a_product_without_a_physical_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        render(FLIGHTS, "duckdb", {})


def test_what_an_engine_does_not_have_is_not_left_out_silently() -> None:
    with pytest.raises(UnsupportedError):
        render(parse("SELECT a FROM operations.flights FOR UPDATE"), "duckdb", ATHENA)


@pytest.mark.parametrize("text", ["SELECT 1; SELECT 2", "", "SELECT FROM", "SELECT {: 1}"])
def test_what_is_not_one_statement_is_not_understood(text: str) -> None:
    with pytest.raises(NOT_UNDERSTOOD):
        parse(text)


@pytest.mark.parametrize(
    ("written", "athena"),
    [
        ("median(dep_delay)", 'APPROX_PERCENTILE("dep_delay", 0.5)'),  # Trino has no other
        ("avg(dep_delay)", 'AVG(CAST("dep_delay" AS DOUBLE))'),  # Trino's average of decimals has their few digits
        ("avg(DISTINCT dep_delay)", 'AVG(DISTINCT "dep_delay")'),
        ("avg(CAST(dep_delay AS DOUBLE))", 'AVG(CAST("dep_delay" AS DOUBLE))'),
    ],
)
def test_athena_computes_what_duckdb_does(written: str, athena: str) -> None:
    tree = parse(f"SELECT {written} AS x FROM operations.flights")
    assert render(tree, "athena", ATHENA).startswith(f'SELECT {athena} AS "x"')
    assert render(tree, "duckdb", ATHENA).lower().replace('"', "").startswith(f"select {written.lower()} as x")
