"""The intent says what people ask: questions of other people's databases, written as intents by hand, give their rows.

Drawn at random from the training questions in ../shared/bench/nl, so many of each shape (one table to nesting), plus a
few of the rarest; golds that are careless were left out. A line names a question and says what it means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import parse_one

from datamesh.ask.compile import compile_query
from datamesh.ask.guard import Scope, guard
from datamesh.ask.intent import Query
from datamesh.ask.intent.query import QUERY
from datamesh.ask.measure.questions import Database, databases
from datamesh.ask.measure.rows import meets, plain
from datamesh.ask.names.vocabulary import mesh_name
from datamesh.engine.dialect import PhysicalTable, render
from tests.support.kits import SHARED, needs_shared

GOLDS = Path(__file__).parent / "fixtures/golds/train.jsonl"
TRAIN = SHARED / "train"


@dataclass(frozen=True)
class Gold:
    db: str
    id: str
    intent: Any

    @property
    def query(self) -> Query:
        return QUERY.validate_python(self.intent)


def golds() -> list[Gold]:
    return [Gold(**json.loads(line)) for line in GOLDS.read_text(encoding="utf-8").splitlines()]


@cache
def database(name: str) -> Database:
    return databases(TRAIN / name)[0]


def files(name: str) -> dict[str, Path]:
    """The Parquet file of each table, by its mesh name."""
    found = database(name)
    return {mesh_name(found.contract, table): found.file(table.name) for table in found.contract.tables}


@pytest.fixture(scope="module")
def rows() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        for name in sorted({gold.db for gold in golds()}):
            connection.execute(f'CREATE SCHEMA "{name}"')
            for table, file in files(name).items():
                view = f'"{name}"."{table.rpartition(".")[2]}"'
                connection.execute(f"CREATE VIEW {view} AS SELECT * FROM read_parquet('{file}')")
        yield connection


@needs_shared
@pytest.mark.parametrize("gold", golds(), ids=lambda gold: f"{gold.db} {gold.id}")
def test_a_gold_as_intent_gives_its_rows(gold: Gold, rows: duckdb.DuckDBPyConnection) -> None:
    # Given a question of a database, and what it means
    question = next(q for q in database(gold.db).questions if q.id == gold.id)
    names = {table: PhysicalTable(table.rpartition(".")[2], gold.db) for table in files(gold.db)}

    # When
    tree = compile_query(gold.query)
    found = plain(rows.execute(render(tree, "duckdb", names)).fetchall())

    # Then its rows are the right ones
    assert any(meets(answer, found) for answer in question.answers), question.question


@needs_shared
@pytest.mark.parametrize("gold", golds(), ids=lambda gold: f"{gold.db} {gold.id}")
def test_its_statement_passes_the_guard_and_has_a_spelling_for_athena(gold: Gold) -> None:
    tree = compile_query(gold.query)
    tables = {mesh_name(database(gold.db).contract, table): table for table in database(gold.db).contract.tables}
    scopes = {name.lower(): Scope(tuple(c.name for c in table.columns)) for name, table in tables.items()}
    guarded = guard(tree, scopes, max_rows=1000)
    physical = {name: PhysicalTable(name.rpartition(".")[2], gold.db) for name in scopes}
    assert parse_one(render(guarded.tree, "athena", physical), read="athena")


def test_there_are_two_hundred_of_many_databases() -> None:
    assert len({(gold.db, gold.id) for gold in golds()}) == len(golds()) >= 200
    assert len({gold.db for gold in golds()}) >= 50


def test_an_intent_written_short_is_the_same_written_out() -> None:
    for gold in golds():
        assert QUERY.validate_json(QUERY.dump_json(gold.query)) == gold.query
