"""Even a statement that no guard has seen reaches nothing but the tables it was given."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from datamesh.engine.duck import is_one_select
from datamesh.engine.query import Interrupted, query
from datamesh.errors import StatementRejected

NUMBERS = pa.table({"n": [3, 1, 2], "text": ["a", "b", "secret"]})
secret_variable = pa.table({"x": [1]})


def run(sql: str, interrupting: Callable[[Callable[[], None]], AbstractContextManager[None]] | None = None) -> Any:
    tables = {"domain.numbers": NUMBERS}
    return query(sql, tables, memory_mb=200, threads=1, interrupting=interrupting or (lambda _: nullcontext()))


def test_rows_come_in_the_order_of_the_table_unless_another_is_asked_for() -> None:
    assert run('SELECT n FROM "domain.numbers"').column("n").to_pylist() == [3, 1, 2]
    assert run('SELECT n FROM "domain.numbers" ORDER BY n').column("n").to_pylist() == [1, 2, 3]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '{file}'",
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT content FROM read_blob('{file}')",
        "SELECT * FROM glob('{file}*')",
        "COPY (SELECT 1) TO '{file}.out'",
        "ATTACH '{file}.db' AS other",
        "EXPORT DATABASE '{file}.d'",
        "SELECT getenv('HOME')",
        "SELECT * FROM secret_variable",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET python_enable_replacements = true",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM 'https://example.com/x.csv'",
        "SELECT * FROM sniff_csv('{file}')",
        "SELECT * FROM query('SELECT * FROM read_text(''{file}'')')",
    ],
)
def test_nothing_outside_can_be_reached(sql: str, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(Exception) as error:  # noqa: PT011 - DuckDB has a kind of error for each of them
        run(sql.format(file=file))
    assert type(error.value).__name__ in {"StatementRejected", "InfrastructureError"}
    assert [path.name for path in tmp_path.iterdir()] == ["file.csv"]


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ('SELECT CAST(text AS INTEGER) FROM "domain.numbers"', "value"),
        ("SELECT STRPTIME(text, '%Y') FROM \"domain.numbers\"", "value"),
        ('SELECT SUM(text) FROM "domain.numbers"', "engine"),
        ("SELECT 1 +", "engine"),
    ],
)
def test_an_error_carries_no_value(sql: str, rule: str) -> None:
    with pytest.raises(StatementRejected) as refusal:
        run(sql)
    assert refusal.value.rule == rule
    assert "secret" not in refusal.value.message + refusal.value.hint


@contextmanager
def soon(interrupt: Callable[[], None]) -> Iterator[None]:
    timer = threading.Timer(0.2, interrupt)
    timer.start()
    yield
    timer.cancel()


@contextmanager
def before_it_runs(interrupt: Callable[[], None]) -> Iterator[None]:
    """As a thread may that is quicker than the statement."""
    interrupt()
    yield


@pytest.mark.parametrize("interrupting", [soon, before_it_runs])
def test_a_statement_can_be_interrupted(
    interrupting: Callable[[Callable[[], None]], AbstractContextManager[None]],
) -> None:
    some_seconds = "SELECT COUNT(*) FROM range(30000) a, range(30000) b WHERE (a.range + b.range) % 7 = 3"
    with pytest.raises(Interrupted):
        run(some_seconds, interrupting)


@pytest.mark.parametrize(
    ("sql", "one"),
    [
        ("SELECT 1", True),
        ("WITH a AS (SELECT 1) SELECT * FROM a;", True),
        ("(SELECT 1) UNION (SELECT 2)", True),
        ("SELECT a,,b", False),
        ("SELECT 1; SELECT 2", False),
        ("WITH a AS (SELECT 1) INSERT INTO x SELECT * FROM a", False),
        ("EXPLAIN SELECT 1", False),
        ("", False),
    ],
)
def test_the_engines_parser_tells_what_is_one_select(sql: str, *, one: bool) -> None:
    assert is_one_select(sql) is one
