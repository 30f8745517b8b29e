"""What holds for every intent: it survives JSON, it runs, the guard lets it through, both engines have it in words."""

from __future__ import annotations

import duckdb
from hypothesis import HealthCheck, example, given, settings
from sqlglot import parse_one

from datamesh.ask.compile import compile_query
from datamesh.ask.explain import explain
from datamesh.ask.guard import Scope, guard
from datamesh.ask.intent import Attr, Entity, Measure, Output, Query, Select
from datamesh.ask.intent.query import QUERY
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.engine.dialect import PhysicalTable, render
from tests.support.intents import queries
from tests.support.meshes import Mesh

ANY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@ANY
@given(query=queries())
def test_an_intent_runs_and_passes_the_guard(query: Query, shop: Mesh) -> None:
    # When
    tree = compile_query(query)

    # Then it runs as it is and as the guard gives it, to the same number of rows
    rows = _rows(shop, tree.sql("duckdb"))
    guarded = guard(tree, {name: Scope(columns) for name, columns in shop.readable.items()}, max_rows=10_000)
    assert _rows(shop, guarded.tree.sql("duckdb")) == rows


def _rows(shop: Mesh, sql: str) -> int | str:
    """How many rows; a number that grows out of its type is data's doing, not the statement's."""
    try:
        return len(shop.connection.execute(sql).fetchall())
    except duckdb.OutOfRangeException:
        return "out of range"


@ANY
@given(query=queries())
def test_an_intent_is_the_same_after_json_and_compiles_to_the_same(query: Query) -> None:
    read = QUERY.validate_json(QUERY.dump_json(query))
    assert read == query
    assert hash(read) == hash(query)
    assert compile_query(read) == compile_query(query)


@ANY
@given(query=queries())
def test_athena_has_a_spelling_that_is_read_again(query: Query, shop: Mesh) -> None:
    names = {name: PhysicalTable(name.replace(".", "_")) for name in shop.readable}
    athena = render(compile_query(query), "athena", names)
    assert parse_one(athena, read="athena").sql("athena") == athena


@ANY
@given(query=queries())
@example(query=Select(subject=Entity(table="a.b"), outputs=(Output(item=Measure(fn="count")),)))
def test_every_intent_is_one_sentence_that_names_what_is_shown(query: Query) -> None:
    text = explain(query, Vocabulary().label)
    assert text.endswith(".")
    assert text[0] == text[0].upper()
    shown = [output.item for output in query.outputs] if isinstance(query, Select) else []
    assert all(item.column.replace("_", " ") in text.lower() for item in shown if isinstance(item, Attr))
