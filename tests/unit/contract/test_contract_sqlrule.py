"""Rules of type sql: what their queries may be, and that nothing else gets as far as an engine."""

from __future__ import annotations

import pytest

from datamesh.contract.model import Check, Table
from datamesh.contract.sqlrule import problem, understood
from datamesh.errors import StatementRejected
from tests.support.staging import column, table

SHIPS: Table = table(
    column("id", "integer"), column("name"), column("built", "date"), column("tons", "decimal", digits=(8, 2))
)


def rule(query: str, column: str | None = None) -> Check:
    return Check("asked", "sql", column=column, operator="mustBe", threshold=0, query=query)


@pytest.mark.parametrize(
    ("query", "columns", "once"),
    [
        ("SELECT count(*) FROM things", ("id",), True),
        ("SELECT count(*) FROM ${object} WHERE name IS NULL", ("name",), True),
        ("SELECT count(*) FROM ${table} t WHERE t.built > now() - INTERVAL 1 DAY", ("built",), True),
        ("SELECT count(DISTINCT {property}) FROM {object}", ("tons",), True),
        ("SELECT max(${column}) FROM things", ("tons",), True),
        ("SELECT count(*) FROM things WHERE tons > (SELECT avg(tons) FROM things)", ("tons",), False),
        ("WITH a AS (SELECT id FROM things) SELECT count(*) FROM a JOIN a AS b USING (id)", ("id",), False),
        ("SELECT count(*) FROM (SELECT DISTINCT * FROM things)", ("id", "name", "built", "tons"), True),
        ("SELECT sum(tons) / nullif(count(id), 0) FROM things -- the mean", ("id", "tons"), True),
    ],
)
def test_a_query_reads_the_columns_that_it_names(query: str, columns: tuple[str, ...], once: bool) -> None:
    asked = understood(rule(query, "tons"), SHIPS)

    assert (asked.columns, asked.once) == (columns, once)
    assert problem(rule(query, "tons"), SHIPS) is None


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM read_csv('/etc/passwd')",
        "SELECT count(*) FROM read_text('/etc/passwd'), things",
        "SELECT count(*) FROM read_parquet('s3://lake/tables/x.parquet')",
        "SELECT count(*) FROM '/etc/passwd'",
        "SELECT count(*) FROM glob('/*')",
        "SELECT length(content) FROM read_blob('/etc/passwd')",
        "SELECT count(*) FROM sniff_csv('/etc/passwd')",
        "SELECT count(*) FROM things WHERE name = getenv('AWS_SECRET_ACCESS_KEY')",
        "SELECT count(*) FROM things WHERE name = getvariable('x')",
        "SELECT count(*) FROM things WHERE name = current_setting('temp_directory')",
        "SELECT count(*) FROM duckdb_settings()",
        "SELECT count(*) FROM duckdb_secrets()",
        "SELECT count(*) FROM pragma_database_list()",
        "SELECT count(*) FROM information_schema.tables",
        "SELECT count(*) FROM query('SELECT 1')",
        "SELECT count(*) FROM range(1000000000000)",
        "SELECT count(*) FROM things, generate_series(1, 1000000000000)",
        "SELECT random() FROM things",
        "SELECT nextval('s') FROM things",
        "SELECT write_log('x') FROM things",
        "ATTACH '/tmp/x.db' AS x",
        "COPY things TO '/tmp/x.csv'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "PRAGMA database_list",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '100GB'",
        "RESET ALL",
        "CALL pragma_version()",
        "EXPORT DATABASE '/tmp/x'",
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO things VALUES (1)",
        "DELETE FROM things",
        "DROP TABLE things",
        "EXPLAIN ANALYZE SELECT count(*) FROM things",
        "SELECT count(*) FROM things; SELECT 2",
        "SELECT count(*) FROM things; COPY things TO '/tmp/x.csv'",
        "WITH x AS MATERIALIZED (SELECT * FROM read_csv('/etc/passwd')) SELECT count(*) FROM x, things",
        "SELECT count(*) FROM things TABLESAMPLE 10%",
        "SELECT (SELECT count(*) FROM read_json('/etc/passwd')) FROM things",
        "",
        "this is prose",
    ],
)
def test_whatever_is_no_question_about_the_table_is_refused_before_any_engine(query: str) -> None:
    with pytest.raises(StatementRejected):
        understood(rule(query), SHIPS)
    assert problem(rule(query), SHIPS)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT count(*) FROM others", "its own table only"),
        ("SELECT count(*) FROM others.things", "its own table only"),
        ("SELECT count(*) FROM main.things", "its own table only"),
        ("WITH things AS (SELECT 1 AS id) SELECT count(*) FROM things", "does not read"),
        ("SELECT 1", "does not read"),
        ("SELECT count(*) FROM things WHERE ${column} = 1", "stands for nothing here"),
        ("SELECT count(*) FROM ${nothing}", "stands for nothing here"),
        ("SELECT count(colour) FROM things", "colour"),
        ("SELECT name FROM things LIMIT 1", "not with a number"),
        ("SELECT id > 1 FROM things LIMIT 1", "not with a number"),
        ("SELECT count(*), 1 FROM things", "2 columns"),
        ("SELECT sum(name) FROM things", "sum"),
        ("SELECT count(*) FROM things WHERE", ""),
    ],
)
def test_a_query_that_cannot_be_answered_says_why(query: str, why: str) -> None:
    found = problem(rule(query), SHIPS)

    assert found is not None
    assert why in found
